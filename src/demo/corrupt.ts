/**
 * Damages a generated SQLite file in the ways that disks, crashes and copying leave behind, for tests of what finds and
 * mends it. Never call it on a file that is not generated, nor while anything has the file open.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
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
  const bytes = readFileSync(path)
  const pageBytes = bytes.readUInt16BE(16) === 1 ? 65_536 : bytes.readUInt16BE(16)
  const pages = bytes.length / pageBytes
  if (scenario === 'truncate') {
    truncateSync(path, (Math.floor(pages / 2) + below(random, Math.floor(pages / 2) - 1)) * pageBytes + 100)
    return
  }
  damage(bytes, scenario, pageBytes, random)
  writeFileSync(path, bytes)
}

function damage(
  bytes: Buffer,
  scenario: 'header' | 'zero-page' | 'bit-flips',
  pageBytes: number,
  random: Random,
): void {
  switch (scenario) {
    case 'header':
      for (let at = 0; at < 16; at += 1) bytes[at] = 128 + below(random, 128)
      return
    case 'zero-page': {
      const starts = pagesOfTables(bytes, pageBytes)
      const start = starts[below(random, starts.length)] ?? pageBytes
      bytes.fill(0, start, start + pageBytes)
      return
    }
    case 'bit-flips':
      for (let left = 64; left > 0; left -= 1) {
        const at = pageBytes + below(random, bytes.length - pageBytes)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8))
      }
      return
  }
}

/** Where leaf pages of tables begin: their first byte is 13, which overflow and free pages have by accident only. */
function pagesOfTables(bytes: Buffer, pageBytes: number): readonly number[] {
  const starts: number[] = []
  for (let start = pageBytes; start < bytes.length; start += pageBytes) {
    if (bytes[start] === 13 && bytes.readUInt16BE(start + 3) > 0) starts.push(start)
  }
  return starts
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
