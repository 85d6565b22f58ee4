import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SlidingWindow } from './sliding-window.ts'

/** Says it again in the plainest way: looks at every arrival ever let through, and at every violation. */
function model(arrivals: readonly number[], count: number, windowMs: number, penaltyMs: number): boolean[] {
  const passed: number[] = []
  const violations: number[] = []
  return arrivals.map((now) => {
    if (violations.some((at) => now < at + penaltyMs)) return false
    if (passed.filter((at) => at > now - windowMs && at <= now).length < count) {
      passed.push(now)
      return true
    }
    violations.push(now)
    return false
  })
}

describe('SlidingWindow', () => {
  it('lets five through in a second and refuses the sixth, then everything for 30 seconds', () => {
    const window = new SlidingWindow(5, 1000, 30_000)
    expect([0, 1, 2, 3, 999].map((at) => window.admit(at))).toEqual([true, true, true, true, true])
    expect(window.admit(999)).toBe(false)
    expect(window.admit(30_998)).toBe(false)
    expect(window.admit(30_999)).toBe(true)
  })

  it('counts a request exactly a second ago no more', () => {
    const window = new SlidingWindow(5, 1000, 30_000)
    for (const at of [0, 0, 0, 0, 0]) window.admit(at)
    expect(window.admit(1000)).toBe(true)
  })

  it('agrees with the model for any arrivals', () => {
    const gaps = fc.array(fc.oneof(fc.integer({ min: 0, max: 400 }), fc.constantFrom(0, 1, 999, 1000, 1001, 5000)), {
      maxLength: 80,
    })
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 6 }), fc.constantFrom(0, 500, 5000), (steps, count, penaltyMs) => {
        let now = 0
        const arrivals = steps.map((step) => (now += step))
        const window = new SlidingWindow(count, 1000, penaltyMs)
        expect(arrivals.map((at) => window.admit(at))).toEqual(model(arrivals, count, 1000, penaltyMs))
      }),
    )
  })

  it('is never violated by a sender that keeps five permits, each given back a second after its answer', () => {
    const latencies = fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 400 })), {
      minLength: 1,
      maxLength: 200,
    })
    fc.assert(
      fc.property(latencies, (trips) => {
        const permits = [0, 0, 0, 0, 0]
        const arrivals = trips.map(([there, back]) => {
          const next = permits.indexOf(Math.min(...permits))
          const arrival = (permits[next] ?? 0) + there
          permits[next] = arrival + back + 1000
          return arrival
        })
        const window = new SlidingWindow(5, 1000, 30_000)
        expect(arrivals.sort((a, b) => a - b).every((at) => window.admit(at))).toBe(true)
      }),
    )
  })
})
