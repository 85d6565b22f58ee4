/**
 * The journal's file: an append-only, hash-chained record with the tables derived from it, kept in step by appending
 * and projecting in one transaction with `synchronous=FULL`. What was acknowledged survives a crash.
 */
import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import type { Clock } from '../clock.ts'
import { OperationalError } from '../errors.ts'
import { anchorOf, newestAnchorSql, startOf } from './anchor.ts'
import { type ChainCheck, type ChainedRow, chainStart, checkChain, hashOfRow } from './chain.ts'
import type { Entry, NewEntry } from './entry.ts'
import { entryOf } from './entry-row.ts'
import { withoutSecretsInTexts } from './free-text.ts'
import { project } from './projection.ts'
import { migrateJournal } from './schema.ts'

export interface EntryFilter {
  readonly afterSeq?: number
  readonly actionId?: string
  readonly limit: number
}

export interface NewestFilter {
  readonly before: number | undefined
  readonly actor: string | undefined
  readonly resource: string | undefined
  readonly limit: number
}

export interface JournalStore {
  /**
   * Appends entries in one transaction: all or none, and `also` what is done with them. Throws InvariantViolation for one that
   * may not follow, JOURNAL_UNWRITABLE when the disk refuses.
   */
  append(entries: readonly NewEntry[], also?: (db: Database.Database) => void): readonly Entry[]
  /** Runs reads and writes of derived and volatile tables in one immediate transaction. */
  transaction<Result>(work: (db: Database.Database) => Result): Result
  /**
   * As `transaction`, for tables that may be lost (last looks, events, previews): it does not wait for the disk. A power
   * failure may take the newest of them, never the record, whose next append makes the disk hold all that came before.
   */
  volatile<Result>(work: (db: Database.Database) => Result): Result
  /**
   * As `volatile`, where nothing depends on its being kept: gives false, and keeps nothing, while the journal cannot be
   * written. Everything else throws JOURNAL_UNWRITABLE then.
   */
  beside(work: (db: Database.Database) => void): boolean
  /** Why the last write failed, and since when, where none has succeeded after it. */
  trouble(): JournalTrouble | undefined
  /** For reads. */
  readonly db: Database.Database
  entries(filter: EntryFilter): readonly Entry[]
  /** Newest first, below a sequence number. */
  newest(filter: NewestFilter): readonly Entry[]
  /** Walks the whole chain. */
  check(): ChainCheck
  /** Calls back after every append in this process. */
  onAppend(listener: (entry: Entry) => void): () => void
  close(): void
}

export interface JournalTrouble {
  readonly message: string
  readonly sinceMs: number
}

/** Opens a journal for appending, making file and folder (0600, 0700) where absent. `:memory:` is for tests, the simulator and workspaces without one. */
export function openJournal(path: string, clock: Clock): JournalStore {
  const db = openFile(path)
  return journalOver(db, clock, path, () => db.close())
}

