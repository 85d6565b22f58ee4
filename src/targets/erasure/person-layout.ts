/** Where the fields that tell who a record is stand in a table as it is now. */

import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import type { Cell } from '../../values/field-type.ts'
import { identitiesOf, isSharedMailbox, keyIdentity, personTextsOf } from '../../values/identity.ts'
import { freeRowIdName } from '../sqlite/addressing.ts'
import { quoteIdentifier, readTableSchema, type TableSchema } from '../sqlite/schema-reader.ts'

/** A declared table with the file that it is in. */
export const personPlaceSchema = z.strictObject({
  name: z.string(),
  /** Absolute. */
  path: z.string(),
  table: z.string(),
  formerTable: z.string().nullable(),
  key: z.string(),
  formerColumns: z.record(z.string(), z.string()),
  fields: z.strictObject({
    emails: z.array(z.string()),
    linkedins: z.array(z.string()),
    phones: z.array(z.strictObject({ field: z.string(), region: z.string().nullable() })),
    person: z.string().nullable(),
  }),
})
export type PersonPlace = z.output<typeof personPlaceSchema>

export interface PersonLayout {
  readonly schema: TableSchema
  /** A name of the rowid that no column hides; undefined in a table without. */
  readonly rowId: string | undefined
  readonly keyColumn: string
  /** Columns to read, by field; fields that have none are missing. */
  readonly columns: ReadonlyMap<string, string>
}

/** Undefined while the table or its key is not there: then it holds nobody who could be told. */
export function readPersonLayout(db: Database, place: PersonPlace): PersonLayout | undefined {
  const schema =
    readTableSchema(db, place.table) ??
    (place.formerTable === null ? undefined : readTableSchema(db, place.formerTable))
  if (schema === undefined || schema.form !== 'ordinary') return undefined
  const columnOf = (name: string | undefined) =>
    schema.columns.find((column) => column.name.toLowerCase() === name?.toLowerCase())?.name
  const { fields } = place
  const names = [...fields.emails, ...fields.linkedins, ...fields.phones.map(({ field }) => field)]
  if (fields.person !== null) names.push(fields.person)
  const found = names.flatMap((name) => {
    const column = columnOf(name) ?? columnOf(place.formerColumns[name])
    return column === undefined ? [] : [[name, column] as const]
  })
  const keyColumn = columnOf(place.key) ?? columnOf(place.formerColumns[place.key])
  if (keyColumn === undefined) return undefined
  const rowId = schema.withoutRowId ? undefined : freeRowIdName(schema.columns.map((column) => column.name))
  return { schema, rowId, keyColumn, columns: new Map(found) }
}

const cellSchema: z.ZodType<Cell> = z.custom<Cell>(
  (cell) => cell === null || ['number', 'bigint', 'string'].includes(typeof cell) || cell instanceof Uint8Array,
)

/** One record with what tells who it is, as it also comes back from a worker thread. */
export const personRowSchema = z.object({
  /** Null in a table without rowids. */
  rowId: z.number().nullable(),
  key: cellSchema,
  /** As they are written: e-mail addresses and profiles, what several people may have (numbers, offices' mailboxes), the name. */
  texts: z.object({ own: z.array(z.string()), shared: z.array(z.string()), person: z.string().nullable() }),
  identities: z.array(z.string()),
})
export type PersonRow = z.output<typeof personRowSchema>

/** How a row is read by {@link personRowOf}: rowid, key, then the columns of the layout. */
export function selectionOf({ rowId, keyColumn, columns }: PersonLayout): string {
  return [rowId ?? 'NULL', ...[keyColumn, ...columns.values()].map(quoteIdentifier)].join(', ')
}

export function personRowOf(place: PersonPlace, layout: PersonLayout, row: readonly Cell[]): PersonRow {
  const fields = [...layout.columns.keys()]
  const cells = new Map(fields.map((field, index) => [field, row[index + 2]]))
  const texts = personTextsOf(place.fields, (field) => cells.get(field))
  const key = row[1] ?? null
  const byKey = typeof key === 'string' ? keyIdentity(place.table, key) : undefined
  const identities = [...(byKey === undefined ? [] : [byKey]), ...identitiesOf(texts)]
  const own = [...texts.emails.filter((address) => !isSharedMailbox(address)), ...texts.linkedins]
  const shared = [...texts.emails.filter(isSharedMailbox), ...texts.phones.map(({ text }) => text)]
  return {
    rowId: row[0] === null || row[0] === undefined ? null : Number(row[0]),
    key,
    texts: { own, shared, person: texts.person ?? null },
    identities,
  }
}

/** The name by which the traces of a record are found elsewhere: the table in its file, and the key. */
export function recordName(path: string, table: string, key: Cell): string {
  const text = key instanceof Uint8Array ? Buffer.from(key).toString('hex') : String(key)
  return `record:${path}\0${table.toLowerCase()}\0${text}`
}
