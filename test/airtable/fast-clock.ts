/** The machine's time, running faster: real sockets and processes, and no test that sits out a rest of 30 seconds. */
import type { Clock } from '../../src/clock.ts'

export function fastClock(factor: number): Clock {
  const startMs = Date.now()
  const beganMs = performance.now()
  const elapsedMs = () => (performance.now() - beganMs) * factor
  return {
    nowMs: () => Math.floor(startMs + elapsedMs()),
    monotonicMs: elapsedMs,
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs / factor)
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
        const timer = setTimeout(done, delayMs / factor)
        signal?.addEventListener('abort', done)
      })
    },
  }
}
