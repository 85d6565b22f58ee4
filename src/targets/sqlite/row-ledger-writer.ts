/** Writes what a row ledger keeps of single rows, with the sums and the groups that follow from it. */
import type { Database } from 'better-sqlite3'
import type { GroupRule, RowVerdict } from './row-ledger-plan.ts'

/** Digests held in memory while a table is read; more of them are looked up in the file. */
const digestsKeptMax = 100_000

/** Puts rows into the file, one by one, and keeps the sums. Within a transaction of the caller's. */
export function ledgerWriter(ledger: Database, rules: readonly GroupRule[]) {
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

function settleGroup(ledger: Database, rule: GroupRule | undefined, number: number, group: number): void {
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
