/**
 * A side file that knows of every row of one table what somebody counts of it, and the sums of that, kept true by the
 * change log: a written row is judged alone, and nothing is counted anew. Losing it costs one full reading of the table.
 * Where it could be wrong (no log, a gap in it, another schema or file, rows that went without a trace) it says so.
 */
import { closeSync, openSync, rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { Cell } from '../../values/field-type.ts'
import { readChangeLog } from './change-log.ts'
import { quoteIdentifier } from './schema-reader.ts'

/** How rows of one group hang together. */
export type GroupRule =
  /** They should have one value; those that have another than most are off, all where no value has most. */
  | { readonly is: 'consistent' }
  /** More rows of one group than `max` are off, all of them. */
  | { readonly is: 'repeated'; readonly max: number }
  /** A group with more different values than `max` is off, all of it. */
  | { readonly is: 'alike'; readonly max: number }

/** Where a row stands under a group rule, as hashes of 53 bits. */
export interface GroupPlace {
  readonly group: number
  readonly value: number
}

/** What is kept of a row. */
export interface RowVerdict {
  /** What is counted of it: each once, without a line feed. */
  readonly marks: readonly string[]
  /** One for each group rule; undefined where the row belongs to no group. */
  readonly places: readonly (GroupPlace | undefined)[]
}

/** What is kept of the rows of a table. */
export interface LedgerPlan {
  readonly table: string
  /** A name of the rowid that no column hides. */
  readonly rowId: string
  /** SQL expressions over a row, whose values `judge` is given in this order. */
  readonly columns: readonly string[]
  readonly rules: readonly GroupRule[]
  readonly judge: (cells: readonly Cell[]) => RowVerdict
  /** Differs whenever `judge` would say something else of the same cells. */
  readonly version: string
  /** Which file the table is in, as {@link readStand} of the source cannot tell. */
  readonly identity: string
}

/** Up to where the ledger is true. */
export interface LedgerStand {
  readonly version: string
  readonly identity: string
  readonly schemaVersion: number
  /** Place in the change log; null where the table feeds none. */
  readonly seq: number | null
  readonly rows: number
  readonly builtAtMs: number
}

export type Followed =
  | { readonly is: 'current'; readonly stand: LedgerStand; readonly changed: number }
  /** It has to be built anew. */
  | { readonly is: 'stale'; readonly reason: string }

/** A row with what the ledger keeps of it. */
export interface LedgerRow {
  readonly rowId: number
  readonly marks: readonly string[]
  /** For each group rule whether the row is off. */
  readonly off: readonly boolean[]
}

const busyMs = 2000

/** Opens a ledger's file, made when it is not there. One that is no database any more is made anew. */
export function openLedgerFile(path: string): Database.Database {
  try {
    return openLedger(path)
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || !/^SQLITE_(NOTADB|CORRUPT)/.test(error.code)) throw error
    for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true })
    closeSync(openSync(path, 'a', 0o600))
    return openLedger(path)
  }
}

