import { expect, test } from 'vitest'
import { pollEveryMs } from './poll-pace.ts'

const firstOfJune = Date.UTC(2026, 5, 1)
const minute = 60_000

test('a plan with room, or none declared, keeps the declared pause', () => {
  expect(pollEveryMs(minute, { calls: 0, limit: undefined }, firstOfJune)).toBe(minute)
  expect(pollEveryMs(minute, { calls: 0, limit: 100_000 }, firstOfJune)).toBe(minute)
})

test('a small plan is asked as often as half of what is left allows, and at least hourly', () => {
  expect(pollEveryMs(minute, { calls: 0, limit: 10_000 }, firstOfJune)).toBe((30 * 24 * 60 * minute) / 5000)
  expect(pollEveryMs(minute, { calls: 0, limit: 1000 }, firstOfJune)).toBe(60 * minute)
  expect(pollEveryMs(minute, { calls: 2000, limit: 1000 }, firstOfJune)).toBe(60 * minute)
})

test('what was spent early is made up for later', () => {
  const midMonth = firstOfJune + 15 * 24 * 60 * minute
  expect(pollEveryMs(minute, { calls: 9000, limit: 10_000 }, midMonth)).toBeGreaterThan(
    pollEveryMs(minute, { calls: 5000, limit: 10_000 }, midMonth),
  )
})
