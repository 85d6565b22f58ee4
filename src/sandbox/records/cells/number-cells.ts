/** Cells of numbers: number, currency, percent, rating, duration, checkbox. 0 is a value, not an empty cell [R]. */
import type { JsonValue } from '../../../json.ts'
import { refusals } from '../../http/refusal.ts'
import { type Field, optionNumber, optionText } from '../../metadata/model.ts'
import type { CellKind, CellWriting } from './cell-kind.ts'

const asNumber = (stored: JsonValue) => (typeof stored === 'number' ? stored : 0)

function numberIn(value: JsonValue, writing: CellWriting, cast: (text: string) => number): number {
  const number =
    typeof value === 'number' ? value : writing.typecast && typeof value === 'string' ? cast(value) : Number.NaN
  if (!Number.isFinite(number)) throw refusals.invalidValue(writing.field.name)
  return number
}

function castNumber(text: string): number {
  const digits = text.replace(/[^0-9.eE+-]/g, '')
  const number = digits === '' ? Number.NaN : Number(digits)
  return text.includes('%') ? number / 100 : number
}

/** Rounded to the places of the field's precision [?]; not at all where the metadata names none. */
function rounded(value: number, places: number | undefined): number {
  if (places === undefined) return value
  const text = value.toPrecision(15)
  return Number(Number(text).toFixed(places))
}

function numeric(extraPlaces: number, show: (value: number, field: Field) => string): CellKind {
  return {
    accept: (value, writing) => {
      const precision = optionNumber(writing.field, 'precision')
      return rounded(
        numberIn(value, writing, castNumber),
        precision === undefined ? undefined : precision + extraPlaces,
      )
    },
    json: (stored) => stored,
    text: (stored, { field }) => show(asNumber(stored), field),
    value: asNumber,
  }
}

const fixed = (value: number, field: Field) => {
  const precision = optionNumber(field, 'precision')
  return precision === undefined ? String(value) : value.toFixed(precision)
}

export const numberCell = numeric(0, fixed)
export const currencyCell = numeric(0, (value, field) => `${optionText(field, 'symbol') ?? '$'}${fixed(value, field)}`)
/** Stored as a fraction: 33.3 % is 0.333. */
export const percentCell = numeric(2, (value, field) => `${fixed(Number((value * 100).toPrecision(15)), field)}%`)

export const ratingCell: CellKind = {
  accept: (value, writing) => {
    const rating = numberIn(value, writing, castNumber)
    const max = optionNumber(writing.field, 'max') ?? 10
    if (!Number.isInteger(rating) || rating < 0 || rating > max) throw refusals.invalidValue(writing.field.name)
    return rating === 0 ? undefined : rating
  },
  json: (stored) => stored,
  text: (stored) => String(asNumber(stored)),
  value: asNumber,
}

/** In seconds. */
export const durationCell: CellKind = {
  accept: (value, writing) => numberIn(value, writing, castDuration),
  json: (stored) => stored,
  text: (stored, { field }) => durationText(asNumber(stored), optionText(field, 'durationFormat') ?? 'h:mm'),
  value: asNumber,
}

function castDuration(text: string): number {
  const found = /^(\d+):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?$/.exec(text.trim())
  return found === null ? castNumber(text) : Number(found[1]) * 3600 + Number(found[2]) * 60 + Number(found[3] ?? 0)
}

function durationText(seconds: number, format: string): string {
  const size = Math.abs(seconds)
  const places = format.split('.')[1]?.length ?? 0
  const hours = Math.floor(size / 3600)
  const minutes = String(Math.floor((size % 3600) / 60)).padStart(2, '0')
  const rest = (size % 60).toFixed(places).padStart(places === 0 ? 2 : places + 3, '0')
  return `${seconds < 0 ? '-' : ''}${hours}:${minutes}${format.startsWith('h:mm:ss') ? `:${rest}` : ''}`
}

const ticked = new Set(['true', 'checked', 'yes', '1'])
const unticked = new Set(['false', 'unchecked', 'no', '0', ''])

/** An unticked box is an empty cell [D]. */
export const checkboxCell: CellKind = {
  accept: (value, writing) => {
    if (typeof value === 'boolean') return value ? true : undefined
    const word = writing.typecast ? String(value).toLowerCase() : undefined
    if (word !== undefined && ticked.has(word)) return true
    if (word !== undefined && unticked.has(word)) return undefined
    throw refusals.invalidValue(writing.field.name)
  },
  json: (stored) => stored,
  text: () => 'checked',
  value: () => true,
}
