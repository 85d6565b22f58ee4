/** What a row ledger says: sums, what is off by rules about groups, samples of rows. */
import type { Database } from 'better-sqlite3'
import type { GroupRule } from './row-ledger-plan.ts'
import { splitMarks } from './row-ledger-writer.ts'

/** A row with what the ledger keeps of it. */
export interface LedgerRow {
  readonly rowId: number
  readonly marks: readonly string[]
  /** For each group rule whether the row is off. */
  readonly off: readonly boolean[]
}

/** How many rows have each mark. */
export function readTotals(ledger: Database): ReadonlyMap<string, number> {
  return new Map(ledger.prepare<[], [string, number]>('SELECT mark, rows FROM total WHERE rows > 0').raw().all())
}

/**
 * How many rows are off by any of some group rules, each counted once, and in how many groups by the rule that has the most.
 * @param rules their places in the plan
 */
export function readOff(
  ledger: Database,
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
function onlyOffBy(ledger: Database, rule: number, others: readonly number[]): number {
  const isOff = (other: number) =>
    `EXISTS (SELECT 1 FROM off WHERE rule = ${other} AND grp = row.g${other} AND row.v${other} IS NOT off.major)`
  const sql = `SELECT count(*) FROM off AS bad CROSS JOIN row ON row.g${rule} = bad.grp
    WHERE bad.rule = ${rule} AND row.v${rule} IS NOT bad.major AND NOT (${others.map(isOff).join(' OR ')})`
  return ledger.prepare<[], number>(sql).pluck().get() ?? 0
}

/** Rowids of up to `limit` rows for each of some marks. */
export function sampleRows(
  ledger: Database,
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
export function rowsOff(ledger: Database, rules: readonly number[], limit: number): readonly number[] {
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
  ledger: Database,
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
