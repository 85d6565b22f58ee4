import { z } from 'zod'
import { isoDate, isoDateTime, readMoment } from '../calendar.ts'
import { type AnyRule, defineRule, settled, unmendable } from '../rule.ts'
import { clean } from '../whitespace.ts'

const options = z.strictObject({
  /** How `03/04/2024` is meant; without it, such a date is reported instead of guessed. */
  order: z.enum(['dmy', 'mdy']).optional(),
})

function calendarRule(name: string, summary: string, textOf: (atMs: number) => string): AnyRule {
  return defineRule({
    name,
    version: 1,
    summary,
    options,
    prepare: (settings) => (value) => {
      const reading = readMoment(clean(value), settings.order)
      return reading.is === 'invalid'
        ? unmendable(reading.reason)
        : settled(value, textOf(reading.atMs), 'ISO 8601 in UTC')
    },
  })
}

/** Dates: `2024-01-05`. */
export const date = calendarRule('date', 'ISO date (2024-01-05); ambiguous dates are reported.', isoDate)

/** Moments: `2024-01-05T10:11:12.000Z`. Parts of a millisecond are dropped. */
export const datetime = calendarRule(
  'datetime',
  'ISO moment in UTC (2024-01-05T10:11:12.000Z); times without an offset are UTC.',
  isoDateTime,
)
