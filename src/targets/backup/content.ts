/** What is in a database, table by table, in a form that two copies can be compared by. */
import { createHash } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { OperationalError } from '../../errors.ts'
import { openReading } from '../sqlite/connection.ts'
import { quoteIdentifier } from '../sqlite/schema-reader.ts'
import type { TableFacts } from './manifest.ts'

/**
 * Checks a copy that nobody else has open, and counts and hashes its tables. The schema counts as a table of its own.
 * Throws DATABASE_CORRUPT where the check finds something.
 * @param depth a restored copy is checked in full; one that was just made, whose restored copy will be, not at all
 */
export function contentOf(path: string, name: string, depth: 'unchecked' | 'quick' | 'full'): TableFacts[] {
  const db = openReading(path)
  try {
    if (depth !== 'unchecked') check(db, name, depth)
    const tables = db
      .prepare<[], string>(
        `SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
      )
      .pluck()
      .all()
    const schema = 'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name'
    return [hashed(db, 'sqlite_schema', schema), ...tables.map((table) => hashed(db, table, selectionOf(db, table)))]
  } finally {
    db.close()
  }
}

const pieceLength = 1 << 18

function check(db: Database, name: string, depth: 'quick' | 'full'): void {
  const pragma = depth === 'quick' ? 'quick_check' : 'integrity_check'
  const problems = db.prepare<[], string>(`PRAGMA ${pragma}(5)`).pluck().all()
  if (problems.length !== 1 || problems[0] !== 'ok')
    throw new OperationalError('DATABASE_CORRUPT', `${name}: ${problems.join('; ')}`)
}

function selectionOf(db: Database, table: string): string {
  const columns = db.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table)
  // One text for each row, made by SQLite: a value and its type in one.
  return `SELECT ${columns.map((column) => `quote(${quoteIdentifier(column)})`).join(` || ',' || `)} FROM ${quoteIdentifier(table)}`
}

function hashed(db: Database, name: string, sql: string): TableFacts {
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
