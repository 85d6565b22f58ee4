/**
 * What a declared table really looks like in its file at the moment: a legacy table may lack declared columns, its key
 * may be no unique one. Read again whenever the file's schema version moved.
 */

import type { Database, Statement } from 'better-sqlite3'
import { OperationalError } from '../errors.ts'
import { feedsChangeLog } from '../targets/sqlite/change-log.ts'
import { quoteIdentifier } from '../targets/sqlite/schema-reader.ts'
import type { LeadTable } from './table.ts'

export interface IndexShape {
  readonly name: string
  readonly unique: boolean
  /** Lower-case names in order; an index over an expression or with a WHERE is not listed at all. */
  readonly columns: readonly string[]
}

export interface TableShape {
  /** Lower-case names of the columns that exist. */
  readonly columns: ReadonlySet<string>
  /** All columns that hold data (no generated ones), by their exact names. */
  readonly stored: readonly string[]
  /** Whether no two rows can have the same key. */
  readonly uniqueKey: boolean
  readonly indexes: readonly IndexShape[]
  /** Whether triggers note every write in the change table. */
  readonly feedsLog: boolean
}

/** Gives the shape of one table on one connection, from memory while the schema stands. */
export function createShapeReader(
  db: Database,
  table: LeadTable,
): {
  read(): TableShape
  rowsMax(): number
  /** Moves with every change of the file's schema. */
  version(): number
} {
  const schemaVersion = db.prepare<[], number>('PRAGMA schema_version').pluck()
  let known: { readonly version: number; readonly shape: TableShape } | undefined
  let largest: Statement<[], number | null> | undefined
  return {
    version: () => schemaVersion.get() ?? 0,
    read() {
      const version = schemaVersion.get() ?? 0
      if (known?.version !== version) known = { version, shape: readShape(db, table) }
      return known.shape
    },
    rowsMax() {
      largest ??= db.prepare<[], number | null>(`SELECT max(rowid) FROM ${quoteIdentifier(table.sqlName)}`).pluck()
      return largest.get() ?? 0
    },
  }
}

function readShape(db: Database, table: LeadTable): TableShape {
  const found = db
    .prepare<[string], { type: string; wr: number }>(
      "SELECT type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE",
    )
    .get(table.sqlName)
  if (found === undefined) {
    throw new OperationalError('NOT_FOUND', `The table ${table.sqlName} is not there yet.`, {
      hint: 'It is created when the plan is carried out; look at `trueup plan`.',
    })
  }
  if (found.type !== 'table' || found.wr === 1) {
    throw new OperationalError('USAGE', `${table.sqlName} is no ordinary table with row ids.`, {
      hint: 'Leads are served from ordinary tables only.',
    })
  }
  const listed = db
    .prepare<[string], { name: string; hidden: number }>('SELECT name, hidden FROM pragma_table_xinfo(?)')
    .all(table.sqlName)
  const columns = new Set(listed.map((column) => column.name.toLowerCase()))
  if (!columns.has(table.key)) {
    throw new OperationalError('NOT_FOUND', `The table ${table.sqlName} has no key column ${table.key} yet.`, {
      hint: 'It is created when the plan is carried out; look at `trueup plan`.',
    })
  }
  const indexes = readIndexes(db, table)
  const uniqueKey =
    indexes.some((index) => index.unique && index.columns.length === 1 && index.columns[0] === table.key) ||
    isIntegerKey(db, table)
  return {
    columns,
    stored: listed.filter((column) => column.hidden === 0).map((column) => column.name),
    uniqueKey,
    indexes,
    feedsLog: feedsChangeLog(db, table.sqlName),
  }
}

function readIndexes(db: Database, table: LeadTable): readonly IndexShape[] {
  const list = db
    .prepare<[string], { name: string; unique: number }>(
      'SELECT name, "unique" FROM pragma_index_list(?) WHERE partial = 0',
    )
    .all(table.sqlName)
  const columnsOf = db
    .prepare<[string], string | null>('SELECT lower(name) FROM pragma_index_info(?) ORDER BY seqno')
    .pluck()
  return list.flatMap((index) => {
    const columns = columnsOf.all(index.name)
    const named = columns.filter((column) => column !== null)
    return named.length === columns.length ? [{ name: index.name, unique: index.unique === 1, columns: named }] : []
  })
}

/** An INTEGER PRIMARY KEY is the row id itself and has no index of its own. */
function isIntegerKey(db: Database, table: LeadTable): boolean {
  const keys = db
    .prepare<[string], { name: string; type: string }>(
      'SELECT lower(name) AS name, type FROM pragma_table_info(?) WHERE pk > 0',
    )
    .all(table.sqlName)
  const [only] = keys
  return keys.length === 1 && only?.name === table.key && only.type.toUpperCase() === 'INTEGER'
}
