/**
 * Looks at an import cost its whole source, and whatever changes in its table may change what it would do. Where programs write
 * all the time it is looked at again after ten times as long as the last look took, a minute at most: a tenth of a core.
 */
import type { Clock } from '../../clock.ts'

const restShare = 10
const restMaxMs = 60_000

export interface LookPace {
  /** Measures a look. */
  during<Result>(name: string, look: () => Promise<Result>): Promise<Result>
  /** How long until something that changed is to be looked at, in milliseconds; 0 for now. */
  restMs(name: string): number
  /** Notes that a look was put off; `dueInMs` tells of it until there was one. */
  putOff(name: string): void
  /** All is as it was after all. */
  nothingToSee(name: string): void
  dueInMs(name: string): number | undefined
}

export function createLookPace(clock: Clock): LookPace {
  const restUntil = new Map<string, number>()
  const putOff = new Set<string>()
  const restMs = (name: string) => Math.max(0, (restUntil.get(name) ?? 0) - clock.monotonicMs())
  return {
    async during(name, look) {
      const beganMs = clock.monotonicMs()
      putOff.delete(name)
      try {
        return await look()
      } finally {
        const endedMs = clock.monotonicMs()
        restUntil.set(name, endedMs + Math.min(restMaxMs, (endedMs - beganMs) * restShare))
      }
    },
    restMs,
    putOff: (name) => putOff.add(name),
    nothingToSee: (name) => putOff.delete(name),
    dueInMs: (name) => (putOff.has(name) ? Math.max(1, restMs(name)) : undefined),
  }
}
