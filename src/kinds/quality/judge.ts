/** From a row to what fails in it, and to what the ledger keeps of it. Pure. */
import { hashOf } from '../../json.ts'
import type { LedgerPlan } from '../../targets/sqlite/row-ledger-plan.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import type { Cell } from '../../values/field-type.ts'
import type { Check, Row } from './checks/check.ts'
import { groupChecksOf } from './checks.ts'
import type { QualityLayout } from './layout.ts'
import type { QualitySpec } from './spec.ts'

/** Grows when a check says something else of the same row than before. */
const checksVersion = 2
const dayMs = 86_400_000

/** The fields whose cells the checks look at and that have a column, in order. */
export function fieldsRead(checks: readonly Check[], layout: QualityLayout): readonly string[] {
  return [...new Set(checks.flatMap((check) => check.reads))].filter((field) => layout.columns.has(field))
}

/** A row of cells in the order of `fields`, as checks ask for it. */
export function rowReader(fields: readonly string[]): (cells: readonly Cell[]) => Row {
  const places = new Map(fields.map((field, at) => [field, at]))
  return (cells) => (field) => cells[places.get(field) ?? -1] ?? null
}

/**
 * How the ledger of a table is kept: its marks are the places of failed row checks in the list of all. What depends on the
 * day (a date that has come meanwhile) is judged anew with each day.
 */
export function ledgerPlanOf(
  spec: QualitySpec,
  layout: QualityLayout,
  checks: readonly Check[],
  { identity, nowMs }: { readonly identity: string; readonly nowMs: number },
): LedgerPlan {
  const fields = fieldsRead(checks, layout)
  const rowOf = rowReader(fields)
  const groups = groupChecksOf(checks)
  return {
    table: layout.table,
    rowId: layout.rowId,
    columns: fields.map((field) => quoteIdentifier(layout.columns.get(field) ?? field)),
    rules: groups.flatMap(({ rule, bands }) => Array.from({ length: bands }, () => rule)),
    version: hashOf({
      checksVersion,
      spec,
      day: Math.floor(nowMs / dayMs),
      columns: [...layout.columns],
      table: layout.table,
    }),
    identity,
    judge: (cells) => {
      const row = rowOf(cells)
      const marks: string[] = []
      for (const [at, check] of checks.entries())
        if (check.is === 'row' && check.reasonOf(row) !== undefined) marks.push(`${at}`)
      return { marks, places: groups.flatMap((group) => group.placesOf(row)) }
    },
  }
}
