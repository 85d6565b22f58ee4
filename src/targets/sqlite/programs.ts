/**
 * Which programs have a database file open, and with which SQLite. Read from /proc, so that nothing is opened but the
 * library files; where /proc cannot tell, the answer is `unknown`, never `safe`.
 */
import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { codeOf } from './database-error.ts'

/** What is known about one process. */
export interface SqliteProgram {
  readonly pid: number
  /** Short name of the program, for example `python3`. */
  readonly name: string
  /** The user it runs as; undefined where that cannot be told. */
  readonly uid: number | undefined
  /** Version of its SQLite library, for example `3.40.1`; undefined where it cannot be told. */
  readonly sqlite: string | undefined
  readonly safety: Safety
}

/** Whether several connections of this version may write one WAL file without the risk of the WAL-reset bug. */
export type Safety = 'safe' | 'affected' | 'unknown'

/**
 * The WAL-reset bug (https://www.sqlite.org/wal.html#walresetbug) is in 3.7.0 to 3.51.2; it was mended in 3.51.3 and, in
 * older lines, in 3.44.6 and 3.50.7.
 */
export function safetyOf(version: string | undefined): Safety {
  const [, minorText, patchText] = /^3\.(\d+)\.(\d+)$/.exec(version ?? '') ?? []
  if (minorText === undefined || patchText === undefined) return 'unknown'
  const [minor, patch] = [Number(minorText), Number(patchText)]
  if (minor < 7 || minor > 51) return 'safe'
  if ((minor === 51 && patch >= 3) || (minor === 50 && patch >= 7) || (minor === 44 && patch >= 6)) return 'safe'
  return 'affected'
}

export interface ProgramFinder {
  /** The other programs that have the file at this real path open; empty without /proc. */
  programsOf(path: string): Promise<readonly SqliteProgram[]>
}

/** Remembers the versions of library files, which are read once. */
export function createProgramFinder(): ProgramFinder {
  const versions = new Map<string, Promise<string | undefined>>()
  const versionIn = async (library: string): Promise<string | undefined> => {
    const found = await orUndefined(stat(library, { bigint: true }))
    if (found === undefined) return undefined
    const identity = `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}`
    const known = versions.get(identity) ?? orUndefined(readFile(library)).then((bytes) => versionOf(bytes))
    versions.set(identity, known)
    return known
  }

  return {
    async programsOf(path) {
      const pids = ((await orUndefined(readdir('/proc'))) ?? []).filter((name) => /^\d+$/.test(name)).map(Number)
      const holders: number[] = []
      for (const pid of pids) if (pid !== process.pid && (await hasOpen(pid, path))) holders.push(pid)
      return Promise.all(
        holders.map(async (pid) => {
          const library = libraryIn((await orUndefined(readFile(`/proc/${pid}/maps`, 'utf8'))) ?? '')
          // The library as the process sees it, which may live in a container or have been replaced by an upgrade.
          const sqlite = library === undefined ? undefined : await versionIn(`/proc/${pid}/root${library}`)
          return { pid, name: await nameOf(pid), uid: await uidOf(pid), sqlite, safety: safetyOf(sqlite) }
        }),
      )
    },
  }
}

async function hasOpen(pid: number, path: string): Promise<boolean> {
  const descriptors = (await orUndefined(readdir(`/proc/${pid}/fd`))) ?? []
  const links = await Promise.all(descriptors.map((fd) => orUndefined(readlink(`/proc/${pid}/fd/${fd}`))))
  return links.includes(path)
}

/** The path of the mapped file that holds SQLite; an unlinked one (an upgrade replaced it) cannot be read any more. */
function libraryIn(maps: string): string | undefined {
  const mapped = maps.split('\n').flatMap((line) => {
    const file = /^\S+ \S+ \S+ \S+ \d+ +(\/.+)$/.exec(line)?.[1]
    return file === undefined || file.endsWith(' (deleted)') ? [] : [file]
  })
  return mapped.find(
    (file) => /sqlite3?[^/]*\.(so|node)[^/]*$/.test(basename(file)) && !/^_sqlite3/.test(basename(file)),
  )
}

/** SQLite's version stands in the library as a text by itself; more than one candidate means that it cannot be told. */
function versionOf(bytes: Buffer | undefined): string | undefined {
  if (bytes === undefined) return undefined
  const found = new Set(bytes.toString('latin1').match(/(?<![\w.])3\.\d{1,2}\.\d{1,2}(?=\0)/g))
  const [only] = found
  return found.size === 1 ? only : undefined
}

const argumentsSchema = z.string().transform((text) => text.split('\0').filter((part) => part !== ''))

/** `python3 agent.py` rather than `python3` alone, without arguments, which may hold secrets. */
export async function nameOf(pid: number): Promise<string> {
  const [program, script] = argumentsSchema.parse((await orUndefined(readFile(`/proc/${pid}/cmdline`, 'utf8'))) ?? '')
  if (program === undefined) return `process ${pid}`
  const isScript = script !== undefined && /\.(py|js|mjs|rb|sh)$/.test(script)
  return isScript ? `${basename(program)} ${basename(script)}` : basename(program)
}

async function uidOf(pid: number): Promise<number | undefined> {
  return (await orUndefined(stat(`/proc/${pid}`)))?.uid
}

/** Processes end while they are looked at, and others may not be looked at: both mean that nothing can be told. */
async function orUndefined<Value>(promise: Promise<Value>): Promise<Value | undefined> {
  try {
    return await promise
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return undefined
  }
}
