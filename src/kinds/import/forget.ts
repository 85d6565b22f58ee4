/**
 * Takes a person out of the migration log: their source rows stay noted, so that they are not looked at again, as withheld
 * and without a word about whom they were of.
 */
import type { Database } from 'better-sqlite3'
import type { Change } from '../../targets/sqlite/ports.ts'
import type { Cell } from '../../values/field-type.ts'
import { erasedReason, logTable } from './import-log.ts'

/** Whether the record with this key, of whatever table of the database, was theirs. */
type IsTheirs = (key: Cell) => boolean

/** Inside the open transaction. Gives how many rows were theirs. */
export function forgetInImportLog(db: Database, isTheirs: IsTheirs): number {
  const exists = db.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(logTable) !== undefined
  if (!exists) return 0
  const keys = db
    .prepare<[], string>(`SELECT DISTINCT lead_key FROM ${logTable} WHERE lead_key IS NOT NULL`)
    .pluck()
    .all()
  const forget = db.prepare(
    `UPDATE ${logTable} SET outcome = 'withheld', reason = ?, lead_key = NULL, linkedin = NULL, email = NULL, person = NULL
      WHERE lead_key = ?`,
  )
  return keys.filter(isTheirs).reduce((sum, key) => sum + forget.run(erasedReason, key).changes, 0)
}

/** The same for rows that an import has kept to note them; undefined for others. */
export function forgottenLogChange(change: Change, isTheirs: IsTheirs): Change | undefined {
  if (change.is !== 'insert' || change.key === 'head') return undefined
  const { leadKey } = change.row
  if (leadKey === undefined || leadKey === null || !isTheirs(leadKey)) return undefined
  const row = { leadKey: null, reason: erasedReason, linkedin: null, email: null, person: null }
  return { ...change, row: { ...change.row, outcome: 'withheld', ...row } }
}
