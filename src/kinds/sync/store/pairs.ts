/** The pairs of one table: who belongs to whom, what was agreed on, and which of them have to be compared. */
import type { Database } from 'better-sqlite3'
import { type Pair, type PairStatus, pairColumns, pairOfRow, rowOfPair } from './pair.ts'

export interface Pairs {
  get(key: string): Pair | undefined
  /** Those of some keys that are known. */
  some(keys: readonly string[]): readonly Pair[]
  byRecord(rec: string): Pair | undefined
  byRowId(rowId: number): Pair | undefined
  put(pair: Pair): void
  drop(key: string): void
  /** Marks every pair as worth a comparison. */
  dirtyAll(): void
  /** Forgets what the sides agreed on for a field, and compares all pairs. */
  forgetBase(field: string): void
  /** Pairs that have to be compared, by key, after `afterKey`. */
  dirty(afterKey: string, limit: number): readonly Pair[]
  dirtyCount(): number
  /** Whether some record of Airtable has not met its row yet. */
  hasUnmet(): boolean
  /** Pairs by key after `afterKey`, of one status or all. */
  page(afterKey: string, limit: number, status?: PairStatus): readonly Pair[]
  /** All keys whose row was there when last seen. */
  localKeys(): ReadonlySet<string>
  localCount(): number
  /** Records of Airtable that were there when last seen. */
  remoteCount(): number
  records(): ReadonlySet<string>
  statusCounts(): Readonly<Partial<Record<PairStatus, number>>>
  /** Says by which hashes a side of a pair can be recognised. */
  identify(key: string, side: 'local' | 'remote', hashes: readonly string[]): void
  /** Keys of pairs recognised by a hash on a side, in order. */
  identified(hash: string, side: 'local' | 'remote'): readonly string[]
}

export function pairsOf(db: Database, table: string): Pairs {
  const columns = pairColumns.join(', ')
  const select = (where: string) => db.prepare(`SELECT ${columns} FROM pair WHERE tbl = ? AND ${where}`)
  const byKey = select('key = ?')
  const byKeys = select('key IN (SELECT value FROM json_each(?))')
  const byRec = select('rec = ?')
  const byRow = select('row_id = ?')
  const dirty = select('dirty = 1 AND key > ? ORDER BY key LIMIT ?')
  const all = select('key > ? ORDER BY key LIMIT ?')
  const ofStatus = select('key > ? AND status = ? ORDER BY key LIMIT ?')
  const insert = db.prepare(
    `INSERT OR REPLACE INTO pair (tbl, ${columns}) VALUES (${['?', ...pairColumns.map(() => '?')].join(', ')})`,
  )
  const remove = db.prepare('DELETE FROM pair WHERE tbl = ? AND key = ?')
  const known = db.prepare<[string, string, string], string>(
    'SELECT hash FROM identity WHERE tbl = ? AND key = ? AND side = ?',
  )
  const forget = db.prepare('DELETE FROM identity WHERE tbl = ? AND key = ? AND side = ?')
  const forgetBoth = db.prepare('DELETE FROM identity WHERE tbl = ? AND key = ?')
  const note = db.prepare('INSERT OR IGNORE INTO identity (tbl, hash, side, key) VALUES (?, ?, ?, ?)')
  const find = db.prepare<[string, string, string], string>(
    'SELECT key FROM identity WHERE tbl = ? AND hash = ? AND side = ? ORDER BY key',
  )
  const count = (where: string) =>
    db.prepare<[string], number>(`SELECT count(*) FROM pair WHERE tbl = ? AND ${where}`).pluck()
  const dirtyCount = count('dirty = 1')
  const unmetCount = count("dirty = 1 AND local = 'never' AND rec IS NOT NULL AND base IS NULL")
  const localCount = count("local = 'there'")
  const remoteCount = count("remote = 'there'")
  const one = (row: unknown) => (row === undefined ? undefined : pairOfRow(row))

  return {
    get: (key) => one(byKey.get(table, key)),
    some: (keys) => byKeys.all(table, JSON.stringify(keys)).map(pairOfRow),
    byRecord: (rec) => one(byRec.get(table, rec)),
    byRowId: (rowId) => one(byRow.get(table, rowId)),
    put: (pair) => {
      insert.run(table, ...rowOfPair(pair))
    },
    drop(key) {
      remove.run(table, key)
      forgetBoth.run(table, key)
    },
    dirtyAll: () => {
      db.prepare('UPDATE pair SET dirty = 1 WHERE tbl = ? AND dirty = 0').run(table)
    },
    forgetBase: (field) => {
      db.prepare('UPDATE pair SET base = json_remove(base, ?), dirty = 1 WHERE tbl = ? AND base IS NOT NULL').run(
        `$."${field}"`,
        table,
      )
    },
    dirty: (afterKey, limit) => dirty.all(table, afterKey, limit).map(pairOfRow),
    dirtyCount: () => dirtyCount.get(table) ?? 0,
    hasUnmet: () => (unmetCount.get(table) ?? 0) > 0,
    page: (afterKey, limit, status) =>
      (status === undefined ? all.all(table, afterKey, limit) : ofStatus.all(table, afterKey, status, limit)).map(
        pairOfRow,
      ),
    localKeys: () =>
      new Set(
        db.prepare<[string], string>("SELECT key FROM pair WHERE tbl = ? AND local = 'there'").pluck().all(table),
      ),
    localCount: () => localCount.get(table) ?? 0,
    remoteCount: () => remoteCount.get(table) ?? 0,
    records: () =>
      new Set(
        db
          .prepare<[string], string>("SELECT rec FROM pair WHERE tbl = ? AND rec IS NOT NULL AND remote = 'there'")
          .pluck()
          .all(table),
      ),
    statusCounts: () =>
      Object.fromEntries(
        db
          .prepare<[string], { status: PairStatus; count: number }>(
            'SELECT status, count(*) AS count FROM pair WHERE tbl = ? GROUP BY status',
          )
          .all(table)
          .map(({ status, count: found }) => [status, found]),
      ),
    identify(key, side, hashes) {
      const before = known.pluck().all(table, key, side)
      if (before.length === hashes.length && hashes.every((hash) => before.includes(hash))) return
      forget.run(table, key, side)
      for (const hash of hashes) note.run(table, hash, side, key)
    },
    identified: (hash, side) => find.pluck().all(table, hash, side),
  }
}
