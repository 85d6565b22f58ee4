/**
 * Where the change feed of a base stands and what is pending of it. What a page of payloads brings and the place after it
 * are committed together, so that a crash neither loses nor repeats a change.
 */
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import type { JsonValue } from '../../json.ts'
import { merged } from './pending-merge.ts'
import type { PayloadPage, PendingRecord } from './ports.ts'

export interface FeedState {
  readonly webhook: string | undefined
  /** Number of the payload that comes next. */
  readonly cursor: number
  readonly polledMs: number | undefined
  /** When payloads were last asked for, which prolongs the life of the hook. */
  readonly drainedMs: number | undefined
  /** When the hook and its cursor were last looked at in the list of webhooks. */
  readonly verifiedMs: number | undefined
  readonly without: string | undefined
  readonly gap: string | undefined
  readonly gapMs: number
  /** How many gaps there were. */
  readonly gaps: number
  readonly schemaVersion: number
}

/** What a page lets suspect: changes were missed; or the hook is of no use any longer, too. */
export interface Suspicion {
  readonly reason: string
  readonly isDead: boolean
}

/** What one page brought. */
export interface PageEffect {
  readonly records: number
  readonly schemaChanged: boolean
}

export interface FeedStore {
  state(): FeedState
  adopt(webhook: string, atMs: number): void
  /** No hook is used any longer; whatever happens from now on has to be found in another way. */
  drop(reason: string, atMs: number): void
  /** Changes may have been missed: every table has to be compared whole. */
  gap(reason: string, atMs: number): void
  /** The last gap is no later than this; for a clock that was set back. */
  clampGap(atMs: number): void
  /** Keeps what a page says, what it lets suspect, and its cursor, in one transaction. */
  keep(page: PayloadPage, suspicion: Suspicion | undefined, atMs: number): PageEffect
  /** Everything up to that payload is lost, and known to be. */
  skipTo(cursor: number, gap: string, atMs: number): void
  /** All payloads up to this moment were asked for. */
  drained(atMs: number): void
  /** The list of webhooks showed at this moment that hook and cursor are as they should be. */
  verified(atMs: number): void
  /** Something other than a payload told that tables or fields changed. */
  schemaChanged(): void
  schemaIsStale(): boolean
  pending(tableId: string): readonly PendingRecord[]
  settle(tableId: string, settled: readonly { readonly recordId: string; readonly seq: number }[]): void
  /** Whether the table was compared whole since the last gap. */
  isScanned(tableId: string): boolean
  scanned(tableId: string, beganMs: number): void
}

interface FeedRow {
  readonly webhook: string | null
  readonly cursor: number
  readonly polled_ms: number | null
  readonly drained_ms: number | null
  readonly verified_ms: number | null
  readonly without: string | null
  readonly gap: string | null
  readonly gap_ms: number
  readonly gaps: number
  readonly transaction_seen: number
  readonly seq: number
  readonly schema_version: number
}

