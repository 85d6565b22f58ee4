/** Functions on dates. Every calendar question is answered in UTC, as the API answers it without a time zone [?]. */
import { calendarOf, formatDate, isTimeZone, weekOfYear } from '../date-format.ts'
import { dateOfText } from '../date-text.ts'
import { addUnits, dayMs, differenceIn, startOfUnit, unitOf } from '../date-units.ts'
import type { FormulaFunctions, FormulaScope } from '../scope.ts'
import {
  dateValue,
  type FormulaDate,
  type FormulaValue,
  fault,
  isBlank,
  isDate,
  isList,
  numberOf,
  textOf,
} from '../value.ts'

/** A date, or text that says one. */
function dateOf(value: FormulaValue | undefined): FormulaDate | undefined {
  if (value === undefined || value === null) return undefined
  if (isDate(value)) return value
  if (isList(value)) return value.items.length === 1 ? dateOf(value.items[0]) : undefined
  const ms = typeof value === 'string' ? dateOfText(value) : undefined
  return ms === undefined ? undefined : { kind: 'date', ms }
}

/** A function of one date: blank for blank, a fault for what is no date. */
function ofDate(
  max: number,
  run: (date: FormulaDate, args: readonly FormulaValue[], scope: FormulaScope) => FormulaValue,
) {
  return {
    min: 1,
    max,
    run(args: readonly FormulaValue[], scope: FormulaScope): FormulaValue {
      const date = dateOf(args[0])
      if (date !== undefined) return run(date, args, scope)
      return isBlank(args[0] ?? null) ? null : fault
    },
  }
}

/** A question about two dates; false when one of them is blank. */
function ofTwo(min: number, max: number, run: (a: number, b: number, args: readonly FormulaValue[]) => FormulaValue) {
  return {
    min,
    max,
    run(args: readonly FormulaValue[]): FormulaValue {
      const [a, b] = [dateOf(args[0]), dateOf(args[1])]
      if (a !== undefined && b !== undefined) return run(a.ms, b.ms, args)
      return isBlank(args[0] ?? null) || isBlank(args[1] ?? null) ? false : fault
    },
  }
}

