/**
 * A side file that knows of every row of one table what somebody counts of it, and the sums of that, kept true by the
 * change log: a written row is judged alone, and nothing is counted anew. Losing it costs one full reading of the table.
 * Where it could be wrong (no log, a gap in it, another schema or file, rows that went without a trace) it says so.
 */
import { closeSync, openSync, rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { Cell } from '../../values/field-type.ts'
import { readChangeLog } from './change-log.ts'
import type { LedgerPlan } from './row-ledger-plan.ts'
import { ledgerWriter } from './row-ledger-writer.ts'
import { quoteIdentifier } from './schema-reader.ts'

/** Up to where the ledger is true. */
export interface LedgerStand {
  readonly version: string
  readonly identity: string
  readonly schemaVersion: number
  /** Place in the change log; null where the table feeds none. */
  readonly seq: number | null
  readonly rows: number
  readonly builtAtMs: number
}

export type Followed =
  | { readonly is: 'current'; readonly stand: LedgerStand; readonly changed: number }
  /** It has to be built anew. */
  | { readonly is: 'stale'; readonly reason: string }

const busyMs = 2000

/** Opens a ledger's file, made when it is not there. One that is no database any more is made anew. */
export function openLedgerFile(path: string): Database.Database {
  try {
    return openLedger(path)
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || !/^SQLITE_(NOTADB|CORRUPT)/.test(error.code)) throw error
    for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true })
    closeSync(openSync(path, 'a', 0o600))
    return openLedger(path)
  }
}

function openLedger(path: string): Database.Database {
  const db = new Database(path, { timeout: busyMs })
  try {
    db.pragma('journal_mode = WAL')
    // It can be made anew: what a power cut takes is noticed by its place in the log.
    db.pragma('synchronous = NORMAL')
    db.exec(`CREATE TABLE IF NOT EXISTS stand (
      one INTEGER PRIMARY KEY CHECK (one = 1), version TEXT NOT NULL, identity TEXT NOT NULL,
      schema_version INTEGER NOT NULL, seq INTEGER, rows INTEGER NOT NULL, built_at INTEGER NOT NULL)`)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Where the ledger stands; undefined before it was built. */
export function readStand(ledger: Database.Database): LedgerStand | undefined {
  return ledger
    .prepare<[], LedgerStand>(
      `SELECT version, identity, schema_version AS schemaVersion, seq, rows, built_at AS builtAtMs FROM stand`,
    )
    .get()
}

export interface FollowOptions {
  /** More written rows than this are not followed one by one. */
  readonly rowsMax: number
  /** Also ask the table how many rows it has: `INSERT OR REPLACE` of another program removes rows without a trace. */
  readonly count: boolean
  /** False for a ledger that may not be written: then it is current only when nothing was written. */
  readonly write: boolean
}

/** Brings the ledger up to the source as it is now, row by row. */
export function followLedger(
  source: Database.Database,
  ledger: Database.Database,
  plan: LedgerPlan,
  options: FollowOptions,
): Followed {
  // Another process may follow at the same time; then it is looked again what is left.
  for (let tries = 0; tries < 5; tries += 1) {
    const followed = followOnce(source, ledger, plan, options)
    if (followed !== undefined) return followed
  }
  return stale('another process writes the side file')
}

function followOnce(
  source: Database.Database,
  ledger: Database.Database,
  plan: LedgerPlan,
  { rowsMax, count, write }: FollowOptions,
): Followed | undefined {
  const stand = readStand(ledger)
  if (stand === undefined) return stale('not built yet')
  if (stand.version !== plan.version) return stale('the declaration is another')
  if (stand.identity !== plan.identity) return stale('the file is another')
  const { seq } = stand
  if (seq === null) return stale('the table feeds no change log')
  const seen = source.transaction(() => {
    if (schemaVersionOf(source) !== stand.schemaVersion) return stale('the schema is another')
    const log = readChangeLog(source, plan.table, seq, rowsMax)
    if (log.is === 'everything') return stale('more was written than the change log tells')
    const cells = log.rowIds.length === 0 ? new Map<number, Cell[]>() : cellsOf(source, plan, log.rowIds)
    const rows = count ? countOf(source, plan) : undefined
    return { is: 'seen' as const, log, cells, rows }
  })()
  if (seen.is === 'stale') return seen
  const { log, cells, rows } = seen
  const wanted = rows ?? stand.rows
  if (log.lastSeq === seq) return wanted === stand.rows ? current(stand, 0) : stale('rows went without a trace')
  if (log.rowIds.length === 0 && wanted !== stand.rows) return stale('rows went without a trace')
  if (!write) return log.rowIds.length === 0 ? current({ ...stand, seq: log.lastSeq }, 0) : stale('rows were written')
  return ledger
    .transaction((): Followed | undefined => {
      if (readStand(ledger)?.seq !== seq) return undefined
      const writer = ledgerWriter(ledger, plan.rules)
      let added = 0
      for (const rowId of log.rowIds) {
        const found = cells.get(rowId)
        added += writer.put(rowId, found === undefined ? undefined : plan.judge(found))
      }
      writer.settle()
      const now: LedgerStand = { ...stand, seq: log.lastSeq, rows: stand.rows + added }
      if (rows !== undefined && rows !== now.rows) {
        // Kept as unbuilt, so that nobody takes it for true.
        ledger.exec('DELETE FROM stand')
        return stale('rows went without a trace')
      }
      ledger.prepare('UPDATE stand SET seq = ?, rows = ?').run(now.seq, now.rows)
      return current(now, log.rowIds.length)
    })
    .immediate()
}

function stale(reason: string): Followed & { readonly is: 'stale' } {
  return { is: 'stale', reason }
}

function current(stand: LedgerStand, changed: number): Followed {
  return { is: 'current', stand, changed }
}

/** The schema's version: changes with every statement that touches it, a VACUUM too. */
export function schemaVersionOf(db: Database.Database): number {
  return db.prepare<[], number>('PRAGMA schema_version').pluck().get() ?? 0
}

function countOf(db: Database.Database, { table }: LedgerPlan): number {
  return (
    db
      .prepare<[], number>(`SELECT count(*) FROM ${quoteIdentifier(table)}`)
      .pluck()
      .get() ?? 0
  )
}

function cellsOf(db: Database.Database, plan: LedgerPlan, rowIds: readonly number[]): Map<number, Cell[]> {
  const rows = db
    .prepare<[string], [number, ...Cell[]]>(
      `SELECT ${[plan.rowId, ...plan.columns].join(', ')} FROM ${quoteIdentifier(plan.table)}
        WHERE ${plan.rowId} IN (SELECT value FROM json_each(?))`,
    )
    .raw()
    .all(JSON.stringify(rowIds))
  return new Map(rows.map(([rowId, ...cells]) => [rowId, cells]))
}
