/**
 * What alerts are kept in: `.trueup/alerts.db`. What it keeps true: a change of state and the notices that follow from it are
 * written together, so that a crash loses neither; a notice stays until its target took it, or a week has passed.
 */
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { openOwnFile } from '../targets/sqlite/own-table.ts'
import type { AlertState, Notice } from './machine.ts'

const severitySchema = z.enum(['low', 'medium', 'high', 'critical'])
const stateSchema = z.object({
  key: z.string(),
  rule: z.object({ when: z.string(), to: z.string(), severity: severitySchema, forMs: z.number() }),
  instance: z.string(),
  phase: z.enum(['pending', 'firing']),
  value: z.number(),
  sinceMs: z.number(),
  calmSinceMs: z.number().nullable(),
  toldAtMs: z.number().nullable(),
  returns: z.array(z.number()),
})
const noticeSchema = z.object({
  id: z.string(),
  is: z.enum(['firing', 'resolved']),
  state: stateSchema,
  atMs: z.number(),
})
const messageSchema = z.object({ subject: z.string(), text: z.string() })
const itemSchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('notice'), notice: noticeSchema }),
  /** A report, or a test of the channel. */
  z.object({ is: z.literal('message'), id: z.string(), message: messageSchema }),
])
/** What is to be told. */
export type OutboxItem = z.output<typeof itemSchema>

export interface Queued {
  readonly seq: number
  readonly channel: string
  readonly atMs: number
  readonly attempts: number
  readonly nextMs: number
  readonly item: OutboxItem
}

export interface Silence {
  readonly id: string
  /** A rule as it is written, or the key of one alert; `*` for all. */
  readonly of: string
  readonly untilMs: number
  readonly by: string
  readonly reason: string
}

export interface Delivery {
  readonly atMs: number
  readonly channel: string
  readonly is: 'delivered' | 'failed' | 'given-up'
  readonly items: number
  /** What was told, or why it failed; without addresses. */
  readonly detail: string
  readonly tookMs: number
}

export interface AlertStore {
  states(): readonly AlertState[]
  /** Replaces the states and adds what is to be told, together. */
  commit(
    states: readonly AlertState[],
    items: readonly { channel: string; notBeforeMs: number; item: OutboxItem }[],
    nowMs: number,
  ): void
  waiting(): readonly Queued[]
  /** Takes a delivery's items out of the outbox, and notes it. */
  delivered(queued: readonly Queued[], delivery: Delivery): void
  /** Puts them off. */
  failed(queued: readonly Queued[], nextMs: number, delivery: Delivery): void
  log(limit: number): readonly Delivery[]
  silences(nowMs: number): readonly Silence[]
  silence(silence: Silence): void
  /** False where there is none of that id. */
  liftSilence(id: string): boolean
  note(name: string, value: number): void
  noted(name: string): number | undefined
  close(): void
}

/** Rows of the log that are kept. */
const logMax = 2000

const schema = `
  CREATE TABLE IF NOT EXISTS states (key TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, at_ms INTEGER NOT NULL, attempts INTEGER NOT NULL,
    next_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, channel TEXT NOT NULL, is_ TEXT NOT NULL, items INTEGER NOT NULL,
    detail TEXT NOT NULL, took_ms INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS silences (
    id TEXT PRIMARY KEY, of_ TEXT NOT NULL, until_ms INTEGER NOT NULL, by_ TEXT NOT NULL, reason TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;`

export function openAlertStore(path: string): AlertStore {
  // What was said to be told survives a power cut.
  return storeOver(openOwnFile(path, { schema, synchronous: 'FULL' }))
}

interface OutboxRow {
  readonly seq: number
  readonly channel: string
  readonly atMs: number
  readonly attempts: number
  readonly nextMs: number
  readonly body: string
}

const deliveryIs = z.enum(['delivered', 'failed', 'given-up'])

