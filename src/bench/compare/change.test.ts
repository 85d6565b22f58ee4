import { describe, expect, test } from 'vitest'
import { type BenchOutput, changesOf } from './change.ts'
import { changesText } from './table.ts'

const row = (what: string, value: number, ratio?: number, unit: 'ms' | 'requests/s' = 'ms') => ({
  bench: 'plan',
  what,
  median: { value, unit },
  ...(ratio === undefined ? {} : { ratio }),
})
const output = (...rows: BenchOutput['rows']): BenchOutput => ({ loadBefore: 0, rows })

describe('what a change cost', () => {
  test('goes by the ratios to the floor, so that a machine that got slower meanwhile is no change', () => {
    const [change] = changesOf(
      [output(row('wall', 100, 2)), output(row('wall', 110, 2.1))],
      [output(row('wall', 300, 2.2)), output(row('wall', 310, 2.4))],
    )
    expect(change).toMatchObject({ times: 1.1, clear: true, before: { ratio: 2 }, now: { figure: { value: 300 } } })
  })

  test('is unclear while turns of one lie among those of the other, or there is but one', () => {
    const before = [output(row('wall', 100, 2)), output(row('wall', 100, 3))]
    expect(changesOf(before, [output(row('wall', 100, 2.5)), output(row('wall', 100, 4))])[0]?.clear).toBe(false)
    expect(changesOf(before.slice(0, 1), [output(row('wall', 100, 9))])[0]?.clear).toBe(false)
  })

  test('more requests a second are better', () => {
    const [change] = changesOf(
      [output(row('page', 1000, 0.5, 'requests/s'))],
      [output(row('page', 1000, 1, 'requests/s'))],
    )
    expect(change?.times).toBe(0.5)
  })

  test('goes by the figures where there is no floor, and says what is new, gone, slower and the same', () => {
    const before = [output(row('a', 10), row('old', 1), row('same', 5)), output(row('a', 11), row('same', 5))]
    const now = [output(row('a', 20), row('new', 1), row('same', 5)), output(row('a', 22), row('same', 5))]
    const text = changesText(changesOf(before, now))
    expect(text).toMatch(/ a +│.*\+100 % SLOWER/)
    expect(text).toMatch(/ new +│.* new +│/)
    expect(text).toMatch(/ old +│.* gone +│/)
    expect(text).toMatch(/ same +│.* none +│/)
  })
})
