/**
 * What sync actions do, record by record: written before anything is sent, so that a crash at any point can be told from
 * the world; kept afterwards as history and for undo.
 */
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import type { JsonValue } from '../../../json.ts'
import { markSchema } from './pair.ts'

export const moveVerbs = [
  'create-remote',
  'update-remote',
  'delete-remote',
  'create-local',
  'update-local',
  'delete-local',
] as const
export type MoveVerb = (typeof moveVerbs)[number]

const jsonSchema: z.ZodType<JsonValue> = z.json()

const cellMoveSchema = z.object({
  /** Airtable's id of the field; empty on moves that Airtable has no part in. */
  fieldId: z.string(),
  /** What the other side held, in comparable form, and as it was there. */
  before: markSchema,
  beforeRaw: jsonSchema,
  after: markSchema,
  /** What is written there. */
  afterRaw: jsonSchema,
  /** A change of the other side was overruled: this is the losing value that history keeps. */
  lost: z.boolean(),
  reason: z.string(),
})
export type CellMove = z.output<typeof cellMoveSchema>

const contentSchema = z.object({
  cells: z.record(z.string(), cellMoveSchema),
  /** The key is written too, by Airtable field id. */
  writesKey: z.boolean(),
  /** All cells of the record before, for a deletion. */
  whole: z.record(z.string(), jsonSchema).nullable(),
  typecast: z.boolean(),
  /** The person was erased: nothing of the record is kept. */
  erases: z.boolean(),
})
export type MoveContent = z.output<typeof contentSchema>

export interface Move {
  readonly seq: number
  readonly key: string
  readonly rec: string | null
  readonly verb: MoveVerb
  readonly content: MoveContent
}

/**
 * `planned`: nothing was sent. `sent`: a request is or was under way, its outcome unknown. `done`, `refused` (the other
 * side would not take it; see note), `void` (what it rested on had changed: nothing was done).
 */
export const moveStates = ['planned', 'sent', 'done', 'refused', 'void'] as const
export type MoveState = (typeof moveStates)[number]

export interface KeptMove extends Move {
  readonly id: number
  readonly actionId: string
  readonly state: MoveState
  readonly atMs: number
  readonly note: string | null
}

export interface Moves {
  /** Keeps the moves of an action; replaces those of an earlier try of which nothing was sent. */
  keep(actionId: string, moves: readonly Move[], atMs: number): void
  of(actionId: string): readonly KeptMove[]
  mark(
    id: number,
    state: MoveState,
    details: { readonly atMs: number; readonly rec?: string; readonly note?: string },
  ): void
  /** Newest first: of one lead, or of all, before an id. */
  history(filter: { readonly key?: string; readonly beforeId?: number; readonly limit: number }): readonly KeptMove[]
  /** Notes something that nobody did on purpose, as history. */
  note(move: Omit<Move, 'seq'>, details: { readonly id: string; readonly atMs: number; readonly note: string }): void
  /** Forgets what was moved of a lead, but for what is still to be erased. */
  forget(key: string): void
  /** Forgets ended moves that are older. */
  expire(beforeMs: number): number
}

const rowSchema = z.object({
  id: z.number(),
  action_id: z.string(),
  seq: z.number(),
  key: z.string(),
  rec: z.string().nullable(),
  verb: z.enum(moveVerbs),
  content: z.string(),
  state: z.enum(moveStates),
  at: z.number(),
  note: z.string().nullable(),
})

function keptOf(row: unknown): KeptMove {
  const { id, action_id, seq, key, rec, verb, content, state, at, note } = rowSchema.parse(row)
  return {
    id,
    actionId: action_id,
    seq,
    key,
    rec,
    verb,
    content: contentSchema.parse(JSON.parse(content)),
    state,
    atMs: at,
    note,
  }
}

export function movesOf(db: Database, table: string): Moves {
  const columns = 'id, action_id, seq, key, rec, verb, content, state, at, note'
  const insert = db.prepare(
    "INSERT INTO move (action_id, seq, tbl, key, rec, verb, content, state, at) VALUES (?, ?, ?, ?, ?, ?, ?, 'planned', ?)",
  )
  const update = db.prepare('UPDATE move SET state = ?, at = ?, rec = coalesce(?, rec), note = ? WHERE id = ?')
  return {
    keep: (actionId, moves, atMs) =>
      db.transaction(() => {
        const begun = db
          .prepare<[string], number>("SELECT count(*) FROM move WHERE action_id = ? AND state <> 'planned'")
          .pluck()
          .get(actionId)
        if (begun !== undefined && begun > 0) return
        db.prepare('DELETE FROM move WHERE action_id = ?').run(actionId)
        for (const { seq, key, rec, verb, content } of moves)
          insert.run(actionId, seq, table, key, rec, verb, JSON.stringify(content), atMs)
      })(),
    of: (actionId) =>
      db.prepare(`SELECT ${columns} FROM move WHERE action_id = ? ORDER BY seq`).all(actionId).map(keptOf),
    mark: (id, state, { atMs, rec, note }) => {
      update.run(state, atMs, rec ?? null, note ?? null, id)
    },
    history: ({ key, beforeId, limit }) =>
      db
        .prepare(
          `SELECT ${columns} FROM move WHERE tbl = ? AND state IN ('done', 'refused') AND (? IS NULL OR key = ?) AND id < ?
           ORDER BY id DESC LIMIT ?`,
        )
        .all(table, key ?? null, key ?? null, beforeId ?? Number.MAX_SAFE_INTEGER, limit)
        .map(keptOf),
    note: (move, { id, atMs, note }) => {
      db.prepare(
        "INSERT OR IGNORE INTO move (action_id, seq, tbl, key, rec, verb, content, state, at, note) VALUES (?, 0, ?, ?, ?, ?, ?, 'done', ?, ?)",
      ).run(id, table, move.key, move.rec, move.verb, JSON.stringify(move.content), atMs, note)
    },
    forget: (key) => {
      db.prepare(
        "DELETE FROM move WHERE tbl = ? AND key = ? AND json_extract(content, '$.erases') IS NOT 1 AND state <> 'sent'",
      ).run(table, key)
    },
    expire: (beforeMs) => db.prepare("DELETE FROM move WHERE at < ? AND state <> 'sent'").run(beforeMs).changes,
  }
}
