/** Time as a port, so that the simulator can run the real program on a virtual clock. */

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Wall clock, milliseconds since the epoch. May jump; for stamps and schedules. */
  nowMs(): number
  /**
   * Never goes backwards, unrelated to the epoch; for intervals and deadlines. Of the machine's clock it is the same in all
   * processes until the machine is started anew, so that they can agree on moments whatever the wall clock does.
   */
  monotonicMs(): number
  /** Calls `run` once after the delay. The timer alone does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer
  /** Resolves after the delay, or at once when the signal is aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

/** The clock of the machine. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => Number(process.hrtime.bigint()) / 1_000_000,
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  sleep(delayMs, signal) {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, delayMs)
      signal?.addEventListener('abort', done)
    })
  },
}

/** An ISO 8601 stamp in UTC of a wall-clock moment, for example `2026-11-23T01:30:00.000Z`. */
export function isoOf(atMs: number): string {
  return new Date(atMs).toISOString()
}
