/** A lead writer for tests: makes the exact changes in one guarded transaction, without journal and gate. */

import type { Database } from 'better-sqlite3'
import { messageOf } from '../errors.ts'
import type { Change } from '../targets/sqlite/ports.ts'
import { quoteIdentifier } from '../targets/sqlite/schema-reader.ts'
import type { LeadEraser, LeadWriter } from './ports.ts'

export function directWriter(db: Database): LeadWriter {
  let actions = 0
  return {
    async submit({ target, changes }) {
      await Promise.resolve()
      actions += 1
      const actionId = `action-${actions}`
      try {
        const applied = db.transaction(() => {
          const done = changes.every((change) => apply(db, target.table, change))
          if (!done) throw new Error('changed since')
          return done
        })
        applied.immediate()
        return { is: 'applied', actionId }
      } catch (error) {
        const reason = messageOf(error)
        return reason === 'changed since' ? { is: 'changed-since', actionId } : { is: 'failed', actionId, reason }
      }
    },
  }
}

/** For tests in which nobody is erased. */
export const noEraser: LeadEraser = { erase: async () => ({ is: 'not-found' }) }

function apply(db: Database, table: string, change: Change): boolean {
  const name = quoteIdentifier(table)
  switch (change.is) {
    case 'cell': {
      const column = quoteIdentifier(change.column)
      const sql = `UPDATE ${name} SET ${column} = ? WHERE rowid = ? AND ${column} IS ?`
      return db.prepare(sql).run(change.after, change.rowId, change.before).changes === 1
    }
    case 'insert': {
      const columns = Object.keys(change.row)
      const sql = `INSERT INTO ${name} (${columns.map(quoteIdentifier).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`
      return db.prepare(sql).run(...Object.values(change.row)).changes === 1
    }
    case 'delete':
      return db.prepare(`DELETE FROM ${name} WHERE rowid = ?`).run(change.rowId).changes === 1
  }
}
