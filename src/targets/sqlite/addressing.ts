/** How rows and columns of a real table are named in SQL. SQLite folds the case of ASCII letters in names. */
import type { TableSchema } from './schema-reader.ts'

/** The names under which SQLite gives the rowid, where no column has taken them (https://www.sqlite.org/rowidtable.html). */
const rowIdNames = ['rowid', '_rowid_', 'oid'] as const

/** A name of the rowid that no column hides; undefined where columns have taken all three. */
export function freeRowIdName(columns: Iterable<string>): string | undefined {
  const taken = new Set(Array.from(columns, (column) => column.toLowerCase()))
  return rowIdNames.find((name) => !taken.has(name))
}

/** The name by which rows of an ordinary table are addressed; undefined for a table whose rows have no rowid to reach. */
export function rowIdNameOf(table: TableSchema): string | undefined {
  if (table.withoutRowId || table.form !== 'ordinary') return undefined
  return freeRowIdName(table.columns.map((column) => column.name))
}

/** The name of a writable column as the table spells it. */
export function writableColumn(table: TableSchema, name: string): string | undefined {
  const folded = name.toLowerCase()
  return table.columns.find((column) => column.generated === 'no' && column.name.toLowerCase() === folded)?.name
}
