import fc from 'fast-check'
import { expect, it } from 'vitest'
import { lastMoment, nextMoment } from './schedule.ts'

const schedule = { cron: '0 3 * * *', timezone: 'Europe/Berlin' }
const at = (iso: string) => Date.parse(iso)

it('the last moment is the one that has just come, and the one of before a millisecond earlier', () => {
  const moment = at('2026-11-26T02:00:00Z')
  expect(lastMoment(schedule, moment)).toBe(moment)
  expect(lastMoment(schedule, moment - 1)).toBe(at('2026-11-25T02:00:00Z'))
  expect(lastMoment(schedule, moment + 999)).toBe(moment)
})

it('no moment lies between the last and the next one, through changes of summer time', () => {
  const [from, to] = [at('2026-03-20T00:00:00Z'), at('2026-11-20T00:00:00Z')]
  fc.assert(
    fc.property(
      fc.integer({ min: from, max: to }),
      fc.constantFrom('0 3 * * *', '*/7 * * * *', '30 2 * * 0'),
      (now, cron) => {
        const one = { ...schedule, cron }
        const last = lastMoment(one, now)
        expect(last).toBeLessThanOrEqual(now)
        expect(nextMoment(one, last ?? 0)).toBe(nextMoment(one, now))
      },
    ),
    { numRuns: 200 },
  )
})
