/** Writes one generated SQLite file: schema, rows in batches, what comes after; in constant memory, and closed for good. */
import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import Database from 'better-sqlite3'
import type { Cell } from '../values/field-type.ts'

interface TableContent {
  readonly table: string
  readonly columns: readonly string[]
  readonly rows: Iterable<readonly Cell[]>
}

interface Filling {
  /** SQL before the rows. */
  readonly schema: string
  readonly content: readonly TableContent[]
  /** SQL after the rows: indexes, views and triggers, which would slow the inserts or fire on them. */
  readonly after: string
  readonly fileMode: number
}

const batchRows = 10_000

/** Creates the file, which must not exist, in journal mode DELETE, as Python leaves it. No -wal or -journal remains. */
export async function fillDatabase(path: string, { schema, content, after, fileMode }: Filling): Promise<void> {
  mkdirSync(dirname(path), { recursive: true })
  const db = new Database(path)
  try {
    // A generated file is worth nothing until it is whole, so it pays for no durability on the way.
    db.pragma('synchronous = OFF')
    db.pragma('journal_mode = MEMORY')
    db.pragma('locking_mode = EXCLUSIVE')
    // Keys come in no order; with room for more of their index, fewer of its pages are written again and again.
    db.pragma('cache_size = -65536')
    db.pragma('foreign_keys = OFF')
    db.exec(schema)
    for (const { table, columns, rows } of content) {
      const insert = db.prepare(
        `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
      )
      let inBatch = 0
      db.exec('BEGIN')
      for (const row of rows) {
        insert.run(row)
        inBatch += 1
        if (inBatch < batchRows) continue
        db.exec('COMMIT')
        await turn()
        db.exec('BEGIN')
        inBatch = 0
      }
      db.exec('COMMIT')
    }
    db.exec(after)
    db.pragma('journal_mode = DELETE')
  } finally {
    db.close()
  }
  chmodSync(path, fileMode)
}
