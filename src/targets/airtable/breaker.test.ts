import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { admit, afterAnswer, afterFailure, afterNothing, type Breaker, closedBreaker } from './breaker.ts'

/** So many failures in a row at one moment. */
function failed(times: number, nowMs: number, from = closedBreaker): Breaker {
  return Array.from({ length: times }).reduce<Breaker>((breaker) => afterFailure(breaker, nowMs), from)
}

describe('the breaker of a base', () => {
  it('opens after five failures in a row, for ten seconds', () => {
    expect(admit(failed(4, 0), 1).is).toBe('admitted')
    expect(admit(failed(5, 0), 9_999)).toEqual({ is: 'refused', untilMs: 10_000 })
    expect(admit(failed(5, 0), 10_000).is).toBe('admitted')
  })

  it('lets one probe out, and waits twice as long after each that fails, five minutes at most', () => {
    let breaker = failed(5, 0)
    let nowMs = 0
    const pauses: number[] = []
    for (let probes = 0; probes < 8; probes += 1) {
      nowMs = breaker.openUntilMs ?? 0
      const probe = admit(breaker, nowMs)
      if (probe.is === 'refused') throw new Error('the probe is due')
      expect(admit(probe.breaker, nowMs + 1).is).toBe('refused')
      breaker = afterFailure(probe.breaker, nowMs)
      pauses.push((breaker.openUntilMs ?? 0) - nowMs)
    }
    expect(pauses).toEqual([20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000, 300_000])
  })

  it('closes with any answer of the service, and gives a probe back that was ended by its caller', () => {
    expect(afterAnswer()).toEqual(closedBreaker)
    const probe = admit(failed(5, 0), 10_000)
    if (probe.is === 'refused') throw new Error('the probe is due')
    expect(admit(afterNothing(probe.breaker), 10_001).is).toBe('admitted')
  })

  it('is not prolonged by calls that were under way when it opened', () => {
    expect(failed(9, 5_000, failed(5, 0)).openUntilMs).toBe(10_000)
  })

  it('is never open for good, and never for longer than five minutes', () => {
    const step = fc.record({ afterMs: fc.integer({ min: 0, max: 100_000 }), fails: fc.boolean(), ends: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let breaker: Breaker = closedBreaker
        let nowMs = 0
        for (const { afterMs, fails, ends } of steps) {
          nowMs += afterMs
          const admission = admit(breaker, nowMs)
          if (admission.is === 'refused') {
            expect(admission.untilMs - nowMs).toBeLessThanOrEqual(300_000)
            continue
          }
          breaker = admission.breaker
          // Some calls never tell how they ended.
          if (!ends) continue
          breaker = fails ? afterFailure(breaker, nowMs) : afterAnswer()
        }
        expect(admit(breaker, nowMs + 400_000).is).toBe('admitted')
      }),
    )
  })
})
