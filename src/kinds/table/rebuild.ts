/**
 * Writes a table anew with another form (sqlite.org/lang_altertable.html, section 7): same rows with the same rowids, same
 * indexes, triggers and views, and a marker in the same transaction. Either all of it or nothing takes effect.
 */
import type { Database } from 'better-sqlite3'
import { OperationalError } from '../../errors.ts'
import { createChangeFingerprint } from '../../targets/sqlite/change-fingerprint.ts'
import type { Change } from '../../targets/sqlite/ports.ts'
import {
  type ColumnSchema,
  quoteIdentifier,
  readTableSchema,
  type TableSchema,
} from '../../targets/sqlite/schema-reader.ts'
import { assertSameForeignKeys, assertStillCompile, compiling, foreignKeyViolations } from './compile-check.ts'
import { editCreateTable } from './create-sql.ts'
import type { DropOrder, Kept, RebuildOrder } from './input.ts'
import { boundCell, keptCells, keptRows } from './kept-cells.ts'
import { markAgain, standsOpen } from './marking.ts'
import { columnOf, isRowId } from './questions.ts'
import { readObjects } from './read-state.ts'
import { rowIdName } from './row-id.ts'
import { sameName } from './spec.ts'
import { quoteText } from './sql-tokens.ts'
import { findObject, type SchemaObject } from './state.ts'

/** Nothing is kept. */
export function nothingKept(): Kept {
  return { count: 0, fingerprint: createChangeFingerprint().digest() }
}

/**
 * Rebuilds on a connection that is in no transaction. Gives how many cells changed; 0 where the action took effect before.
 * Throws ACTION_STALE where the table is not as it was planned on, SQLite's own error where it refuses.
 *
 * @param restored cells to write back on the way, each only where the cell has the value that it was left with
 */
export function rebuildTable(db: Database, order: RebuildOrder, restored: Iterable<readonly Change[]>): number {
  return inForeignForm(
    db,
    (within) => standsOpen(within, order.actionId, order.expect),
    () => {
      const table = readTableSchema(db, order.table)
      if (table === undefined) throw stale(order.table, 'it is no longer there')
      const temporary = `_trueup_new_${table.name}`
      const sql = editCreateTable(table.sql, temporary, order.edits)
      if (sql === undefined) throw stale(table.name, 'a column of it has another form now')
      const key = columnOf(table, order.key)?.name
      const columns = table.columns.map((column) => column.name)
      assertKept(order.kept, keptCells(db, { table: table.name, columns, key }, order.keeps), table.name)
      const before = { working: compiling(db, table.name), violations: foreignKeyViolations(db) }
      const belongings = belongingsOf(db, table.name, order)
      db.exec(sql)
      loadRestored(db, restored)
      const changed = copyRows(db, table, temporary, key)
      replaceTable(db, table.name, temporary)
      for (const object of belongings) db.exec(object.sql)
      assertStillCompile(db, table.name, before.working)
      assertSameForeignKeys(db, before.violations)
      markAgain(db, order.actionId, order.at)
      return Math.max(changed, order.kept.count)
    },
  )
}

/** The indexes and triggers that the new table has: its own but those that go, and those that come. */
function belongingsOf(db: Database, table: string, order: RebuildOrder): SchemaObject[] {
  const own = readObjects(db).filter(
    (object) => object.type !== 'table' && object.type !== 'view' && sameName(object.on, table),
  )
  const stays = own.filter((object) => !order.drop.some((gone) => sameName(gone.name, object.name)))
  const comes = order.create.filter((object) => !own.some((present) => sameName(present.name, object.name)))
  return [...stays, ...comes]
}

/**
 * Runs `work` in one IMMEDIATE transaction with foreign keys unenforced and renames that touch nothing but the table, then
 * gives the connection its settings back.
 */
function inForeignForm(db: Database, isWanted: (db: Database) => boolean, work: () => number): number {
  const foreignKeys = Number(db.pragma('foreign_keys', { simple: true }))
  db.pragma('foreign_keys = OFF')
  db.pragma('legacy_alter_table = ON')
  try {
    db.exec('BEGIN IMMEDIATE')
    const changed = isWanted(db) ? work() : 0
    db.exec('COMMIT')
    return changed
  } finally {
    if (db.inTransaction) db.exec('ROLLBACK')
    db.pragma('legacy_alter_table = OFF')
    db.pragma(`foreign_keys = ${foreignKeys}`)
  }
}

function assertKept(kept: Kept, now: Iterable<readonly Change[]>, table: string): void {
  const fingerprint = createChangeFingerprint()
  for (const changes of now) for (const change of changes) fingerprint.add(change)
  if (fingerprint.count === kept.count && fingerprint.digest() === kept.fingerprint) return
  throw stale(table, 'values of it were written since they were kept')
}

function stale(table: string, why: string): OperationalError {
  return new OperationalError('ACTION_STALE', `table ${table} was left as it is: ${why}`)
}

const restoredTable = '_trueup_restored'

