/** How the keys of a provider of identities are asked for: through the guard of all that goes out. */
import type { FetchKeys } from '../api/auth/key-set.ts'
import { joinedSignal } from '../signals.ts'
import type { Outgoing } from '../targets/outgoing/guard.ts'

const answerMs = 5000
const bytesMax = 262_144

/** @param stopping ends what is asked when the controller stops */
export function keysThrough(outgoing: Outgoing, stopping: AbortSignal): FetchKeys {
  return async (url, { signal }) => {
    const either = joinedSignal([stopping, signal])
    try {
      const { status, text } = await outgoing.request({
        ...{ url, purpose: 'declared', timeoutMs: answerMs, answerMax: bytesMax },
        headers: { accept: 'application/json' },
        signal: either.signal,
      })
      return new Response(text === '' ? null : text, { status })
    } finally {
      either.end()
    }
  }
}
