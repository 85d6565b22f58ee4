/**
 * From a row of a source to the values of a lead: coerced to the fields' types and standardized by their rules, so that an
 * imported row is no new drift. A value that its field cannot take is kept in `raw_data` under its source's name.
 */
import type { JsonValue } from '../../json.ts'
import { coerce, isValid } from '../../values/coerce.ts'
import type { Cell } from '../../values/field-type.ts'
import { emailKey, linkedInKey, personKey } from '../../values/match-key.ts'
import { isPlaceholder } from '../../values/placeholder.ts'
import { type Standardizer, standardizer } from '../../values/standardizer.ts'
import { clean } from '../../values/whitespace.ts'
import { readJson } from './json-value.ts'
import type { Mapping } from './mapping.ts'
import { asJson, isBlankValue, type SourceRow, type SourceValue } from './source-row.ts'
import { type IntoField, type IntoTable, rolesOf } from './spec.ts'

/** The texts by which two records are found to be one lead. */
export interface Identity {
  /** `in/<slug>`. */
  readonly linkedin: string | undefined
  readonly email: string | undefined
  readonly person: string | undefined
}

/** One row, read. */
export interface ReadLead extends Identity {
  /** The source's key where it can be one; whether it is free is not known here. */
  readonly key: string | undefined
  /** Values that are not blank, by field, without key and `raw_data`. */
  readonly fields: ReadonlyMap<string, Cell>
  /**
   * Choice fields whose word no choice admits. A new lead is left without a value there: a default would claim to know how
   * far it is, and a person who asked not to be contacted would count as new.
   */
  readonly undecided: readonly string[]
  /** What fills no field, as a JSON object; null when nothing is left. */
  readonly raw: string | null
  /** Values that no field could take, and why. */
  readonly problems: readonly { readonly column: string; readonly message: string }[]
}

export type LeadReader = (row: SourceRow) => ReadLead

/** What coercing a field's values depends on, from its declaration and its rules. */
export function coerceFieldOf(field: IntoField): {
  choices: readonly string[] | undefined
  aliases: Readonly<Record<string, string>> | undefined
  order: 'dmy' | 'mdy' | undefined
} {
  const option = (name: string) => field.rules.map((rule) => rule.options[name]).find((value) => value !== undefined)
  const aliases = option('aliases')
  const order = option('order')
  const isRecord = typeof aliases === 'object' && aliases !== null && !Array.isArray(aliases)
  return {
    choices: field.choices ?? undefined,
    aliases: isRecord
      ? Object.fromEntries(Object.entries(aliases).map(([alias, choice]) => [alias, String(choice)]))
      : undefined,
    order: order === 'dmy' || order === 'mdy' ? order : undefined,
  }
}

interface FieldReader {
  /** The first whose value can be used is taken. */
  readonly columns: readonly string[]
  readonly field: IntoField
  readonly coerceField: ReturnType<typeof coerceFieldOf>
  readonly rules: Standardizer
}

type Reading =
  /** With a problem where it is used although no canonical form could be told. */
  | { readonly is: 'cell'; readonly cell: Cell; readonly problem?: string }
  /** A word for nothing (`N/A`): kept, but nothing to report. */
  | { readonly is: 'nothing' }
  | { readonly is: 'bad'; readonly reason: string }

const textTypes: ReadonlySet<string> = new Set(['text', 'longtext', 'email', 'url', 'phone'])

/** Prepares the reading of a source's rows for a table. Throws DESIRED_STATE_INVALID for wrong rules. */
export function leadReader(into: IntoTable, mapping: Mapping): LeadReader {
  const roles = rolesOf(into)
  const byScore = [...mapping.mapped].sort((one, other) => other.score - one.score)
  const readers = into.fields
    .filter((field) => field.name !== into.key)
    .flatMap((field): FieldReader[] => {
      const columns = byScore.filter((one) => one.field === field.name).map((one) => one.column)
      const options = { type: field.type, choices: field.choices ?? undefined }
      const rules = standardizer(field.rules, options)
      return columns.length === 0 ? [] : [{ columns, field, coerceField: coerceFieldOf(field), rules }]
    })
  const keyColumns = byScore.filter((one) => one.field === into.key).map((one) => one.column)
  const taken = new Set(readers.flatMap((reader) => reader.columns))
  return (row) => {
    const key = keyColumns.map((column) => ({ column, key: keyOf(row, column) })).find((one) => one.key !== undefined)
    const problems: { column: string; message: string }[] = []
    const left = new Map<string, JsonValue>()
    const values = readFields(row, readers, problems, left)
    for (const [column, value] of row.cells) {
      if (!taken.has(column) && column !== key?.column && !isBlankValue(value)) keepRaw(left, column, value, roles.raw)
    }
    const text = (field: string | undefined) => textOf(field === undefined ? undefined : values.get(field))
    const person = text(roles.person)
    return {
      key: key?.key,
      fields: values,
      undecided: readers.flatMap(({ field, columns }) =>
        field.type === 'choice' && !values.has(field.name) && problems.some(({ column }) => columns.includes(column))
          ? [field.name]
          : [],
      ),
      raw: left.size === 0 ? null : JSON.stringify(Object.fromEntries(left)),
      problems,
      ...identityOf({ linkedin: text(roles.linkedin), email: text(roles.email), person }),
    }
  }
}

