/** The units in which dates are added and compared. */

export type DateUnit =
  | 'milliseconds'
  | 'seconds'
  | 'minutes'
  | 'hours'
  | 'days'
  | 'weeks'
  | 'months'
  | 'quarters'
  | 'years'

export const dayMs = 86_400_000

const spellings: Readonly<Record<string, DateUnit>> = {
  ms: 'milliseconds',
  s: 'seconds',
  m: 'minutes',
  h: 'hours',
  d: 'days',
  w: 'weeks',
  M: 'months',
  Q: 'quarters',
  y: 'years',
}
const fixedMs: Readonly<Partial<Record<DateUnit, number>>> = {
  milliseconds: 1,
  seconds: 1000,
  minutes: 60_000,
  hours: 3_600_000,
  days: dayMs,
  weeks: 7 * dayMs,
}
const monthsIn: Readonly<Partial<Record<DateUnit, number>>> = { months: 1, quarters: 3, years: 12 }

/** The unit of `days`, `day` or `d`; undefined when it is none. */
export function unitOf(spelling: string): DateUnit | undefined {
  const short = spellings[spelling]
  if (short !== undefined) return short
  const plural = `${spelling.toLowerCase().replace(/s$/, '')}s`
  return Object.values(spellings).find((unit) => unit === plural)
}

/** Adds calendar units; the 31st of January plus a month is the last of February. */
export function addUnits(ms: number, count: number, unit: DateUnit): number {
  const fixed = fixedMs[unit]
  if (fixed !== undefined) return ms + count * fixed
  const date = new Date(ms)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + Math.trunc(count) * (monthsIn[unit] ?? 1))
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(Math.min(day, last))
  return date.getTime()
}

/** Whole units from b to a, towards zero. */
export function differenceIn(a: number, b: number, unit: DateUnit): number {
  const fixed = fixedMs[unit]
  if (fixed !== undefined) return Math.trunc((a - b) / fixed)
  const [early, late] = a < b ? [a, b] : [b, a]
  const [from, to] = [new Date(early), new Date(late)]
  let months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth()
  if (addUnits(early, months, 'months') > late) months -= 1
  const whole = Math.trunc(months / (monthsIn[unit] ?? 1))
  return a < b ? -whole : whole
}

/** The first moment of the unit that holds a moment; weeks begin on Sunday. */
export function startOfUnit(ms: number, unit: DateUnit): number {
  const date = new Date(ms)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  switch (unit) {
    case 'years':
      return Date.UTC(year, 0, 1)
    case 'quarters':
      return Date.UTC(year, month - (month % 3), 1)
    case 'months':
      return Date.UTC(year, month, 1)
    case 'weeks':
      return Math.floor(ms / dayMs) * dayMs - date.getUTCDay() * dayMs
    default: {
      const size = fixedMs[unit] ?? 1
      return Math.floor(ms / size) * size
    }
  }
}
