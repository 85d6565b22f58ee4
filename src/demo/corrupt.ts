/**
 * Damages a generated SQLite file in the ways that disks, crashes and copying leave behind, for tests of what finds and
 * mends it. Never call it on a file that is not generated, nor while anything has the file open.
 */
import {
  closeSync,
  copyFileSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Random } from '../random.ts'
import { below, streamOf } from './stream.ts'

export const corruptionScenarios = ['header', 'zero-page', 'truncate', 'bit-flips', 'wal-mismatch'] as const
/**
 * - `header`: the first 16 bytes are noise, so that the file is no database.
 * - `zero-page`: one page of a table's tree is all zeros.
 * - `truncate`: the file ends in the middle of a page, somewhere in its second half.
 * - `bit-flips`: 64 single bits behind the first page are turned round; content may change without a trace.
 * - `wal-mismatch`: a write-ahead log of another history of the database lies beside it and is replayed by the next opener.
 */
export type CorruptionScenario = (typeof corruptionScenarios)[number]

/** Damages the file; equal seeds do equal damage (but for the log, whose salts SQLite draws). It needs four pages at least. */
export function corruptDatabase(path: string, scenario: CorruptionScenario, seed: number): void {
  const random = streamOf(seed, scenario)(0)
  if (scenario === 'wal-mismatch') {
    leaveForeignLog(path)
    return
  }
  const file = openSync(path, 'r+')
  try {
    damage(file, scenario, random)
  } finally {
    closeSync(file)
  }
}

/** Reads and writes only the bytes in question: the file may be larger than memory. */
function damage(file: number, scenario: Exclude<CorruptionScenario, 'wal-mismatch'>, random: Random): void {
  const { size } = fstatSync(file)
  const declaredBytes = bytesAt(file, 16, 2).readUInt16BE()
  const pageBytes = declaredBytes === 1 ? 65_536 : declaredBytes
  switch (scenario) {
    case 'header': {
      writeSync(file, Buffer.from(Array.from({ length: 16 }, () => 128 + below(random, 128))), 0, 16, 0)
      return
    }
    case 'truncate': {
      const pages = size / pageBytes
      ftruncateSync(file, (Math.floor(pages / 2) + below(random, Math.floor(pages / 2) - 1)) * pageBytes + 100)
      return
    }
    case 'zero-page': {
      let count = 0
      for (const _ of pagesOfTables(file, size, pageBytes)) count += 1
      let left = count === 0 ? 0 : below(random, count)
      for (const start of pagesOfTables(file, size, pageBytes)) {
        if (left === 0) {
          writeSync(file, Buffer.alloc(pageBytes), 0, pageBytes, start)
          return
        }
        left -= 1
      }
      return
    }
    case 'bit-flips':
      for (let left = 64; left > 0; left -= 1) {
        const at = pageBytes + below(random, size - pageBytes)
        const byte = bytesAt(file, at, 1).readUInt8() ^ (1 << below(random, 8))
        writeSync(file, Buffer.from([byte]), 0, 1, at)
      }
      return
  }
}

function bytesAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  readSync(file, bytes, 0, length, position)
  return bytes
}

/** Where leaf pages of tables begin: their first byte is 13, which overflow and free pages have by accident only. */
function* pagesOfTables(file: number, size: number, pageBytes: number): Generator<number> {
  const head = Buffer.alloc(5)
  for (let start = pageBytes; start < size; start += pageBytes) {
    readSync(file, head, 0, 5, start)
    if (head[0] === 13 && head.readUInt16BE(3) > 0) yield start
  }
}

/** Lets a copy of the database live on with another layout of pages, and lays the log of that life beside the file. */
function leaveForeignLog(path: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'trueup-corrupt-'))
  try {
    const copy = join(folder, 'copy.db')
    copyFileSync(path, copy)
    const db = new Database(copy)
    try {
      const tables = db
        .prepare<[], string>(
          "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        )
        .pluck()
        .all()
      db.pragma('foreign_keys = OFF')
      for (const table of tables) db.exec(`DELETE FROM "${table}" WHERE rowid % 3 = 0`)
      db.exec('VACUUM')
      db.pragma('journal_mode = WAL')
      db.pragma('wal_autocheckpoint = 0')
      // A tenth only: a log that holds every page would be a sound database of its own.
      for (const table of tables) {
        const last = `(SELECT max(rowid) FROM "${table}")`
        db.exec(`DELETE FROM "${table}" WHERE rowid BETWEEN ${last} * 4 / 10 AND ${last} * 5 / 10`)
      }
      // Copied while the database is open, because closing it would take the log into the copy.
      copyFileSync(`${copy}-wal`, `${path}-wal`)
    } finally {
      db.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
