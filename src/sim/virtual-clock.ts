/**
 * A clock that only moves when it is told to, so that days of waiting take milliseconds and every run is reproducible.
 * Timers run in the order of their due moments; between two of them all promise chains have come to rest.
 */
import type { Clock, Timer } from '../clock.ts'
import { invariant } from '../errors.ts'

export interface VirtualClock extends Clock {
  /**
   * Moves time forward by `ms` (0 or more), running every timer that falls due at its exact moment, the earlier set
   * first where moments are equal. Promise chains are drained before the first timer, after each and at the end; real
   * input and output is not waited for. Rejects with what a timer throws. One call at a time.
   */
  advance(ms: number): Promise<void>
  /** Sets the wall clock forward or back by `ms`, as a person or a time server does: no timer runs, `monotonicMs` stays. */
  jumpWallClock(ms: number): void
  /** Milliseconds until the earliest timer is due, at least 0; undefined when none is set. */
  nextTimerInMs(): number | undefined
}

interface Pending {
  readonly dueMs: number
  readonly run: () => void
}

/** Makes a clock whose wall time is `startMs` since the epoch and whose monotonic time is 0. */
export function createVirtualClock(startMs: number): VirtualClock {
  /** In the order they were set, which decides between equal due moments. */
  const timers = new Set<Pending>()
  let elapsedMs = 0
  let wallOffsetMs = startMs
  let isAdvancing = false

  const earliest = (): Pending | undefined => {
    let found: Pending | undefined
    for (const timer of timers) if (found === undefined || timer.dueMs < found.dueMs) found = timer
    return found
  }

  const after = (delayMs: number, run: () => void): Timer => {
    const pending = { dueMs: elapsedMs + Math.max(0, delayMs), run }
    timers.add(pending)
    return { cancel: () => timers.delete(pending) }
  }

  const sleep = (delayMs: number, signal?: AbortSignal): Promise<void> => {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel()
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = after(delayMs, done)
      signal?.addEventListener('abort', done)
    })
  }

  const advance = async (ms: number): Promise<void> => {
    invariant(ms >= 0, `a virtual clock is advanced by 0 ms or more, not ${ms}`)
    invariant(!isAdvancing, 'a virtual clock is advanced by one caller at a time')
    isAdvancing = true
    try {
      const targetMs = elapsedMs + ms
      await drainPromises()
      for (let next = earliest(); next !== undefined && next.dueMs <= targetMs; next = earliest()) {
        timers.delete(next)
        elapsedMs = next.dueMs
        next.run()
        await drainPromises()
      }
      elapsedMs = targetMs
    } finally {
      isAdvancing = false
    }
  }

  return {
    // As the machine's: whole milliseconds, whatever the timers were.
    nowMs: () => Math.floor(wallOffsetMs + elapsedMs),
    monotonicMs: () => elapsedMs,
    after,
    sleep,
    advance,
    jumpWallClock(ms) {
      wallOffsetMs += ms
    },
    nextTimerInMs() {
      const next = earliest()
      return next === undefined ? undefined : Math.max(0, next.dueMs - elapsedMs)
    },
  }
}

/** A turn of the event loop comes only after every promise chain has come to rest. */
function drainPromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
