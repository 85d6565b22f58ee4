/**
 * Upsert: an item updates the one record that agrees with it on the merge fields, makes one when there is none, and
 * fails the whole request when there are several [D].
 */
import type { JsonValue } from '../../json.ts'
import { canonicalJson } from '../../json.ts'
import { refusals } from '../http/refusal.ts'
import { isComputed, mergeTypes } from '../metadata/field-types.ts'
import { type Field, fieldOf, type Table } from '../metadata/model.ts'
import type { StoredRecord } from '../store/records.ts'
import type { GivenCells, RecordWriter, WriteMode } from './writer.ts'

export interface UpsertItem {
  readonly id?: string | undefined
  readonly fields: GivenCells
}

export interface UpsertOutcome {
  /** In the order of the request [L]. */
  readonly records: readonly StoredRecord[]
  readonly createdIds: readonly string[]
  readonly updatedIds: readonly string[]
}

/** Carries out the items one after another, so that a later item finds what an earlier one made [?]. */
export function upsert(
  writer: RecordWriter,
  tableId: string,
  items: readonly UpsertItem[],
  mergeOn: readonly string[],
  typecast: boolean,
  mode: WriteMode,
): UpsertOutcome {
  const mergeFields = mergeOn.map((name) => mergeField(writer.table(tableId), name))
  const ids: string[] = []
  const created = new Set<string>()
  const updated = new Set<string>()
  for (const item of items) {
    const target = item.id ?? matchOf(writer, tableId, mergeFields, item.fields, typecast)
    if (target === undefined) {
      const record = writer.create(tableId, item.fields, typecast)
      created.add(record.id)
      ids.push(record.id)
      continue
    }
    writer.update(tableId, target, item.fields, typecast, mode)
    if (!created.has(target)) updated.add(target)
    ids.push(target)
  }
  const records = ids.flatMap((id) => writer.parts.records.get(tableId, id) ?? [])
  return { records, createdIds: [...created], updatedIds: [...updated] }
}

function mergeField(table: Table, name: string): Field {
  const field = fieldOf(table, name)
  if (field === undefined) throw refusals.unknownField(name)
  // The exact refusal is [?].
  if (isComputed(field.type) || !mergeTypes.has(field.type)) throw refusals.invalidRequest()
  return field
}

/** The id of the one record that agrees; a key that is not sent is refused, a null key agrees with none [L]. */
function matchOf(
  writer: RecordWriter,
  tableId: string,
  fields: readonly Field[],
  given: GivenCells,
  typecast: boolean,
): string | undefined {
  const keys = fields.map((field): [Field, JsonValue | undefined] => {
    const value = given[field.id] ?? given[field.name]
    if (value === undefined && !Object.hasOwn(given, field.id) && !Object.hasOwn(given, field.name)) {
      throw refusals.invalidRequest()
    }
    return [field, value === undefined ? undefined : writer.accept(field, value, typecast, undefined)]
  })
  if (keys.some(([, value]) => value === undefined)) return undefined
  const candidates = candidatesOf(writer, tableId, keys)
  const matches = candidates.filter((record) => keys.every(([field, value]) => agrees(record.cells[field.id], value)))
  if (matches.length > 1) throw refusals.severalMatches(matches.length)
  return matches[0]?.id
}

function candidatesOf(
  writer: RecordWriter,
  tableId: string,
  keys: readonly (readonly [Field, JsonValue | undefined])[],
): StoredRecord[] {
  for (const [field, value] of keys) {
    if (typeof value === 'string' || typeof value === 'number')
      return writer.parts.records.withCell(tableId, field.id, value)
  }
  return writer.parts.records.all(tableId, 'id')
}

/** Choices agree as sets, everything else exactly; the case of text matters [?]. */
function agrees(stored: JsonValue | undefined, key: JsonValue | undefined): boolean {
  if (Array.isArray(stored) && Array.isArray(key)) {
    return stored.length === key.length && stored.every((item: JsonValue) => key.includes(item))
  }
  return stored !== undefined && key !== undefined && canonicalJson(stored) === canonicalJson(key)
}
