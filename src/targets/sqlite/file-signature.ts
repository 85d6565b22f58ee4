/** What tells one state of a database's files from another without opening them. */
import { type BigIntStats, statSync } from 'node:fs'
import { codeOf } from './database-error.ts'

export interface FileSignature {
  /** Differs whenever the database file, its -wal or its rollback journal was written, replaced, appeared or went. */
  readonly text: string
  /** The latest modification of any of them, in milliseconds since the epoch; 0 where there is none. */
  readonly newestMs: number
}

/**
 * Synchronous, since it is asked ten times a second for each file: three calls of some microseconds, where the way over
 * the thread pool and back takes a hundred.
 *
 * @param path the real path, beside which SQLite keeps the others.
 */
export function signatureOf(path: string): FileSignature {
  const parts = [partOf(path, true), partOf(`${path}-wal`, false), partOf(`${path}-journal`, false)]
  return {
    text: parts.map((part) => part.text).join('|'),
    newestMs: Math.max(...parts.map((part) => part.newestMs)),
  }
}

/**
 * `tellsInode`: whether a change of the inode alone counts. Of a -wal it must not: as root, SQLite gives it to the
 * database's owner whenever it opens it (robustFchown in os_unix.c), so that every look of ours would seem a change and
 * lead to the next one. Owner and mode are compared instead.
 */
function partOf(path: string, tellsInode: boolean): FileSignature {
  let found: BigIntStats | undefined
  try {
    found = statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined) throw error
    return { text: code, newestMs: 0 }
  }
  if (found === undefined) return { text: 'ENOENT', newestMs: 0 }
  const inode = tellsInode ? found.ctimeNs : `${found.mode} ${found.uid} ${found.gid}`
  return {
    text: `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}:${inode}`,
    newestMs: Number(found.mtimeMs),
  }
}
