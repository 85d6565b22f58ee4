/** What a person has to choose between: two values of a cell, or a deletion and an edit, bound to exactly these values. */
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { type JsonValue, shortHashOf } from '../../../json.ts'
import type { Mark } from '../reading.ts'
import { markSchema } from './pair.ts'

export interface Conflict {
  /** Bound to the values: when one of them changes, it is another conflict. */
  readonly id: string
  readonly key: string
  /** The field; empty where the record as a whole is meant. */
  readonly field: string
  /** `values`: both changed. `deleted-local`, `deleted-remote`: that side deleted what the other edited. */
  readonly kind: 'values' | 'deleted-local' | 'deleted-remote'
  readonly local: Mark
  readonly remote: Mark
  readonly base: Mark
  readonly localAtMs: number | null
  readonly remoteAtMs: number | null
  readonly foundMs: number
  /** `gone`: the values changed or agreed before anybody chose. */
  readonly state: 'open' | 'resolved' | 'gone'
  readonly choice: string | null
  readonly resolvedBy: string | null
  readonly resolvedMs: number | null
}

export type ConflictDraft = Pick<
  Conflict,
  'key' | 'field' | 'kind' | 'local' | 'remote' | 'base' | 'localAtMs' | 'remoteAtMs'
>

/** Where a conflict stands among all: the newest come first, those of one moment by id. */
export interface ConflictPlace {
  readonly foundMs: number
  readonly id: string
}

export interface Conflicts {
  get(id: string): Conflict | undefined
  /** Newest first, after a place in that order. */
  list(filter: {
    readonly state: Conflict['state'] | undefined
    readonly after?: ConflictPlace
    readonly limit: number
  }): readonly Conflict[]
  openCount(): number
  /** Notes the open conflicts of a pair; others of it that were open are gone. Gives their ids. */
  found(key: string, drafts: readonly ConflictDraft[], atMs: number): readonly string[]
  /** Forgets the conflicts of a lead. */
  forget(key: string): void
  resolve(id: string, choice: string, by: string, atMs: number): void
}

const rowSchema = z.object({
  id: z.string(),
  key: z.string(),
  field: z.string(),
  kind: z.enum(['values', 'deleted-local', 'deleted-remote']),
  local: z.string(),
  remote: z.string(),
  base: z.string().nullable(),
  local_at: z.number().nullable(),
  remote_at: z.number().nullable(),
  found_at: z.number(),
  state: z.enum(['open', 'resolved', 'gone']),
  choice: z.string().nullable(),
  resolved_by: z.string().nullable(),
  resolved_at: z.number().nullable(),
})

const markOfText = (text: string | null): Mark => (text === null ? null : markSchema.parse(JSON.parse(text)))

function conflictOf(row: unknown): Conflict {
  const read = rowSchema.parse(row)
  return {
    id: read.id,
    key: read.key,
    field: read.field,
    kind: read.kind,
    local: markOfText(read.local),
    remote: markOfText(read.remote),
    base: markOfText(read.base),
    localAtMs: read.local_at,
    remoteAtMs: read.remote_at,
    foundMs: read.found_at,
    state: read.state,
    choice: read.choice,
    resolvedBy: read.resolved_by,
    resolvedMs: read.resolved_at,
  }
}

export function conflictsOf(db: Database, table: string): Conflicts {
  const columns =
    'id, key, field, kind, local, remote, base, local_at, remote_at, found_at, state, choice, resolved_by, resolved_at'
  const get = db.prepare(`SELECT ${columns} FROM conflict WHERE tbl = ? AND id = ?`)
  const open = db.prepare<[string, string], { id: string }>(
    "SELECT id FROM conflict WHERE tbl = ? AND key = ? AND state = 'open'",
  )
  const insert = db.prepare(
    `INSERT INTO conflict (id, tbl, key, field, kind, local, remote, base, local_at, remote_at, found_at, state)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')
     ON CONFLICT (id) DO UPDATE SET state = 'open', found_at = excluded.found_at, choice = NULL, resolved_by = NULL,
       resolved_at = NULL WHERE state = 'gone'`,
  )
  const close = db.prepare("UPDATE conflict SET state = 'gone' WHERE id = ?")
  return {
    get: (id) => {
      const row = get.get(table, id)
      return row === undefined ? undefined : conflictOf(row)
    },
    list: ({ state, after, limit }) =>
      db
        .prepare(
          `SELECT ${columns} FROM conflict WHERE tbl = ? AND (? IS NULL OR state = ?)
             AND (found_at < ? OR (found_at = ? AND id > ?)) ORDER BY found_at DESC, id LIMIT ?`,
        )
        .all(table, state ?? null, state ?? null, ...placeOf(after), limit)
        .map(conflictOf),
    openCount: () =>
      db
        .prepare<[string], number>("SELECT count(*) FROM conflict WHERE tbl = ? AND state = 'open'")
        .pluck()
        .get(table) ?? 0,
    found(key, drafts, atMs) {
      const ids = drafts.map((draft) => {
        const { field, kind, local, remote, base, localAtMs, remoteAtMs } = draft
        const id = shortHashOf({ table, key, field, kind, local: plain(local), remote: plain(remote) })
        const texts = [JSON.stringify(local), JSON.stringify(remote), JSON.stringify(base)]
        insert.run(id, table, key, field, kind, ...texts, localAtMs, remoteAtMs, atMs)
        return id
      })
      for (const { id } of open.all(table, key)) if (!ids.includes(id)) close.run(id)
      return ids
    },
    forget: (key) => {
      db.prepare('DELETE FROM conflict WHERE tbl = ? AND key = ?').run(table, key)
    },
    resolve: (id, choice, by, atMs) => {
      db.prepare(
        "UPDATE conflict SET state = 'resolved', choice = ?, resolved_by = ?, resolved_at = ? WHERE tbl = ? AND id = ?",
      ).run(choice, by, atMs, table, id)
    },
  }
}

/** The bounds of a page; without a place, all of it. */
function placeOf(after: ConflictPlace | undefined): [number, number, string] {
  const { foundMs, id } = after ?? { foundMs: Number.MAX_SAFE_INTEGER, id: '' }
  return [foundMs, foundMs, id]
}

function plain(mark: Mark): JsonValue {
  return mark !== null && typeof mark === 'object' ? { unfit: mark.unfit } : mark
}
