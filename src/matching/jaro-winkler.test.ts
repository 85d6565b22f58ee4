import fc from 'fast-check'
import { custom } from 'talisman/metrics/jaro-winkler.js'
import { expect, test } from 'vitest'
import { jaroWinkler } from './jaro-winkler.ts'

/** Winkler's definition without a lower bound for the boost. */
const oracle = (one: string, other: string) => {
  const [short, long] =
    one.length < other.length || (one.length === other.length && one < other) ? [one, other] : [other, one]
  return custom({ boostThreshold: 0 }, short, long)
}
const names = fc.stringMatching(/^[a-e ]{0,14}$/)
const longer = fc.stringMatching(/^[a-eé]{0,60}$/)
/** Around the length up to which a text is matched by masks of 32 bits. */
const plainLong = fc.stringMatching(/^[a-e]{28,36}$/)

test('agrees with the oracle on short and long text', () => {
  fc.assert(
    fc.property(fc.oneof(names, longer, plainLong), fc.oneof(names, longer, plainLong), (one, other) => {
      expect(jaroWinkler(one, other)).toBeCloseTo(oracle(one, other), 12)
    }),
    { numRuns: 3_000 },
  )
})

test('is symmetric, between 0 and 1, and 1 for equal text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), names), fc.oneof(fc.string(), names), (one, other) => {
      const likeness = jaroWinkler(one, other)
      expect(jaroWinkler(other, one)).toBe(likeness)
      expect(likeness).toBeGreaterThanOrEqual(0)
      expect(likeness).toBeLessThanOrEqual(1)
      expect(jaroWinkler(one, one)).toBe(1)
    }),
  )
})

test.each([
  ['martha', 'marhta', 0.9611],
  ['dixon', 'dicksonx', 0.8133],
  ['dwayne', 'duane', 0.84],
  ['jellyfish', 'smellyfish', 0.8963],
])('%s and %s are %f alike, as Winkler has it', (one, other, likeness) => {
  expect(jaroWinkler(one, other)).toBeCloseTo(likeness, 4)
})
