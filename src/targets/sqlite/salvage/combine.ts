/**
 * Joins what was salvaged (`main`) with a verified backup (`kept`), table by table. The rule: a row of the file wins over
 * the backup's, since it is newer, except where it is doubtful or the file was not written since the backup was made: then
 * the backup's wins. A row that only the backup has comes back, except in a table that could be read whole: there it
 * was deleted since.
 */
import type Database from 'better-sqlite3'
import { isRefusal } from '../database-error.ts'
import { quoteIdentifier } from '../schema-reader.ts'
import { rowIdColumn } from './fill.ts'
import { writableColumns } from './shapes.ts'
import type { TableFound } from './walk.ts'

export interface Combined {
  fromBackup: number
  keptAsInFile: number
  keptAsInBackup: number
  deletedSince: number
  strange: number
  refused: number
  /** Doubtful rows that the backup confirms or replaces. */
  settled: number
  readonly sample: string[]
}

const sampleMax = 20

export function nothingCombined(): Combined {
  const counts = { fromBackup: 0, keptAsInFile: 0, keptAsInBackup: 0, deletedSince: 0, strange: 0, refused: 0 }
  return { ...counts, settled: 0, sample: [] }
}

interface Pair {
  readonly db: Database.Database
  readonly name: string
  readonly table: string
  readonly columns: readonly string[]
  /** Columns that tell the rows of either side apart; undefined where none do. */
  readonly key: readonly string[] | undefined
  /** The name of the rowid; undefined where there is none. */
  readonly rowId: string | undefined
  /** A column is another name of it, so that it is written with the columns. */
  readonly hasAlias: boolean
}

/** @param keys the columns of declared keys, by table */
export function combineTable(
  db: Database.Database,
  found: TableFound,
  options: { readonly unwrittenSince: boolean; readonly keys: Readonly<Record<string, string>> },
): Combined {
  const { name } = found.shape
  const result = nothingCombined()
  const theirs = new Set(writableColumns(db, 'kept', name).map((column) => column.toLowerCase()))
  const columns = writableColumns(db, 'main', name).filter((column) => theirs.has(column.toLowerCase()))
  if (columns.length === 0) return result
  const table = quoteIdentifier(name)
  const key = keyOf(db, name, columns, options.keys)
  const hasAlias = found.shape.columns.some(({ isRowId }) => isRowId)
  const pair: Pair = { db, name, table, columns, key, rowId: rowIdColumn(db, found.shape), hasAlias }
  if (pair.key === undefined) combineWhole(pair, found, options.unwrittenSince, result)
  else {
    takeDiffering(pair, options.unwrittenSince, result)
    bringBack(pair, found, options.unwrittenSince, result)
    if (options.unwrittenSince) result.strange = countStrange(pair)
  }
  if (options.unwrittenSince) takeAll(pair)
  return result
}

/** The declared key or the primary key, where it is unique on both sides. */
function keyOf(
  db: Database.Database,
  table: string,
  columns: readonly string[],
  declared: Readonly<Record<string, string>>,
): readonly string[] | undefined {
  const spelled = (name: string) => columns.find((column) => column.toLowerCase() === name.toLowerCase())
  const primary = db
    .prepare<[string], string>(`SELECT name FROM pragma_table_info(?, 'main') WHERE pk > 0 ORDER BY pk`)
    .pluck()
    .all(table)
  const own = declared[table]
  return [own === undefined ? [] : [own], primary]
    .map((names) => names.flatMap((name) => spelled(name) ?? []))
    .find((names) => names.length > 0 && ['main', 'kept'].every((schema) => isUnique(db, schema, table, names)))
}

function isUnique(db: Database.Database, schema: string, table: string, key: readonly string[]): boolean {
  const names = key.map(quoteIdentifier).join(', ')
  const from = `${schema}.${quoteIdentifier(table)}`
  const isNull = key.map((name) => `${quoteIdentifier(name)} IS NULL`).join(' OR ')
  const sql = `SELECT EXISTS (SELECT 1 FROM ${from} GROUP BY ${names} HAVING count(*) > 1) OR EXISTS (SELECT 1 FROM ${from} WHERE ${isNull})`
  return db.prepare<[], number>(sql).pluck().get() === 0
}

const joined = ({ key = [] }: Pair) =>
  key.map((name) => `m.${quoteIdentifier(name)} = k.${quoteIdentifier(name)} COLLATE BINARY`).join(' AND ')
const differing = ({ columns }: Pair) =>
  columns.map((name) => `m.${quoteIdentifier(name)} COLLATE BINARY IS NOT k.${quoteIdentifier(name)}`).join(' OR ')
const doubtful = ({ rowId }: Pair) =>
  rowId === undefined ? '0' : `EXISTS (SELECT 1 FROM temp.doubt WHERE tbl = ? AND id = m.${rowId})`

