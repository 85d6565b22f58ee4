/**
 * Rows from a table of another SQLite file. Read in short steps by rowid, so that no reader stands in the way of the
 * programs that write it; what they change between two steps is seen by the next look.
 */

import type { Database } from 'better-sqlite3'
import { freeRowIdName } from '../../targets/sqlite/addressing.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import type { Cell } from '../../values/field-type.ts'
import type { Source, SourceItem, SourceValue } from './source-row.ts'

const windowRows = 500

interface Column {
  readonly name: string
  /** Position in the primary key from 1; 0 outside. */
  readonly key: number
}

/** The table's rows, or undefined when the file has no such table or view. */
export function tableSource(db: Database, name: string, table: string): Source | undefined {
  const columns = db
    .prepare<[string], { name: string; pk: number }>('SELECT name, pk FROM pragma_table_xinfo(?) WHERE hidden <> 1')
    .all(table)
    .map((column): Column => ({ name: column.name, key: column.pk }))
  if (columns.length === 0) return undefined
  const rowId = rowIdName(db, table, columns)
  const rows = () => (rowId === undefined ? wholeTable(db, table, columns) : byWindows(db, table, columns, rowId))
  const keys = columns.filter((column) => column.key > 0).sort((one, other) => one.key - other.key)
  return {
    name,
    columns: columns.map((column) => column.name),
    surveyRows: 1000,
    *items() {
      let position = 0
      for (const row of rows()) yield itemOf(name, ++position, columns, keys, row)
    },
  }
}

function itemOf(
  file: string,
  position: number,
  columns: readonly Column[],
  keys: readonly Column[],
  row: readonly Cell[],
): SourceItem {
  const cells = new Map<string, SourceValue>()
  const flaws = new Map<string, string>()
  columns.forEach((column, i) => {
    const cell = narrowed(row[i] ?? null)
    cells.set(column.name, cell)
    // What SQLite hands over for bytes that are no UTF-8. Text that really holds this sign is useless for a lead too.
    if (typeof cell === 'string' && cell.includes('\ufffd')) flaws.set(column.name, 'is not valid UTF-8')
  })
  const id = keys.map((column) => cells.get(column.name) ?? null)
  const named = id.length > 0 && id.every((part) => part !== null && !(part instanceof Uint8Array))
  return {
    is: 'row',
    row: {
      place: { file, row: position, line: null },
      id: named ? id.map(String).join('\u0000') : undefined,
      cells,
      flaws,
    },
  }
}

/** Integers come as bigint, so that none loses digits; those that a number can hold become one. */
function narrowed(cell: Cell): Cell {
  if (typeof cell !== 'bigint') return cell
  const value = Number(cell)
  return Number.isSafeInteger(value) ? value : cell
}

/** A name under which SQLite gives the rowid; undefined for views, tables without one, and tables that hide all its names. */
function rowIdName(db: Database, table: string, columns: readonly Column[]): string | undefined {
  const free = freeRowIdName(columns.map(({ name }) => name))
  if (free === undefined) return undefined
  const entry = db
    .prepare<[string], { type: string; wr: number }>("SELECT type, wr FROM pragma_table_list(?) WHERE schema = 'main'")
    .get(table)
  return entry?.type === 'table' && entry.wr === 0 ? free : undefined
}

function* byWindows(
  db: Database,
  table: string,
  columns: readonly Column[],
  rowId: string,
): Generator<readonly Cell[]> {
  const list = columns.map((column) => quoteIdentifier(column.name)).join(', ')
  const statement = db
    .prepare<[bigint], Cell[]>(
      `SELECT ${list}, ${rowId} FROM ${quoteIdentifier(table)} WHERE ${rowId} > ? ORDER BY ${rowId} LIMIT ${windowRows}`,
    )
    .raw(true)
    .safeIntegers(true)
  let after = -(2n ** 63n)
  for (let full = true; full; ) {
    let count = 0
    for (const row of statement.iterate(after)) {
      const at = row[columns.length]
      if (typeof at === 'bigint') after = at
      count++
      yield row
    }
    full = count === windowRows
  }
}

function* wholeTable(db: Database, table: string, columns: readonly Column[]): Generator<readonly Cell[]> {
  const list = columns.map((column) => quoteIdentifier(column.name)).join(', ')
  const statement = db
    .prepare<[], Cell[]>(`SELECT ${list} FROM ${quoteIdentifier(table)}`)
    .raw(true)
    .safeIntegers(true)
  yield* statement.iterate()
}
