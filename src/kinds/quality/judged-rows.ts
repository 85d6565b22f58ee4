/** Single rows with what every check says of them, and which of that a person waived. */
import { readRows } from '../../targets/sqlite/row-ledger-reads.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import type { Cell } from '../../values/field-type.ts'
import type { Check, Row } from './checks/check.ts'
import { weightOf } from './checks.ts'
import { fieldsRead, rowReader } from './judge.ts'
import { keyTextOf } from './questions.ts'
import type { Ready } from './ready.ts'
import { fieldScoreOf, scoreOf } from './score.ts'
import type { QualitySpec } from './spec.ts'
import { type JudgedWaiver, printOf, type Waiver } from './waivers.ts'

export interface JudgedRow {
  readonly rowId: number
  readonly key: string
  readonly row: Row
  /** One for each check, in their order. */
  readonly verdicts: readonly Verdict[]
}

export interface Verdict {
  readonly check: Check
  /** Why the row fails; undefined where it passes. */
  readonly reason: string | undefined
}

/** What fails in one row. */
export interface RowQuality {
  readonly key: string
  readonly score: number
  readonly issues: readonly RowIssue[]
  /** What fails and was said to be right; it counts for nothing. */
  readonly waived: readonly Waiver[]
  /** The score of each field with checks. */
  readonly fields: readonly { readonly field: string; readonly score: number }[]
}

export interface RowIssue {
  readonly id: string
  readonly field: string | null
  readonly severity: Check['severity']
  /** Why, as a sentence after the field's name. */
  readonly reason: string
}

/** Rows as they are now, by their keys or their places; those that are not there are left out. */
export type WhichRows = { readonly keys: readonly string[] } | { readonly rowIds: readonly number[] }

export function judgedRows({ view, ledger, layout, checks, plan }: Ready, which: WhichRows): readonly JudgedRow[] {
  const { keyColumn, rowId: place, table } = layout
  const wanted = 'keys' in which ? which.keys : which.rowIds
  if (keyColumn === undefined || wanted.length === 0) return []
  const key = quoteIdentifier(keyColumn)
  const rowOf = rowReader(fieldsRead(checks, layout))
  const found = view
    .prepare<[string], [number, Cell, ...Cell[]]>(
      `SELECT ${[place, key, ...plan.columns].join(', ')} FROM ${quoteIdentifier(table)}
        WHERE ${'keys' in which ? key : place} IN (SELECT value FROM json_each(?))`,
    )
    .raw()
    .all(JSON.stringify(wanted))
  const known = readRows(
    ledger,
    plan.rules,
    found.map(([rowId]) => rowId),
  )
  return found.map(([rowId, keyCell, ...cells]) => {
    const row = rowOf(cells)
    let rule = 0
    const verdicts = checks.map((check): Verdict => {
      if (check.is === 'row') return { check, reason: check.reasonOf(row) }
      const off = known.get(rowId)?.off.slice(rule, rule + check.bands) ?? []
      rule += check.bands
      return { check, reason: off.includes(true) ? check.reason : undefined }
    })
    return { rowId, key: keyTextOf(keyCell, rowId), row, verdicts }
  })
}

/** The waiver that holds for a failed check of a row; undefined where none does. */
export type WaiverOf = (judged: JudgedRow, check: Check) => Waiver | undefined

export function waiverFinder(waivers: readonly Waiver[]): WaiverOf {
  const known = new Map(waivers.map((waiver) => [JSON.stringify([waiver.key, waiver.check, waiver.print]), waiver]))
  if (known.size === 0) return () => undefined
  return ({ key, row }, check) => known.get(JSON.stringify([key, check.id, printOf(key, check, row)]))
}

/** Which rows a person took out of the count of each check. */
export type WaivedRows = ReadonlyMap<string, ReadonlySet<number>>

/** Looks each waiver up in the rows as they are. Work grows with the waivers, not with the table. */
export function judgeWaivers(
  ready: Ready,
  waivers: readonly Waiver[],
): { readonly waivers: readonly JudgedWaiver[]; readonly rows: WaivedRows } {
  const waiverOf = waiverFinder(waivers)
  const holding = new Set<Waiver>()
  const rows = new Map<string, Set<number>>()
  for (const judged of judgedRows(ready, { keys: [...new Set(waivers.map(({ key }) => key))] }))
    for (const { check, reason } of judged.verdicts) {
      const waiver = reason === undefined ? undefined : waiverOf(judged, check)
      if (waiver === undefined) continue
      holding.add(waiver)
      const waived = rows.get(check.id) ?? new Set()
      rows.set(check.id, waived.add(judged.rowId))
    }
  return { waivers: waivers.map((waiver) => ({ ...waiver, holds: holding.has(waiver) })), rows }
}

export function rowQuality(judged: JudgedRow, waiverOf: WaiverOf, spec: QualitySpec): RowQuality {
  const failed = judged.verdicts.map(({ check, reason }) => ({
    check,
    reason,
    waiver: reason === undefined ? undefined : waiverOf(judged, check),
  }))
  const weighed = failed.map(({ check, reason, waiver }) => ({
    field: check.field,
    severity: check.severity,
    weight: weightOf(check, spec),
    failing: reason === undefined || waiver !== undefined ? 0 : 1,
  }))
  return {
    key: judged.key,
    score: scoreOf(weighed, 1),
    issues: failed.flatMap(({ check: { id, field, severity }, reason, waiver }) =>
      reason === undefined || waiver !== undefined ? [] : [{ id, field, severity, reason }],
    ),
    waived: failed.flatMap(({ waiver }) => waiver ?? []),
    fields: [...new Set(weighed.flatMap(({ field }) => field ?? []))].map((field) => ({
      field,
      score: fieldScoreOf(
        weighed.filter((one) => one.field === field),
        1,
      ),
    })),
  }
}
