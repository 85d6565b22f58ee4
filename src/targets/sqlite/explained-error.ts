/** What stands behind a refusal of SQLite where SQLite itself does not say: who holds the lock, a read-only file system. */
import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import { OperationalError } from '../../errors.ts'
import { codeOf, toDatabaseError } from './database-error.ts'
import { lockHoldersOf } from './live-locks.ts'
import { nameOf } from './programs.ts'

/** As `toDatabaseError`, told more exactly where the system tells more. */
export async function explainedError(error: unknown, path: string): Promise<unknown> {
  const known = toDatabaseError(error, path)
  if (!(known instanceof OperationalError)) return known
  if (known.code === 'DATABASE_LOCKED') return (await heldError(path, error)) ?? known
  // A WAL database of a read-only file system cannot be opened for writing; SQLite says only that it cannot open it.
  const isUnclear = known.code === 'DATABASE_PERMISSION' || known.code === 'DATABASE_IO'
  if (!isUnclear || !(await isReadOnly(dirname(path)))) return known
  return new OperationalError('DATABASE_READ_ONLY', `${path} is on a read-only file system`, {
    hint: 'Mount it for writing again; it is tried again by itself.',
    cause: error,
  })
}

async function heldError(path: string, cause: unknown): Promise<OperationalError | undefined> {
  const pids = await lockHoldersOf(path)
  if (pids.length === 0) return undefined
  const programs = await Promise.all(pids.map(async (pid) => `${await nameOf(pid)} (pid ${pid})`))
  const names = programs.join(', ')
  return new OperationalError('DATABASE_LOCKED', `${path} is held by ${names}`, {
    hint: `It is tried again by itself. If it stays so, let ${names} end its transaction.`,
    cause,
  })
}

async function isReadOnly(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK)
    return false
  } catch (error) {
    return codeOf(error) === 'EROFS'
  }
}
