/** Where the declared fields stand in the table as it is now, and which tables of the file refer to its records. */

import type { Database } from 'better-sqlite3'
import { rowIdNameOf, writableColumn } from '../../targets/sqlite/addressing.ts'
import {
  type ForeignKeySchema,
  type IndexSchema,
  readSchemaNames,
  readTableSchema,
  type TableSchema,
} from '../../targets/sqlite/schema-reader.ts'
import type { DuplicateField, DuplicatesSpec } from './spec.ts'

/** A field with the column that holds its values. */
export interface PlacedField {
  readonly field: DuplicateField
  readonly column: string
}

/** A column of another table, or of this one, that holds keys of its records. */
export interface Reference {
  readonly table: string
  /** A name of that table's rowid that no column hides. */
  readonly rowId: string
  /** What tells its records from each other, beside the rowid. */
  readonly keyColumn: string
  readonly column: string
  /** Columns of its unique indexes that the referring column is part of. */
  readonly unique: readonly (readonly string[])[]
  /** All stored columns. */
  readonly columns: readonly string[]
}

export interface Layout {
  readonly table: string
  readonly rowId: string
  readonly keyColumn: string
  readonly fields: readonly PlacedField[]
  readonly stamps: readonly { readonly column: string; readonly type: 'date' | 'datetime' }[]
  /** All stored columns. */
  readonly columns: readonly string[]
  readonly references: readonly Reference[]
  /** Why records may be shown but not merged yet; undefined where they may. */
  readonly notYet: string | undefined
}

export type LayoutReading =
  | { readonly is: 'layout'; readonly layout: Layout }
  | { readonly is: 'absent' }
  | { readonly is: 'unaddressable'; readonly reason: string }

/** Looks up table, columns and references, by former names where the declared ones are not there yet. */
export function readLayout(db: Database, spec: DuplicatesSpec): LayoutReading {
  const declared = readTableSchema(db, spec.table)
  const table = declared ?? (spec.formerTable === null ? undefined : readTableSchema(db, spec.formerTable))
  if (table === undefined) return { is: 'absent' }
  const rowId = rowIdNameOf(table)
  if (rowId === undefined) return { is: 'unaddressable', reason: `table ${table.name} has no rowid` }
  const columnOf = (name: string) => writableColumn(table, name)
  const place = (name: string) => columnOf(name) ?? columnOf(spec.formerColumns[name] ?? '')
  const keyColumn = place(spec.key)
  if (keyColumn === undefined)
    return { is: 'unaddressable', reason: `table ${table.name} has no column ${spec.key} yet, which is its key` }
  const fields = spec.fields.flatMap((field) => {
    const column = place(field.name)
    return column === undefined ? [] : [{ field, column }]
  })
  const former = fields.find(({ field }) => columnOf(field.name) === undefined)
  const references = referencesTo(db, table, keyColumn)
  const notYet =
    declared === undefined || columnOf(spec.key) === undefined || former !== undefined
      ? `once table ${spec.table} has its declared columns`
      : references.find((one) => 'reason' in one)?.reason
  return {
    is: 'layout',
    layout: {
      table: table.name,
      rowId,
      keyColumn,
      fields,
      stamps: spec.stamps.flatMap(({ name, type }) => {
        const column = columnOf(name)
        return column === undefined ? [] : [{ column, type }]
      }),
      columns: storedColumns(table),
      references: references.flatMap((one) => ('reason' in one ? [] : [one])),
      notYet,
    },
  }
}

function storedColumns(table: TableSchema): readonly string[] {
  return table.columns.filter((column) => column.generated === 'no').map((column) => column.name)
}

/** A foreign key whose records cannot follow, said for a person. */
interface Unfit {
  readonly reason: string
}

/** Foreign keys of the file's tables to the key of this one. A key of several columns, or a table without rowid, is unfit. */
function referencesTo(db: Database, target: TableSchema, keyColumn: string): readonly (Reference | Unfit)[] {
  return readSchemaNames(db).tables.flatMap((name) => {
    const table = readTableSchema(db, name)
    if (table === undefined || table.form !== 'ordinary') return []
    return table.foreignKeys
      .filter((key) => key.toTable.toLowerCase() === target.name.toLowerCase())
      .flatMap((key) => referenceOf(table, key, target, keyColumn))
  })
}

function referenceOf(
  table: TableSchema,
  key: ForeignKeySchema,
  target: TableSchema,
  keyColumn: string,
): readonly (Reference | Unfit)[] {
  const [column, ...more] = key.columns
  const primary = target.columns.filter((one) => one.primaryKey > 0)
  const to = key.toColumns[0] ?? primary[0]?.name
  if (column === undefined) return []
  const rowId = rowIdNameOf(table)
  if (more.length > 0 || rowId === undefined || to?.toLowerCase() !== keyColumn.toLowerCase()) {
    const reason = `table ${table.name} refers to it in a way that cannot follow a merge (${key.columns.join(', ')})`
    return [{ reason }]
  }
  const own = table.columns.filter((one) => one.primaryKey > 0)
  const single = own.length === 1 ? own[0]?.name : undefined
  return [
    {
      table: table.name,
      rowId,
      keyColumn: single ?? column,
      column,
      unique: uniqueWith(
        table,
        own.map((one) => one.name),
        column,
      ),
      columns: storedColumns(table),
    },
  ]
}

function uniqueWith(table: TableSchema, primary: readonly string[], column: string): readonly (readonly string[])[] {
  const termsOf = (index: IndexSchema) => index.terms.flatMap((term) => term.column ?? [])
  const groups = table.indexes.filter((index) => index.unique && !index.partial && !index.expressions).map(termsOf)
  return [primary, ...groups].filter((group) => group.includes(column))
}
