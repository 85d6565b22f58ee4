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

test('the first look is made at once', () => {
  expect(paced().pace.putsOff('cache', 'table')).toBe(false)
})

test('a source that changed is looked at after ten times as long as the last look took', async () => {
  const { pace, pass, look } = paced()
  await look(400)
  pass(3999)
  expect(pace.putsOff('cache', 'source')).toBe(true)
  expect(pace.dueInMs('cache')).toBe(1)
  pass(1)
  expect(pace.putsOff('cache', 'source')).toBe(false)
})

test('where only its table changed after sixty times, but nobody waits for longer than a minute', async () => {
  const { pace, pass, look } = paced()
  await look(400)
  pass(4000)
  expect(pace.putsOff('cache', 'table')).toBe(true)
  expect(pace.dueInMs('cache')).toBe(20_000)
  await look(20_000)
  expect(pace.putsOff('cache', 'table')).toBe(true)
  expect(pace.dueInMs('cache')).toBe(60_000)
})

test('a look that was put off is due until there was one, or nothing to see', async () => {
  const { pace, pass, look } = paced()
  await look(100)
  expect(pace.dueInMs('cache')).toBe(undefined)
  pace.putsOff('cache', 'source')
  pass(6000)
  // Overdue is soon, not "when somebody comes".
  expect(pace.dueInMs('cache')).toBe(1)
  await look(100)
  expect(pace.dueInMs('cache')).toBe(undefined)
  pace.putsOff('cache', 'source')
  pace.nothingToSee('cache')
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
  expect(pace.putsOff('cache', 'source')).toBe(true)
  expect(pace.dueInMs('cache')).toBe(500)
})
