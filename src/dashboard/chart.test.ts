import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawingOf, type Line } from './app/state/chart.ts'

const line = (values: readonly number[], expected: readonly (readonly [number, number, number])[] = []): Line => ({
  name: 'leads',
  past: values.map((value, at) => ({ atMs: at * 1000, value })),
  expected: expected.map(([low, value, high], at) => ({ atMs: (values.length + at) * 1000, value, low, high })),
})

describe('a chart', () => {
  it('is none where nothing was noted', () => {
    expect(drawingOf([], 0, null)).toBeUndefined()
    expect(drawingOf([line([])], 0, null)).toBeUndefined()
  })

  it('draws a single value, and values that are all one', () => {
    expect(drawingOf([line([5])], 0, null)?.lines[0]?.past).toMatch(/^-8,\d+ 8,\d+$/)
    expect(drawingOf([line([5, 5])], 0, null)).toMatchObject({ low: 4, high: 6 })
  })

  it('goes on from the last value with what is expected, and shades where nine of ten values are', () => {
    const drawing = drawingOf([line([0, 10], [[15, 20, 25]])], 1000, null)
    const [drawn] = drawing?.lines ?? []
    expect(drawing?.nowX).toBe(500)
    expect(drawn?.expected.split(' ')[0]).toBe(drawn?.past.split(' ').at(-1))
    expect(drawn?.band.split(' ')).toHaveLength(2)
  })

  it('draws a limit that is near, and leaves one that would flatten everything to the words', () => {
    expect(drawingOf([line([80, 90])], 0, 100)?.limitY).toBeGreaterThanOrEqual(0)
    expect(drawingOf([line([80, 90])], 0, 100_000)?.limitY).toBeUndefined()
  })

  it('has no percent above a hundred', () => {
    expect(drawingOf([line([97, 100])], 0, null, 100)?.high).toBe(100)
  })

  it('keeps everything within its box', () => {
    const values = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(values, values, (past, future) => {
        const expected = future.map((value) => [value - 1, value, value + 1] as const)
        const drawing = drawingOf([line(past, expected)], past.length * 1000, null)
        for (const one of drawing?.lines ?? [])
          for (const text of [...one.expected.split(' '), ...one.band.split(' ')].filter(Boolean)) {
            const [x = Number.NaN, y = Number.NaN] = text.split(',').map(Number)
            expect(x >= 0 && x <= 1000 && y >= 0 && y <= 1000).toBe(true)
          }
      }),
    )
  })
})
