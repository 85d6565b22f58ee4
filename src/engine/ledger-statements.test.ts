import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { migrateJournal } from '../journal/schema.ts'
import { type RecordsFilter, recordsQuery } from './ledger-statements.ts'

function planOf(filter: RecordsFilter): string {
  const db = new Database(':memory:')
  try {
    migrateJournal(db, ':memory:')
    const { text, values } = recordsQuery(filter)
    return db
      .prepare<(string | number)[], { detail: string }>(`EXPLAIN QUERY PLAN ${text}`)
      .all(...values)
      .map(({ detail }) => detail)
      .join('; ')
  } finally {
    db.close()
  }
}

it('what a reconcile asks of the record is answered by an index, so that its cost does not follow the length of the record', () => {
  const pending = planOf({ states: ['planned', 'approved', 'rejected'], resource: 'table/leads', limit: 1000 })
  expect(pending).toContain('actions_by_state')
  const unfinished = planOf({ states: ['intended', 'checkpointed', 'dispatched'], limit: 1000 })
  expect(unfinished).toContain('actions_by_state')
  expect(planOf({ states: ['succeeded', 'verified'], resource: 'table/leads', limit: 1 })).toContain('actions_by_')
  expect(planOf({ runId: 'r1', limit: 1000 })).toContain('actions_by_run')
})
