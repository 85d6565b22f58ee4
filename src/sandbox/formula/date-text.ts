/** Reads the forms in which dates are written; everything without a zone is UTC. */

const iso =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i
const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?:\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(am|pm)?)?$/i

/** Milliseconds since the epoch of `2026-01-31`, `2026-01-31T10:00:00Z`, `1/31/2026 10:00 am`; undefined when it is none. */
export function dateOfText(text: string): number | undefined {
  const trimmed = text.trim()
  const found = iso.exec(trimmed)
  if (found !== null) {
    const [, year, month, day, hour, minute, second, fraction, zone] = found
    const ms = moment(num(year), num(month), num(day), num(hour), num(minute), num(second))
    if (ms === undefined) return undefined
    return ms + Math.floor(Number(`0.${fraction ?? '0'}`) * 1000) - zoneOffsetMs(zone)
  }
  const us = american.exec(trimmed)
  if (us === null) return undefined
  const [, month, day, year, hour, minute, second, half] = us
  return moment(num(year), num(month), num(day), hourOf(num(hour), half), num(minute), num(second))
}

/** The moment of calendar parts in UTC; undefined for a 30th of February. */
function moment(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number | undefined {
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000
}

function num(text: string | undefined): number {
  return text === undefined ? 0 : Number(text)
}

function hourOf(hour: number, half: string | undefined): number {
  if (half === undefined) return hour
  return (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0)
}

function zoneOffsetMs(zone: string | undefined): number {
  if (zone === undefined || zone.toUpperCase() === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}
