/**
 * Child process: says how a database file can be read without side effects, and copies it where it cannot. Bytes of
 * database files are read in child processes only, since closing a descriptor drops the locks of its whole process.
 */
import { invariant } from '../../errors.ts'
import { serve } from '../process/serve.ts'
import { copyQuietly, openQuietly, stateOf, statOf } from './quiet-copy.ts'

/** What the parent gets; it parses this with its own schema. */
export type CopyReply =
  /** Opening the file read-only changes nothing: it is in a rollback journal mode and has no journal to roll back. */
  | { readonly is: 'direct' }
  /** The copy is in the folder, under the given name, with what belongs to it. */
  | { readonly is: 'copied' }
  | { readonly is: 'no-database' }
  /** It was written again and again while it was copied. */
  | { readonly is: 'moving' }

export interface CopyOrder {
  readonly path: string
  /** Where a copy is put: a path in an empty private folder. */
  readonly to: string
}

const triesMax = 5
const magic = 'SQLite format 3\u0000'
/** First bytes of a rollback journal that is to be played back (https://www.sqlite.org/fileformat2.html#the_rollback_journal). */
const journalMagic = 'd9d505f920a163d7'

serve(async (input): Promise<CopyReply> => {
  const { path, to } = parseInput(input)
  for (let tries = 1; tries <= triesMax; tries += 1) {
    const before = stateOf(path)
    const parts = await partsToCopy(path)
    if (typeof parts !== 'string') {
      for (const part of parts) await copyQuietly(path + part, to + part)
      if (stateOf(path) === before) {
        if (parts.includes('-journal')) await playBack(to)
        return { is: 'copied' }
      }
    } else if (stateOf(path) === before) {
      return { is: parts }
    }
    await new Promise((resolve) => setTimeout(resolve, 20 * tries))
  }
  return { is: 'moving' }
})

function parseInput(input: unknown): CopyOrder {
  invariant(typeof input === 'object' && input !== null, 'the parent sends an order')
  invariant('path' in input && typeof input.path === 'string', 'the order names a path')
  invariant('to' in input && typeof input.to === 'string', 'the order names a place for the copy')
  return { path: input.path, to: input.to }
}

/** Which files make up the database's content, or why no copy is needed or possible. */
async function partsToCopy(path: string): Promise<readonly string[] | 'direct' | 'no-database'> {
  const header = await firstBytes(path, 100)
  if (header.length === 0) return 'direct'
  if (header.length < 100 || header.toString('latin1', 0, 16) !== magic) return 'no-database'
  // A -wal beside the file makes SQLite use it, whatever the header says.
  const wal = statOf(`${path}-wal`)
  const isWal = header[18] === 2 || header[19] === 2 || wal !== undefined
  if (isWal) return ['', ...((wal?.size ?? 0n) > 0n ? ['-wal'] : [])]
  if (sizeOf(`${path}-journal`) === 0n) return 'direct'
  const journal = await firstBytes(`${path}-journal`, 8)
  return journal.toString('hex') === journalMagic ? ['', '-journal'] : 'direct'
}

/** Rolls the copy back, which a read-only connection could not. SQLite is loaded only here: most runs do not need it. */
async function playBack(copied: string): Promise<void> {
  const { openWriting } = await import('./connection.ts')
  const db = openWriting(copied)
  db.prepare('SELECT count(*) FROM main.sqlite_schema').get()
  db.close()
}

function sizeOf(path: string): bigint {
  return statOf(path)?.size ?? 0n
}

async function firstBytes(path: string, count: number): Promise<Buffer> {
  const file = await openQuietly(path)
  try {
    const block = Buffer.alloc(count)
    const { bytesRead } = await file.read(block, 0, count, 0)
    return block.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
