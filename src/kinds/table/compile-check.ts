/** Proves within a transaction that a change of a table broke no view, trigger or foreign key that worked before. */
import type { Database } from 'better-sqlite3'
import { messageOf, OperationalError } from '../../errors.ts'
import { quoteIdentifier, readTableSchema } from '../../targets/sqlite/schema-reader.ts'
import { readObjects } from './read-state.ts'

/** What SQLite can compile now: reading every view, and writing the table with its triggers. Names for a later comparison. */
export function compiling(db: Database, table: string): readonly string[] {
  return [...statementsFor(db, table)].filter(([, sql]) => failureOf(db, sql) === undefined).map(([name]) => name)
}

/** Throws where something that compiled before does not any longer; writing a table that is gone is no matter. */
export function assertStillCompile(db: Database, table: string, before: readonly string[]): void {
  const now = statementsFor(db, table)
  const hasTable = readTableSchema(db, table) !== undefined
  for (const name of before) {
    if (name.startsWith('write ') && !hasTable) continue
    const sql = now.get(name)
    const failure = sql === undefined ? 'it is gone' : failureOf(db, sql)
    if (failure === undefined) continue
    throw new OperationalError('SCHEMA_CHANGE_REFUSED', `the change would break ${name}: ${failure}`)
  }
}

function statementsFor(db: Database, table: string): ReadonlyMap<string, string> {
  const statements = new Map<string, string>()
  for (const object of readObjects(db)) {
    if (object.type === 'view')
      statements.set(`view ${object.name}`, `SELECT * FROM ${quoteIdentifier(object.name)} LIMIT 0`)
  }
  const schema = readTableSchema(db, table)
  const column = schema?.columns.find((candidate) => candidate.generated === 'no')
  if (schema === undefined || column === undefined) return statements
  const [on, cell] = [quoteIdentifier(schema.name), quoteIdentifier(column.name)]
  // Compiling a write compiles its triggers; EXPLAIN is never run.
  statements.set(`write insert`, `EXPLAIN INSERT INTO ${on} DEFAULT VALUES`)
  statements.set(`write update`, `EXPLAIN UPDATE ${on} SET ${cell} = ${cell}`)
  statements.set(`write delete`, `EXPLAIN DELETE FROM ${on}`)
  return statements
}

function failureOf(db: Database, sql: string): string | undefined {
  try {
    db.prepare(sql)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** Rows that break a foreign key, of any table. A check that cannot run (the other table is missing) counts as none. */
export function foreignKeyViolations(db: Database): ReadonlySet<string> {
  const rows = db
    .prepare<[], { table: string; rowid: number | null; parent: string; fkid: number }>('PRAGMA foreign_key_check')
    .iterate()
  const found = new Set<string>()
  for (const { table, rowid, parent, fkid } of rows) found.add(`${table} ${rowid} ${parent} ${fkid}`)
  return found
}

/** Throws where a row breaks a foreign key that it did not break before. */
export function assertSameForeignKeys(db: Database, before: ReadonlySet<string>): void {
  for (const violation of foreignKeyViolations(db)) {
    if (before.has(violation)) continue
    throw new OperationalError('SCHEMA_CHANGE_REFUSED', `the change would break a foreign key (${violation})`)
  }
}
