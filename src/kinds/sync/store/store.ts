/** The sync's memory of one workspace, table by table. Opened late, so that a workspace without a mirror has no such file. */
import type { Database } from 'better-sqlite3'
import { type Conflicts, conflictsOf } from './conflicts.ts'
import { type Moves, movesOf } from './moves.ts'
import { type Pairs, pairsOf } from './pairs.ts'

/** What is remembered of one table. */
export interface TableStore {
  readonly pairs: Pairs
  readonly moves: Moves
  readonly conflicts: Conflicts
  /** A remembered value; undefined where there is none. */
  get(name: string): string | undefined
  set(name: string, value: string): void
  /** All or nothing. */
  transaction<Result>(work: () => Result): Result
}

export interface SyncStore {
  table(name: string): TableStore
  close(): void
}

export function syncStoreOver(db: Database): SyncStore {
  const tables = new Map<string, TableStore>()
  return {
    table(name) {
      const known = tables.get(name)
      if (known !== undefined) return known
      const made = tableStore(db, name)
      tables.set(name, made)
      return made
    },
    close: () => db.close(),
  }
}

function tableStore(db: Database, table: string): TableStore {
  const read = db.prepare<[string, string], string>('SELECT value FROM state WHERE tbl = ? AND name = ?').pluck()
  const write = db.prepare('INSERT OR REPLACE INTO state (tbl, name, value) VALUES (?, ?, ?)')
  return {
    pairs: pairsOf(db, table),
    moves: movesOf(db, table),
    conflicts: conflictsOf(db, table),
    get: (name) => read.get(table, name),
    set: (name, value) => {
      write.run(table, name, value)
    },
    transaction: (work) => (db.inTransaction ? work() : db.transaction(work).immediate()),
  }
}
