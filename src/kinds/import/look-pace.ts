/**
 * A look at an import costs its whole source, and whatever changes in its table may change what it would do. Where programs
 * write all the time it rests after a look: ten times as long as that took before it follows its source, sixty times before it
 * follows its table only, which matters to nobody but who is asked to approve it. A minute at most.
 */
import type { Clock } from '../../clock.ts'

const rests = { source: 10, table: 60 }
const restMaxMs = 60_000

/** What changed since the last look. */
export type Changed = keyof typeof rests

export interface LookPace {
  /** Measures a look. */
  during<Result>(name: string, look: () => Promise<Result>): Promise<Result>
  /** Whether it still rests; then `dueInMs` tells until when. */
  putsOff(name: string, changed: Changed): boolean
  /** All is as it was after all. */
  nothingToSee(name: string): void
  /** How long until what was put off is to be looked at, in milliseconds; undefined where nothing was. */
  dueInMs(name: string): number | undefined
}

export function createLookPace(clock: Clock): LookPace {
  const looks = new Map<string, { readonly endedMs: number; readonly tookMs: number }>()
  const dueMs = new Map<string, number>()
  return {
    async during(name, look) {
      const beganMs = clock.monotonicMs()
      dueMs.delete(name)
      try {
        return await look()
      } finally {
        const endedMs = clock.monotonicMs()
        looks.set(name, { endedMs, tookMs: endedMs - beganMs })
      }
    },
    putsOff(name, changed) {
      const last = looks.get(name)
      if (last === undefined) return false
      const untilMs = last.endedMs + Math.min(restMaxMs, last.tookMs * rests[changed])
      if (untilMs <= clock.monotonicMs()) return false
      dueMs.set(name, untilMs)
      return true
    },
    nothingToSee: (name) => void dueMs.delete(name),
    dueInMs(name) {
      const untilMs = dueMs.get(name)
      // What is overdue is due soon, not "when somebody comes".
      return untilMs === undefined ? undefined : Math.max(1, untilMs - clock.monotonicMs())
    },
  }
}