/** Puts the cells that come back beside the table, where the copy can join them. */
function loadRestored(db: Database, restored: Iterable<readonly Change[]>): void {
  db.exec(`DROP TABLE IF EXISTS temp.${restoredTable}`)
  db.exec(
    `CREATE TEMP TABLE ${restoredTable} (column_name TEXT, row_id INTEGER, record, left_with, value, PRIMARY KEY (column_name, row_id)) WITHOUT ROWID`,
  )
  const insert = db.prepare(`INSERT INTO temp.${restoredTable} VALUES (?, ?, ?, ?, ?)`)
  for (const changes of restored) {
    for (const change of changes) {
      if (change.is === 'cell')
        insert.run(
          change.column.toLowerCase(),
          BigInt(change.rowId),
          ...[change.key, change.after, change.before].map(boundCell),
        )
    }
  }
}

/** Copies all rows with their rowids and gives how many cells were written back on the way. */
function copyRows(db: Database, old: TableSchema, temporary: string, key: string | undefined): number {
  const made = readTableSchema(db, temporary)
  if (made === undefined) throw stale(old.name, 'its new form was not made')
  const backFor = new Set(
    db.prepare<[], string>(`SELECT DISTINCT column_name FROM temp.${restoredTable}`).pluck().all(),
  )
  const stored = made.columns.filter((column) => column.generated === 'no')
  const rowId = rowIdName(old.columns.map((column) => column.name))
  const sources = stored.map((column) => {
    const source = columnOf(old, column.name)
    const plain = source === undefined ? addedValue(column) : `t.${quoteIdentifier(source.name)}`
    return backFor.has(column.name.toLowerCase())
      ? restoredValue(column.name, source === undefined ? 'NULL' : plain, plain, rowId, key)
      : plain
  })
  const aliased = made.columns.some((column) => isRowId(made, column.name))
  const newRowId = rowIdName(made.columns.map((column) => column.name))
  const target = [...(aliased ? [] : [newRowId]), ...stored.map((column) => quoteIdentifier(column.name))]
  const source = [...(aliased ? [] : [`t.${rowId}`]), ...sources]
  db.exec(
    `INSERT INTO ${quoteIdentifier(temporary)} (${target.join(', ')}) SELECT ${source.join(', ')} FROM ${quoteIdentifier(old.name)} AS t ORDER BY t.${rowId}`,
  )
  const back = backFor.size === 0 ? 0 : Number(db.prepare(`SELECT count(*) FROM temp.${restoredTable}`).pluck().get())
  db.exec(`DROP TABLE temp.${restoredTable}`)
  return back
}

/** Existing rows have nothing in a new column; where that is not allowed, what a new record would have. */
function addedValue(column: ColumnSchema): string {
  return column.notNull && column.defaultSql !== undefined ? `(${column.defaultSql})` : 'NULL'
}

/** The value that comes back where record and cell are as the action left them, else the plain one. */
function restoredValue(column: string, now: string, plain: string, rowId: string, key: string | undefined): string {
  const record = key === undefined ? '' : `AND r.record IS t.${quoteIdentifier(key)}`
  const name = quoteText(column.toLowerCase())
  const where = `r.column_name = ${name} AND r.row_id = t.${rowId} ${record} AND r.left_with IS ${now}`
  const found = `SELECT r.value FROM temp.${restoredTable} AS r WHERE ${where}`
  return `CASE WHEN EXISTS (${found}) THEN (${found}) ELSE ${plain} END`
}

/** Puts the new table in the place of the old one. AUTOINCREMENT goes on counting where it was. */
function replaceTable(db: Database, table: string, temporary: string): void {
  const counts = findObject(readObjects(db), 'table', 'sqlite_sequence') !== undefined
  const counter = counts
    ? db.prepare<[string], number>('SELECT seq FROM sqlite_sequence WHERE name = ?').pluck().get(table)
    : undefined
  db.exec(`DROP TABLE ${quoteIdentifier(table)}`)
  db.exec(`ALTER TABLE ${quoteIdentifier(temporary)} RENAME TO ${quoteIdentifier(table)}`)
  if (counter === undefined) return
  const kept = db.prepare('UPDATE sqlite_sequence SET seq = ? WHERE name = ?').run(BigInt(counter), table)
  if (kept.changes === 0)
    db.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(table, BigInt(counter))
}

/** Drops a table whose rows the checkpoint holds; gives how many went, 0 where the action took effect before. */
export function dropTable(db: Database, order: DropOrder): number {
  return inForeignForm(
    db,
    (within) => standsOpen(within, order.actionId, order.expect),
    () => {
      const table = readTableSchema(db, order.table)
      if (table === undefined) throw stale(order.table, 'it is no longer there')
      assertKept(order.kept, keptRows(db, keptFrom(table, order.key), storedColumns(table)), table.name)
      const working = compiling(db, table.name)
      db.exec(`DROP TABLE ${quoteIdentifier(table.name)}`)
      assertStillCompile(db, table.name, working)
      markAgain(db, order.actionId, order.at)
      return order.kept.count
    },
  )
}

/** Where the kept rows or cells of a table are read from. */
export function keptFrom(table: TableSchema, key: string) {
  return {
    table: table.name,
    columns: table.columns.map((column) => column.name),
    key: columnOf(table, key)?.name,
  }
}

/** The columns whose cells are stored, not computed. */
export function storedColumns(table: TableSchema): readonly string[] {
  return table.columns.filter((column) => column.generated === 'no').map((column) => column.name)
}
