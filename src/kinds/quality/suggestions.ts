/** Values that would mend single rows, where a check can tell one. Worked out from the rows as they are when somebody asks. */
import type { Database } from 'better-sqlite3'
import { majorityPeers } from '../../targets/sqlite/row-ledger-peers.ts'
import { rowsOff, sampleRows } from '../../targets/sqlite/row-ledger-reads.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import type { Cell } from '../../values/field-type.ts'
import { hashText } from '../../values/text-hash.ts'
import { type Check, canSuggest, type GroupCheck, type Suggested } from './checks/check.ts'
import { type JudgedRow, judgedRows, type WaiverOf } from './judged-rows.ts'
import type { Ready } from './ready.ts'

export interface Suggestion {
  /** Of record, check and both values: another suggestion has another. */
  readonly id: string
  readonly key: string
  readonly check: string
  readonly field: string
  readonly before: Cell
  readonly after: Cell
  /** Why, as a phrase that holds no value. */
  readonly why: string
}

export interface SuggestionsQuery {
  /** Only those of this check. */
  readonly check?: string | undefined
  readonly limit: number
}

/** So many failing rows of each check are looked through: most of what fails may have no value that would mend it. */
const lookedThroughMax = 2000

/** Suggestions of the table, check by check in their order. */
export function listSuggestions(ready: Ready, { check: only, limit }: SuggestionsQuery, waiverOf: WaiverOf) {
  const found: Suggestion[] = []
  for (const [at, check] of ready.checks.entries()) {
    if (found.length >= limit) break
    if (!canSuggest(check) || (only !== undefined && check.id !== only)) continue
    const rowIds = failingRows(ready, check, at)
    found.push(...suggestionsIn(ready, judgedRows(ready, { rowIds }), [check], waiverOf).slice(0, limit - found.length))
  }
  return found
}

/** All suggestions for these records. */
export function suggestionsFor(ready: Ready, keys: readonly string[], waiverOf: WaiverOf): readonly Suggestion[] {
  return suggestionsIn(ready, judgedRows(ready, { keys }), ready.checks.filter(canSuggest), waiverOf)
}

function failingRows({ ledger, checks }: Ready, check: Check, at: number): readonly number[] {
  if (check.is === 'row') return sampleRows(ledger, [`${at}`], lookedThroughMax).get(`${at}`) ?? []
  return rowsOff(ledger, rulesOf(checks, check), lookedThroughMax)
}

/** The places of a check's group rules in the plan. */
function rulesOf(checks: readonly Check[], check: GroupCheck): readonly number[] {
  let next = 0
  for (const one of checks) {
    if (one === check) break
    if (one.is === 'group') next += one.bands
  }
  return Array.from({ length: check.bands }, (_, band) => next + band)
}

function suggestionsIn(
  ready: Ready,
  rows: readonly JudgedRow[],
  checks: readonly Check[],
  waiverOf: WaiverOf,
): readonly Suggestion[] {
  const suggested = new Map(checks.map((check) => [check, suggesterOf(ready, check, rows)]))
  return rows.flatMap((judged) =>
    judged.verdicts.flatMap(({ check, reason }): Suggestion[] => {
      const one = reason === undefined ? undefined : suggested.get(check)?.(judged)
      if (one === undefined || waiverOf(judged, check) !== undefined) return []
      const before = judged.row(one.field)
      if (before === one.value) return []
      const { key } = judged
      const id = hashText(JSON.stringify([key, check.id, one.field, `${before}`, `${one.value}`])).toString(36)
      return [{ id, key, check: check.id, field: one.field, before, after: one.value, why: one.why }]
    }),
  )
}

function suggesterOf(
  ready: Ready,
  check: Check,
  rows: readonly JudgedRow[],
): (judged: JudgedRow) => Suggested | undefined {
  if (check.is === 'row') return ({ row }) => check.suggest?.(row)
  const { field, majorityWhy } = check
  const column = field === null ? undefined : ready.layout.columns.get(field)
  const [rule] = rulesOf(ready.checks, check)
  if (field === null || column === undefined || rule === undefined || majorityWhy === undefined) return () => undefined
  const peers = majorityPeers(
    ready.ledger,
    rule,
    rows.map(({ rowId }) => rowId),
  )
  const cells = cellsOf(ready, column, [...new Set(peers.values())])
  return ({ rowId }) => {
    const value = cells.get(peers.get(rowId) ?? 0)
    return typeof value === 'string' ? { field, value: value.trim(), why: majorityWhy } : undefined
  }
}

function cellsOf(
  { view, layout }: { readonly view: Database; readonly layout: Ready['layout'] },
  column: string,
  rowIds: readonly number[],
): ReadonlyMap<number, Cell> {
  const rows = view
    .prepare<[string], [number, Cell]>(
      `SELECT ${layout.rowId}, ${quoteIdentifier(column)} FROM ${quoteIdentifier(layout.table)}
        WHERE ${layout.rowId} IN (SELECT value FROM json_each(?))`,
    )
    .raw()
    .all(JSON.stringify(rowIds))
  return new Map(rows)
}
