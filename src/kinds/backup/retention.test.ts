import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Aged, prunable, verifiedFloor } from './retention.ts'

const hourMs = 3_600_000
const nowMs = Date.UTC(2026, 10, 26, 12)
const ago = (hours: number, isVerified = true): Aged => ({
  id: `${hours}`,
  createdAtMs: nowMs - hours * hourMs,
  isVerified,
})
const keep = { hourly: 0, daily: 0, weekly: 0, monthly: 0 }

describe('what goes', () => {
  it('is what stands for no hour, day, week or month that is kept', () => {
    const sets = [1, 2, 3, 26, 27, 50, 24 * 9, 24 * 40].map((hours) => ago(hours))
    expect(prunable(sets, { ...keep, hourly: 2, daily: 3, monthly: 2 }, nowMs)).toEqual(['216', '27', '3'])
  })

  it('is never the newest set, nor one of the two newest that are verified', () => {
    expect(prunable([ago(1, false), ago(2), ago(3), ago(4)], { ...keep, daily: 1 }, nowMs)).toEqual(['4'])
  })

  it('is the one that was not verified where another of its day was', () => {
    const sets = [ago(1, false), ago(2), ago(24 * 5, false), ago(24 * 5 + 1), ago(24 * 6), ago(24 * 7)]
    expect(prunable(sets, { ...keep, daily: 3 }, nowMs)).toEqual(['168', '120'])
  })

  it('is none that a wrong clock dated ahead', () => {
    expect(prunable([ago(-1000), ago(1), ago(2)], { ...keep, daily: 1 }, nowMs)).toEqual([])
  })
})

it('whatever is kept, two verified sets stay where there were two, and a second look finds nothing more', () => {
  const set = fc.record({ hours: fc.integer({ min: -50, max: 10_000 }), isVerified: fc.boolean() })
  const count = fc.integer({ min: 0, max: 5 })
  const keeping = fc.record({ hourly: count, daily: count, weekly: count, monthly: count })
  fc.assert(
    fc.property(fc.uniqueArray(set, { selector: ({ hours }) => hours, maxLength: 60 }), keeping, (drawn, kept) => {
      const sets = drawn.map(({ hours, isVerified }) => ago(hours, isVerified))
      const gone = prunable(sets, kept, nowMs)
      const left = sets.filter(({ id }) => !gone.includes(id))
      const verified = (some: readonly Aged[]) => some.filter(({ isVerified }) => isVerified).length
      expect(verified(left)).toBeGreaterThanOrEqual(Math.min(verifiedFloor, verified(sets)))
      expect(left.length).toBeGreaterThanOrEqual(Math.min(1, sets.length))
      expect(prunable(left, kept, nowMs)).toEqual([])
    }),
  )
})
