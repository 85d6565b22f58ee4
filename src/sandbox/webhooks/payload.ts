/** Turns what one action did into the payload that one webhook is told, or into nothing when it is not its business. */
import { canonicalJson, type JsonObject, type JsonValue } from '../../json.ts'
import { type ComputedType, type FieldType, isComputed } from '../metadata/field-types.ts'
import { type Base, type Field, type Table, tableOf } from '../metadata/model.ts'
import { isoText } from '../records/cells/date-cells.ts'
import type { RecordReader } from '../records/reader.ts'
import type { StoredRecord } from '../store/records.ts'
import type { Actor, ChangeCollector, Changed, TableChanges } from './change.ts'
import { type Specification, wantsType } from './specification.ts'

/** Which cells a payload tells of: those that were written, or those that were computed anew because of it. */
type CellShare = 'written' | 'computed'

export interface PayloadParts {
  readonly base: Base
  readonly changes: ChangeCollector
  readonly reader: RecordReader
  readonly actor: Actor
  readonly share: CellShare
  /** Records that a scoped view shows; undefined without such a scope. */
  readonly inView: ((table: Table, record: StoredRecord) => boolean) | undefined
}

/** Computed fields whose new values payloads tell of; times and people follow every change and are left out [?]. */
const recomputed: ReadonlySet<FieldType> = new Set<ComputedType>(['formula', 'rollup', 'count', 'multipleLookupValues'])

/** The part of a payload under `changedTablesById` and its neighbours; undefined when nothing concerns the hook. */
export function payloadBody(specification: Specification, parts: PayloadParts): JsonObject | undefined {
  const { filters } = specification.options
  if (filters.fromSources !== undefined && !filters.fromSources.includes(parts.actor.source)) return undefined
  const changedTables: Record<string, JsonValue> = {}
  const createdTables: Record<string, JsonValue> = {}
  for (const [tableId, changes] of parts.changes.tables) {
    if (!inScope(specification, parts.base, tableId)) continue
    const table = tableOf(parts.base, tableId)
    if (table === undefined) continue
    if (changes.metadata !== undefined && changes.metadata.before === undefined) {
      if (parts.share === 'written' && filters.dataTypes.includes('tableMetadata'))
        createdTables[tableId] = createdTable(table)
      continue
    }
    const told = {
      ...recordChanges(specification, parts, table, changes),
      ...schemaChanges(specification, parts, changes),
    }
    if (Object.keys(told).length > 0) changedTables[tableId] = told
  }
  const body = {
    ...(Object.keys(changedTables).length > 0 ? { changedTablesById: changedTables } : {}),
    ...(Object.keys(createdTables).length > 0 ? { createdTablesById: createdTables } : {}),
  }
  return Object.keys(body).length === 0 ? undefined : body
}

function inScope(specification: Specification, base: Base, tableId: string): boolean {
  const scope = specification.options.filters.recordChangeScope
  if (scope === undefined || scope === tableId) return true
  return base.tables.some((table) => table.id === tableId && table.views.some((view) => view.id === scope))
}

function recordChanges(
  specification: Specification,
  parts: PayloadParts,
  table: Table,
  changes: TableChanges,
): Record<string, JsonValue> {
  if (!specification.options.filters.dataTypes.includes('tableData')) return {}
  const created: Record<string, JsonValue> = {}
  const changed: Record<string, JsonValue> = {}
  const destroyed: string[] = []
  for (const [id, { before, after }] of changes.records) {
    if (before === undefined && after !== undefined) {
      if (parts.share !== 'written' || !wantsType(specification, 'add') || !shows(parts, table, after)) continue
      created[id] = { createdTime: isoText(after.createdMs), cellValuesByFieldId: allCells(parts, table, after) }
    } else if (after === undefined && before !== undefined) {
      if (parts.share === 'written' && wantsType(specification, 'remove') && shows(parts, table, before))
        destroyed.push(id)
    } else if (before !== undefined && after !== undefined) {
      if (!wantsType(specification, 'update') || !shows(parts, table, after)) continue
      const told = changedRecord(specification, parts, table, { before, after })
      if (told !== undefined) changed[id] = told
    }
  }
  return {
    ...(Object.keys(created).length > 0 ? { createdRecordsById: created } : {}),
    ...(Object.keys(changed).length > 0 ? { changedRecordsById: changed } : {}),
    ...(destroyed.length > 0 ? { destroyedRecordIds: destroyed } : {}),
  }
}

