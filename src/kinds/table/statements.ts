/** Runs the statements of an action in one transaction with its marker, on what they were planned on and on nothing else. */
import type { Database } from 'better-sqlite3'
import { OperationalError } from '../../errors.ts'
import { assertStillCompile, compiling } from './compile-check.ts'
import type { StatementsOrder } from './input.ts'
import { markAgain, standsOpen } from './marking.ts'
import { readObjects } from './read-state.ts'
import { currentForm } from './state.ts'

/**
 * Runs within an open transaction; does nothing where the action took effect before. Throws ACTION_STALE where the schema
 * is another one, SCHEMA_CHANGE_REFUSED where a view or trigger would break, SQLite's own error where it refuses.
 */
export function runStatements(db: Database, order: StatementsOrder): void {
  if (!standsOpen(db, order.actionId, order.expect)) return
  assertAsPlanned(db, order)
  const working = compiling(db, order.table)
  for (const statement of order.statements) db.exec(statement)
  assertStillCompile(db, order.table, working)
  markAgain(db, order.actionId, order.at)
}

/** The last word on the schema is spoken where nobody else can write. */
function assertAsPlanned(db: Database, order: StatementsOrder): void {
  const objects = readObjects(db)
  const other = order.expect.find((expected) => currentForm(objects, expected) !== expected.form)
  if (other === undefined) return
  const thing = `${other.object} ${other.name}`
  throw new OperationalError('ACTION_STALE', `table ${order.table}: ${thing} is not as it was planned on`)
}
