/** Where the declared fields stand in the table as it is now, and which of them may be written already. */

import type { Database } from 'better-sqlite3'
import { rowIdNameOf, writableColumn } from '../../targets/sqlite/addressing.ts'
import { readTableSchema, type TableSchema } from '../../targets/sqlite/schema-reader.ts'
import type { FieldRules, StandardizationSpec } from './spec.ts'

/** A field with the column that holds its values. */
export interface PlacedField {
  readonly field: FieldRules
  readonly column: string
  /** False while the column, its table or the key still has its former name: then values are shown, not changed. */
  readonly ready: boolean
  /** No two rows may hold the same value. */
  readonly unique: boolean
}

export interface Layout {
  readonly table: string
  /** A name of the rowid that no column hides. */
  readonly rowId: string
  /** Undefined where neither the key column nor its former name is there. */
  readonly keyColumn: string | undefined
  readonly fields: readonly PlacedField[]
  /** Columns that hold the moment of the last update, under their declared names. */
  readonly stamps: readonly { readonly column: string; readonly type: 'date' | 'datetime' }[]
  /** Column of any declared field, by field name, for the rules that ask for a sibling. */
  readonly columns: ReadonlyMap<string, string>
}

export type LayoutReading =
  | { readonly is: 'layout'; readonly layout: Layout }
  | { readonly is: 'absent' }
  /** Rows cannot be told apart by number, so none can be changed safely. */
  | { readonly is: 'unaddressable'; readonly reason: string }

/** Looks up table and columns, by their former names where the declared ones are not there yet. */
export function readLayout(db: Database, spec: StandardizationSpec): LayoutReading {
  const declared = readTableSchema(db, spec.table)
  const table = declared ?? (spec.formerTable === null ? undefined : readTableSchema(db, spec.formerTable))
  if (table === undefined) return { is: 'absent' }
  const rowId = rowIdNameOf(table)
  if (rowId === undefined) return { is: 'unaddressable', reason: `table ${table.name} has no rowid` }
  const place = (name: string) => writableColumn(table, name) ?? writableColumn(table, spec.formerColumns[name] ?? '')
  const keyColumn = place(spec.key)
  const keyReady = declared !== undefined && keyColumn !== undefined && writableColumn(table, spec.key) !== undefined
  const siblings = spec.fields.flatMap((field) => siblingNamesOf(field))
  const columns = [...siblings, ...Object.keys(spec.formerColumns)].flatMap((name) => {
    const column = place(name)
    return column === undefined ? [] : [[name, column] as const]
  })
  const fields = spec.fields.flatMap((field) => {
    const column = place(field.name)
    if (column === undefined) return []
    const ready = keyReady && writableColumn(table, field.name) !== undefined
    return [{ field, column, ready, unique: isUnique(table, column) }]
  })
  const stamps = spec.stamps.flatMap(({ name, type }) => {
    const column = writableColumn(table, name)
    return column === undefined ? [] : [{ column, type }]
  })
  return { is: 'layout', layout: { table: table.name, rowId, keyColumn, fields, stamps, columns: new Map(columns) } }
}

/** Option values that name a field; columns that do not exist are left out by the caller. */
function siblingNamesOf(field: FieldRules): readonly string[] {
  return field.rules.flatMap(({ options }) => Object.values(options).filter((option) => typeof option === 'string'))
}

/** Whether an index of SQLite refuses a second row with the same value. */
export function isUnique(table: TableSchema, column: string): boolean {
  return table.indexes.some(
    (index) =>
      index.unique &&
      !index.partial &&
      !index.expressions &&
      index.terms.length === 1 &&
      index.terms[0]?.column === column,
  )
}
