/**
 * Between cells of SQLite and values of the API. Reading is lenient: a cell that its declared type cannot express is
 * reported as unreadable, never silently turned into something else. Writing is strict.
 */
import { z } from 'zod'
import type { FieldSpec } from '../desired/schema.ts'
import type { JsonValue } from '../json.ts'
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
  | { readonly is: 'invalid'; readonly message: string }

/** The schema of what may be written to a field; its output is the cell. Null is handled by {@link storeValue}. */
export function cellSchemaOf(spec: FieldSpec): z.ZodType<Cell> {
  switch (spec.type) {
    case 'text':
    case 'longtext':
      return z
        .string()
        .max(1_000_000)
        .refine((text) => !text.includes('\0'), 'must not hold NUL characters')
    case 'email':
      return z
        .string()
        .trim()
        .max(320)
        .regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'must be an e-mail address')
    case 'url':
      return z
        .string()
        .trim()
        .max(4096)
        .regex(/^(https?:\/\/)?[^\s/?#@]+\.[^\s]+$/i, 'must be a web address')
    case 'phone':
      return z
        .string()
        .trim()
        .max(64)
        .regex(/^\+?[\d\s().\-/x#ext]*$/i, 'must be a phone number')
        .refine((text) => /\d{3}/.test(text.replace(/\D/g, '')), 'must hold at least three digits')
    case 'choice':
      return z.string().refine(...oneOf(spec))
    case 'choices':
      return z
        .array(z.string().refine(...oneOf(spec)))
        .max(1000)
        .transform((list) => JSON.stringify([...new Set(list)]))
    case 'boolean':
      return z.boolean().transform((value) => (value ? 1 : 0))
    case 'integer':
      return z
        .int()
        .min(-intMax - 1)
        .max(intMax)
    case 'number':
      return z.number()
    case 'date':
      return z.string().regex(dateText, 'must be a date such as 2026-11-23').refine(isDay, 'is no day of the calendar')
    case 'datetime':
      return z
        .string()
        .regex(datetimeText, 'must be a moment such as 2026-11-23T08:30:00Z')
        .transform((text, context) => {
          const atMs = Date.parse(/(Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text.replace(' ', 'T')}Z`)
          if (!Number.isNaN(atMs)) return new Date(atMs).toISOString()
          context.addIssue({ code: 'custom', message: 'is no moment of the calendar' })
          return z.NEVER
        })
    case 'json':
      return z.json().transform((value) => JSON.stringify(value))
  }
}

function oneOf(spec: FieldSpec): [(text: string) => boolean, string] {
  const choices = spec.choices ?? []
  return [(text) => choices.includes(text), `must be one of ${choices.join(', ')}`]
}

function isDay(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text)
}

/** Turns a given value into a cell. Null empties the cell, unless the field is required. */
export function storeValue(spec: FieldSpec, value: JsonValue): StoredValue {
  if (value === null || value === '') {
    return spec.required ? { is: 'invalid', message: 'is required' } : { is: 'cell', cell: null }
  }
  const parsed = cellSchemaOf(spec).safeParse(value)
  if (parsed.success) return { is: 'cell', cell: parsed.data }
  return { is: 'invalid', message: parsed.error.issues[0]?.message ?? 'is not valid' }
}
