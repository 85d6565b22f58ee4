/** Cells of dates. A date is kept as `2026-01-31`, a moment as milliseconds since the epoch. */
import type { JsonValue } from '../../../json.ts'
import { formatDate } from '../../formula/date-format.ts'
import { dateOfText } from '../../formula/date-text.ts'
import { dateValue } from '../../formula/value.ts'
import { refusals } from '../../http/refusal.ts'
import { type Field, optionText } from '../../metadata/model.ts'
import type { CellKind } from './cell-kind.ts'

/** Outside the years 0 to 9999 there is no ISO text of ten characters. */
const msMax = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const msMin = new Date('0000-01-01T00:00:00Z').getTime()

const formats: Readonly<Record<string, string>> = {
  local: 'M/D/YYYY',
  friendly: 'MMMM D, YYYY',
  us: 'M/D/YYYY',
  european: 'D/M/YYYY',
  iso: 'YYYY-MM-DD',
}

function dateFormat(field: Field): string {
  return formats[optionText(field, 'dateFormat', 'name') ?? 'iso'] ?? 'YYYY-MM-DD'
}

function inRange(ms: number | undefined): number | undefined {
  return ms !== undefined && ms >= msMin && ms <= msMax ? ms : undefined
}

/** A full timestamp is refused without typecast [O]. */
export const dateCell: CellKind = {
  accept: (value, { field, typecast }) => {
    if (value === '') return undefined
    const text = typeof value === 'string' && (typecast || /^\d{4}-\d{2}-\d{2}$/.test(value)) ? value : undefined
    const ms = inRange(text === undefined ? undefined : dateOfText(text))
    if (ms === undefined) throw refusals.invalidValue(field.name)
    return isoText(ms).slice(0, 10)
  },
  json: (stored) => stored,
  text: (stored, { field }) => formatDate(msOfDate(stored), dateFormat(field)),
  value: (stored) => dateValue(msOfDate(stored)),
}

function msOfDate(stored: JsonValue): number {
  return typeof stored === 'string' ? (dateOfText(stored) ?? Number.NaN) : Number.NaN
}

/** Takes ISO text or milliseconds since the epoch, reads back as ISO with `.000Z` [R]. */
export const dateTimeCell: CellKind = {
  accept: (value, { field, typecast }) => {
    if (value === '') return undefined
    if (typeof value !== 'string' && typeof value !== 'number') throw refusals.invalidValue(field.name)
    if (typeof value === 'string' && !typecast && !/^\d{4}-/.test(value)) throw refusals.invalidValue(field.name)
    const ms = inRange(typeof value === 'number' ? Math.floor(value) : dateOfText(value))
    if (ms === undefined) throw refusals.invalidValue(field.name)
    return ms
  },
  json: (stored) => isoText(asMs(stored)),
  text: (stored, { field, timeZone }) => {
    const time = optionText(field, 'timeFormat', 'name') === '12hour' ? 'h:mma' : 'HH:mm'
    return formatDate(asMs(stored), `${dateFormat(field)} ${time}`, timeZone)
  },
  value: (stored) => dateValue(asMs(stored)),
}

const asMs = (stored: JsonValue) => (typeof stored === 'number' ? stored : Number.NaN)

/** The ISO text of a moment in milliseconds. */
export function isoText(ms: number): string {
  return new Date(ms).toISOString()
}
