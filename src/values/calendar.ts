/**
 * Reading dates and moments in the forms that people, Python, SQLite and spreadsheets write. A date whose day and month
 * could be swapped is never guessed. Times without an offset are UTC, as the desired state declares.
 */

/** Which part comes first where `03/04/2024` could be either. */
export type DayOrder = 'dmy' | 'mdy'

export type MomentReading =
  | { readonly is: 'moment'; readonly atMs: number; readonly hasTime: boolean }
  /** The reason completes the sentence "this value …". */
  | { readonly is: 'invalid'; readonly reason: string }

const invalid = (reason: string): MomentReading => ({ is: 'invalid', reason })

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const monthPattern = '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?'
const weekday = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+/iu
const timePattern =
  /^(?:[T\s,]+(?:at\s+)?(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([ap]\.?m\.?)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}(?::\d{2})?|[+-]\d{2})?$/iu

const yearFirst = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)/u
const compact = /^(\d{4})(\d{2})(\d{2})(?=$|T)/u
const numeric = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?!\d)/u
const dayMonthName = new RegExp(
  `^(\\d{1,2})(?:st|nd|rd|th)?[\\s-]+(?:of\\s+)?${monthPattern}[\\s,-]+(\\d{4})(?!\\d)`,
  'iu',
)
const monthNameDay = new RegExp(`^${monthPattern}\\s+(\\d{1,2})(?:st|nd|rd|th)?,?\\s+(\\d{4})(?!\\d)`, 'iu')
const shortYear = /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{2})(?!\d)/u

/**
 * Reads trimmed text, or the number of an epoch: seconds up to 10^11, then milliseconds, then microseconds from 10^14.
 * `order` decides between day and month where the text does not.
 */
export function readMoment(value: string | number, order?: DayOrder): MomentReading {
  if (typeof value === 'number') return readNumber(value)
  const text = value.trim().replace(weekday, '')
  if (/^-?\d{9,17}(?:\.\d+)?$/u.test(text)) return readNumber(Number(text))
  if (shortYear.test(text)) return invalid('has a year of two digits')
  const day = readDay(text, order)
  if ('is' in day) return day
  return withTime(day, text.slice(day.length))
}

function readNumber(value: number): MomentReading {
  const size = Math.abs(value)
  if (Number.isInteger(value) && value >= 10_000_101 && value <= 99_991_231) return readMoment(`${value}`)
  if (!Number.isFinite(value) || size < 1e8 || size >= 1e17) return invalid('is a number that is no date')
  const atMs = size < 1e11 ? value * 1000 : size < 1e14 ? value : value / 1000
  return moment(Math.round(atMs), true)
}

interface Day {
  readonly year: number
  readonly month: number
  readonly day: number
  /** Characters of the text that it took. */
  readonly length: number
}

function readDay(text: string, order: DayOrder | undefined): Day | MomentReading {
  const dayOf = (match: RegExpExecArray, year: number, month: number, day: number): Day => ({
    year: Number(match[year]),
    month: Number(match[month]),
    day: Number(match[day]),
    length: match[0].length,
  })
  const first = yearFirst.exec(text)
  if (first !== null) return dayOf(first, 1, 3, 4)
  const tight = compact.exec(text)
  if (tight !== null) return dayOf(tight, 1, 2, 3)
  const named = dayMonthName.exec(text)
  if (named !== null) return { ...dayOf(named, 3, 2, 1), month: monthOf(named[2]) }
  const american = monthNameDay.exec(text)
  if (american !== null) return { ...dayOf(american, 3, 1, 2), month: monthOf(american[1]) }
  const ordered = numeric.exec(text)
  if (ordered === null) return invalid('cannot be read as a date')
  const [left, right] = [Number(ordered[1]), Number(ordered[3])]
  // Only day-first countries write dots.
  const dayFirst = ordered[2] === '.' || left > 12 || left === right ? true : right > 12 ? false : orderOf(order)
  if (dayFirst === undefined) return invalid('could be day/month or month/day')
  return dayFirst ? dayOf(ordered, 4, 3, 1) : dayOf(ordered, 4, 1, 3)
}

function orderOf(order: DayOrder | undefined): boolean | undefined {
  return order === undefined ? undefined : order === 'dmy'
}

function monthOf(name: string | undefined): number {
  return months.indexOf((name ?? '').slice(0, 3).toLowerCase()) + 1
}

function withTime(day: Day, rest: string): MomentReading {
  const match = timePattern.exec(rest)
  if (match === null) return invalid('has something after its date that is no time')
  const [, hourText, minuteText = '0', secondText = '0', fraction = '', half, offset] = match
  const hour = hourText === undefined ? 0 : hourOf(Number(hourText), half)
  const minute = Number(minuteText)
  const second = Number(secondText)
  if (hour === undefined || hour > 23 || minute > 59 || second > 59) return invalid('has a time that does not exist')
  const date = new Date(0)
  date.setUTCFullYear(day.year, day.month - 1, day.day)
  if (date.getUTCMonth() !== day.month - 1 || date.getUTCDate() !== day.day || day.year < 1000)
    return invalid('has a day that does not exist')
  date.setUTCHours(hour, minute, second, Number(fraction.padEnd(3, '0').slice(0, 3)))
  return moment(date.getTime() - offsetMsOf(offset), hourText !== undefined)
}

function hourOf(hour: number, half: string | undefined): number | undefined {
  if (half === undefined) return hour
  if (hour < 1 || hour > 12) return undefined
  return (hour % 12) + (half.toLowerCase().startsWith('p') ? 12 : 0)
}

function offsetMsOf(offset: string | undefined): number {
  const match = /^([+-])(\d{2}):?(\d{2})?/u.exec(offset ?? '')
  if (match === null) return 0
  const sizeMs = (Number(match[2]) * 60 + Number(match[3] ?? '0')) * 60_000
  return match[1] === '-' ? -sizeMs : sizeMs
}

function moment(atMs: number, hasTime: boolean): MomentReading {
  const year = new Date(atMs).getUTCFullYear()
  return year >= 1000 && year <= 9999 ? { is: 'moment', atMs, hasTime } : invalid('lies outside the years 1000 to 9999')
}

/** `2024-01-05`, of the day in UTC. */
export function isoDate(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10)
}

/** `2024-01-05T10:11:12.000Z`: always with milliseconds, so that text order is time order. */
export function isoDateTime(atMs: number): string {
  return new Date(atMs).toISOString()
}