function shows(parts: PayloadParts, table: Table, record: StoredRecord): boolean {
  return parts.inView === undefined || parts.inView(table, record)
}

/** A created record tells all its cells, with or without `includes` [L]. */
function allCells({ reader }: PayloadParts, table: Table, record: StoredRecord): Record<string, JsonValue> {
  const cells: Record<string, JsonValue> = {}
  for (const field of table.fields) {
    const value = reader.v2(table, record, field)
    if (value !== undefined) cells[field.id] = value
  }
  return cells
}

function changedRecord(
  specification: Specification,
  parts: PayloadParts,
  table: Table,
  { before, after }: { before: StoredRecord; after: StoredRecord },
): JsonObject | undefined {
  const { filters, includes } = specification.options
  const current: Record<string, JsonValue> = {}
  const previous: Record<string, JsonValue> = {}
  const unchanged: Record<string, JsonValue> = {}
  const included = includes?.includeCellValuesInFieldIds
  for (const field of table.fields) {
    const now = parts.reader.v2(table, after, field) ?? null
    const was = parts.reader.v2(table, before, field) ?? null
    if (concerns(field, parts.share) && canonicalJson(now) !== canonicalJson(was)) {
      if (filters.watchDataInFieldIds?.includes(field.id) === false) continue
      current[field.id] = now
      previous[field.id] = was
    } else if (included === 'all' || included?.includes(field.id)) unchanged[field.id] = now
  }
  if (Object.keys(current).length === 0) return undefined
  return {
    current: { cellValuesByFieldId: current },
    ...(includes?.includePreviousCellValues === true ? { previous: { cellValuesByFieldId: previous } } : {}),
    ...(included === undefined ? {} : { unchanged: { cellValuesByFieldId: unchanged } }),
  }
}

function concerns(field: Field, share: CellShare): boolean {
  return share === 'written' ? !isComputed(field.type) : recomputed.has(field.type)
}

function schemaChanges(
  specification: Specification,
  parts: PayloadParts,
  changes: TableChanges,
): Record<string, JsonValue> {
  const { filters, includes } = specification.options
  const told: Record<string, JsonValue> = {}
  if (parts.share !== 'written') return told
  if (filters.dataTypes.includes('tableFields')) {
    const watched = (id: string) => filters.watchSchemasOfFieldIds?.includes(id) ?? true
    const fields = [...changes.fields].filter(([id]) => watched(id))
    const created = fields.filter(([, field]) => field.before === undefined && wantsType(specification, 'add'))
    const updated = fields.filter(([, field]) => field.before && field.after && wantsType(specification, 'update'))
    const removed = fields.filter(([, field]) => field.after === undefined && wantsType(specification, 'remove'))
    if (created.length > 0) told.createdFieldsById = byId(created, ({ after }) => shortField(after))
    if (updated.length > 0) {
      told.changedFieldsById = byId(updated, ({ before, after }) => ({
        current: shortField(after),
        ...(includes?.includePreviousFieldDefinitions === true ? { previous: shortField(before) } : {}),
      }))
    }
    if (removed.length > 0) told.destroyedFieldIds = removed.map(([id]) => id)
  }
  const metadata = changes.metadata
  if (metadata?.before !== undefined && metadata.after !== undefined && filters.dataTypes.includes('tableMetadata')) {
    told.changedMetadata = { current: shortTable(metadata.after), previous: shortTable(metadata.before) }
  }
  return told
}

function byId(
  fields: readonly (readonly [string, Changed<Field>])[],
  show: (field: Changed<Field>) => JsonValue,
): JsonObject {
  return Object.fromEntries(fields.map(([id, field]) => [id, show(field)]))
}

function shortField(field: Field | undefined): JsonValue {
  return field === undefined ? null : { name: field.name, type: field.type }
}

function shortTable(table: Table): JsonObject {
  return { name: table.name, description: table.description ?? null }
}

function createdTable(table: Table): JsonObject {
  return {
    metadata: shortTable(table),
    fieldsById: Object.fromEntries(table.fields.map((field) => [field.id, shortField(field)])),
    recordsById: {},
  }
}
