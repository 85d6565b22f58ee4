import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { type Forecast, forecastOf, horizonFactor, type Sample, samplesMin } from './forecast.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const start = Date.UTC(2026, 0, 5)

function hourly(count: number, valueAt: (hour: number) => number): Sample[] {
  return Array.from({ length: count }, (_, hour) => ({ atMs: start + hour * hourMs, value: valueAt(hour) }))
}

function trendOf(forecast: Forecast) {
  if (forecast.is === 'none') throw new Error(forecast.reason)
  return forecast
}

/** Of the middle of a bell, near enough. */
function noiseOf(seed: number): () => number {
  const random = seededRandom(seed)
  return () => random.next() + random.next() + random.next() + random.next() - 2
}

describe('a forecast', () => {
  it.each([
    ['nothing was noted', []],
    ['too few values', hourly(samplesMin - 1, () => 1)],
    ['too short a time', hourly(20, () => 1).map(({ value }, at) => ({ atMs: start + at * 60_000, value }))],
  ])('is none, with the reason, where there is %s', (_what, samples) => {
    const forecast = forecastOf(samples, { nowMs: start + 30 * hourMs, untilMs: start + 60 * dayMs })
    expect(forecast).toMatchObject({ is: 'none', reason: expect.stringMatching(/noted/) })
  })

  it('is none where the newest value is older than all that was noted', () => {
    const forecast = forecastOf(
      hourly(24, (hour) => hour),
      { nowMs: start + 10 * dayMs, untilMs: start + 20 * dayMs },
    )
    expect(forecast).toMatchObject({ is: 'none', reason: expect.stringContaining('older') })
  })

  it('of a disk that fills by a gigabyte a day tells the day, and a few outliers do not bend it', () => {
    const samples = hourly(168, (hour) => (hour % 40 === 7 ? 1e9 : 20e9 - (hour / 24) * 1e9))
    const nowMs = start + 167 * hourMs
    const { reach, perDay } = trendOf(forecastOf(samples, { nowMs, untilMs: nowMs + 30 * dayMs, min: 0, limit: 0 }))
    expect(perDay).toBeCloseTo(-1e9, -6)
    expect(((reach?.atMs ?? 0) - start) / dayMs).toBeCloseTo(20, 1)
  })

  it('tells of no day for what does not go there, or goes there later than the data can say', () => {
    const nowMs = start + 47 * hourMs
    const flat = trendOf(
      forecastOf(
        hourly(48, () => 5e9),
        { nowMs, untilMs: nowMs + 365 * dayMs, limit: 0 },
      ),
    )
    expect([flat.perDay, flat.reach]).toEqual([0, null])
    const slow = trendOf(
      forecastOf(
        hourly(48, (hour) => 5e9 - hour),
        { nowMs, untilMs: nowMs + 365 * dayMs, limit: 0 },
      ),
    )
    expect(slow.reach).toBeNull()
    const spanMs = 47 * hourMs
    expect(slow.points.at(-1)?.atMs).toBe(nowMs + horizonFactor * spanMs)
  })

  it('holds nine of ten values that come, for lines with noise', () => {
    let inside = 0
    let all = 0
    for (let seed = 1; seed <= 60; seed += 1) {
      const noise = noiseOf(seed)
      const series = hourly(144, (hour) => 100 + hour * (seed % 5) * 0.3 + noise() * 8)
      const known = series.slice(0, 96)
      const nowMs = known.at(-1)?.atMs ?? start
      const { points } = trendOf(forecastOf(known, { nowMs, untilMs: nowMs + 48 * hourMs }))
      for (const { atMs, value } of series.slice(96)) {
        const point = points.find((one) => one.atMs >= atMs)
        if (point === undefined) continue
        all += 1
        if (value >= point.low && value <= point.high) inside += 1
      }
    }
    expect(all).toBeGreaterThan(2000)
    expect(inside / all).toBeGreaterThan(0.85)
    expect(inside / all).toBeLessThan(0.99)
  })

  it('is wider where values hang together in time', () => {
    const width = (memory: number) => {
      const noise = noiseOf(7)
      let last = 0
      const samples = hourly(120, () => {
        last = memory * last + noise()
        return last * Math.sqrt(1 - memory * memory)
      })
      const { perDayHigh, perDayLow } = trendOf(
        forecastOf(samples, { nowMs: start + 119 * hourMs, untilMs: start + 200 * hourMs }),
      )
      return perDayHigh - perDayLow
    }
    expect(width(0.9)).toBeGreaterThan(width(0) * 1.5)
  })

  it('keeps its order and its bounds, whatever was noted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 20_000 }), fc.double({ min: -1e9, max: 1e9, noNaN: true })), {
          maxLength: 80,
        }),
        fc.integer({ min: 0, max: 400 }),
        fc.double({ min: -1e9, max: 1e9, noNaN: true }),
        (steps, days, limit) => {
          let atMs = start
          const samples = steps.map(([seconds, value]) => {
            atMs += seconds * 1000
            return { atMs, value }
          })
          const forecast = forecastOf(samples, { nowMs: atMs, untilMs: atMs + days * dayMs, min: 0, max: 100, limit })
          if (forecast.is === 'none') return
          expect(forecast.perDayLow).toBeLessThanOrEqual(forecast.perDay)
          expect(forecast.perDay).toBeLessThanOrEqual(forecast.perDayHigh)
          for (const { low, value, high } of forecast.points) {
            expect(low).toBeGreaterThanOrEqual(0)
            expect(low).toBeLessThanOrEqual(value)
            expect(value).toBeLessThanOrEqual(high)
            expect(high).toBeLessThanOrEqual(100)
          }
          if (forecast.reach === null) return
          expect(forecast.reach.atMs).toBeGreaterThanOrEqual(atMs)
          expect(forecast.reach.earliestMs).toBeLessThanOrEqual(forecast.reach.atMs)
          expect(forecast.reach.latestMs ?? Infinity).toBeGreaterThanOrEqual(forecast.reach.atMs)
        },
      ),
      { numRuns: 60 },
    )
  })
})
