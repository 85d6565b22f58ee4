/**
 * Between cells of SQLite and values of the API. Reading is lenient: a cell that its declared type cannot express is
 * reported as unreadable, never silently turned into something else. Writing is strict.
 */
import { z } from 'zod'
import type { FieldSpec } from '../desired/schema.ts'
import type { JsonValue } from '../json.ts'
import { coerce, isValid } from '../values/coerce.ts'
import type { Cell } from '../values/field-type.ts'

/** A cell as a value of its field's type. */
export type ReadValue =
  | { readonly is: 'value'; readonly value: JsonValue }
  /** The cell holds something that the type cannot express; `text` shows it. */
  | { readonly is: 'unreadable'; readonly text: string }

const none: ReadValue = { is: 'value', value: null }
const dateText = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/
const datetimeText = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/
const intMax = 2 ** 31 - 1

/** Reads a cell. Total on every cell. */
export function readCell(spec: FieldSpec, cell: Cell): ReadValue {
  if (cell === null) return none
  switch (spec.type) {
    case 'text':
    case 'longtext':
    case 'email':
    case 'url':
    case 'phone':
      if (typeof cell === 'string') return { is: 'value', value: cell }
      return cell instanceof Uint8Array ? unreadable(cell) : { is: 'value', value: String(cell) }
    case 'choice':
      return typeof cell === 'string' && (spec.choices ?? []).includes(cell)
        ? { is: 'value', value: cell }
        : unreadable(cell)
    case 'choices':
      return readChoices(spec, cell)
    case 'boolean':
      return cell === 0 || cell === 1 ? { is: 'value', value: cell === 1 } : unreadable(cell)
    case 'integer':
      return typeof cell === 'number' && Number.isInteger(cell) && Math.abs(cell) <= intMax
        ? { is: 'value', value: cell }
        : unreadable(cell)
    case 'number':
      return typeof cell === 'number' && Number.isFinite(cell) ? { is: 'value', value: cell } : unreadable(cell)
    case 'date':
      return typeof cell === 'string' && dateText.test(cell) ? { is: 'value', value: cell } : unreadable(cell)
    case 'datetime':
      return typeof cell === 'string' && datetimeText.test(cell) ? { is: 'value', value: cell } : unreadable(cell)
    case 'json': {
      const parsed = typeof cell === 'string' ? parseJson(cell) : undefined
      return parsed === undefined ? unreadable(cell) : { is: 'value', value: parsed.value }
    }
  }
}

function readChoices(spec: FieldSpec, cell: Cell): ReadValue {
  const parsed = typeof cell === 'string' ? parseJson(cell) : undefined
  const list = z.array(z.string()).safeParse(parsed?.value)
  return list.success && list.data.every((entry) => (spec.choices ?? []).includes(entry))
    ? { is: 'value', value: list.data }
    : unreadable(cell)
}

function unreadable(cell: Cell): ReadValue {
  return {
    is: 'unreadable',
    text: cell instanceof Uint8Array ? `${cell.byteLength} bytes` : String(cell).slice(0, 200),
  }
}

function parseJson(text: string): { readonly value: JsonValue } | undefined {
  try {
    return { value: z.json().parse(JSON.parse(text)) }
  } catch {
    return undefined
  }
}

/** A value given for a field, ready to be stored, or why it is not valid. */
export type StoredValue =
  | { readonly is: 'cell'; readonly cell: Cell }
  /** The message continues the name of the field. */
  | { readonly is: 'invalid'; readonly message: string }

const textLengthMax = 1_000_000

/** Turns a given value into a cell. Blank and null empty the cell, unless the field is required. */
export function storeValue(spec: FieldSpec, value: JsonValue): StoredValue {
  const field = { choices: spec.choices }
  const coerced = coerce(spec.type, value, field)
  if (coerced.is === 'invalid') return { is: 'invalid', message: coerced.reason }
  const { cell } = coerced
  if (cell === null && spec.required) return { is: 'invalid', message: 'is required' }
  if (typeof cell === 'string' && cell.length > textLengthMax) {
    return { is: 'invalid', message: `is longer than ${textLengthMax} characters` }
  }
  if (typeof cell === 'string' && cell.includes('\0')) return { is: 'invalid', message: 'holds a NUL character' }
  if (!isValid(spec.type, cell, field)) return { is: 'invalid', message: `is no ${nounOf[spec.type] ?? spec.type}` }
  if (spec.type === 'integer' && Math.abs(Number(cell)) > intMax) {
    return { is: 'invalid', message: `is beyond ${intMax}` }
  }
  return { is: 'cell', cell }
}

const nounOf: Partial<Record<FieldSpec['type'], string>> = {
  email: 'e-mail address',
  url: 'web address with http or https',
  phone: 'phone number',
}