/** Over a file that somebody else has opened too; what is not there is empty. */
export function storeOver(db: Database): AlertStore {
  const isThere = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'outbox'").get() !== undefined
  const all = <Row>(sql: string, ...given: readonly (string | number)[]): readonly Row[] =>
    isThere ? db.prepare<(string | number)[], Row>(sql).all(...given) : []
  const run = (sql: string, ...given: readonly (string | number)[]) => db.prepare(sql).run(...given).changes
  const logged = ({ atMs, channel, is, items, detail, tookMs }: Delivery) => {
    run(
      'INSERT INTO deliveries (at_ms, channel, is_, items, detail, took_ms) VALUES (?, ?, ?, ?, ?, ?)',
      atMs,
      channel,
      is,
      items,
      detail,
      Math.round(tookMs),
    )
    run(`DELETE FROM deliveries WHERE seq <= (SELECT max(seq) FROM deliveries) - ${logMax}`)
  }
  return {
    states: () =>
      all<{ body: string }>('SELECT body FROM states ORDER BY key').map(({ body }) =>
        stateSchema.parse(JSON.parse(body)),
      ),
    commit(states, items, nowMs) {
      const before = new Map(
        all<{ key: string; body: string }>('SELECT key, body FROM states').map(({ key, body }) => [key, body]),
      )
      const after = new Map(states.map((state) => [state.key, JSON.stringify(state)]))
      const changed = [...after].filter(([key, body]) => before.get(key) !== body)
      const gone = [...before.keys()].filter((key) => !after.has(key))
      // Looking again writes nothing.
      if (changed.length + gone.length + items.length === 0) return
      db.transaction(() => {
        for (const key of gone) run('DELETE FROM states WHERE key = ?', key)
        for (const [key, body] of changed) run('INSERT OR REPLACE INTO states (key, body) VALUES (?, ?)', key, body)
        for (const { channel, notBeforeMs, item } of items)
          run(
            'INSERT INTO outbox (channel, at_ms, attempts, next_ms, body) VALUES (?, ?, 0, ?, ?)',
            channel,
            nowMs,
            notBeforeMs,
            JSON.stringify(item),
          )
      }).immediate()
    },
    waiting: () =>
      all<OutboxRow>(
        'SELECT seq, channel, at_ms AS atMs, attempts, next_ms AS nextMs, body FROM outbox ORDER BY seq',
      ).map(({ body, ...row }) => ({ ...row, item: itemSchema.parse(JSON.parse(body)) })),
    delivered(queued, delivery) {
      db.transaction(() => {
        for (const { seq } of queued) run('DELETE FROM outbox WHERE seq = ?', seq)
        logged(delivery)
      }).immediate()
    },
    failed(queued, nextMs, delivery) {
      db.transaction(() => {
        for (const { seq } of queued)
          run('UPDATE outbox SET attempts = attempts + 1, next_ms = ? WHERE seq = ?', Math.round(nextMs), seq)
        logged(delivery)
      }).immediate()
    },
    log: (limit) =>
      all<{ atMs: number; channel: string; is: string; items: number; detail: string; tookMs: number }>(
        'SELECT at_ms AS atMs, channel, is_ AS "is", items, detail, took_ms AS tookMs FROM deliveries ORDER BY seq DESC LIMIT ?',
        limit,
      ).map((row) => ({ ...row, is: deliveryIs.parse(row.is) })),
    silences: (nowMs) =>
      all<Silence>(
        'SELECT id, of_ AS "of", until_ms AS untilMs, by_ AS "by", reason FROM silences WHERE until_ms > ? ORDER BY until_ms',
        nowMs,
      ),
    silence({ id, of, untilMs, by, reason }) {
      run(
        'INSERT OR REPLACE INTO silences (id, of_, until_ms, by_, reason) VALUES (?, ?, ?, ?, ?)',
        id,
        of,
        untilMs,
        by,
        reason,
      )
    },
    liftSilence: (id) => run('DELETE FROM silences WHERE id = ?', id) > 0,
    note: (name, value) =>
      void run('INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)', name, Math.round(value)),
    noted: (name) => all<{ value: number }>('SELECT value FROM notes WHERE name = ?', name)[0]?.value,
    close: () => db.close(),
  }
}

export function noticesOf(queued: readonly Queued[]): readonly Notice[] {
  return queued.flatMap(({ item }) => (item.is === 'notice' ? [item.notice] : []))
}
