/**
 * From what a source holds (a SQLite cell, JSON) to the cell that a declared field stores. What could mean two things is
 * an error with a reason, never a guess.
 */
import type { JsonValue } from '../json.ts'
import { readBoolean } from './boolean-words.ts'
import { type DayOrder, isoDate, isoDateTime, readMoment } from './calendar.ts'
import { type ChoiceFinder, choiceFinder, listParts } from './choices.ts'
import { readEmail } from './email.ts'
import type { Cell, FieldType } from './field-type.ts'
import { readNumberText } from './number-text.ts'
import { readWebAddress } from './web-address.ts'
import { clean, isBlank } from './whitespace.ts'

/** What can be given to {@link coerce}: a cell of SQLite or a JSON value. */
export type SourceValue = Cell | boolean | JsonValue | undefined

export type Coerced =
  | { readonly is: 'cell'; readonly cell: Cell }
  /** The reason completes the sentence "this value …" and does not repeat the value. */
  | { readonly is: 'invalid'; readonly reason: string }

/** What of a field's declaration its values depend on. */
export interface CoerceField {
  readonly choices?: readonly string[] | undefined
  readonly aliases?: Readonly<Record<string, string>> | undefined
  /** How `03/04/2024` is meant; without it, such a date is an error. */
  readonly order?: DayOrder | undefined
}

const cellOf = (cell: Cell): Coerced => ({ is: 'cell', cell })
const invalid = (reason: string): Coerced => ({ is: 'invalid', reason })
const empty = cellOf(null)

/**
 * The cell to store for a value of a source: `coerce('boolean', 'yes')` gives `1`, `coerce('date', '03/04/2024')` an
 * error. Null, undefined and blank text are null for every type. Syntax of e-mail, web and phone is not judged here but by
 * their rules and by {@link isValid}.
 */
export function coerce(type: FieldType, value: SourceValue, field: CoerceField = {}): Coerced {
  const given = value instanceof Uint8Array ? textOfBytes(value) : value
  if (given instanceof Uint8Array) return invalid('holds bytes that are no text')
  if (given === null || given === undefined || (typeof given === 'string' && isBlank(given))) return empty
  switch (type) {
    case 'text':
    case 'longtext':
      return coerceText(given)
    case 'email':
    case 'url':
    case 'phone':
      return coerceLine(given)
    case 'choice':
      return coerceChoice(given, field)
    case 'choices':
      return coerceChoices(given, field)
    case 'boolean':
      return coerceBoolean(given)
    case 'integer':
    case 'number':
      return coerceNumber(given, type)
    case 'date':
    case 'datetime':
      return coerceMoment(given, type, field.order)
    case 'json':
      return coerceJson(given)
  }
}

type Given = string | number | bigint | boolean | Exclude<JsonValue, null>

function textOfBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return bytes
  }
}

function coerceText(value: Given): Coerced {
  if (typeof value === 'string') return cellOf(value)
  if (typeof value !== 'object') return cellOf(String(value))
  if (!isList(value)) return invalid('is an object, not text')
  if (value.every((part) => part === null || typeof part !== 'object'))
    return cellOf(value.filter((part) => part !== null).join(', ') || null)
  return invalid('is a list of objects, not text')
}

function coerceLine(value: Given): Coerced {
  const only = typeof value === 'object' && isList(value) && value.length === 1 ? value[0] : value
  if (only === null || only === undefined) return empty
  return typeof only === 'object' || typeof only === 'boolean'
    ? invalid(`is ${nounOf(only)}, not text`)
    : coerceText(only)
}

/** Made once for each field, not for each of its values. */
const finders = new WeakMap<CoerceField, ChoiceFinder>()

function finderOf(field: CoerceField, choices: readonly string[]): ChoiceFinder {
  const known = finders.get(field)
  if (known !== undefined) return known
  const made = choiceFinder(choices, field.aliases)
  finders.set(field, made)
  return made
}

function coerceChoice(value: Given, field: CoerceField): Coerced {
  if (typeof value === 'object') return invalid(`is ${nounOf(value)}, not one choice`)
  if (field.choices === undefined) return cellOf(String(value))
  const found = finderOf(field, field.choices)(clean(String(value)))
  return found === undefined ? invalid(`is none of ${field.choices.join(', ')}`) : cellOf(found)
}

