/** What the ledger asks the journal's tables in every reconcile: each question is prepared once, when it is first asked. */
import type { Database, Statement } from 'better-sqlite3'
import type { ActionState } from '../journal/entry.ts'

export interface ActionRow {
  readonly id: string
  readonly state: ActionState
  readonly body: string
  readonly run_id: string | null
  readonly changed_at_ms: number
  readonly result: string | null
}

export interface RecordsFilter {
  readonly states?: readonly ActionState[]
  readonly resource?: string
  readonly runId?: string
  /** Only those that changed before this action last did. */
  readonly before?: string
  /** Only those that changed then or later, in milliseconds since the epoch. */
  readonly sinceMs?: number
  readonly limit: number
}

export function statementsOf(db: Database) {
  const byText = new Map<string, Statement<(string | number)[], ActionRow>>()
  const recordsBy = (text: string) => {
    const statement = byText.get(text) ?? db.prepare<(string | number)[], ActionRow>(text)
    byText.set(text, statement)
    return statement
  }
  const approvalsOf = once(() =>
    db.prepare<[string], { approver: string; at_ms: number; expires_at_ms: number; comment: string | null }>(
      'SELECT approver, at_ms, expires_at_ms, comment FROM approvals WHERE action_id = ? ORDER BY at_ms',
    ),
  )
  const recordBy = once(() => db.prepare<[string], ActionRow>('SELECT * FROM actions WHERE id = ?'))
  const statesOf = once(() =>
    db.prepare<[string], { state: ActionState }>('SELECT state FROM actions WHERE base_id = ?'),
  )
  const quarantineOf = once(() =>
    db.prepare<[string, string, string], { since_ms: number; by: string }>(
      'SELECT since_ms, by FROM quarantines WHERE resource = ? AND spec_hash = ? AND path IN (SELECT value FROM json_each(?)) ORDER BY since_ms DESC LIMIT 1',
    ),
  )
  const suspensionOf = once(() =>
    db.prepare<[string], { by: string; reason: string; since_ms: number }>(
      'SELECT by, reason, since_ms FROM suspensions WHERE resource = ?',
    ),
  )
  const specOf = once(() =>
    db.prepare<[string], { spec_hash: string; spec: string }>(
      'SELECT spec_hash, spec FROM accepted_specs WHERE resource = ?',
    ),
  )
  const rejectedOn = once(() =>
    db.prepare<[string, string, string], ActionRow>(
      `SELECT * FROM actions WHERE state = 'rejected' AND +resource = ? AND json_extract(body, '$.verb') = ?
         AND EXISTS (SELECT 1 FROM json_each(body, '$.resolves') WHERE value IN (SELECT value FROM json_each(?)))
       ORDER BY last_seq DESC LIMIT 1`,
    ),
  )
  return { recordsBy, rejectedOn, approvalsOf, recordBy, statesOf, quarantineOf, suspensionOf, specOf }
}

/** States in which few actions are at any time, however long the record is. */
const briefStates: readonly ActionState[] = [
  'planned',
  'approved',
  'rejected',
  'intended',
  'checkpointed',
  'dispatched',
  'unknown',
]

/** Only what is asked for stands in the text, so that an index answers it: the cost must not follow the length of the record. */
export function recordsQuery({ states, resource, runId, before, sinceMs, limit }: RecordsFilter): {
  readonly text: string
  readonly values: (string | number)[]
} {
  const conditions: string[] = []
  const values: (string | number)[] = []
  const where = (condition: string, value: string | number | undefined) => {
    if (value === undefined) return
    conditions.push(condition)
    values.push(value)
  }
  const areBrief = states?.every((state) => briefStates.includes(state)) === true
  where('state IN (SELECT value FROM json_each(?))', states === undefined ? undefined : JSON.stringify(states))
  // The plus keeps SQLite from taking the index of resources where that of states leads to fewer rows.
  where(areBrief ? '+resource = ?' : 'resource = ?', resource)
  where('run_id = ?', runId)
  where('last_seq < (SELECT last_seq FROM actions WHERE id = ?)', before)
  where('changed_at_ms >= ?', sinceMs)
  const all = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')} `
  return { text: `SELECT * FROM actions ${all}ORDER BY last_seq DESC LIMIT ?`, values: [...values, limit] }
}

function once<Made>(make: () => Made): () => Made {
  let made: Made | undefined
  return () => {
    made ??= make()
    return made
  }
}
