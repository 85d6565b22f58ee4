/**
 * Turns what SQLite and the file system say about a database file into errors of our table, so that the engine knows
 * whether to try again and a person knows the next step.
 */
import type { BigIntStats } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import { type ErrorCode, messageOf, OperationalError } from '../../errors.ts'

/** The `code` of an error of SQLite, Node or offloaded work; undefined where it has none. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Whether another connection stood in the way and the same thing may succeed a moment later. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error)
  return code !== undefined && /^SQLITE_(BUSY|LOCKED)/.test(code)
}

/** Whether a statement was refused for what it holds: a constraint, a trigger, a type of a STRICT table. */
export function isRefusal(error: unknown): boolean {
  const code = codeOf(error)
  return code !== undefined && /^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG|ERROR)/.test(code)
}

const codesOfSqlite: readonly (readonly [RegExp, ErrorCode])[] = [
  [/^SQLITE_(BUSY|LOCKED)/, 'DATABASE_LOCKED'],
  [/^SQLITE_READONLY/, 'DATABASE_READ_ONLY'],
  [/^(SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC|EDQUOT)/, 'DISK_FULL'],
  [/^SQLITE_(CORRUPT|NOTADB|IOERR_SHORT_READ|IOERR_CORRUPTFS)/, 'DATABASE_CORRUPT'],
  [/^(SQLITE_IOERR|EIO)/, 'DATABASE_IO'],
  [/^(SQLITE_CANTOPEN|SQLITE_PERM|SQLITE_AUTH|EACCES|EPERM)/, 'DATABASE_PERMISSION'],
  [/^EROFS/, 'DATABASE_READ_ONLY'],
  [/^(ENOENT|ENAMETOOLONG)/, 'DATABASE_MISSING'],
  [/^(ELOOP|ENOTDIR|EISDIR)/, 'DATABASE_NOT_A_FILE'],
]

/**
 * The error of our table for trouble with the file at `path`; an error that says nothing about the file (a constraint,
 * a mistake in SQL, one of ours) is given back as it is.
 */
export function toDatabaseError(error: unknown, path: string): unknown {
  if (error instanceof OperationalError) return error
  const from = codeOf(error)
  const code = codesOfSqlite.find(([pattern]) => from !== undefined && pattern.test(from))?.[1]
  return code === undefined
    ? error
    : new OperationalError(code, `${path}: ${messageOf(error)} (${from})`, { cause: error })
}

/** The database file's own stat, links followed. Throws DATABASE_MISSING, _NOT_A_FILE or _PERMISSION. */
export async function statDatabase(path: string): Promise<BigIntStats> {
  let found: BigIntStats
  try {
    found = await stat(path, { bigint: true })
  } catch (error) {
    throw toDatabaseError(error, path)
  }
  if (!found.isFile()) {
    throw new OperationalError('DATABASE_NOT_A_FILE', `${path} is ${formOf(found)}, not a regular file`)
  }
  return found
}

/** As {@link statDatabase}, and readable by this process. */
export async function statReadable(path: string): Promise<BigIntStats> {
  const found = await statDatabase(path)
  try {
    await access(path, constants.R_OK)
  } catch (error) {
    throw toDatabaseError(error, path)
  }
  return found
}

function formOf(found: BigIntStats): string {
  if (found.isDirectory()) return 'a folder'
  if (found.isFIFO()) return 'a pipe'
  if (found.isSocket()) return 'a socket'
  return 'a device'
}

/** Runs work on a file of ours, whose errors are then those of {@link toDatabaseError}. */
export function guarded<Result>(path: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw toDatabaseError(error, path)
  }
}
