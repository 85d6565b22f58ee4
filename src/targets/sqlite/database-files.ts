/**
 * The files of a database as the file system sees them: modes, sizes, times. Nothing here opens a file that exists, since
 * closing it again would drop the locks that SQLite holds on it in this process.
 */
import type { BigIntStats } from 'node:fs'
import { chmod, mkdir, open, realpath, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { OperationalError } from '../../errors.ts'
import { switchJournalMode } from './connection.ts'
import { codeOf, statDatabase, toDatabaseError } from './database-error.ts'
import type { Databases } from './ports.ts'

interface FileFacts {
  /** The real path. */
  readonly path: string
  /** Device and inode: another file at the same path has another identity. */
  readonly identity: string
  /** The permission bits, for example 0o600. */
  readonly mode: number
  /** Of the owner. */
  readonly uid: number
  /** Bytes. */
  readonly size: number
  /** Last write, in milliseconds since the epoch. */
  readonly modifiedAtMs: number
  /** Last change of content, name, mode or owner, in milliseconds since the epoch; no program can set it. */
  readonly changedAtMs: number
}

export interface DatabaseFacts {
  readonly file: FileFacts
  readonly wal: FileFacts | undefined
  readonly shm: FileFacts | undefined
  readonly folder: FileFacts
}

export interface DatabaseFiles {
  /** What is there; undefined where nothing is. Throws DATABASE_NOT_A_FILE, DATABASE_PERMISSION. */
  facts(path: string): Promise<DatabaseFacts | undefined>
  /** What a database that is gone left behind: the paths of its -wal and journal that hold something. */
  remains(path: string): Promise<readonly string[]>
  /** The permission bits of anything; undefined where nothing is. */
  modeOf(path: string): Promise<number | undefined>
  /** Sets permission bits. Throws DATABASE_PERMISSION, DATABASE_MISSING, DATABASE_READ_ONLY. */
  setMode(path: string, mode: number): Promise<void>
  /** Makes an empty database file of mode 0600 in WAL mode, and its folder (0700). A file that is there stays as it is. */
  create(path: string, databases: Databases): Promise<void>
  /** Removes a database that holds nothing. Throws ACTION_NOT_UNDOABLE when it holds something. */
  removeEmpty(path: string, databases: Databases): Promise<void>
}

/** The files of this machine. */
export const databaseFiles: DatabaseFiles = {
  async facts(path) {
    let file: BigIntStats
    try {
      file = await statDatabase(path)
    } catch (error) {
      if (error instanceof OperationalError && error.code === 'DATABASE_MISSING') return undefined
      throw error
    }
    const real = await guarded(path, () => realpath(path))
    const folder = await factsOf(dirname(real))
    if (folder === undefined) return undefined
    return {
      file: toFacts(real, file),
      wal: await factsOf(`${real}-wal`),
      shm: await factsOf(`${real}-shm`),
      folder,
    }
  },
  async remains(path) {
    const parts = await Promise.all([`${path}-wal`, `${path}-journal`].map(factsOf))
    return parts.flatMap((part) => (part !== undefined && part.size > 0 ? [part.path] : []))
  },
  modeOf: async (path) => (await factsOf(path))?.mode,
  setMode: (path, mode) => guarded(path, () => chmod(path, mode)),
  async create(path, databases) {
    await guarded(path, () => mkdir(dirname(path), { recursive: true, mode: 0o700 }))
    try {
      // `wx` opens only what it makes itself, so no lock of ours can hang on it.
      const made = await open(path, 'wx', 0o600)
      await made.close()
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw toDatabaseError(error, path)
    }
    await databases.exclusive(path, (db) => switchJournalMode(db, 'wal'))
  },
  async removeEmpty(path, databases) {
    if ((await factsOf(path)) === undefined) return
    await databases.exclusive(path, (db) => {
      const things = db.prepare<[], number>('SELECT count(*) FROM main.sqlite_schema').pluck().get()
      if (things !== 0) throw new OperationalError('ACTION_NOT_UNDOABLE', `${path} holds tables now`)
      // Without WAL mode no -wal is left beside the path, and nobody else has the file open.
      switchJournalMode(db, 'delete')
    })
    await guarded(path, () => unlink(path))
  },
}

async function factsOf(path: string): Promise<FileFacts | undefined> {
  try {
    return toFacts(path, await stat(path, { bigint: true }))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw toDatabaseError(error, path)
  }
}

function toFacts(path: string, found: BigIntStats): FileFacts {
  return {
    path,
    identity: `${found.dev}:${found.ino}`,
    mode: Number(found.mode) & 0o7777,
    uid: Number(found.uid),
    size: Number(found.size),
    modifiedAtMs: Number(found.mtimeMs),
    changedAtMs: Number(found.ctimeMs),
  }
}

async function guarded<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw toDatabaseError(error, path)
  }
}
