/** The engine's typed reading and writing of actions in the journal. */
import { z } from 'zod'
import type { ActionEntryType, ActionState, NewEntry } from '../journal/entry.ts'
import { parseBody } from '../journal/entry-row.ts'
import type { JournalStore } from '../journal/store.ts'
import { isEnded } from '../journal/transitions.ts'
import type { JsonObject } from '../json.ts'
import type { Action, CellPreview } from './action.ts'
import { journaledAction, readJournaledAction } from './action-schema.ts'
import { type ActionRow, type RecordsFilter, recordsQuery, statementsOf } from './ledger-statements.ts'
import { contentIdOf } from './planner.ts'
import { keyText, type ResourceKey } from './resource.ts'

export interface Approval {
  readonly approver: string
  readonly atMs: number
  readonly expiresAtMs: number
  readonly comment: string | undefined
}

/** An action with all that became of it. */
export interface ActionRecord {
  readonly action: Action
  readonly state: ActionState
  readonly runId: string | undefined
  readonly changedAtMs: number
  /** How it ended: counts, an error, a reason; undefined while it has not. */
  readonly result: JsonObject | undefined
  readonly approvals: readonly Approval[]
}

export interface Ledger {
  record(id: string): ActionRecord | undefined
  /** Newest first. */
  records(filter: RecordsFilter): readonly ActionRecord[]
  /** The newest action that a person rejected and that would do the same to some of the same drift. */
  rejectedOn(action: Action): ActionRecord | undefined
  /** How often an action of the same content has ended before: makes the id of its next occurrence. */
  endedOccurrences(baseId: string): number
  /** Journals an action as planned, if it is not there in a living state, and keeps its preview. */
  plan(action: Action): void
  move(type: ActionEntryType, action: Action, by: { actor: string; runId?: string }, body: JsonObject): void
  preview(id: string): readonly CellPreview[]
  /** How many records the undo of an action left alone, since they were changed; 0 where it was not undone. */
  leftByUndo(id: string): number
  /** Holds back what an undone action did, for the declaration it followed from. An undo that is undone lifts it. */
  quarantine(undone: Action, by: string): void
  liftQuarantine(action: Action, by: string): void
  /** Of the paths, the one that was undone last: an approval given before that did not see it. */
  quarantined(
    resource: ResourceKey,
    specHash: string,
    paths: readonly string[],
  ): { sinceMs: number; by: string } | undefined
  suspended(resource: ResourceKey): { by: string; reason: string; sinceMs: number } | undefined
  acceptedSpec(resource: ResourceKey): { specHash: string; spec: JsonObject } | undefined
}

const previewSchema: z.ZodType<CellPreview[]> = z.array(
  z.object({ key: z.string(), field: z.string(), before: z.json(), after: z.json() }),
)

/** Opens the ledger on a journal, which may be read-only. */
export function createLedger(journal: JournalStore): Ledger {
  const { db } = journal
  const asked = statementsOf(db)
  const recordOf = (row: ActionRow): ActionRecord => ({
    action: readJournaledAction(JSON.parse(row.body)),
    state: row.state,
    runId: row.run_id ?? undefined,
    changedAtMs: row.changed_at_ms,
    result: row.result === null ? undefined : parseBody(row.result),
    approvals: asked
      .approvalsOf()
      .all(row.id)
      .map((one) => ({
        approver: one.approver,
        atMs: one.at_ms,
        expiresAtMs: one.expires_at_ms,
        comment: one.comment ?? undefined,
      })),
  })

  return {
    record(id) {
      const row = asked.recordBy().get(id)
      return row === undefined ? undefined : recordOf(row)
    },
    records(filter) {
      const { text, values } = recordsQuery(filter)
      return asked
        .recordsBy(text)
        .all(...values)
        .map(recordOf)
    },
    rejectedOn({ resource, verb, resolves }) {
      const row = asked.rejectedOn().get(keyText(resource), verb, JSON.stringify(resolves))
      return row === undefined ? undefined : recordOf(row)
    },
    endedOccurrences(baseId) {
      return asked
        .statesOf()
        .all(baseId)
        .filter((row) => isEnded(row.state)).length
    },
    plan(action) {
      journal.append([
        {
          type: 'action.planned',
          actor: action.requestedBy ?? 'controller',
          resource: keyText(action.resource),
          actionId: action.id,
          body: { baseId: contentIdOf(action), action: journaledAction(action) },
        },
      ])
      if (action.preview.length === 0) return
      journal.volatile(() =>
        db
          .prepare('INSERT OR REPLACE INTO previews (action_id, body, at_ms) VALUES (?, ?, ?)')
          .run(action.id, JSON.stringify(action.preview), action.plannedAtMs),
      )
    },
    move(type, action, by, body) {
      journal.append([
        {
          type,
          actor: by.actor,
          resource: keyText(action.resource),
          actionId: action.id,
          ...(by.runId === undefined ? {} : { runId: by.runId }),
          body,
        },
      ])
    },
    preview(id) {
      const row = db.prepare<[string], { body: string }>('SELECT body FROM previews WHERE action_id = ?').get(id)
      return row === undefined ? [] : previewSchema.parse(JSON.parse(row.body))
    },
    leftByUndo(id) {
      const body = db
        .prepare<[string], string>(
          `SELECT body FROM entries WHERE action_id = ? AND type = 'action.undone' ORDER BY seq DESC LIMIT 1`,
        )
        .pluck()
        .get(id)
      const conflicts = body === undefined ? 0 : parseBody(body).conflicts
      return typeof conflicts === 'number' ? conflicts : 0
    },
    quarantine(undone, by) {
      const type = undone.cause === 'undo' ? 'quarantine.lifted' : 'quarantine.set'
      journal.append(quarantineEntries(type, undone, by))
    },
    liftQuarantine(action, by) {
      journal.append(quarantineEntries('quarantine.lifted', action, by))
    },
    quarantined(resource, specHash, paths) {
      const row = asked.quarantineOf().get(keyText(resource), specHash, JSON.stringify(paths))
      return row === undefined ? undefined : { sinceMs: row.since_ms, by: row.by }
    },
    suspended(resource) {
      const row = asked.suspensionOf().get(keyText(resource))
      return row === undefined ? undefined : { by: row.by, reason: row.reason, sinceMs: row.since_ms }
    },
    acceptedSpec(resource) {
      const row = asked.specOf().get(keyText(resource))
      return row === undefined ? undefined : { specHash: row.spec_hash, spec: parseBody(row.spec) }
    },
  }
}

function quarantineEntries(type: 'quarantine.set' | 'quarantine.lifted', action: Action, by: string): NewEntry[] {
  const { resource, specHash } = action
  return action.resolves.map((path) => ({
    type,
    actor: by,
    resource: keyText(resource),
    actionId: action.id,
    body: { specHash, path },
  }))
}
