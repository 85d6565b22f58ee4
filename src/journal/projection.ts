/** Derives the tables of the journal from its entries, so that replaying the entries gives the same tables. */
import type { Database } from 'better-sqlite3'
import { invariant } from '../errors.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import { type ActionEntryType, type ActionState, actionEntryTypes, type Entry } from './entry.ts'
import { stateAfter } from './transitions.ts'

const actionTypes: ReadonlySet<string> = new Set(actionEntryTypes)

/** Entries whose body says how an action ended. */
const outcomeTypes: ReadonlySet<ActionEntryType> = new Set([
  'action.succeeded',
  'action.failed',
  'action.unknown',
  'action.superseded',
  'action.rejected',
])

function isActionType(type: string): type is ActionEntryType {
  return actionTypes.has(type)
}

function text(body: JsonObject, name: string): string {
  const value = body[name]
  invariant(typeof value === 'string', `the entry's body lacks the text ${name}`)
  return value
}

function number(body: JsonObject, name: string): number {
  const value = body[name]
  invariant(typeof value === 'number', `the entry's body lacks the number ${name}`)
  return value
}

function json(value: JsonValue | undefined): string {
  return JSON.stringify(value ?? null)
}

/** Applies one entry to the derived tables. Runs inside the transaction that appends it. */
export function project(db: Database, entry: Entry): void {
  if (isActionType(entry.type)) projectAction(db, entry, entry.type)
  else projectOther(db, entry)
}

function projectAction(db: Database, entry: Entry, type: ActionEntryType): void {
  const id = entry.actionId
  invariant(id !== null, `${type} names no action`)
  const before = db.prepare<[string], { state: ActionState }>('SELECT state FROM actions WHERE id = ?').get(id)
  const state = stateAfter(before?.state ?? 'none', type)
  if (type === 'action.planned') {
    db.prepare(
      `INSERT INTO actions (id, base_id, resource, state, body, run_id, planned_at_ms, changed_at_ms, last_seq)
       VALUES (?, ?, ?, ?, ?, NULL, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body, changed_at_ms = excluded.changed_at_ms, last_seq = excluded.last_seq`,
    ).run(
      id,
      text(entry.body, 'baseId'),
      entry.resource,
      state,
      json(entry.body.action),
      entry.atMs,
      entry.atMs,
      entry.seq,
    )
  } else {
    db.prepare(
      'UPDATE actions SET state = ?, changed_at_ms = ?, last_seq = ?, run_id = coalesce(?, run_id), result = coalesce(?, result) WHERE id = ?',
    ).run(state, entry.atMs, entry.seq, entry.runId, outcomeTypes.has(type) ? json(entry.body) : null, id)
  }
  // By what the gate let it through, where that is no longer what it was planned with.
  if (type === 'action.intended' && entry.body.rated !== undefined)
    db.prepare('UPDATE actions SET body = json_patch(body, ?) WHERE id = ?').run(json(entry.body.rated), id)
  projectApprovals(db, entry, type, id)
}

function projectApprovals(db: Database, entry: Entry, type: ActionEntryType, id: string): void {
  switch (type) {
    case 'action.approved':
      db.prepare(
        'INSERT OR REPLACE INTO approvals (action_id, approver, at_ms, expires_at_ms, comment) VALUES (?, ?, ?, ?, ?)',
      ).run(
        id,
        entry.actor,
        entry.atMs,
        number(entry.body, 'expiresAtMs'),
        typeof entry.body.comment === 'string' ? entry.body.comment : null,
      )
      return
    case 'action.approval-revoked':
    case 'action.rejected':
    case 'action.superseded':
    case 'action.planned':
      db.prepare('DELETE FROM approvals WHERE action_id = ?').run(id)
      return
    default:
  }
}

function projectOther(db: Database, entry: Entry): void {
  const { body, resource } = entry
  switch (entry.type) {
    case 'generation.accepted':
    case 'generation.waiting':
      db.prepare(
        `INSERT INTO generations (number, hash, at_ms, state, yaml) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (number) DO UPDATE SET state = excluded.state`,
      ).run(
        number(body, 'number'),
        text(body, 'hash'),
        entry.atMs,
        entry.type === 'generation.accepted' ? 'accepted' : 'waiting',
        text(body, 'yaml'),
      )
      return
    case 'generation.approved':
    case 'generation.rejected':
      db.prepare('UPDATE generations SET state = ? WHERE number = ?').run(
        entry.type === 'generation.approved' ? 'accepted' : 'rejected',
        number(body, 'number'),
      )
      return
    case 'resource.suspended':
      db.prepare('INSERT OR REPLACE INTO suspensions (resource, by, reason, since_ms) VALUES (?, ?, ?, ?)').run(
        resource,
        entry.actor,
        text(body, 'reason'),
        entry.atMs,
      )
      return
    case 'resource.resumed':
      db.prepare('DELETE FROM suspensions WHERE resource = ?').run(resource)
      return
    case 'resource.accepted':
      db.prepare(
        'INSERT OR REPLACE INTO accepted_specs (resource, spec_hash, spec, generation) VALUES (?, ?, ?, ?)',
      ).run(resource, text(body, 'specHash'), json(body.spec), number(body, 'generation'))
      return
    case 'quarantine.set':
      db.prepare(
        'INSERT OR REPLACE INTO quarantines (resource, spec_hash, path, since_ms, by) VALUES (?, ?, ?, ?, ?)',
      ).run(resource, text(body, 'specHash'), text(body, 'path'), entry.atMs, entry.actor)
      return
    case 'quarantine.lifted':
      db.prepare('DELETE FROM quarantines WHERE resource = ? AND spec_hash = ? AND path = ?').run(
        resource,
        text(body, 'specHash'),
        text(body, 'path'),
      )
      return
    default:
  }
}

const derivedTables = ['actions', 'approvals', 'quarantines', 'suspensions', 'accepted_specs', 'generations'] as const

/** The derived tables as text, for comparing a replay with what is stored. */
export function dumpDerived(db: Database): string {
  return derivedTables
    .map((table) => `${table}: ${JSON.stringify(db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2, 3`).all())}`)
    .join('\n')
}
