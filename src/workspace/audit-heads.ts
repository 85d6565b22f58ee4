/** Keeps signed heads of the journal in `.trueup/audit.heads`, a line for each, under the key in `.trueup/audit.key`. */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { type Clock, isoOf } from '../clock.ts'
import { OperationalError } from '../errors.ts'
import { type Head, headLine, type ReadHead, readHeads, signHead } from '../journal/heads.ts'
import type { JournalStore } from '../journal/store.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import { makeKey, readKey } from '../targets/key-file.ts'

export interface AuditFiles {
  readonly headsPath: string
  readonly keyPath: string
}

export function auditFiles(ownFolder: string): AuditFiles {
  return { headsPath: join(ownFolder, 'audit.heads'), keyPath: join(ownFolder, 'audit.key') }
}

/** The key and the heads as they are; empty where none were kept yet. */
export function readAuditFiles({ headsPath, keyPath }: AuditFiles): {
  readonly key: string | undefined
  readonly heads: readonly ReadHead[]
} {
  return { key: readKey(keyPath), heads: existsSync(headsPath) ? readHeads(readFileSync(headsPath, 'utf8')) : [] }
}

export interface HeadKeeper {
  /** Signs what stands, if entries were written since. Throws JOURNAL_UNWRITABLE where the disk refuses. */
  note(): void
  /** The key, made where there is none yet. */
  key(): string
}

export function createHeadKeeper(ports: {
  readonly ownFolder: string
  readonly journal: Pick<JournalStore, 'db'>
  readonly clock: Clock
  readonly random: Random
}): HeadKeeper {
  const { journal, clock, random } = ports
  const { headsPath, keyPath } = auditFiles(ports.ownFolder)
  const newest = journal.db.prepare<[], { seq: number; hash: string }>(
    'SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1',
  )
  let signed: number | undefined
  const key = () => readKey(keyPath) ?? makeKey(keyPath, random)
  return {
    key,
    note() {
      const last = newest.get()
      if (last === undefined || last.seq === (signed ?? lastSigned(headsPath))) return
      try {
        append(headsPath, signHead(key(), { at: isoOf(clock.nowMs()), entries: last.seq, hash: last.hash }))
      } catch (error) {
        if (!(error instanceof Error && 'syscall' in error)) throw error
        throw new OperationalError('JOURNAL_UNWRITABLE', `${headsPath}: ${error.message}`, { cause: error })
      }
      signed = last.seq
    },
  }
}

function lastSigned(path: string): number | undefined {
  if (!existsSync(path)) return undefined
  const heads = readHeads(readFileSync(path, 'utf8'))
  const last = heads.at(-1)
  return last?.is === 'head' ? last.head.entries : undefined
}

/** A head and its line end take some 250 bytes. */
const tailBytes = 1024

/** Where a crash left a part of a line, nobody was told of that head: it goes first. */
function append(path: string, head: Head): void {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  try {
    const { size } = fstatSync(file)
    const tail = Buffer.alloc(Math.min(tailBytes, size))
    readSync(file, tail, 0, tail.length, size - tail.length)
    const end = size - tail.length + tail.lastIndexOf('\n') + 1
    ftruncateSync(file, end)
    writeSync(file, headLine(head), end)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Signs what the journal holds now. A head that cannot be written takes nothing from what was done: the next one covers it. */
export function noteHead(heads: HeadKeeper | undefined, log: Log): void {
  try {
    heads?.note()
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    log.warn({ err: error.message }, 'the journal could not be signed')
  }
}
