/** The journal as the simulator reads it: row by row from the file, with states reckoned by rules of its own. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { z } from 'zod'
import type { World } from '../world/world.ts'

const actionSchema = z.object({
  id: z.string(),
  resource: z.object({ kind: z.string(), name: z.string() }),
  verb: z.string(),
  input: z.record(z.string(), z.json()),
  summary: z.string(),
  risk: z.enum(['low', 'medium', 'high', 'critical']),
  affected: z.object({ count: z.number(), sample: z.array(z.string()) }),
  population: z.number(),
  reversible: z.string(),
  needsApproval: z.boolean().optional(),
  resolves: z.array(z.string()),
  cause: z.string(),
  requestedBy: z.string().nullable(),
  specHash: z.string(),
  undoes: z.string().nullable(),
})
export type SeenAction = z.output<typeof actionSchema>

/** How it is rated at the moment at which it begins, where the world around it has changed since it was planned. */
const ratedSchema = actionSchema
  .pick({ summary: true, risk: true, population: true, reversible: true })
  .extend({ needsApproval: z.literal(true).nullable(), affected: z.object({ count: z.number() }) })

const rowSchema = z.object({
  seq: z.number(),
  at_ms: z.number(),
  type: z.string(),
  actor: z.string(),
  resource: z.string().nullable(),
  action_id: z.string().nullable(),
  run_id: z.string().nullable(),
  body: z.string(),
  hash: z.string(),
})
const bodySchema = z.record(z.string(), z.json())

export interface SeenEntry {
  readonly seq: number
  readonly atMs: number
  readonly type: string
  readonly actor: string
  readonly resource: string
  readonly actionId: string
  readonly body: z.output<typeof bodySchema>
}

export interface Seen {
  action: SeenAction
  state: string
  /** Since when by the clock that never goes back, in milliseconds. */
  sinceMs: number
  /** How often it succeeded, and was dispatched. */
  succeeded: number
  dispatched: number
}

export interface ActionBook {
  readonly actions: ReadonlyMap<string, Seen>
  /** Reads what is new and tells it on, each entry once. */
  poll(): void
  onEntry(listener: (entry: SeenEntry, seen: Seen | undefined) => void): void
  /** Whether an action of these kinds is being carried out. */
  underWay(kinds: readonly string[]): readonly Seen[]
  readonly entries: () => number
}

/** What may follow what, told anew from docs/ARCHITECTURE.md and not taken from the product. */
const moves: Readonly<Record<string, readonly [from: readonly string[], to: string]>> = {
  'action.planned': [['', 'superseded'], 'planned'],
  'action.approved': [['planned', 'approved'], 'approved'],
  'action.rejected': [['planned', 'approved', 'unknown'], 'rejected'],
  'action.reconsidered': [['rejected'], 'planned'],
  'action.superseded': [['planned', 'approved', 'rejected', 'intended', 'checkpointed'], 'superseded'],
  'action.intended': [['planned', 'approved'], 'intended'],
  'action.checkpointed': [['intended'], 'checkpointed'],
  'action.dispatched': [['checkpointed'], 'dispatched'],
  'action.interrupted': [['intended', 'checkpointed', 'dispatched'], 'planned'],
  'action.succeeded': [['dispatched', 'unknown'], 'succeeded'],
  'action.failed': [['intended', 'checkpointed', 'dispatched', 'unknown'], 'failed'],
  'action.unknown': [['dispatched'], 'unknown'],
  'action.verified': [['succeeded'], 'verified'],
  'action.undone': [['succeeded', 'verified'], 'undone'],
}

export function createRecord(world: World): ActionBook & { close(): void } {
  const path = join(world.folder, '.trueup/journal.db')
  const actions = new Map<string, Seen>()
  const listeners: ((entry: SeenEntry, seen: Seen | undefined) => void)[] = []
  let db: Database.Database | undefined
  let read: Database.Statement<[number], unknown> | undefined
  let last = { seq: 0, hash: '0'.repeat(64) }

  function take(row: z.output<typeof rowSchema>): void {
    if (row.seq !== last.seq + 1) world.violate('the journal is append-only', `entry ${row.seq} follows ${last.seq}`)
    if (hashOf(last.hash, row) !== row.hash)
      world.violate('each entry is chained to the one before', `entry ${row.seq} is not`)
    last = { seq: row.seq, hash: row.hash }
    const entry: SeenEntry = {
      seq: row.seq,
      atMs: row.at_ms,
      type: row.type,
      actor: row.actor,
      resource: row.resource ?? '',
      actionId: row.action_id ?? '',
      body: bodySchema.parse(JSON.parse(row.body)),
    }
    const move = moves[entry.type]
    if (move !== undefined) step(entry, move)
    for (const listener of listeners) listener(entry, actions.get(entry.actionId))
  }

  function step(entry: SeenEntry, [from, to]: readonly [readonly string[], string]): void {
    const known = actions.get(entry.actionId)
    if (known === undefined) {
      if (to === 'planned') {
        const action = actionSchema.parse(entry.body.action)
        const sinceMs = world.clock.monotonicMs()
        actions.set(entry.actionId, { action, state: to, sinceMs, succeeded: 0, dispatched: 0 })
      } else world.violate('what is done to an action follows its planning', `${entry.type} of ${entry.actionId}`)
      return
    }
    if (!from.includes(known.state))
      world.violate(
        'an action goes through its states in order',
        `${entry.type} after ${known.state}: ${known.action.summary}`,
      )
    known.state = to
    // What comes back is planned anew, and may be rated otherwise than before.
    if (entry.type === 'action.planned') known.action = actionSchema.parse(entry.body.action)
    if (to === 'intended' && entry.body.rated !== undefined) known.action = rated(known.action, entry.body.rated)
    known.sinceMs = world.clock.monotonicMs()
    if (to === 'dispatched') known.dispatched += 1
    if (to === 'succeeded') known.succeeded += 1
  }

  return {
    actions,
    entries: () => last.seq,
    onEntry: (listener) => listeners.push(listener),
    underWay: (kinds) =>
      [...actions.values()].filter(
        ({ state, action }) => state === 'dispatched' && kinds.includes(action.resource.kind),
      ),
    poll() {
      if (read === undefined) {
        if (!existsSync(path)) return
        db = new Database(path, { readonly: true, timeout: 0 })
        if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'entries'").get() === undefined) {
          db.close()
          db = undefined
          return
        }
        read = db.prepare('SELECT * FROM entries WHERE seq > ? ORDER BY seq')
      }
      for (const row of read.all(last.seq)) take(rowSchema.parse(row))
    },
    close: () => db?.close(),
  }
}

function rated(action: SeenAction, told: unknown): SeenAction {
  const { needsApproval, affected, ...rest } = ratedSchema.parse(told)
  return {
    ...{ ...action, ...rest },
    needsApproval: needsApproval ?? false,
    affected: { ...action.affected, ...affected },
  }
}

/** The chain as docs/audit.md describes it. */
function hashOf(previous: string, row: z.output<typeof rowSchema>): string {
  const { seq, at_ms: atMs, type, actor, resource, action_id: actionId, run_id: runId, body } = row
  // Members in the order of their names, as the canonical form has them.
  const text = JSON.stringify({ actionId, actor, atMs, body, resource, runId, seq, type })
  return createHash('sha256').update(previous).update(text).digest('hex')
}
