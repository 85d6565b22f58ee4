import { describe, expect, it } from 'vitest'
import { boundsOf, forecastOf, monthOf } from './month.ts'

const at = (text: string) => Date.parse(text)

describe('the month of the quota', () => {
  it('is a calendar month in UTC', () => {
    expect(monthOf(at('2026-11-30T23:59:59.999Z'))).toBe('2026-11')
    expect(monthOf(at('2026-12-01T00:00:00.000Z'))).toBe('2026-12')
    expect(boundsOf('2026-12')).toEqual({ startMs: at('2026-12-01T00:00:00Z'), endMs: at('2027-01-01T00:00:00Z') })
  })

  it('is forecast from the calls so far, from when counting began, and not before a day has passed', () => {
    const countedSinceMs = at('2026-10-01T00:00:00Z')
    expect(forecastOf({ month: '2026-11', calls: 1000, countedSinceMs }, at('2026-11-11T00:00:00Z'))).toBe(3000)
    expect(forecastOf({ month: '2026-11', calls: 5, countedSinceMs }, at('2026-11-01T12:00:00Z'))).toBeUndefined()
    const late = at('2026-11-21T00:00:00Z')
    expect(forecastOf({ month: '2026-11', calls: 100, countedSinceMs: late }, at('2026-11-26T00:00:00Z'))).toBe(200)
    expect(
      forecastOf({ month: '2026-11', calls: 100, countedSinceMs: late }, at('2026-11-21T12:00:00Z')),
    ).toBeUndefined()
  })
})