function coerceChoices(value: Given, field: CoerceField): Coerced {
  if (typeof value === 'object' && !isList(value)) return invalid('is an object, not a list of choices')
  const parts =
    typeof value === 'object'
      ? value.map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
      : listParts(String(value))
  const find = field.choices === undefined ? (text: string) => text : finderOf(field, field.choices)
  const found: string[] = []
  for (const part of parts) {
    const choice = find(clean(part))
    if (choice === undefined) return invalid(`has a part that is none of ${field.choices?.join(', ')}`)
    if (!found.includes(choice)) found.push(choice)
  }
  return cellOf(JSON.stringify(found))
}

function coerceBoolean(value: Given): Coerced {
  if (typeof value === 'boolean') return cellOf(value ? 1 : 0)
  if (typeof value === 'object') return invalid(`is ${nounOf(value)}, not a yes or no`)
  const read = readBoolean(String(value))
  return read === undefined ? invalid('is no word for yes or no') : cellOf(read ? 1 : 0)
}

function coerceNumber(value: Given, type: 'integer' | 'number'): Coerced {
  if (typeof value === 'object') return invalid(`is ${nounOf(value)}, not a number`)
  if (typeof value === 'bigint') return cellOf(value)
  const number = typeof value === 'boolean' ? Number(value) : typeof value === 'number' ? value : readNumberText(value)
  if (number === undefined || !Number.isFinite(number)) return invalid('cannot be read as a number')
  if (type === 'number') return cellOf(number)
  if (!Number.isInteger(number)) return invalid('is no whole number')
  return Number.isSafeInteger(number) ? cellOf(number) : invalid('is a larger whole number than can be kept exactly')
}

function coerceMoment(value: Given, type: 'date' | 'datetime', order: DayOrder | undefined): Coerced {
  if (typeof value === 'object' || typeof value === 'boolean') return invalid(`is ${nounOf(value)}, not a date`)
  const reading = readMoment(typeof value === 'string' ? clean(value) : Number(value), order)
  if (reading.is === 'invalid') return invalid(reading.reason)
  return cellOf(type === 'date' ? isoDate(reading.atMs) : isoDateTime(reading.atMs))
}

function coerceJson(value: Given): Coerced {
  if (typeof value !== 'string') return cellOf(typeof value === 'bigint' ? `${value}` : JSON.stringify(value))
  return isJson(value)
    ? cellOf(value)
    : invalid(/^\s*[{[].*'/su.test(value) ? 'is no JSON (a Python literal, it seems)' : 'is no JSON')
}

/** Whether a stored cell is what its type allows. Null is: whether a value is required is another question. */
export function isValid(type: FieldType, cell: Cell, field: CoerceField = {}): boolean {
  if (cell === null) return true
  switch (type) {
    case 'text':
    case 'longtext':
      return typeof cell === 'string'
    case 'email':
      return typeof cell === 'string' && readEmail(cell).is === 'email'
    case 'url':
      return typeof cell === 'string' && /^https?:\/\//iu.test(cell) && readWebAddress(cell).is === 'web'
    case 'phone':
      return typeof cell === 'string' && /^\+?[\d\s().\-/]{5,30}(?:\s*(?:ext\.?|x|;ext=)\s*\d{1,7})?$/iu.test(cell)
    case 'choice':
      return typeof cell === 'string' && (field.choices?.includes(cell) ?? true)
    case 'choices':
      return typeof cell === 'string' && isChoiceList(cell, field.choices)
    case 'boolean':
      return Number(cell) === cell && (cell === 0 || cell === 1)
    case 'integer':
      return typeof cell === 'bigint' || (typeof cell === 'number' && Number.isInteger(cell))
    case 'number':
      return typeof cell === 'bigint' || (typeof cell === 'number' && Number.isFinite(cell))
    case 'date':
      return typeof cell === 'string' && /^\d{4}-\d\d-\d\d$/u.test(cell) && readMoment(cell).is === 'moment'
    case 'datetime':
      return (
        typeof cell === 'string' &&
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/u.test(cell) &&
        readMoment(cell).is === 'moment'
      )
    case 'json':
      return typeof cell === 'string' && isJson(cell)
  }
}

function isChoiceList(text: string, choices: readonly string[] | undefined): boolean {
  const parsed = parsedJson(text)
  if (!Array.isArray(parsed)) return false
  return parsed.every((part) => typeof part === 'string' && (choices?.includes(part) ?? true))
}

function isJson(text: string): boolean {
  return parsedJson(text) !== undefined
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function nounOf(value: object | boolean): string {
  return typeof value === 'boolean' ? 'a yes or no' : Array.isArray(value) ? 'a list' : 'an object'
}