function takeDiffering(pair: Pair, unwrittenSince: boolean, result: Combined): void {
  const { db, table, name, columns, rowId, key = [] } = pair
  const from = `main.${table} AS m JOIN kept.${table} AS k ON ${joined(pair)}`
  const bind = rowId === undefined ? [] : [name]
  const confirmed = db
    .prepare<unknown[], number>(`SELECT count(*) FROM ${from} WHERE ${doubtful(pair)}`)
    .pluck()
    .get(...bind)
  result.settled = confirmed ?? 0
  const isDoubtful = unwrittenSince ? '1' : doubtful(pair)
  const binds = unwrittenSince ? [] : bind
  const shown = key.map((one) => `k.${quoteIdentifier(one)}`).join(` || '/' || `)
  const rows = db
    .prepare<unknown[], [string, number]>(
      `SELECT CAST(${shown} AS TEXT), ${isDoubtful} FROM ${from} WHERE ${differing(pair)}`,
    )
    .raw(true)
  for (const [shownKey, replaced] of rows.iterate(...binds)) {
    if (replaced === 1) result.keptAsInBackup += 1
    else result.keptAsInFile += 1
    if (result.sample.length < sampleMax && !shownKey.includes('@')) result.sample.push(shownKey)
  }
  if (result.keptAsInBackup === 0 || unwrittenSince) return
  const others = columns.filter((column) => !key.includes(column))
  const sets = others.map((column) => `${quoteIdentifier(column)} = k.${quoteIdentifier(column)}`).join(', ')
  db.prepare(
    `UPDATE main.${table} AS m SET ${sets} FROM kept.${table} AS k WHERE ${joined(pair)} AND (${differing(pair)}) AND ${isDoubtful}`,
  ).run(...binds)
}

function bringBack(pair: Pair, { isWhole }: TableFound, unwrittenSince: boolean, result: Combined): void {
  const { db, table, columns } = pair
  const rowId = pair.hasAlias ? undefined : pair.rowId
  const missing = `FROM kept.${table} AS k WHERE NOT EXISTS (SELECT 1 FROM main.${table} AS m WHERE ${joined(pair)})`
  if (isWhole && !unwrittenSince) {
    result.deletedSince = db.prepare<[], number>(`SELECT count(*) ${missing}`).pluck().get() ?? 0
    return
  }
  if (unwrittenSince) {
    result.fromBackup = db.prepare<[], number>(`SELECT count(*) ${missing}`).pluck().get() ?? 0
    return
  }
  // Under its old rowid where that is free: what else is known of the row goes by it.
  const free =
    rowId === undefined
      ? []
      : [
          `CASE WHEN EXISTS (SELECT 1 FROM main.${table} AS m WHERE m.${rowId} = k.${rowId}) THEN NULL ELSE k.${rowId} END`,
        ]
  insertEach(pair, rowId === undefined ? [] : [rowId], free, missing, columns, result)
}

function insertEach(
  { db, table }: Pair,
  names: readonly string[],
  values: readonly string[],
  from: string,
  columns: readonly string[],
  result: Combined,
): void {
  const own = columns.map(quoteIdentifier)
  const select = `SELECT ${[...values, ...own.map((name) => `k.${name}`)].join(', ')} ${from}`
  const places = [...names, ...own].map(() => '?').join(', ')
  const insert = db.prepare(`INSERT INTO main.${table} (${[...names, ...own].join(', ')}) VALUES (${places})`)
  // Read first: what is inserted must not change what is read.
  for (const row of db.prepare<[], unknown[]>(select).safeIntegers().raw(true).all()) {
    try {
      insert.run(...row)
      result.fromBackup += 1
    } catch (error) {
      if (!isRefusal(error)) throw error
      result.refused += 1
    }
  }
}

/** Rows with a key that the set does not know, in a file that was not written since: their key is what was damaged. */
function countStrange(pair: Pair): number {
  const { db, table } = pair
  const sql = `SELECT count(*) FROM main.${table} AS m WHERE NOT EXISTS (SELECT 1 FROM kept.${table} AS k WHERE ${joined(pair)})`
  return db.prepare<[], number>(sql).pluck().get() ?? 0
}

/** What was not written since the set was made is what the set holds, to the rowid. */
function takeAll({ db, table, columns, rowId, hasAlias }: Pair): void {
  const names = [...(rowId === undefined || hasAlias ? [] : [rowId]), ...columns.map(quoteIdentifier)].join(', ')
  db.exec(`DELETE FROM main.${table}`)
  db.exec(`INSERT INTO main.${table} (${names}) SELECT ${names} FROM kept.${table}`)
}

/** Without a key a row is known by all its values. */
function combineWhole(pair: Pair, { isWhole }: TableFound, unwrittenSince: boolean, result: Combined): void {
  const { db, table, columns } = pair
  if (isWhole && !unwrittenSince) return
  const names = columns.map(quoteIdentifier).join(', ')
  const missing = `SELECT ${names} FROM kept.${table} EXCEPT SELECT ${names} FROM main.${table}`
  if (unwrittenSince) result.fromBackup = db.prepare<[], number>(`SELECT count(*) FROM (${missing})`).pluck().get() ?? 0
  else result.fromBackup = db.prepare(`INSERT INTO main.${table} (${names}) ${missing}`).run().changes
}
