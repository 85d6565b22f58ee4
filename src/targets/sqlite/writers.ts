/**
 * The one writing connection per file of this process. Writes to one file follow each other in the order they were
 * asked for; while another program holds the lock they wait without holding up the event loop.
 */
import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { Clock } from '../../clock.ts'
import { invariant, OperationalError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Random } from '../../random.ts'
import { openWriting, restore } from './connection.ts'
import { codeOf, isBusy, statDatabase, toDatabaseError } from './database-error.ts'
import { explainedError } from './explained-error.ts'
import { walHoldersOf } from './live-locks.ts'
import type { WriteOptions } from './ports.ts'

/** How a try ends up: inside a transaction of ours, or on the bare connection. */
export type Manner = 'transaction' | 'bare'

export interface Writers {
  run<Result>(path: string, manner: Manner, work: (db: Database) => Result, options: WriteOptions): Promise<Result>
  /** Whether this process has this very file open for writing. @param path the real path. */
  has(path: string, file: { readonly dev: bigint; readonly ino: bigint }): boolean
  /** Closes the connection to a file, after the writes that were asked for before. */
  leave(path: string): Promise<void>
  close(): void
}

const waitDefaultMs = 5000
/** Pauses between two tries: short at first, since most locks are, then longer; each is spread by up to its half. */
const pauseFirstMs = 4
const pauseMostMs = 60

interface Connection {
  readonly db: Database
  readonly dev: bigint
  readonly ino: bigint
}

export function createWriters(settings: {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}): Writers {
  const { clock, random } = settings
  const connections = new Map<string, Connection>()
  const tails = new Map<string, Promise<void>>()
  let closed = false

  const drop = (path: string) => {
    connections.get(path)?.db.close()
    connections.delete(path)
  }

  /** Gives the connection its settings back. What was done is done, so trouble here costs the connection, not the result. */
  const settle = (path: string, db: Database) => {
    try {
      restore(db)
    } catch (error) {
      settings.log.debug({ error, path }, 'a writing connection is opened anew')
      drop(path)
    }
  }

  /** The connection to the file that is at the path now: a file that was put in its place is opened anew. */
  const connect = async (path: string): Promise<Database> => {
    const { dev, ino } = await statDatabase(path)
    const known = connections.get(path)
    if (known !== undefined && known.dev === dev && known.ino === ino) return known.db
    if (known !== undefined) await leaveReplaced(path, known.db)
    drop(path)
    const db = openWriting(path)
    connections.set(path, { db, dev, ino })
    return db
  }

  const attempt = async <Result>(path: string, manner: Manner, work: (db: Database) => Result): Promise<Result> => {
    const db = await connect(path)
    invariant(!closed, 'nothing is written after closeAll')
    try {
      return manner === 'transaction' ? inTransaction(db, work) : onBareConnection(db, work)
    } catch (error) {
      // A connection that met a broken file or disk is not trusted again.
      if (!isBusy(error) && toDatabaseError(error, path) !== error) drop(path)
      throw error
    } finally {
      if (manner === 'bare' && connections.has(path)) settle(path, db)
    }
  }

  const insist = async <Result>(
    path: string,
    manner: Manner,
    work: (db: Database) => Result,
    options: WriteOptions,
  ): Promise<Result> => {
    const giveUpAtMs = clock.monotonicMs() + (options.waitMs ?? waitDefaultMs)
    for (let pauseMs = pauseFirstMs; ; pauseMs = Math.min(pauseMs * 1.6, pauseMostMs)) {
      throwIfAborted(options.signal, path)
      try {
        return await attempt(path, manner, work)
      } catch (error) {
        if (!isBusy(error) || clock.monotonicMs() >= giveUpAtMs) throw await explainedError(error, path)
      }
      await clock.sleep(pauseMs * (0.75 + random.next() / 2), options.signal)
    }
  }

  return {
    async run(path, manner, work, options) {
      invariant(!closed, 'nothing is written after closeAll')
      const before = tails.get(path) ?? Promise.resolve()
      const mine = before.then(async () => insist(await realOf(path), manner, work, options))
      const settled = mine.then(
        () => undefined,
        () => undefined,
      )
      tails.set(path, settled)
      try {
        return await mine
      } finally {
        if (tails.get(path) === settled) tails.delete(path)
      }
    },
    async leave(path) {
      await tails.get(path)
      drop(await realOrGone(path))
    },
    has(path, file) {
      const known = connections.get(path)
      return known !== undefined && known.dev === file.dev && known.ino === file.ino
    },
    close() {
      closed = true
      for (const path of [...connections.keys()]) drop(path)
    },
  }
}

/** The file may have been deleted under its connection, which SQLite then closes without touching what has its name. */
async function realOrGone(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw toDatabaseError(error, path)
    const folder = await realpath(dirname(path)).catch(() => dirname(path))
    return join(folder, basename(path))
  }
}

async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    throw toDatabaseError(error, path)
  }
}

/**
 * Makes the -wal of a file that was replaced harmless before the new one is opened: SQLite would play it back into the
 * new file, whatever that is (https://www.sqlite.org/howtocorrupt.html, 1.2 to 1.4). Its content goes to the file it
 * belongs to, which our connection still has, and the -wal becomes empty.
 */
async function leaveReplaced(path: string, old: Database): Promise<void> {
  const holders = await walHoldersOf(path)
  if (holders !== undefined && !holders.has(process.pid)) return
  const others = [...(holders ?? [])].filter((pid) => pid !== process.pid)
  if (others.length > 0) {
    const programs = `process${others.length > 1 ? 'es' : ''} ${others.join(', ')}`
    throw new OperationalError('DATABASE_LOCKED', `${path} was replaced while ${programs} had the old file open`, {
      hint: `Restart ${programs}; the -wal beside the new file is that of the old one until then.`,
    })
  }
  if (old.pragma('journal_mode', { simple: true }) === 'wal') old.pragma('wal_checkpoint(TRUNCATE)')
}

function inTransaction<Result>(db: Database, work: (db: Database) => Result): Result {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work(db)
    invariant(!(result instanceof Promise), 'the work of a transaction is synchronous')
    invariant(db.inTransaction, 'the work of a transaction does not end it')
    db.exec('COMMIT')
    return result
  } finally {
    if (db.inTransaction) db.exec('ROLLBACK')
  }
}

function onBareConnection<Result>(db: Database, work: (db: Database) => Result): Result {
  try {
    const result = work(db)
    invariant(!(result instanceof Promise), 'work on a connection is synchronous')
    invariant(!db.inTransaction, 'work outside a transaction ends those it begins')
    return result
  } finally {
    if (db.inTransaction) db.exec('ROLLBACK')
  }
}

function throwIfAborted(signal: AbortSignal | undefined, path: string): void {
  if (signal?.aborted !== true) return
  const reason: unknown = signal.reason
  throw reason instanceof OperationalError
    ? reason
    : new OperationalError('ACTION_DEADLINE', `writing ${path} was stopped before it began`, { cause: reason })
}