/** The matching keys of a lead's own texts, whether read from a source or from the table. */
export function identityOf(texts: {
  readonly linkedin: string | undefined
  readonly email: string | undefined
  readonly person: string | undefined
}): Identity {
  const linkedin = texts.linkedin === undefined ? undefined : linkedInKey(texts.linkedin)
  return {
    // The page of a company or school is no person.
    linkedin: linkedin?.startsWith('in/') ? linkedin : undefined,
    email: texts.email === undefined ? undefined : emailKey(texts.email),
    person: texts.person === undefined ? undefined : personKey(texts.person),
  }
}

function readFields(
  row: SourceRow,
  readers: readonly FieldReader[],
  problems: { column: string; message: string }[],
  left: Map<string, JsonValue>,
): Map<string, Cell> {
  const coerced = new Map<string, string>()
  const readings = readers.map((reader) => reader.columns.map((column) => coerceOne(row, column, reader)))
  readers.forEach((reader, i) => {
    const first = readings[i]?.find((reading) => reading.is === 'cell' && reading.cell !== null)
    const text = first?.is === 'cell' ? textOf(first.cell) : undefined
    if (text !== undefined) coerced.set(reader.field.name, text)
  })
  const sibling = (field: string) => coerced.get(field)
  const values = new Map<string, Cell>()
  readers.forEach((reader, i) => {
    reader.columns.forEach((column, j) => {
      const reading = readings[i]?.[j]
      if (reading === undefined || (reading.is === 'cell' && reading.cell === null)) return
      const usable = values.has(reader.field.name) ? spare : standardizeOne(reading, reader, sibling)
      if (usable.is === 'cell') values.set(reader.field.name, usable.cell)
      else left.set(column, asJson(row.cells.get(column) ?? null))
      if (usable.is === 'bad') problems.push({ column, message: usable.reason })
      if (usable.is === 'cell' && usable.problem !== undefined) problems.push({ column, message: usable.problem })
    })
  })
  return values
}

/** What a column has to say when another one filled its field. */
const spare: Reading = { is: 'nothing' }

function coerceOne(row: SourceRow, column: string, { field, coerceField }: FieldReader): Reading {
  const flaw = row.flaws.get(column)
  if (flaw !== undefined) return { is: 'bad', reason: flaw }
  const value = row.cells.get(column)
  if (typeof value === 'string' && textTypes.has(field.type) && isPlaceholder(clean(value))) return { is: 'nothing' }
  // SQLite ends a text at the first NUL where Python asks for it, so such a text would not survive.
  if (typeof value === 'string' && value.includes('\0')) return { is: 'bad', reason: 'holds a NUL character' }
  const outcome = coerce(field.type, value, coerceField)
  return outcome.is === 'invalid' ? { is: 'bad', reason: outcome.reason } : outcome
}

function standardizeOne(
  reading: Reading,
  { field, coerceField, rules }: FieldReader,
  sibling: (name: string) => string | undefined,
): Reading {
  if (reading.is !== 'cell' || typeof reading.cell !== 'string') return reading
  const outcome = rules.standardize(reading.cell, { sibling })
  const cell = outcome.is === 'changed' ? outcome.value : reading.cell
  const valid = isValid(field.type, cell, coerceField)
  const reason = outcome.is === 'unmendable' ? outcome.reason : valid ? undefined : `is no valid ${field.type}`
  if (reason === undefined) return { is: 'cell', cell }
  // Without a required value there would be no lead: an odd name is better than a lost person.
  return field.required && valid ? { is: 'cell', cell, problem: reason } : { is: 'bad', reason }
}

function keepRaw(left: Map<string, JsonValue>, column: string, value: SourceValue, rawField: string | undefined): void {
  const inner = column === rawField ? rawMembers(value) : undefined
  const name = rawField !== undefined && column.startsWith(`${rawField}.`) ? column.slice(rawField.length + 1) : column
  if (inner === undefined) left.set(name, asJson(value))
  else for (const [name, member] of inner) if (!left.has(name)) left.set(name, member)
}

/** The members of a source's own `raw_data`, so that it is not nested in ours. */
function rawMembers(value: SourceValue): readonly (readonly [string, JsonValue])[] | undefined {
  const parsed = typeof value === 'string' ? parsedJson(value) : asJson(value)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
  return Object.entries(parsed)
}

function parsedJson(text: string): JsonValue | undefined {
  const read = readJson(text)
  return read.is === 'value' ? read.value : undefined
}

/** Whether no two sources mean different things by this key. */
export function isGlobalKey(key: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(key) || /^rec[A-Za-z0-9]{14}$/.test(key)
}

const keyCharactersMax = 200

/** A text with a letter in it, of one line; numbers are counted anew by every source and cannot be keys. */
function keyOf(row: SourceRow, column: string): string | undefined {
  const value = row.cells.get(column)
  if (typeof value !== 'string' || row.flaws.has(column)) return undefined
  const key = value.trim()
  const usable = key.length > 0 && key.length <= keyCharactersMax && !/\p{C}/u.test(key) && /\p{L}/u.test(key)
  return usable && !isPlaceholder(key) ? key : undefined
}

function textOf(cell: Cell | undefined): string | undefined {
  if (cell === undefined || cell === null || cell instanceof Uint8Array) return undefined
  const text = String(cell)
  return text.trim() === '' ? undefined : text
}
