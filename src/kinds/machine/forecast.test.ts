import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fullAtMs, type Sample } from './forecast.ts'

const hour = 3_600_000
const day = 24 * hour
const gigabyte = 1e9

/** Hourly samples up to now of a disk that loses so much each day. */
function filling(hours: number, freeNow: number, perDay: number, noise: (index: number) => number = () => 0): Sample[] {
  return Array.from({ length: hours + 1 }, (_, index) => {
    const ageMs = (hours - index) * hour
    return [1e12 - ageMs, freeNow + (perDay * ageMs) / day + noise(index)] as const
  })
}
const now = 1e12
const daysLeft = (samples: readonly Sample[]) => {
  const at = fullAtMs(samples, now)
  return at === undefined ? undefined : (at - now) / day
}

describe('the forecast of a disk', () => {
  it('is the moment at which the straight line through the samples reaches nothing', () => {
    expect(daysLeft(filling(168, 10 * gigabyte, 2 * gigabyte))).toBeCloseTo(5, 5)
  })

  it('is hardly moved by what comes and goes', () => {
    const tide = (index: number) => (index % 2 === 0 ? 0.5 : -0.5) * gigabyte
    expect(daysLeft(filling(168, 10 * gigabyte, 2 * gigabyte, tide))).toBeCloseTo(5, 0)
  })

  it('is not made from less than six hours, nor for a disk that does not fill within a year', () => {
    expect(daysLeft([])).toBeUndefined()
    expect(daysLeft(filling(5, gigabyte, gigabyte))).toBeUndefined()
    expect(daysLeft(filling(6, gigabyte, gigabyte))).toBeCloseTo(1, 5)
    expect(daysLeft(filling(168, gigabyte, 0))).toBeUndefined()
    expect(daysLeft(filling(168, gigabyte, -gigabyte))).toBeUndefined()
    expect(daysLeft(filling(168, 400 * gigabyte, gigabyte))).toBeUndefined()
  })

  it('lies in the future and within a year, whatever the samples', () => {
    const sample = fc.tuple(fc.integer({ min: now - 7 * day, max: now }), fc.integer({ min: 0, max: 1e13 }))
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 168 }), (samples) => {
        const sorted = [...samples].sort(([one], [other]) => one - other)
        const at = fullAtMs(sorted, now)
        if (at !== undefined) expect(at > now && at <= now + 365 * day + 1).toBe(true)
      }),
    )
  })
})
