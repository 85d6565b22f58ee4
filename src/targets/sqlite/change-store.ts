/**
 * The file that keeps change sets: sets in blocks of whole records, each block small enough for one transaction on the
 * target. A set can be read only once it was finished, and a finished set never changes.
 */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import Database from 'better-sqlite3'
import type { Clock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { decodeChanges, encodeChange, isFollowing, sameRecord, sizeOfCell } from './change-codec.ts'
import { actionOf, bytesOf, expireSets } from './change-expiry.ts'
import { createChangeFingerprint } from './change-fingerprint.ts'
import { trailOf } from './change-trail.ts'
import { codeOf, toDatabaseError } from './database-error.ts'
import { makeSchemaOnce } from './own-table.ts'
import type { Change, ChangeSetWriter, ChangeTarget, Expired, ExpiryBounds, RecordTrail, SetOf } from './ports.ts'

/** Records in a block, and so in one transaction on the target. */
const blockRecordsMax = 500
/** Text of a block from which it is closed although it has room for more records. */
const blockBytesMax = 1_000_000
/** Blocks that are written in one transaction. */
const flushBlocks = 24
/** "True" in ASCII and a version, so that the file is told from any other. */
const applicationId = 0x54727565
const version = 1

const schema = `
CREATE TABLE IF NOT EXISTS sets (
  set_id INTEGER PRIMARY KEY AUTOINCREMENT,
  action_id TEXT NOT NULL, path TEXT NOT NULL, table_name TEXT NOT NULL, key_column TEXT NOT NULL,
  begun_at_ms INTEGER NOT NULL, finished_at_ms INTEGER, changes INTEGER, records INTEGER, blocks INTEGER, fingerprint TEXT) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS finished_sets ON sets (action_id) WHERE finished_at_ms IS NOT NULL;
CREATE INDEX IF NOT EXISTS sets_by_action ON sets (action_id);
CREATE TABLE IF NOT EXISTS blocks (
  set_id INTEGER NOT NULL REFERENCES sets ON DELETE CASCADE, block INTEGER NOT NULL,
  first INTEGER NOT NULL, changes INTEGER NOT NULL, records INTEGER NOT NULL, json TEXT NOT NULL,
  PRIMARY KEY (set_id, block)) STRICT;
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;`

/** A finished set. */
export interface StoredSet {
  readonly setId: number
  readonly target: ChangeTarget
  readonly count: number
  readonly records: number
  readonly blocks: number
  readonly fingerprint: string
}

export interface ChangeStore {
  begin(actionId: string, target: ChangeTarget): ChangeSetWriter
  find(actionId: string): StoredSet | undefined
  /** The changes of one block; blocks count from 0. */
  block(set: StoredSet, block: number): readonly Change[]
  /** Records per block, in order. */
  recordsPerBlock(set: StoredSet): readonly number[]
  page(set: StoredSet, from: number, limit: number): readonly Change[]
  /** Block by block, the changes of finished sets of the same file that were begun later, oldest first. */
  laterThan(set: StoredSet): Iterable<LaterChanges>
  discard(actionId: string): void
  /** Replaces changes of all sets, block by block; pauses between blocks. */
  redact(replace: (setOf: SetOf, change: Change) => Change | undefined): Promise<number>
  trail(record: { readonly path: string; readonly table: string; readonly key: string }): Promise<RecordTrail>
  expire(bounds: ExpiryBounds): Expired
  /** Bytes that the kept sets take in the file. */
  bytes(): number
  /** The latest moment that `expire` was given; undefined before the first. */
  expiredBeforeMs(): number | undefined
  close(): void
}

/** What a later action changed in a block. */
export interface LaterChanges {
  readonly actionId: string
  readonly changes: readonly { readonly table: string; readonly change: Change }[]
}

/** Opens the file, making it (0600, in a folder of 0700) where it is not there. Throws DATABASE_*, DISK_FULL, JOURNAL_TOO_NEW. */
export function openChangeStore(path: string, clock: Clock): ChangeStore {
  const guarded = <Result>(work: () => Result): Result => {
    try {
      return work()
    } catch (error) {
      throw toDatabaseError(error, path)
    }
  }
  const db = guarded(() => openFile(path))
  const expiry = db.prepare<[], string>(`SELECT value FROM notes WHERE name = 'expired_before_ms'`).pluck()
  const found = db.prepare<[string], FoundSet>(
    `SELECT set_id AS setId, path, table_name AS "table", key_column AS keyColumn, changes AS count, records, blocks, fingerprint
       FROM sets WHERE action_id = ? AND finished_at_ms IS NOT NULL`,
  )
  const jsonOf = db.prepare<[number, number], string>('SELECT json FROM blocks WHERE set_id = ? AND block = ?').pluck()

  return {
    begin: (actionId, target) => guarded(() => beginSet({ db, clock, guarded }, actionId, target)),
    find: (actionId) =>
      guarded(() => {
        const row = found.get(actionId)
        if (row === undefined) return undefined
        const { path: targetPath, table, keyColumn, ...rest } = row
        return { ...rest, target: { path: targetPath, table, keyColumn } }
      }),
    block: (set, block) =>
      guarded(() => {
        const json = jsonOf.get(set.setId, block)
        if (json === undefined) throw new OperationalError('ACTION_STALE', 'the change set expired while it was used')
        return decodeChanges(json)
      }),
    recordsPerBlock: (set) =>
      guarded(() =>
        db
          .prepare<[number], number>('SELECT records FROM blocks WHERE set_id = ? ORDER BY block')
          .pluck()
          .all(set.setId),
      ),
    page: (set, from, limit) =>
      guarded(() => {
        const rows = db
          .prepare<[number, number, number], { first: number; json: string }>(
            'SELECT first, json FROM blocks WHERE set_id = ? AND first < ? AND first + changes > ? ORDER BY block',
          )
          .all(set.setId, from + limit, from)
        const start = rows[0]?.first ?? from
        const changes = rows.flatMap((row) => decodeChanges(row.json)).filter((change) => !isFollowing(change))
        return changes.slice(from - start, from - start + limit)
      }),
    discard: (actionId) =>
      guarded(() => {
        db.prepare('DELETE FROM sets WHERE action_id = ?').run(actionId)
      }),
    redact: (replace) => redactSets({ db, clock, guarded }, replace),
    trail: async (record) => {
      try {
        return await trailOf(db, record)
      } catch (error) {
        throw toDatabaseError(error, path)
      }
    },
    laterThan: (set) => laterThan({ db, clock, guarded }, set),
    expire: (bounds) => guarded(() => expireSets(db, bounds)),
    bytes: () => guarded(() => bytesOf(db)),
    expiredBeforeMs: () =>
      guarded(() => {
        const value = expiry.get()
        return value === undefined ? undefined : Number(value)
      }),
    close: () => db.close(),
  }
}

interface FoundSet extends Omit<StoredSet, 'target'>, ChangeTarget {}

function openFile(path: string): Database.Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  try {
    // Only a file that is new is opened this way: closing another one here would drop SQLite's locks on it.
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
  const db = new Database(path, { fileMustExist: true, timeout: 5000 })
  try {
    db.pragma('auto_vacuum = INCREMENTAL')
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    db.pragma('foreign_keys = ON')
    db.pragma('secure_delete = ON')
    const known = Number(db.pragma('user_version', { simple: true }))
    if (known > version) throw new OperationalError('JOURNAL_TOO_NEW', `${path} has version ${known}, not ${version}`)
    const make = () => {
      db.exec(schema)
      db.pragma(`application_id = ${applicationId}`)
    }
    makeSchemaOnce(db, { version, make })
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

interface Block {
  /** Position of the first change and how many there are, without cells that only follow. */
  readonly first: number
  readonly changes: number
  readonly records: number
  readonly json: string
}

interface Store {
  readonly db: Database.Database
  readonly clock: Clock
  readonly guarded: <Result>(work: () => Result) => Result
}

function beginSet({ db, clock, guarded }: Store, actionId: string, target: ChangeTarget): ChangeSetWriter {
  const start = db.transaction(() => {
    db.prepare('DELETE FROM sets WHERE action_id = ? AND finished_at_ms IS NULL').run(actionId)
    return db
      .prepare('INSERT INTO sets (action_id, path, table_name, key_column, begun_at_ms) VALUES (?, ?, ?, ?, ?)')
      .run(actionId, target.path, target.table, target.keyColumn, clock.nowMs()).lastInsertRowid
  })
  const setId = start.immediate()
  const fingerprint = createChangeFingerprint()
  const insert = db.prepare(
    'INSERT INTO blocks (set_id, block, first, changes, records, json) VALUES (?, ?, ?, ?, ?, ?)',
  )
  let pending: Block[] = []
  let written = 0
  let records = 0
  let first = 0
  let block: ReturnType<typeof encodeChange>[] = []
  let blockChanges = 0
  let blockRecords = 0
  let blockBytes = 0
  let last: Change | undefined

  const seal = () => {
    if (block.length === 0) return
    pending.push({ first, changes: blockChanges, records: blockRecords, json: JSON.stringify(block) })
    first += blockChanges
    records += blockRecords
    block = []
    blockChanges = 0
    blockRecords = 0
    blockBytes = 0
  }
  const flush = (end?: () => void) => {
    const write = db.transaction(() => {
      if (db.prepare('SELECT 1 FROM sets WHERE set_id = ? AND finished_at_ms IS NULL').get(setId) === undefined) {
        throw new OperationalError('ACTION_STALE', 'the change set was begun anew or expired while it was written')
      }
      for (const one of pending) {
        insert.run(setId, written, one.first, one.changes, one.records, one.json)
        written += 1
      }
      end?.()
    })
    const before = written
    try {
      write.immediate()
    } catch (error) {
      written = before
      throw error
    }
    pending = []
  }
  const remove = () => db.prepare('DELETE FROM sets WHERE set_id = ? AND finished_at_ms IS NULL').run(setId)

  return {
    add(change) {
      fingerprint.add(change)
      if (last === undefined || !sameRecord(last, change)) {
        const isWithin = change.unit !== undefined && change.unit === last?.unit
        if (!isWithin && (blockRecords >= blockRecordsMax || blockBytes >= blockBytesMax)) {
          seal()
          if (pending.length >= flushBlocks) guarded(() => flush())
        }
        blockRecords += 1
      }
      block.push(encodeChange(change))
      if (!isFollowing(change)) blockChanges += 1
      blockBytes += sizeOfChange(change)
      last = change
    },
    finish: () =>
      guarded(() => {
        const result = { count: fingerprint.count, fingerprint: fingerprint.digest() }
        seal()
        flush(() => {
          const finished = db
            .prepare('SELECT 1 FROM sets WHERE action_id = ? AND finished_at_ms IS NOT NULL')
            .get(actionId)
          if (finished !== undefined) {
            remove()
            return
          }
          db.prepare(
            'UPDATE sets SET finished_at_ms = ?, changes = ?, records = ?, blocks = ?, fingerprint = ? WHERE set_id = ?',
          ).run(clock.nowMs(), result.count, records, written, result.fingerprint, setId)
        })
        return result
      }),
    abandon: () => guarded(() => void remove()),
  }
}

function* laterThan({ db, guarded }: Store, set: StoredSet): Generator<LaterChanges> {
  const next = db.prepare<
    [string, number, number, number],
    { setId: number; block: number; json: string; actionId: string; table: string }
  >(
    `SELECT b.set_id AS setId, b.block, b.json, s.action_id AS actionId, s.table_name AS "table"
       FROM blocks AS b JOIN sets AS s ON s.set_id = b.set_id
      WHERE s.path = ? AND s.finished_at_ms IS NOT NULL AND (b.set_id > ? OR (b.set_id = ? AND b.block > ?))
      ORDER BY b.set_id, b.block LIMIT 1`,
  )
  for (let { setId } = set, block = Number.MAX_SAFE_INTEGER; ; ) {
    const [at, after] = [setId, block]
    const found = guarded(() => next.get(set.target.path, at, at, after))
    if (found === undefined) return
    ;({ setId, block } = found)
    const changes = decodeChanges(found.json).map((change) => ({ table: change.of?.table ?? found.table, change }))
    yield { actionId: actionOf(found.actionId), changes }
  }
}

/** Sets that are begun meanwhile are looked at too: a block that is written later has a higher place. */
async function redactSets(
  { db, guarded }: Store,
  replace: (setOf: SetOf, change: Change) => Change | undefined,
): Promise<number> {
  const next = db.prepare<
    [number, number, number],
    { setId: number; block: number; json: string; actionId: string } & ChangeTarget
  >(
    `SELECT b.set_id AS setId, b.block, b.json, s.action_id AS actionId, s.path, s.table_name AS "table", s.key_column AS keyColumn
       FROM blocks AS b JOIN sets AS s ON s.set_id = b.set_id
      WHERE b.set_id > ? OR (b.set_id = ? AND b.block > ?) ORDER BY b.set_id, b.block LIMIT 1`,
  )
  const keep = db.prepare('UPDATE blocks SET json = ? WHERE set_id = ? AND block = ?')
  let replaced = 0
  for (let setId = 0, block = -1; ; ) {
    const found = guarded(() => next.get(setId, setId, block))
    if (found === undefined) return replaced
    ;({ setId, block } = found)
    const { actionId, path, table, keyColumn } = found
    let touched = 0
    const changes = decodeChanges(found.json).map((change) => {
      const other = replace({ actionId, target: { path, table, keyColumn, ...change.of } }, change)
      if (other !== undefined) touched += 1
      return other ?? change
    })
    if (touched > 0) guarded(() => keep.run(JSON.stringify(changes.map(encodeChange)), setId, block))
    replaced += touched
    await setImmediate()
  }
}

function sizeOfChange(change: Change): number {
  if (change.is === 'cell') return 40 + sizeOfCell(change.before) + sizeOfCell(change.after)
  return Object.entries(change.row).reduce((sum, [name, cell]) => sum + name.length + 6 + sizeOfCell(cell), 40)
}