export const dateFunctions: FormulaFunctions = {
  NOW: { min: 0, max: 0, run: (_args, scope) => dateValue(scope.nowMs) },
  TODAY: { min: 0, max: 0, run: (_args, scope) => dateValue(Math.floor(scope.nowMs / dayMs) * dayMs) },
  IS_AFTER: ofTwo(2, 2, (a, b) => a > b),
  IS_BEFORE: ofTwo(2, 2, (a, b) => a < b),
  IS_SAME: ofTwo(2, 3, (a, b, args) => {
    if (args[2] === undefined) return a === b
    const unit = unitOf(textOf(args[2]))
    return unit === undefined ? fault : startOfUnit(a, unit) === startOfUnit(b, unit)
  }),
  DATETIME_DIFF: {
    min: 2,
    max: 3,
    run(args) {
      const [a, b] = [dateOf(args[0]), dateOf(args[1])]
      const unit = unitOf(args[2] === undefined ? 'seconds' : textOf(args[2]))
      if (a !== undefined && b !== undefined) return unit === undefined ? fault : differenceIn(a.ms, b.ms, unit)
      return isBlank(args[0] ?? null) || isBlank(args[1] ?? null) ? null : fault
    },
  },
  DATEADD: {
    min: 3,
    max: 3,
    run([start, amount = null, unitName = null]) {
      const date = dateOf(start)
      if (date === undefined) return isBlank(start ?? null) ? null : fault
      const unit = unitOf(textOf(unitName))
      const count = numberOf(amount)
      return unit === undefined || count === undefined
        ? fault
        : dateValue(addUnits(date.ms, count, unit), date.timeZone)
    },
  },
  DATETIME_FORMAT: ofDate(2, (date, args) =>
    formatDate(date.ms, args[1] === undefined ? 'YYYY-MM-DDTHH:mm:ssZ' : textOf(args[1]), date.timeZone),
  ),
  // The format argument is not read: every form that dateOfText knows is taken [?].
  DATETIME_PARSE: ofDate(3, (date) => date),
  DATESTR: ofDate(1, (date) => formatDate(date.ms, 'YYYY-MM-DD', date.timeZone)),
  TIMESTR: ofDate(1, (date) => formatDate(date.ms, 'HH:mm:ss', date.timeZone)),
  SET_TIMEZONE: ofDate(2, (date, args) => {
    const zone = textOf(args[1] ?? null)
    return isTimeZone(zone) ? dateValue(date.ms, zone) : fault
  }),
  SET_LOCALE: ofDate(2, (date) => date),
  YEAR: ofDate(1, (date) => calendarOf(date.ms, date.timeZone).year),
  MONTH: ofDate(1, (date) => calendarOf(date.ms, date.timeZone).month),
  DAY: ofDate(1, (date) => calendarOf(date.ms, date.timeZone).day),
  HOUR: ofDate(1, (date) => calendarOf(date.ms, date.timeZone).hour),
  MINUTE: ofDate(1, (date) => calendarOf(date.ms, date.timeZone).minute),
  SECOND: ofDate(1, (date) => calendarOf(date.ms, date.timeZone).second),
  WEEKDAY: ofDate(2, (date, args) => {
    const monday = textOf(args[1] ?? null).toLowerCase() === 'monday'
    return (calendarOf(date.ms, date.timeZone).weekday + (monday ? 6 : 0)) % 7
  }),
  WEEKNUM: ofDate(2, (date, args) => weekOfYear(date.ms, textOf(args[1] ?? null).toLowerCase() === 'monday' ? 1 : 0)),
  TONOW: ofDate(1, (date, _args, scope) => span(date.ms, scope.nowMs)),
  FROMNOW: ofDate(1, (date, _args, scope) => span(date.ms, scope.nowMs)),
  WORKDAY: ofDate(3, (date, args) => {
    const days = numberOf(args[1] ?? null)
    return days === undefined || Math.abs(days) > 100_000
      ? fault
      : dateValue(workday(date.ms, Math.trunc(days), holidays(args[2])))
  }),
  WORKDAY_DIFF: ofTwo(2, 3, (a, b, args) =>
    Math.abs(b - a) > 100_000 * dayMs ? fault : workdaysBetween(a, b, holidays(args[2])),
  ),
}

function span(a: number, b: number): string {
  const days = Math.floor(Math.abs(a - b) / dayMs)
  if (days > 0) return `${days} day${days === 1 ? '' : 's'}`
  const minutes = Math.floor(Math.abs(a - b) / 60_000)
  return `${minutes} minute${minutes === 1 ? '' : 's'}`
}

function holidays(value: FormulaValue | undefined): ReadonlySet<number> {
  const days = textOf(value ?? null)
    .split(',')
    .map((text) => dateOfText(text))
  return new Set(days.filter((day) => day !== undefined).map((day) => Math.floor(day / dayMs)))
}

function isWorkday(ms: number, free: ReadonlySet<number>): boolean {
  const weekday = new Date(ms).getUTCDay()
  return weekday !== 0 && weekday !== 6 && !free.has(Math.floor(ms / dayMs))
}

function workday(start: number, days: number, free: ReadonlySet<number>): number {
  const step = days < 0 ? -dayMs : dayMs
  let at = start
  for (let left = Math.abs(days); left > 0; ) {
    at += step
    if (isWorkday(at, free)) left -= 1
  }
  return at
}

function workdaysBetween(a: number, b: number, free: ReadonlySet<number>): number {
  let count = 0
  for (let at = Math.min(a, b); at <= Math.max(a, b); at += dayMs) if (isWorkday(at, free)) count += 1
  return b < a ? -count : count
}