/** A journal over an open connection, which may be read-only: then appending throws JOURNAL_UNWRITABLE. */
export function journalOver(db: Database.Database, clock: Clock, path: string, close: () => void): JournalStore {
  const listeners = new Set<(entry: Entry) => void>()
  const last = db.prepare<[], { seq: number; hash: string }>('SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1')
  const insert = db.prepare(
    `INSERT INTO entries (seq, at_ms, type, actor, resource, action_id, run_id, body, hash)
     VALUES (@seq, @at_ms, @type, @actor, @resource, @action_id, @run_id, @body, @hash)`,
  )

  const appendOne = (entry: NewEntry): Entry => {
    const previous = last.get() ?? { seq: 0, hash: chainStart }
    const row = {
      seq: previous.seq + 1,
      at_ms: clock.nowMs(),
      type: entry.type,
      actor: entry.actor,
      resource: entry.resource ?? null,
      action_id: entry.actionId ?? null,
      run_id: entry.runId ?? null,
      body: JSON.stringify(withoutSecretsInTexts(entry.body)),
    }
    const chained: ChainedRow = { ...row, hash: hashOfRow(previous.hash, row) }
    insert.run(chained)
    const stored = entryOf(chained)
    project(db, stored)
    return stored
  }

  let trouble: JournalTrouble | undefined
  /** A write that fails is remembered until one succeeds: who acts asks first. */
  const writing = <Result>(work: () => Result): Result => {
    try {
      const result = guarded(path, work)
      trouble = undefined
      return result
    } catch (error) {
      if (isUnwritable(error)) trouble ??= { message: error.message, sinceMs: clock.nowMs() }
      throw error
    }
  }
  const volatile: JournalStore['volatile'] = (work) =>
    writing(() => {
      // In WAL mode NORMAL leaves out the sync at the commit and nothing else (https://www.sqlite.org/pragma.html#pragma_synchronous).
      db.pragma('synchronous = NORMAL')
      try {
        return db.transaction(() => work(db)).immediate()
      } finally {
        db.pragma('synchronous = FULL')
      }
    })

  return {
    db,
    append(entries, also) {
      const stored = writing(() =>
        db
          .transaction(() => {
            const appended = entries.map(appendOne)
            also?.(db)
            return appended
          })
          .immediate(),
      )
      for (const entry of stored) for (const listener of listeners) listener(entry)
      return stored
    },
    transaction: (work) => writing(() => db.transaction(() => work(db)).immediate()),
    volatile,
    beside(work) {
      try {
        volatile(work)
        return true
      } catch (error) {
        if (!isUnwritable(error)) throw error
        return false
      }
    },
    trouble: () => trouble,
    entries(filter) {
      const rows =
        filter.actionId === undefined
          ? db
              .prepare<[number, number], ChainedRow>('SELECT * FROM entries WHERE seq > ? ORDER BY seq LIMIT ?')
              .all(filter.afterSeq ?? 0, filter.limit)
          : db
              .prepare<[string, number, number], ChainedRow>(
                'SELECT * FROM entries WHERE action_id = ? AND seq > ? ORDER BY seq LIMIT ?',
              )
              .all(filter.actionId, filter.afterSeq ?? 0, filter.limit)
      return rows.map(entryOf)
    },
    newest: ({ before, actor, resource, limit }) =>
      db
        .prepare<
          [number | null, number | null, string | null, string | null, string | null, string | null, number],
          ChainedRow
        >(
          `SELECT * FROM entries WHERE (? IS NULL OR seq < ?) AND (? IS NULL OR actor = ?) AND (? IS NULL OR resource = ?)
             ORDER BY seq DESC LIMIT ?`,
        )
        .all(before ?? null, before ?? null, actor ?? null, actor ?? null, resource ?? null, resource ?? null, limit)
        .map(entryOf),
    check: () =>
      db.transaction(() => {
        const anchor = anchorOf(db.prepare<[], { seq: number; body: string }>(newestAnchorSql).get())
        const rows = db.prepare<[], ChainedRow>('SELECT * FROM entries ORDER BY seq').iterate()
        return checkChain(rows, startOf(anchor))
      })(),
    onAppend(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close,
  }
}

function openFile(path: string): Database.Database {
  return guarded(path, () => {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const db = new Database(path, { timeout: 2000 })
    if (path !== ':memory:') chmodSync(path, 0o600)
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    migrateJournal(db, path)
    return db
  })
}

/** Whether an error says that the journal cannot be written now. */
export function isUnwritable(error: unknown): error is OperationalError {
  return error instanceof OperationalError && error.code === 'JOURNAL_UNWRITABLE'
}

/** Turns the refusals of SQLite and of the operating system into the journal's own errors. */
export function guarded<Result>(path: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (error instanceof Database.SqliteError) {
      const isBroken = /^SQLITE_(NOTADB|CORRUPT)/.test(error.code)
      const code = isBroken ? 'JOURNAL_BROKEN' : 'JOURNAL_UNWRITABLE'
      const hint = isBroken ? { hint: 'Keep a copy of the .trueup folder, then move it away to start afresh.' } : {}
      throw new OperationalError(code, `${path}: ${error.message} (${error.code})`, { cause: error, ...hint })
    }
    if (error instanceof Error && 'syscall' in error) {
      throw new OperationalError('JOURNAL_UNWRITABLE', `${path}: ${error.message}`, { cause: error })
    }
    throw error
  }
}
