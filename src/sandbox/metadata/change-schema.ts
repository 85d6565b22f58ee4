/** Creates and renames tables and fields. The API offers no more than this: no deletion, no change of type or options [D]. */
import { z } from 'zod'
import type { JsonValue } from '../../json.ts'
import { refusals } from '../http/refusal.ts'
import { mintId } from '../ids.ts'
import type { RecordWriter } from '../records/writer.ts'
import { checkDefinition, type FieldDefinition } from './field-definition.ts'
import type { FieldType } from './field-types.ts'
import { type Field, fieldOf, type Table } from './model.ts'

/** Fields of a table (older support page). */
const fieldsPerTableMax = 500
/** Tables of a base [D]. */
const tablesPerBaseMax = 1000

/** Types that a primary field may have when created by the API; the list is [?], after the app's own. */
const primaryTypes: ReadonlySet<FieldType> = new Set<FieldType>([
  'singleLineText',
  'multilineText',
  'email',
  'url',
  'phoneNumber',
  'barcode',
  'number',
  'percent',
  'currency',
  'date',
  'dateTime',
  'duration',
])

const createTableSchema = z.object({
  name: z.string(),
  description: z.string().nullish(),
  fields: z.array(z.json()).min(1).max(fieldsPerTableMax),
})
const patchSchema = z.object({ name: z.string().optional(), description: z.string().nullish() })

/** Makes a table with a "Grid view"; its first field is the primary one. */
export function createTable(writer: RecordWriter, body: JsonValue): Table {
  const parsed = createTableSchema.safeParse(body)
  if (!parsed.success) throw refusals.invalidRequest()
  const { catalog, random, changes, baseId } = writer.parts
  const { name, description, fields } = parsed.data
  demandFreeTableName(writer, name, undefined)
  if (writer.base().tables.length >= tablesPerBaseMax) throw refusals.invalidRequest()
  const definitions = fields.map((field) => checkDefinition(name, field, random))
  demandDistinct(definitions.map((definition) => definition.name))
  const ids = definitions.map(() => mintId('fld', random))
  const [primary, primaryFieldId] = [definitions[0], ids[0]]
  if (primary === undefined || primaryFieldId === undefined || !primaryTypes.has(primary.type))
    throw refusals.invalidRequest()
  const tableId = mintId('tbl', random)
  catalog.addTable({ id: tableId, baseId, name, description: description ?? undefined, primaryFieldId })
  for (const [index, definition] of definitions.entries()) addField(writer, tableId, definition, ids[index] ?? '')
  catalog.addView(tableId, {
    id: mintId('viw', random),
    name: 'Grid view',
    type: 'grid',
    filter: undefined,
    sort: [],
    visibleFieldIds: undefined,
  })
  const table = writer.table(tableId)
  changes.table(tableId, undefined, table)
  return table
}

export function createField(writer: RecordWriter, tableId: string, body: JsonValue): Field {
  const table = writer.table(tableId)
  const definition = checkDefinition(table.name, body, writer.parts.random)
  demandDistinct([...table.fields.map(({ name }) => name), definition.name])
  if (table.fields.length >= fieldsPerTableMax) throw refusals.invalidRequest()
  const id = mintId('fld', writer.parts.random)
  addField(writer, tableId, definition, id)
  const field = demandField(writer, tableId, id)
  writer.parts.changes.field(tableId, id, undefined, field)
  return field
}

/** Name and description only; whatever else is sent is ignored. */
export function updateTable(writer: RecordWriter, tableId: string, body: JsonValue): Table {
  const patch = parsePatch(body)
  const before = writer.table(tableId)
  if (patch.name !== undefined) demandFreeTableName(writer, patch.name, tableId)
  writer.parts.catalog.setTable(tableId, patch.name ?? before.name, descriptionOf(patch, before))
  const after = writer.table(tableId)
  writer.parts.changes.table(tableId, before, after)
  return after
}

/** Name and description only (June 2025) [D]; whatever else is sent is ignored. */
export function updateField(writer: RecordWriter, tableId: string, fieldId: string, body: JsonValue): Field {
  const patch = parsePatch(body)
  const table = writer.table(tableId)
  const before = demandField(writer, tableId, fieldId)
  if (patch.name !== undefined) {
    const others = table.fields.filter(({ id }) => id !== before.id).map(({ name }) => name)
    if (patch.name.trim() === '') throw refusals.duplicateFieldName(patch.name)
    demandDistinct([...others, patch.name])
  }
  writer.parts.catalog.setField(before.id, patch.name ?? before.name, descriptionOf(patch, before))
  const after = demandField(writer, tableId, before.id)
  writer.parts.changes.field(tableId, before.id, before, after)
  return after
}

/** What a person in the app can do and the API cannot: take a field away with its cells. */
export function deleteField(writer: RecordWriter, tableId: string, fieldId: string): void {
  const before = demandField(writer, tableId, fieldId)
  if (writer.table(tableId).primaryFieldId === before.id) throw refusals.invalidRequest()
  writer.parts.catalog.removeField(before.id)
  writer.parts.changes.field(tableId, before.id, before, undefined)
}

function parsePatch(body: JsonValue) {
  const parsed = patchSchema.safeParse(body)
  if (!parsed.success) throw refusals.invalidRequest()
  return parsed.data
}

function descriptionOf(
  patch: { description?: string | null | undefined },
  before: { description: string | undefined },
) {
  return patch.description === undefined ? before.description : (patch.description ?? undefined)
}

function demandField(writer: RecordWriter, tableId: string, idOrName: string): Field {
  const field = fieldOf(writer.table(tableId), idOrName)
  if (field === undefined) throw refusals.notFoundOrNotPermitted()
  return field
}

function demandDistinct(names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    const folded = name.toLowerCase()
    if (seen.has(folded)) throw refusals.duplicateFieldName(name)
    seen.add(folded)
  }
}

function demandFreeTableName(writer: RecordWriter, name: string, exceptId: string | undefined): void {
  const taken = writer
    .base()
    .tables.some((table) => table.id !== exceptId && table.name.toLowerCase() === name.toLowerCase())
  if (taken || name.trim() === '') throw refusals.duplicateTableName(name)
}

function addField(writer: RecordWriter, tableId: string, definition: FieldDefinition, id: string): void {
  const { catalog, random, changes } = writer.parts
  const field = { ...definition, id, tableId, rule: {} }
  if (definition.type !== 'multipleRecordLinks') {
    catalog.addField(field)
    return
  }
  const linked = writer.base().tables.find((table) => table.id === definition.options?.linkedTableId)
  if (linked === undefined)
    throw refusals.invalidOptions(writer.table(tableId).name, definition.name, 'unknown linkedTableId')
  const inverseId = mintId('fld', random)
  catalog.addField({ ...field, options: { ...definition.options, inverseLinkFieldId: inverseId } })
  catalog.addField({
    id: inverseId,
    tableId: linked.id,
    name: freeName(writer.table(linked.id), writer.table(tableId).name),
    type: 'multipleRecordLinks',
    description: undefined,
    rule: {},
    options: { linkedTableId: tableId, isReversed: false, prefersSingleRecordLink: false, inverseLinkFieldId: id },
  })
  const inverse = fieldOf(writer.table(linked.id), inverseId)
  changes.field(linked.id, inverseId, undefined, inverse)
}

/** A linked table gets a field named after the table that links to it. */
function freeName(table: Table, wanted: string): string {
  const taken = new Set(table.fields.map(({ name }) => name.toLowerCase()))
  let name = wanted
  for (let count = 2; taken.has(name.toLowerCase()); count += 1) name = `${wanted} ${count}`
  return name
}