function openLedger(path: string): Database.Database {
  const db = new Database(path, { timeout: busyMs })
  try {
    db.pragma('journal_mode = WAL')
    // It can be made anew: what a power cut takes is noticed by its place in the log.
    db.pragma('synchronous = NORMAL')
    db.exec(`CREATE TABLE IF NOT EXISTS stand (
      one INTEGER PRIMARY KEY CHECK (one = 1), version TEXT NOT NULL, identity TEXT NOT NULL,
      schema_version INTEGER NOT NULL, seq INTEGER, rows INTEGER NOT NULL, built_at INTEGER NOT NULL)`)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Where the ledger stands; undefined before it was built. */
export function readStand(ledger: Database.Database): LedgerStand | undefined {
  return ledger
    .prepare<[], LedgerStand>(
      `SELECT version, identity, schema_version AS schemaVersion, seq, rows, built_at AS builtAtMs FROM stand`,
    )
    .get()
}

export interface FollowOptions {
  /** More written rows than this are not followed one by one. */
  readonly rowsMax: number
  /** Also ask the table how many rows it has: `INSERT OR REPLACE` of another program removes rows without a trace. */
  readonly count: boolean
  /** False for a ledger that may not be written: then it is current only when nothing was written. */
  readonly write: boolean
}

/** Brings the ledger up to the source as it is now, row by row. */
export function followLedger(
  source: Database.Database,
  ledger: Database.Database,
  plan: LedgerPlan,
  options: FollowOptions,
): Followed {
  // Another process may follow at the same time; then it is looked again what is left.
  for (let tries = 0; tries < 5; tries += 1) {
    const followed = followOnce(source, ledger, plan, options)
    if (followed !== undefined) return followed
  }
  return stale('another process writes the side file')
}

function followOnce(
  source: Database.Database,
  ledger: Database.Database,
  plan: LedgerPlan,
  { rowsMax, count, write }: FollowOptions,
): Followed | undefined {
  const stand = readStand(ledger)
  if (stand === undefined) return stale('not built yet')
  if (stand.version !== plan.version) return stale('the declaration is another')
  if (stand.identity !== plan.identity) return stale('the file is another')
  const { seq } = stand
  if (seq === null) return stale('the table feeds no change log')
  const seen = source.transaction(() => {
    if (schemaVersionOf(source) !== stand.schemaVersion) return stale('the schema is another')
    const log = readChangeLog(source, plan.table, seq, rowsMax)
    if (log.is === 'everything') return stale('more was written than the change log tells')
    const cells = log.rowIds.length === 0 ? new Map<number, Cell[]>() : cellsOf(source, plan, log.rowIds)
    const rows = count ? countOf(source, plan) : undefined
    return { is: 'seen' as const, log, cells, rows }
  })()
  if (seen.is === 'stale') return seen
  const { log, cells, rows } = seen
  const wanted = rows ?? stand.rows
  if (log.lastSeq === seq) return wanted === stand.rows ? current(stand, 0) : stale('rows went without a trace')
  if (log.rowIds.length === 0 && wanted !== stand.rows) return stale('rows went without a trace')
  if (!write) return log.rowIds.length === 0 ? current({ ...stand, seq: log.lastSeq }, 0) : stale('rows were written')
  return ledger
    .transaction((): Followed | undefined => {
      if (readStand(ledger)?.seq !== seq) return undefined
      const writer = ledgerWriter(ledger, plan.rules)
      let added = 0
      for (const rowId of log.rowIds) {
        const found = cells.get(rowId)
        added += writer.put(rowId, found === undefined ? undefined : plan.judge(found))
      }
      writer.settle()
      const now: LedgerStand = { ...stand, seq: log.lastSeq, rows: stand.rows + added }
      if (rows !== undefined && rows !== now.rows) {
        // Kept as unbuilt, so that nobody takes it for true.
        ledger.exec('DELETE FROM stand')
        return stale('rows went without a trace')
      }
      ledger.prepare('UPDATE stand SET seq = ?, rows = ?').run(now.seq, now.rows)
      return current(now, log.rowIds.length)
    })
    .immediate()
}

function stale(reason: string): Followed & { readonly is: 'stale' } {
  return { is: 'stale', reason }
}

function current(stand: LedgerStand, changed: number): Followed {
  return { is: 'current', stand, changed }
}

/** The schema's version: changes with every statement that touches it, a VACUUM too. */
export function schemaVersionOf(db: Database.Database): number {
  return db.prepare<[], number>('PRAGMA schema_version').pluck().get() ?? 0
}

function countOf(db: Database.Database, { table }: LedgerPlan): number {
  return (
    db
      .prepare<[], number>(`SELECT count(*) FROM ${quoteIdentifier(table)}`)
      .pluck()
      .get() ?? 0
  )
}

function cellsOf(db: Database.Database, plan: LedgerPlan, rowIds: readonly number[]): Map<number, Cell[]> {
  const rows = db
    .prepare<[string], [number, ...Cell[]]>(
      `SELECT ${[plan.rowId, ...plan.columns].join(', ')} FROM ${quoteIdentifier(plan.table)}
        WHERE ${plan.rowId} IN (SELECT value FROM json_each(?))`,
    )
    .raw()
    .all(JSON.stringify(rowIds))
  return new Map(rows.map(([rowId, ...cells]) => [rowId, cells]))
}

/** Digests held in memory while a table is read; more of them are looked up in the file. */
const digestsKeptMax = 100_000

/** Puts rows into the file, one by one, and keeps the sums. Within a transaction of the caller's. */
export function ledgerWriter(ledger: Database.Database, rules: readonly GroupRule[]) {
  const groupColumns = rules.flatMap((_, rule) => [`g${rule}`, `v${rule}`])
  const read = ledger
    .prepare<[number], (number | null)[]>(`SELECT ${['digest', ...groupColumns].join(', ')} FROM row WHERE row_id = ?`)
    .raw()
  const insert = ledger.prepare(
    `INSERT OR REPLACE INTO row (${['row_id', 'digest', ...groupColumns].join(', ')})
     VALUES (${['?', '?', ...groupColumns.map(() => '?')].join(', ')})`,
  )
  const remove = ledger.prepare<[number]>('DELETE FROM row WHERE row_id = ?')
  const digestAdded = ledger
    .prepare<[string], number>(
      'INSERT INTO digest (marks, rows) VALUES (?, 0) ON CONFLICT (marks) DO UPDATE SET rows = rows RETURNING id',
    )
    .pluck()
  const marksOf = ledger.prepare<[number], string>('SELECT marks FROM digest WHERE id = ?').pluck()
  const digestMoved = ledger
    .prepare<[number, number], number>('UPDATE digest SET rows = rows + ? WHERE id = ? RETURNING rows')
    .pluck()
  const digestGone = ledger.prepare<[number]>('DELETE FROM digest WHERE id = ?')
  const totalMoved = ledger.prepare<[string, number]>(
    'INSERT INTO total (mark, rows) VALUES (?, ?) ON CONFLICT (mark) DO UPDATE SET rows = rows + excluded.rows',
  )
  const kept = new Map<string, number>()
  const moved = new Map<number, number>()
  const touched = rules.map(() => new Set<number>())

  const digestOf = (marks: readonly string[]): number => {
    const text = marks.join('\n')
    const known = kept.get(text)
    if (known !== undefined) return known
    const id = digestAdded.get(text) ?? 0
    if (kept.size >= digestsKeptMax) kept.clear()
    kept.set(text, id)
    return id
  }
  const move = (digest: number, by: number): void => {
    moved.set(digest, (moved.get(digest) ?? 0) + by)
    if (moved.size >= digestsKeptMax) flush()
  }
  const flush = (): void => {
    const totals = new Map<string, number>()
    for (const [digest, by] of moved) {
      if (by !== 0)
        for (const mark of splitMarks(marksOf.get(digest) ?? '')) totals.set(mark, (totals.get(mark) ?? 0) + by)
      // A row may have come and gone within one batch: a digest without rows is dropped whoever used it.
      if (digestMoved.get(by, digest) === 0) digestGone.run(digest)
    }
    moved.clear()
    kept.clear()
    for (const [mark, by] of totals) if (by !== 0) totalMoved.run(mark, by)
  }

  return {
    /** A row that is not there yet, in a ledger that is being built. */
    add(rowId: number, verdict: RowVerdict): void {
      const digest = digestOf(verdict.marks)
      insert.run(rowId, digest, ...placesOf(verdict, rules.length))
      move(digest, 1)
    },
    /** A row as it is now, undefined where it is gone; gives by how much the number of rows changed. */
    put(rowId: number, verdict: RowVerdict | undefined): number {
      const before = read.get(rowId)
      if (before !== undefined) {
        move(before[0] ?? 0, -1)
        for (const [rule, groups] of touched.entries()) {
          const group = before[1 + rule * 2]
          if (group !== null && group !== undefined) groups.add(group)
        }
      }
      if (verdict === undefined) {
        remove.run(rowId)
        return before === undefined ? 0 : -1
      }
      this.add(rowId, verdict)
      for (const [rule, place] of verdict.places.entries()) if (place !== undefined) touched[rule]?.add(place.group)
      return before === undefined ? 1 : 0
    },
    /** Brings the sums, and the groups that rows came to or left, up to what was put. */
    settle(): void {
      flush()
      for (const [rule, groups] of touched.entries()) {
        for (const group of groups) settleGroup(ledger, rules[rule], rule, group)
        groups.clear()
      }
    },
    /** Only the sums: what a building ledger knows of its groups is asked once at the end. */
    flush,
  }
}

function placesOf(verdict: RowVerdict, rules: number): (number | null)[] {
  return Array.from({ length: rules }, (_, rule) => verdict.places[rule]).flatMap((place) =>
    place === undefined ? [null, null] : [place.group, place.value],
  )
}

function settleGroup(ledger: Database.Database, rule: GroupRule | undefined, number: number, group: number): void {
  ledger.prepare<[number, number]>('DELETE FROM off WHERE rule = ? AND grp = ?').run(number, group)
  if (rule === undefined) return
  const values = ledger
    .prepare<[number], { value: number; rows: number }>(
      `SELECT v${number} AS value, count(*) AS rows FROM row WHERE g${number} = ? GROUP BY 1 ORDER BY 2 DESC, 1`,
    )
    .all(group)
  const off = groupOff(rule, values)
  if (off.rows > 0)
    ledger
      .prepare('INSERT INTO off (rule, grp, major, members, rows) VALUES (?, ?, ?, ?, ?)')
      .run(number, group, off.major, off.members, off.rows)
}

/**
 * How many rows of a group are off, and the value that the others have. Pure.
 * @param values each value with its number of rows, the most frequent first
 */
export function groupOff(
  rule: GroupRule,
  values: readonly { readonly value: number; readonly rows: number }[],
): { readonly members: number; readonly rows: number; readonly major: number | null } {
  const members = values.reduce((sum, { rows }) => sum + rows, 0)
  if (rule.is === 'repeated') return { members, rows: members > rule.max ? members : 0, major: null }
  if (rule.is === 'alike') return { members, rows: values.length > rule.max ? members : 0, major: null }
  const [first, second] = values
  if (first === undefined || second === undefined) return { members, rows: 0, major: first?.value ?? null }
  return first.rows === second.rows
    ? { members, rows: members, major: null }
    : { members, rows: members - first.rows, major: first.value }
}

/** The marks of a digest as it is kept. */
export function splitMarks(text: string): readonly string[] {
  return text === '' ? [] : text.split('\n')
}

/** How many rows have each mark. */
export function readTotals(ledger: Database.Database): ReadonlyMap<string, number> {
  return new Map(ledger.prepare<[], [string, number]>('SELECT mark, rows FROM total WHERE rows > 0').raw().all())
}

/**
 * How many rows are off by any of some group rules, each counted once, and in how many groups by the rule that has the most.
 * @param rules their places in the plan
 */
export function readOff(
  ledger: Database.Database,
  rules: readonly number[],
): { readonly rows: number; readonly groups: number } {
  const sums = ledger.prepare<[number], { rows: number | null; groups: number }>(
    'SELECT sum(rows) AS rows, count(*) AS groups FROM off WHERE rule = ?',
  )
  let [rows, groups] = [0, 0]
  for (const [at, rule] of rules.entries()) {
    const found = sums.get(rule)
    groups = Math.max(groups, found?.groups ?? 0)
    rows += at === 0 || found?.groups === 0 ? (found?.rows ?? 0) : onlyOffBy(ledger, rule, rules.slice(0, at))
  }
  return { rows, groups }
}

/** Rows that are off by a rule and by none of others. Work grows with the rows that are off. */
function onlyOffBy(ledger: Database.Database, rule: number, others: readonly number[]): number {
  const isOff = (other: number) =>
    `EXISTS (SELECT 1 FROM off WHERE rule = ${other} AND grp = row.g${other} AND row.v${other} IS NOT off.major)`
  const sql = `SELECT count(*) FROM off AS bad CROSS JOIN row ON row.g${rule} = bad.grp
    WHERE bad.rule = ${rule} AND row.v${rule} IS NOT bad.major AND NOT (${others.map(isOff).join(' OR ')})`
  return ledger.prepare<[], number>(sql).pluck().get() ?? 0
}

/** Rowids of up to `limit` rows for each of some marks. */
export function sampleRows(
  ledger: Database.Database,
  marks: readonly string[],
  limit: number,
): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>(marks.map((mark) => [mark, []]))
  let lacking = marks.length
  if (lacking === 0) return found
  const rows = ledger.prepare<[number, number], number>('SELECT row_id FROM row WHERE digest = ? LIMIT ?').pluck()
  const digests = ledger.prepare<[], [number, string]>('SELECT id, marks FROM digest WHERE rows > 0 ORDER BY id').raw()
  for (const [digest, text] of digests.iterate()) {
    for (const mark of splitMarks(text)) {
      const sample = found.get(mark)
      if (sample === undefined || sample.length >= limit) continue
      sample.push(...rows.all(digest, limit - sample.length))
      if (sample.length >= limit) lacking -= 1
    }
    if (lacking === 0) break
  }
  return found
}

/** Rowids of up to `limit` rows that are off by any of some group rules, those of the largest groups first. */
export function rowsOff(ledger: Database.Database, rules: readonly number[], limit: number): readonly number[] {
  const found = rules.flatMap((rule) =>
    ledger
      .prepare<[number, number], number>(
        `SELECT row.row_id FROM (SELECT grp, major FROM off WHERE rule = ? ORDER BY rows DESC, grp LIMIT 20) AS bad
         CROSS JOIN row ON row.g${rule} = bad.grp WHERE row.v${rule} IS NOT bad.major LIMIT ?`,
      )
      .pluck()
      .all(rule, limit),
  )
  return [...new Set(found)].slice(0, limit)
}

/** What is kept of some rows; those that it does not know are left out. */
export function readRows(
  ledger: Database.Database,
  rules: readonly GroupRule[],
  rowIds: readonly number[],
): ReadonlyMap<number, LedgerRow> {
  const offs = rules.map(
    (_, rule) => `EXISTS (SELECT 1 FROM off WHERE rule = ${rule} AND grp = row.g${rule}
    AND row.v${rule} IS NOT off.major)`,
  )
  const rows = ledger
    .prepare<[string], [number, string, ...number[]]>(
      `SELECT ${['row.row_id', 'digest.marks', ...offs].join(', ')} FROM row JOIN digest ON digest.id = row.digest
        WHERE row.row_id IN (SELECT value FROM json_each(?))`,
    )
    .raw()
    .all(JSON.stringify(rowIds))
  return new Map(
    rows.map(([rowId, marks, ...off]) => [
      rowId,
      { rowId, marks: splitMarks(marks), off: off.map((one) => one !== 0) },
    ]),
  )
}
