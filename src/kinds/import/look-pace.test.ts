import { expect, test } from 'vitest'
import { systemClock } from '../../clock.ts'
import { createLookPace } from './look-pace.ts'

function paced() {
  let nowMs = 0
  const pace = createLookPace({ ...systemClock, monotonicMs: () => nowMs })
  const pass = (ms: number) => {
    nowMs += ms
  }
  const look = (ms: number) => pace.during('cache', async () => pass(ms))
  return { pace, pass, look }
}

test('the first look is made at once, the next after ten times as long as that took', async () => {
  const { pace, pass, look } = paced()
  expect(pace.restMs('cache')).toBe(0)
  await look(400)
  expect(pace.restMs('cache')).toBe(4000)
  pass(3999)
  expect(pace.restMs('cache')).toBe(1)
  pass(1)
  expect(pace.restMs('cache')).toBe(0)
})

test('nobody waits for longer than a minute', async () => {
  const { pace, look } = paced()
  await look(20_000)
  expect(pace.restMs('cache')).toBe(60_000)
})

test('a look that was put off is due when the rest is over, until there was one', async () => {
  const { pace, pass, look } = paced()
  await look(100)
  expect(pace.dueInMs('cache')).toBe(undefined)
  pace.putOff('cache')
  pass(600)
  expect(pace.dueInMs('cache')).toBe(400)
  pass(5000)
  // What is overdue is due soon, not "when somebody comes".
  expect(pace.dueInMs('cache')).toBe(1)
  await look(100)
  expect(pace.dueInMs('cache')).toBe(undefined)
})

test('a look that failed counts as well', async () => {
  const { pace, pass } = paced()
  await expect(
    pace.during('cache', async () => {
      pass(50)
      throw new Error('it cannot be read')
    }),
  ).rejects.toThrow('it cannot be read')
  expect(pace.restMs('cache')).toBe(500)
})
