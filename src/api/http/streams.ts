/** The open event streams: how many there may be, and that each ends with the token or session it was opened by. */
import type { ServerResponse } from 'node:http'
import type { Clock, Timer } from '../../clock.ts'
import type { ApiLimits } from './rate-limits.ts'

export interface Streams {
  /** Counts a stream until its response closes; false where there are too many. */
  open(tokenId: string, response: ServerResponse, isStillValid: () => boolean): boolean
  close(): void
}

/** A revoked token is to be dead within a second. */
const checkEveryMs = 500

export function createStreams(limits: Pick<ApiLimits, 'streams' | 'streamsOfToken'>, clock: Clock): Streams {
  const open = new Map<ServerResponse, { readonly tokenId: string; readonly isStillValid: () => boolean }>()
  let timer: Timer | undefined

  function check(): void {
    for (const [response, { isStillValid }] of open) if (!isStillValid()) response.destroy()
    timer = open.size === 0 ? undefined : clock.after(checkEveryMs, check)
  }

  return {
    open(tokenId, response, isStillValid) {
      const own = [...open.values()].filter((one) => one.tokenId === tokenId).length
      if (open.size >= limits.streams || own >= limits.streamsOfToken) return false
      open.set(response, { tokenId, isStillValid })
      response.once('close', () => open.delete(response))
      timer ??= clock.after(checkEveryMs, check)
      return true
    },
    close() {
      timer?.cancel()
    },
  }
}
