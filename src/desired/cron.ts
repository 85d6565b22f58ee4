/** Reads cron lines far enough to say what is wrong with one; when it next fires is the job kind's work. */

interface CronField {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const second: CronField = { name: 'second', min: 0, max: 59 }
const dayOfMonth: CronField = { name: 'day of the month', min: 1, max: 31 }
const month: CronField = {
  name: 'month',
  min: 1,
  max: 12,
  names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
}
const fields: readonly CronField[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  dayOfMonth,
  month,
  { name: 'day of the week', min: 0, max: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
]

/** The most days that a month can have, January first. */
const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

/**
 * What is wrong with a cron line of five fields (minute, hour, day of the month, month, day of the week) or six
 * (second first), or undefined when it is fine. Fields hold `*`, numbers, names, ranges, lists and steps.
 */
export function cronProblem(line: string): string | undefined {
  const parts = line.trim().split(/\s+/)
  if (parts.length !== 5 && parts.length !== 6) {
    return `must be a cron line of five fields such as "0 3 * * *" (six with seconds first); this has ${parts[0] === '' ? 0 : parts.length}`
  }
  const expected = parts.length === 6 ? [second, ...fields] : fields
  for (const [index, field] of expected.entries()) {
    const problem = fieldProblem(parts[index] ?? '', field)
    if (problem !== undefined) return problem
  }
  return neverComes(parts.at(-3) ?? '*', parts.at(-2) ?? '*', parts.at(-1) ?? '*')
}

function fieldProblem(text: string, field: CronField): string | undefined {
  for (const part of text.split(',')) {
    const [span = '', step, ...more] = part.split('/')
    if (more.length > 0 || span === '') return `has the ${field.name} "${text}", which is no cron field`
    if (step !== undefined && !/^[1-9]\d{0,2}$/.test(step))
      return `has the step "${step}" for the ${field.name}, which must be 1 or more`
    if (span === '*') continue
    const bounds = span.split('-').map((bound) => numberOf(bound, field))
    const [from, to = from] = bounds
    if (bounds.length > 2 || from === undefined || bounds.includes(undefined)) {
      const names = field.names === undefined ? '' : `, or ${field.names[0]} to ${field.names.at(-1)}`
      return `has the ${field.name} "${span}"; it must be from ${field.min} to ${field.max}${names}`
    }
    if (to !== undefined && from > to) return `has the ${field.name} "${span}", which ends before it starts`
  }
  return undefined
}

/** The number that a bound stands for; undefined when it is none of the field. */
function numberOf(bound: string, field: CronField): number | undefined {
  const named = field.names?.indexOf(bound.toLowerCase()) ?? -1
  if (named >= 0) return named + field.min
  if (!/^\d{1,2}$/.test(bound)) return undefined
  const value = Number(bound)
  return value >= field.min && value <= field.max ? value : undefined
}

/** A day that none of the named months has, such as 30 February, fires never. */
function neverComes(days: string, months: string, weekdays: string): string | undefined {
  if (weekdays !== '*' || !/^\d+$/.test(days) || months.includes('*')) return undefined
  const numbers = months.split(',').flatMap((part) => {
    const [from, to = from] =
      part
        .split('/')[0]
        ?.split('-')
        .map((bound) => numberOf(bound, month)) ?? []
    return from === undefined || to === undefined
      ? []
      : Array.from({ length: to - from + 1 }, (_, index) => from + index)
  })
  const comes = numbers.some((number) => Number(days) <= (monthDays[number - 1] ?? 31))
  return comes ? undefined : `names day ${days}, which none of its months has, so it would never run`
}
