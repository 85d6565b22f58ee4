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
  readonly column: string
  readonly field: IntoField
  readonly coerceField: ReturnType<typeof coerceFieldOf>
  readonly standardizer: Standardizer
}

type Reading =
  | { readonly is: 'cell'; readonly cell: Cell }
  /** A word for nothing (`N/A`): kept, but nothing to report. */
  | { readonly is: 'nothing' }
  | { readonly is: 'bad'; readonly reason: string }

const textTypes: ReadonlySet<string> = new Set(['text', 'longtext', 'email', 'url', 'phone'])

/** Prepares the reading of a source's rows for a table. Throws DESIRED_STATE_INVALID for wrong rules. */
export function leadReader(into: IntoTable, mapping: Mapping): LeadReader {
  const roles = rolesOf(into)
  const fields = new Map(into.fields.map((field) => [field.name, field]))
  const readers = mapping.mapped.flatMap(({ column, field: name }): FieldReader[] => {
    const field = fields.get(name)
    if (field === undefined || name === into.key) return []
    const options = { type: field.type, choices: field.choices ?? undefined }
    return [{ column, field, coerceField: coerceFieldOf(field), standardizer: standardizer(field.rules, options) }]
  })
  const keyColumn = mapping.mapped.find((one) => one.field === into.key)?.column
  const taken = new Set(mapping.mapped.map((one) => one.column))
  return (row) => {
    const key = keyColumn === undefined ? undefined : keyOf(row, keyColumn)
    const problems: { column: string; message: string }[] = []
    const left = new Map<string, JsonValue>()
    const values = readFields(row, readers, problems, left)
    for (const [column, value] of row.cells) {
      const unused = !taken.has(column) || (column === keyColumn && key === undefined)
      if (unused && !isBlankValue(value)) keepRaw(left, column, value, roles.raw)
    }
    const text = (field: string | undefined) => textOf(field === undefined ? undefined : values.get(field))
    const person = text(roles.person)
    return {
      key,
      fields: values,
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
  const coerced = new Map<string, Reading>()
  for (const reader of readers) coerced.set(reader.field.name, coerceOne(row, reader))
  const sibling = (field: string) => {
    const reading = coerced.get(field)
    return reading?.is === 'cell' ? textOf(reading.cell) : undefined
  }
  const values = new Map<string, Cell>()
  for (const reader of readers) {
    const reading = standardizeOne(coerced.get(reader.field.name), reader, sibling)
    if (reading.is === 'cell') {
      if (reading.cell !== null) values.set(reader.field.name, reading.cell)
      if (reading.problem !== undefined) problems.push({ column: reader.column, message: reading.problem })
      continue
    }
    left.set(reader.column, asJson(row.cells.get(reader.column) ?? null))
    if (reading.is === 'bad') problems.push({ column: reader.column, message: reading.reason })
  }
  return values
}

function coerceOne(row: SourceRow, { column, field, coerceField }: FieldReader): Reading {
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
  reading: Reading | undefined,
  { field, coerceField, standardizer: rules }: FieldReader,
  sibling: (name: string) => string | undefined,
): (Reading & { problem?: undefined }) | { readonly is: 'cell'; readonly cell: Cell; readonly problem: string } {
  if (reading === undefined) return { is: 'cell', cell: null }
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
  if (inner === undefined) left.set(column, asJson(value))
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
