/** Where the declared fields stand in the table as it is now, by their former names where it has not been renamed yet. */

import type { Database } from 'better-sqlite3'
import { rowIdNameOf } from '../../targets/sqlite/addressing.ts'
import { readTableSchema, type TableSchema } from '../../targets/sqlite/schema-reader.ts'
import type { QualitySpec } from './spec.ts'

export interface QualityLayout {
  readonly table: string
  /** A name of the rowid that no column hides. */
  readonly rowId: string
  /** Undefined where the key column is not there yet. */
  readonly keyColumn: string | undefined
  /** Column of each declared field that has one. */
  readonly columns: ReadonlyMap<string, string>
}

export type LayoutReading =
  | { readonly is: 'layout'; readonly layout: QualityLayout }
  | { readonly is: 'absent' }
  /** Rows cannot be told apart by number, so nothing can be kept of each. */
  | { readonly is: 'unaddressable'; readonly reason: string }

export function readQualityLayout(db: Database, spec: QualitySpec): LayoutReading {
  const table = tableOf(db, spec)
  if (table === undefined) return { is: 'absent' }
  const rowId = rowIdNameOf(table)
  if (rowId === undefined) return { is: 'unaddressable', reason: `table ${table.name} has no rowid` }
  const place = (name: string) => columnOf(table, name) ?? columnOf(table, spec.formerColumns[name] ?? '')
  const columns = [...new Set([spec.key, ...spec.fields.map(({ name }) => name)])].flatMap((name) => {
    const column = place(name)
    return column === undefined ? [] : [[name, column] as const]
  })
  return {
    is: 'layout',
    layout: { table: table.name, rowId, keyColumn: place(spec.key), columns: new Map(columns) },
  }
}

/** The table by its declared name, or by its former one. */
export function tableOf(
  db: Database,
  { table, formerTable }: { readonly table: string; readonly formerTable: string | null },
): TableSchema | undefined {
  return readTableSchema(db, table) ?? (formerTable === null ? undefined : readTableSchema(db, formerTable))
}

/** The name of a column as the table spells it; SQLite folds the case of ASCII letters. */
function columnOf(table: TableSchema, name: string): string | undefined {
  const folded = name.toLowerCase()
  return table.columns.find((column) => column.name.toLowerCase() === folded)?.name
}
