/** Writes moments by the pattern letters of DATETIME_FORMAT (those of Moment.js), in any time zone. */

/** The calendar of a moment in a zone. */
export interface CalendarParts {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly millisecond: number
  /** 0 is Sunday. */
  readonly weekday: number
}

const months = 'January February March April May June July August September October November December'.split(' ')
const weekdays = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
const shorthands: Readonly<Record<string, string>> = {
  LTS: 'h:mm:ss A',
  LT: 'h:mm A',
  LLLL: 'dddd, MMMM D, YYYY h:mm A',
  LLL: 'MMMM D, YYYY h:mm A',
  LL: 'MMMM D, YYYY',
  L: 'MM/DD/YYYY',
}
const pattern =
  /\[([^\]]*)\]|LTS|LT|LLLL|LLL|LL|L|YYYY|YY|Q|MMMM|MMM|MM|M|Do|DD|D|dddd|ddd|d|E|HH|H|hh|h|mm|m|ss|s|SSS|A|a|ZZ|Z|X|x|w/g

/** Whether the runtime knows the zone. `utc` and `client` (read as UTC [?]) are Airtable's own names. */
export function isTimeZone(zone: string): boolean {
  if (zone === 'utc' || zone === 'client') return true
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** The calendar of a moment; an unset zone is UTC. */
export function calendarOf(ms: number, timeZone = 'utc'): CalendarParts {
  const date = new Date(ms + offsetMinutes(ms, timeZone) * 60_000)
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
    weekday: date.getUTCDay(),
  }
}

/** Minutes by which a zone is ahead of UTC at a moment. */
function offsetMinutes(ms: number, timeZone = 'utc'): number {
  if (timeZone === 'utc' || timeZone === 'client') return 0
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(ms)
  const part = (type: string) => Number(parts.find((candidate) => candidate.type === type)?.value ?? 0)
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
  return Math.round((local - Math.floor(ms / 1000) * 1000) / 60_000)
}

/** Formats a moment, for example `formatDate(0, 'YYYY-MM-DD HH:mm')` gives `1970-01-01 00:00`. */
export function formatDate(ms: number, format: string, timeZone = 'utc'): string {
  const at = calendarOf(ms, timeZone)
  return format.replace(pattern, (token: string, literal: string | undefined) => {
    if (literal !== undefined) return literal
    const longer = shorthands[token]
    return longer === undefined ? partOf(token, at, ms, timeZone) : formatDate(ms, longer, timeZone)
  })
}

const two = (value: number) => String(value).padStart(2, '0')

function partOf(token: string, at: CalendarParts, ms: number, timeZone: string): string {
  const hour12 = at.hour % 12 === 0 ? 12 : at.hour % 12
  switch (token) {
    case 'YYYY':
      return String(at.year).padStart(4, '0')
    case 'YY':
      return two(at.year % 100)
    case 'Q':
      return String(Math.ceil(at.month / 3))
    case 'MMMM':
      return months[at.month - 1] ?? ''
    case 'MMM':
      return (months[at.month - 1] ?? '').slice(0, 3)
    case 'MM':
      return two(at.month)
    case 'M':
      return String(at.month)
    case 'Do':
      return `${at.day}${ordinal(at.day)}`
    case 'DD':
      return two(at.day)
    case 'D':
      return String(at.day)
    case 'dddd':
      return weekdays[at.weekday] ?? ''
    case 'ddd':
      return (weekdays[at.weekday] ?? '').slice(0, 3)
    case 'd':
      return String(at.weekday)
    case 'E':
      return String(at.weekday === 0 ? 7 : at.weekday)
    case 'w':
      return String(weekOfYear(ms))
    case 'HH':
      return two(at.hour)
    case 'H':
      return String(at.hour)
    case 'hh':
      return two(hour12)
    case 'h':
      return String(hour12)
    case 'mm':
      return two(at.minute)
    case 'm':
      return String(at.minute)
    case 'ss':
      return two(at.second)
    case 's':
      return String(at.second)
    case 'SSS':
      return String(at.millisecond).padStart(3, '0')
    case 'A':
      return at.hour < 12 ? 'AM' : 'PM'
    case 'a':
      return at.hour < 12 ? 'am' : 'pm'
    case 'Z':
      return offsetText(ms, timeZone, ':')
    case 'ZZ':
      return offsetText(ms, timeZone, '')
    case 'X':
      return String(Math.floor(ms / 1000))
    default:
      return String(ms)
  }
}

function ordinal(day: number): string {
  if (day >= 11 && day <= 13) return 'th'
  return ['th', 'st', 'nd', 'rd'][day % 10] ?? 'th'
}

function offsetText(ms: number, timeZone: string, separator: string): string {
  const minutes = offsetMinutes(ms, timeZone)
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${separator}${two(size % 60)}`
}

/** The week of the year, weeks beginning on Sunday and week 1 holding the first of January. */
export function weekOfYear(ms: number, startsOn = 0): number {
  const date = new Date(ms)
  const newYear = Date.UTC(date.getUTCFullYear(), 0, 1)
  const lead = (new Date(newYear).getUTCDay() - startsOn + 7) % 7
  return Math.floor((Math.floor((ms - newYear) / 86_400_000) + lead) / 7) + 1
}
