/**
 * What is in a database, table by table, in a form that two copies can be compared by. SQLite itself writes the rows as text,
 * many to a piece: to bring each value to JavaScript takes twice as long as all the rest.
 */
import { createHash } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { OperationalError } from '../../errors.ts'
import { freeRowIdName } from '../sqlite/addressing.ts'
import { openReading } from '../sqlite/connection.ts'
import { codeOf } from '../sqlite/database-error.ts'
import { quoteIdentifier } from '../sqlite/schema-reader.ts'
import type { RowForm, TableFacts } from './manifest.ts'

/** Facts whose hashes are wanted in the form that they have. */
type Known = readonly Pick<TableFacts, 'name' | 'form'>[]

/**
 * Counts and hashes the tables of a copy that nobody else has open. The schema counts as a table of its own.
 * @param known what it is to be compared with, so that hashes are of the same form; undefined where that is left to us
 */
export function contentOf(path: string, known?: Known): TableFacts[] {
  const db = openReading(path)
  try {
    const tables = db
      .prepare<[], string>(
        `SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
      )
      .pluck()
      .all()
    const schema = 'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name'
    const formOf = (table: string) => (known === undefined ? 'json' : known.find(({ name }) => name === table)?.form)
    return [hashedByRow(db, 'sqlite_schema', schema), ...tables.map((table) => hashed(db, table, formOf(table)))]
  } finally {
    db.close()
  }
}

/** Throws DATABASE_CORRUPT where SQLite's own check of a copy finds something. */
export function checkCopy(path: string, name: string, depth: 'quick' | 'full'): void {
  const db = openReading(path)
  try {
    const pragma = depth === 'quick' ? 'quick_check' : 'integrity_check'
    const problems = db.prepare<[], string>(`PRAGMA ${pragma}(5)`).pluck().all()
    if (problems.length !== 1 || problems[0] !== 'ok')
      throw new OperationalError('DATABASE_CORRUPT', `${name}: ${problems.join('; ')}`)
  } finally {
    db.close()
  }
}

function hashed(db: Database, table: string, form: RowForm | undefined): TableFacts {
  const columns = db.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table)
  const facts = form === 'json' ? hashedAsJson(db, table, columns) : undefined
  if (facts !== undefined) return facts
  // One text for each row, made by SQLite: a value and its type in one.
  const row = columns.map((column) => `quote(${quoteIdentifier(column)})`).join(` || ',' || `)
  return hashedByRow(db, table, `SELECT ${row} FROM ${quoteIdentifier(table)}`)
}

const pieceBytes = 1 << 20
const pieceRowsMax = 4096

type Piece = readonly [rows: bigint, last: bigint | null, written: bigint, lines: Buffer | null]

/** Undefined for a table that has no rowid to go on after, or holds BLOBs, which JSON cannot. */
function hashedAsJson(db: Database, table: string, columns: readonly string[]): TableFacts | undefined {
  const rowId = rowIdOf(db, table, columns)
  if (rowId === undefined) return undefined
  const names = columns.map(quoteIdentifier)
  // SQLite refuses to write BLOBs as JSON, but for those that it takes for JSON in its binary form.
  const hasBlob = names.map((name) => `typeof(${name}) = 'blob'`).join(' OR ')
  const piece = (from: string) => `SELECT count(*), max(at), count(line), CAST(group_concat(line, char(10)) AS BLOB)
    FROM (SELECT ${rowId} AS at, iif(${hasBlob}, NULL, json_array(${names.join(', ')})) AS line
      FROM ${quoteIdentifier(table)} ${from} ORDER BY ${rowId} LIMIT ?)`
  const prepared = (sql: string) => db.prepare<bigint[], Piece>(sql).raw(true).safeIntegers()
  const [first, next] = [prepared(piece('')), prepared(piece(`WHERE ${rowId} > ?`))]
  const hash = createHash('sha256')
  let rows = 0
  let after: bigint | undefined
  let limit = 64
  for (;;) {
    const most = BigInt(limit)
    const taken = unlessTooBig(() => (after === undefined ? first.get(most) : next.get(after, most)))
    if (taken === 'too big' && limit === 1) return undefined
    if (taken === 'too big') {
      limit = 1
      continue
    }
    const [count, last, written, lines] = taken ?? [0n, null, 0n, null]
    if (last === null) break
    if (written < count || lines === null) return undefined
    hash.update(lines).update('\n')
    rows += Number(count)
    after = last
    limit = Math.max(1, Math.min(pieceRowsMax, Math.floor((pieceBytes / (lines.length + 1)) * Number(count))))
  }
  return { name: table, rows, sha256: hash.digest('hex'), form: 'json' }
}

/** A text of SQLite has at most a thousand million bytes. */
function unlessTooBig<Found>(read: () => Found): Found | 'too big' {
  try {
    return read()
  } catch (error) {
    if (codeOf(error) === 'SQLITE_TOOBIG') return 'too big'
    throw error
  }
}

/** Undefined for a table without one, or whose columns have all its names. */
function rowIdOf(db: Database, table: string, columns: readonly string[]): string | undefined {
  const withoutRowId = db.prepare<[string], number>(
    "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?",
  )
  return withoutRowId.pluck().get(table) === 0 ? freeRowIdName(columns) : undefined
}

const pieceLength = 1 << 18

function hashedByRow(db: Database, name: string, sql: string): TableFacts {
  const hash = createHash('sha256')
  let rows = 0
  // Handed over in large pieces: a call for each row takes longer than the hashing itself.
  let piece = ''
  for (const row of db.prepare<[], unknown[]>(sql).raw(true).iterate()) {
    rows += 1
    piece += `${row.length === 1 ? String(row[0]) : row.map(String).join(',')}\n`
    if (piece.length < pieceLength) continue
    hash.update(piece)
    piece = ''
  }
  hash.update(piece)
  return { name, rows, sha256: hash.digest('hex') }
}
