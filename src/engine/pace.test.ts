import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Pace, perSecondOf, reported, timeLeftOf } from './pace.ts'

const start = Date.UTC(2026, 0, 5)
const nowhere: Pace | undefined = undefined

/** Reports what is done, one report each so many milliseconds. */
function lived(done: readonly number[], total: number, everyMs = 1000): Pace {
  const [first = 0, ...later] = done
  return later.reduce(
    (pace, one, at) => reported(pace, one, total, start + (at + 1) * everyMs),
    reported(nowhere, first, total, start),
  )
}
const upTo = (count: number, step: number) => Array.from({ length: count }, (_, at) => at * step)

describe('the time that is left', () => {
  it('is what the rest takes at the pace so far', () => {
    const pace = lived(upTo(11, 100), 5000)
    expect(perSecondOf(pace)).toBe(100)
    expect(timeLeftOf(pace, start + 10_000)).toEqual({ fromMs: 40_000, toMs: 40_000 })
    expect(timeLeftOf(pace, start + 12_000), 'time passes between two reports too').toEqual({
      fromMs: 38_000,
      toMs: 38_000,
    })
  })

  it('has a slow and a fast end where the pace changed', () => {
    const slowed = lived([...upTo(11, 100), ...upTo(10, 50).map((more) => 1050 + more)], 5000)
    const left = timeLeftOf(slowed, slowed.reportedAtMs)
    expect(left?.fromMs).toBeLessThan(left?.toMs ?? 0)
    expect(left?.toMs).toBeCloseTo((5000 - 1500) * 20, -3)
  })

  it('is not told while too little is known: a moment, a hundredth, no total, a jump, silence', () => {
    expect(timeLeftOf(lived(upTo(3, 100), 5000), start + 2000), 'after two seconds').toBeUndefined()
    expect(timeLeftOf(lived(upTo(11, 1), 5000), start + 10_000), 'of a five-hundredth').toBeUndefined()
    expect(timeLeftOf(lived(upTo(11, 100), 0), start + 10_000), 'of nobody knows how much').toBeUndefined()
    expect(timeLeftOf(lived([0, 0, 0, 0, 0, 2500, 2500, 2500, 2510], 5000), start + 8000), 'a jump').toBeUndefined()
    expect(timeLeftOf(lived(upTo(11, 100), 5000), start + 60_000), 'long unheard of').toBeUndefined()
    expect(timeLeftOf(lived(upTo(11, 100), 1000), start + 10_000), 'all is done').toBeUndefined()
  })

  it('begins anew with a new phase', () => {
    const first = lived(upTo(11, 100), 1000)
    const second = reported(first, 0, 700, start + 11_000)
    expect([second.done, second.total, perSecondOf(second)]).toEqual([0, 700, undefined])
  })

  it('is bounded, never below nothing, and known of few marks, whatever is reported when', () => {
    const report = fc.record({ done: fc.nat(1000), afterMs: fc.nat(4000) })
    fc.assert(
      fc.property(fc.array(report, { minLength: 1, maxLength: 300 }), fc.nat(1000), (reports, total) => {
        let atMs = start
        let pace: Pace | undefined
        for (const { done, afterMs } of reports) {
          atMs += afterMs
          pace = reported(pace, done, total, atMs)
        }
        if (pace === undefined) return
        expect(pace.marks.length).toBeLessThanOrEqual(31)
        const left = timeLeftOf(pace, atMs)
        if (left === undefined) return
        expect(left.fromMs).toBeGreaterThanOrEqual(0)
        expect(left.toMs).toBeGreaterThanOrEqual(left.fromMs)
        expect(Number.isFinite(left.toMs)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
