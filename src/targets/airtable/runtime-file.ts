/**
 * The file in which all processes of one user share the permits of a base. It lies outside of the workspace, since even a
 * look that may change nothing there has to keep the pace; it holds no token and no cell, and losing it costs at most the
 * count of calls that nobody had added up yet.
 */
import { chmodSync, closeSync, lstatSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { shortHashOf } from '../../json.ts'
import { codeOf } from '../sqlite/database-error.ts'

/** How long a statement may block for another process, in milliseconds; transactions here take far less than one. */
const busyMs = 200

/** Whose permits a file holds, and the time of day. */
export interface BaseOfPermits {
  readonly endpointUrl: string
  readonly base: string
  readonly nowMs: number
}

/** Files without a call for so long, in milliseconds, are of no month that counts. */
const keptMs = 62 * 86_400_000

export interface RuntimeFile {
  readonly db: Database.Database
  /** False when the file was taken away from its place, so that other processes would no longer find it. */
  isInPlace(): boolean
}

/**
 * The folder where nothing else is asked for. It depends on the user and the system's temporary folder only, so that a
 * service and a shell of one user come to the same one.
 */
export function runtimeFolder(): string {
  return join(tmpdir(), `trueup-${process.getuid?.() ?? userInfo().username}`)
}

/**
 * Opens the file of a base, made 0600 in a folder of 0700 where absent. Throws Error with a plain reason when the folder
 * is not this user's own, SqliteError or a system error when the file cannot be had.
 */
export function openRuntimeFile(folder: string, about: BaseOfPermits): RuntimeFile {
  own(folder)
  sweep(folder, about.nowMs)
  const path = join(folder, `airtable-${shortHashOf({ endpoint: about.endpointUrl, base: about.base })}.db`)
  try {
    // Only a file that is new is opened this way: closing another one here would drop SQLite's locks on it.
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
  const { ino, dev } = statSync(path)
  const db = new Database(path, { fileMustExist: true, timeout: busyMs })
  try {
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = NORMAL')
  } catch (error) {
    db.close()
    throw error
  }
  return {
    db,
    isInPlace() {
      const found = statSync(path, { throwIfNoEntry: false })
      return found !== undefined && found.ino === ino && found.dev === dev
    },
  }
}

/** Removes the files of bases that nobody has called for long, each with what SQLite keeps beside it. */
function sweep(folder: string, nowMs: number): void {
  const newest = new Map<string, number>()
  for (const name of readdirSync(folder)) {
    const base = /^airtable-[0-9a-f]+\.db/.exec(name)?.[0]
    const found = statSync(join(folder, name), { throwIfNoEntry: false })
    if (base !== undefined && found !== undefined) newest.set(base, Math.max(newest.get(base) ?? 0, found.mtimeMs))
  }
  for (const [base, atMs] of newest) {
    if (nowMs - atMs < keptMs) continue
    for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `${base}${end}`), { force: true })
  }
}

/** Makes the folder, or refuses one that another user could have made in order to read or stop the pace. */
function own(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const found = lstatSync(folder)
  if (!found.isDirectory()) throw new Error(`${folder} is no folder`)
  const uid = process.getuid?.()
  if (uid === undefined) return
  if (found.uid !== uid) throw new Error(`${folder} belongs to another user`)
  if ((found.mode & 0o077) !== 0) chmodSync(folder, 0o700)
}