/** The feed of one base over an open store. */
export function feedStoreIn(db: Database, base: string): FeedStore {
  db.prepare('INSERT OR IGNORE INTO feeds (base) VALUES (?)').run(base)
  const row = db.prepare<[string], FeedRow>('SELECT * FROM feeds WHERE base = ?')
  const found = (): FeedRow => {
    const one = row.get(base)
    if (one === undefined) throw new Error('the row of a feed is made before it is read')
    return one
  }
  const update = (columns: string, ...values: unknown[]) =>
    void db.prepare(`UPDATE feeds SET ${columns} WHERE base = ?`).run(...values, base)
  const rows = pendingRows(db, base)
  /** Inside the transaction of what tells of it. */
  const gapNow = (reason: string, atMs: number) => {
    update('gap = ?, gap_ms = ?, gaps = gaps + 1', reason, atMs)
    db.prepare('DELETE FROM scanned WHERE base = ?').run(base)
  }
  const withGap = (columns: string, ...values: unknown[]) =>
    db.transaction((reason: string, atMs: number) => {
      if (columns !== '') update(columns, ...values)
      gapNow(reason, atMs)
    }).immediate

  const keep = db.transaction((page: PayloadPage, suspicion: Suspicion | undefined, atMs: number): PageEffect => {
    let { seq, transaction_seen: seen, schema_version: version } = found()
    const before = version
    let records = 0
    for (const payload of page.payloads) {
      if (payload.is === 'error') continue
      // A payload that comes again, or late, tells what is no longer so: the record is read instead.
      const isStale = payload.transaction < seen
      seen = Math.max(seen, payload.transaction)
      if (payload.schemaChanged) version += 1
      for (const record of payload.records) {
        seq += 1
        records += 1
        rows.write(
          record.tableId,
          merged(rows.get(record.tableId, record.recordId), record, payload.atMs, seq, isStale),
        )
      }
    }
    update('cursor = ?, seq = ?, transaction_seen = ?, schema_version = ?', page.cursor, seq, seen, version)
    if (suspicion !== undefined) gapNow(suspicion.reason, atMs)
    if (suspicion?.isDead === true) update('webhook = NULL, without = ?', suspicion.reason)
    return { records, schemaChanged: version !== before }
  })
  const settle = db.transaction((tableId: string, settled: readonly { recordId: string; seq: number }[]) => {
    for (const { recordId, seq } of settled) rows.remove(tableId, recordId, seq)
  })

  return {
    state: () => stateOf(found()),
    adopt: (webhook, atMs) =>
      withGap(
        `webhook = ?, cursor = 1, polled_ms = NULL, drained_ms = NULL, verified_ms = ?, without = NULL, transaction_seen = 0`,
        webhook,
        atMs,
      )('the webhook is new', atMs),
    drop: (reason, atMs) => withGap('webhook = NULL, without = ?', reason)(reason, atMs),
    gap: (reason, atMs) => withGap('')(reason, atMs),
    clampGap: (atMs) => update('gap_ms = min(gap_ms, ?)', atMs),
    keep: (page, suspicion, atMs) => keep.immediate(page, suspicion, atMs),
    skipTo: (cursor, reason, atMs) => withGap('cursor = ?', cursor)(reason, atMs),
    drained: (atMs) => update('polled_ms = ?, drained_ms = ?', atMs, atMs),
    verified: (atMs) => update('polled_ms = ?, verified_ms = ?', atMs, atMs),
    schemaChanged: () => update('schema_version = schema_version + 1'),
    schemaIsStale: () =>
      db
        .prepare<[string], number>(
          `SELECT count(*) FROM feeds LEFT JOIN schemas USING (base)
           WHERE base = ? AND schemas.schema_version IS NOT feeds.schema_version`,
        )
        .pluck()
        .get(base) === 1,
    pending: (tableId) => rows.all(tableId),
    settle: (tableId, settled) => settle.immediate(tableId, settled),
    isScanned: (tableId) =>
      db.prepare('SELECT 1 FROM scanned WHERE base = ? AND table_id = ?').get(base, tableId) !== undefined,
    scanned: (tableId, beganMs) =>
      void db.prepare('INSERT OR REPLACE INTO scanned VALUES (?, ?, ?)').run(base, tableId, beganMs),
  }
}

function stateOf(row: FeedRow): FeedState {
  return {
    webhook: row.webhook ?? undefined,
    cursor: row.cursor,
    polledMs: row.polled_ms ?? undefined,
    drainedMs: row.drained_ms ?? undefined,
    verifiedMs: row.verified_ms ?? undefined,
    without: row.without ?? undefined,
    gap: row.gap ?? undefined,
    gapMs: row.gap_ms,
    gaps: row.gaps,
    schemaVersion: row.schema_version,
  }
}

const jsonSchema: z.ZodType<JsonValue> = z.json()
const cellsSchema = z.record(z.string(), jsonSchema)
const pendingSchema = z
  .object({
    record_id: z.string(),
    seq: z.number(),
    what: z.enum(['created', 'changed', 'destroyed']),
    at_ms: z.number(),
    created_ms: z.number().nullable(),
    cells: z.string().transform((text) => cellsSchema.parse(JSON.parse(text))),
    previous: z.string().transform((text) => cellsSchema.parse(JSON.parse(text))),
    untold: z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text))),
    passed: z.string().transform((text) => z.record(z.string(), z.array(jsonSchema)).parse(JSON.parse(text))),
  })
  .transform(
    ({ record_id, at_ms, created_ms, ...rest }): PendingRecord => ({
      ...rest,
      recordId: record_id,
      atMs: at_ms,
      createdMs: created_ms ?? undefined,
      isWhole: rest.untold.length === 0,
    }),
  )

function pendingRows(db: Database, base: string) {
  const one = db.prepare<[string, string, string]>(
    'SELECT * FROM pending WHERE base = ? AND table_id = ? AND record_id = ?',
  )
  const all = db.prepare<[string, string]>('SELECT * FROM pending WHERE base = ? AND table_id = ? ORDER BY seq')
  const put = db.prepare('INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const remove = db.prepare('DELETE FROM pending WHERE base = ? AND table_id = ? AND record_id = ? AND seq <= ?')
  return {
    get(tableId: string, recordId: string): PendingRecord | undefined {
      const row = one.get(base, tableId, recordId)
      return row === undefined ? undefined : pendingSchema.parse(row)
    },
    all: (tableId: string): PendingRecord[] => all.all(base, tableId).map((row) => pendingSchema.parse(row)),
    write(tableId: string, pending: PendingRecord) {
      const { recordId, seq, what, atMs, createdMs, cells, previous, untold, passed } = pending
      const texts = [cells, previous, untold, passed].map((value) => JSON.stringify(value))
      put.run(base, tableId, recordId, seq, what, atMs, createdMs ?? null, ...texts)
    },
    remove: (tableId: string, recordId: string, seq: number) => void remove.run(base, tableId, recordId, seq),
  }
}
