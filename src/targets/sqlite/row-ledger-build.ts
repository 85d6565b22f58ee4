/**
 * Fills a row ledger from its whole table. The table is read in windows, each a statement of its own, so that no snapshot
 * is held; what is written meanwhile is followed afterwards from the place in the change log where the reading began.
 */
import { setImmediate } from 'node:timers/promises'
import type { Database } from 'better-sqlite3'
import type { Cell } from '../../values/field-type.ts'
import { feedsChangeLog, readChangeLog } from './change-log.ts'
import { type LedgerStand, schemaVersionOf } from './row-ledger.ts'
import type { GroupRule, LedgerPlan } from './row-ledger-plan.ts'
import { groupOff, ledgerWriter } from './row-ledger-writer.ts'
import { quoteIdentifier } from './schema-reader.ts'

export interface BuildOptions {
  readonly atMs: number
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((done: number, total: number) => void) | undefined
}

const windowRows = 2000

/** Builds it anew in one transaction, so that a reader sees the former one until it is done. */
export async function buildLedger(
  source: Database,
  ledger: Database,
  plan: LedgerPlan,
  options: BuildOptions,
): Promise<LedgerStand> {
  const begun = source.transaction(() => ({
    schemaVersion: schemaVersionOf(source),
    seq: feedsChangeLog(source, plan.table) ? (readChangeLog(source, plan.table, undefined, 0).lastSeq ?? null) : null,
    total:
      source
        .prepare<[], number>(`SELECT count(*) FROM ${quoteIdentifier(plan.table)}`)
        .pluck()
        .get() ?? 0,
  }))()
  ledger.exec('BEGIN IMMEDIATE')
  try {
    ledger.exec(tables(plan.rules))
    const writer = ledgerWriter(ledger, plan.rules)
    let rows = 0
    for (const read of windowsOf(source, plan, (rowId, cells) => writer.add(rowId, plan.judge(cells)))) {
      rows += read
      options.progress?.(Math.min(rows, begun.total), begun.total)
      await setImmediate()
      options.signal?.throwIfAborted()
    }
    writer.flush()
    ledger.exec(indexes(plan.rules))
    for (const [number, rule] of plan.rules.entries()) settleGroups(ledger, rule, number)
    const stand: LedgerStand = {
      version: plan.version,
      identity: plan.identity,
      schemaVersion: begun.schemaVersion,
      seq: begun.seq,
      rows,
      builtAtMs: options.atMs,
    }
    ledger
      .prepare(
        `INSERT OR REPLACE INTO stand (one, version, identity, schema_version, seq, rows, built_at)
         VALUES (1, ?, ?, ?, ?, ?, ?)`,
      )
      .run(stand.version, stand.identity, stand.schemaVersion, stand.seq, stand.rows, stand.builtAtMs)
    ledger.exec('COMMIT')
    return stand
  } catch (error) {
    if (ledger.inTransaction) ledger.exec('ROLLBACK')
    throw error
  }
}

function tables(rules: readonly GroupRule[]): string {
  const groups = rules.map((_, rule) => `, g${rule} INTEGER, v${rule} INTEGER`).join('')
  return `DELETE FROM stand;
    DROP TABLE IF EXISTS row; DROP TABLE IF EXISTS digest; DROP TABLE IF EXISTS total; DROP TABLE IF EXISTS off;
    CREATE TABLE row (row_id INTEGER PRIMARY KEY, digest INTEGER NOT NULL${groups});
    CREATE TABLE digest (id INTEGER PRIMARY KEY, marks TEXT NOT NULL UNIQUE, rows INTEGER NOT NULL);
    CREATE TABLE total (mark TEXT PRIMARY KEY, rows INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE off (rule INTEGER, grp INTEGER, major INTEGER, members INTEGER NOT NULL, rows INTEGER NOT NULL,
      PRIMARY KEY (rule, grp)) WITHOUT ROWID;`
}

function indexes(rules: readonly GroupRule[]): string {
  return [
    'CREATE INDEX row_digest ON row (digest);',
    ...rules.map((_, rule) => `CREATE INDEX row_group_${rule} ON row (g${rule}, v${rule}) WHERE g${rule} IS NOT NULL;`),
  ].join('\n')
}

/** Every group that is off, found in one walk along the index. */
function settleGroups(ledger: Database, rule: GroupRule, number: number): void {
  const insert = ledger.prepare('INSERT INTO off (rule, grp, major, members, rows) VALUES (?, ?, ?, ?, ?)')
  const wanted = {
    repeated: `HAVING count(*) > ${'max' in rule ? Math.trunc(rule.max) : 0}`,
    // Groups of one value, which most are, are passed over without counting.
    alike: `HAVING min(v${number}) <> max(v${number})`,
    consistent: `HAVING min(v${number}) <> max(v${number})`,
  }[rule.is]
  const groups = ledger
    .prepare<[], number>(`SELECT g${number} FROM row WHERE g${number} IS NOT NULL GROUP BY g${number} ${wanted}`)
    .pluck()
    .all()
  const values = ledger.prepare<[number], { value: number; rows: number }>(
    `SELECT v${number} AS value, count(*) AS rows FROM row WHERE g${number} = ? GROUP BY 1 ORDER BY 2 DESC, 1`,
  )
  for (const group of groups) {
    const off = groupOff(rule, values.all(group))
    if (off.rows > 0) insert.run(number, group, off.major, off.members, off.rows)
  }
}

/** SQLite passes at most 127 arguments to a function. */
const aggregateColumnsMax = 100

/**
 * The rows in windows, through an aggregate function, which crosses from SQLite to JavaScript once a row instead of
 * building a result (measured at 0.3 to 0.45 of `.raw().iterate()`).
 */
function* windowsOf(
  db: Database,
  plan: LedgerPlan,
  visit: (rowId: number, cells: readonly Cell[]) => void,
): Generator<number> {
  const { rowId, columns } = plan
  const select = `SELECT ${[rowId, ...columns].map((column, at) => `${column} AS c${at}`).join(', ')}
    FROM ${quoteIdentifier(plan.table)} WHERE ${rowId} > ? ORDER BY ${rowId} LIMIT ${windowRows}`
  let read = 0
  let after = Number.NEGATIVE_INFINITY
  const step = (first: Cell, cells: readonly Cell[]) => {
    after = Number(first)
    read += 1
    visit(after, cells)
  }
  const isWide = columns.length + 1 > aggregateColumnsMax
  const readWindow = isWide ? wholeWindow(db, select, step) : aggregateWindow(db, select, columns.length + 1, step)
  do {
    read = 0
    readWindow(after)
    if (read > 0) yield read
  } while (read === windowRows)
}

type Step = (first: Cell, cells: readonly Cell[]) => void

function wholeWindow(db: Database, select: string, step: Step): (after: number) => void {
  const rows = db.prepare<[number], [Cell, ...Cell[]]>(select).raw()
  return (after) => {
    for (const [first, ...cells] of rows.all(after)) step(first, cells)
  }
}

function aggregateWindow(db: Database, select: string, width: number, step: Step): (after: number) => void {
  db.aggregate('trueup_ledger', {
    start: null,
    varargs: true,
    directOnly: true,
    step: (_: null, first: Cell, ...cells: Cell[]) => step(first, cells),
  })
  const names = Array.from({ length: width }, (_, at) => `c${at}`).join(', ')
  const statement = db.prepare<[number], unknown>(`SELECT trueup_ledger(${names}) FROM (${select})`)
  return (after) => {
    statement.get(after)
  }
}
