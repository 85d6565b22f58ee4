/**
 * Where nothing may be carried out, no look can depend on what another one leads to: they are begun at once, a few at a
 * time, and taken over in their order. A plan then takes as long as its longest look rather than all of them together.
 */
import type { Engine } from './engine.ts'
import { observeSafely } from './look.ts'
import type { Observation } from './observation.ts'
import { keyText, type ResourceKey } from './resource.ts'
import { lookOf } from './work-book.ts'

/** As many as threads of a small machine: more would only hold more memory at once. */
const atOnceMax = 2

/** Observations of the resources, by their names, begun in order; empty for an engine that may act. */
export function looksAhead(
  engine: Engine,
  keys: readonly ResourceKey[],
  request: { readonly runId: string; readonly signal: AbortSignal },
): Map<string, Promise<Observation<unknown>>> {
  const ports = engine.ports()
  const begun = new Map<string, Promise<Observation<unknown>>>()
  if (ports.lease !== undefined) return begun
  const looks: Look[] = []
  for (const key of keys) {
    const declared = engine.statuses.get(key)?.declared
    if (declared === undefined) continue
    const kind = ports.kindOf(key.kind)
    const looking = new Promise<Observation<unknown>>((resolve, reject) => {
      looks.push({
        isAlone: kind.looksAlone === true,
        begin: () =>
          ports.work
            .during(lookOf(key, request.runId), (progress) =>
              observeSafely(declared, { is: 'full' }, kind, { signal: request.signal, progress }),
            )
            .then(resolve, reject),
      })
    })
    // Whoever takes it over hears of a broken invariant; that nobody has yet is no reason to crash.
    looking.catch(() => undefined)
    begun.set(keyText(key), looking)
  }
  void beginAll(looks)
  return begun
}

interface Look {
  readonly isAlone: boolean
  /** Resolves when the look has ended, however. */
  readonly begin: () => Promise<void>
}

async function beginAll(looks: readonly Look[]): Promise<void> {
  const running = new Set<Promise<void>>()
  for (const { isAlone, begin } of looks) {
    while (running.size >= (isAlone ? 1 : atOnceMax)) await Promise.race(running)
    const look: Promise<void> = begin().then(() => {
      running.delete(look)
    })
    running.add(look)
    if (isAlone) await look
  }
}
