/** What a ledger knows of the checks of its table. */
import type { Database } from 'better-sqlite3'
import { readOff, readTotals, rowsOff, sampleRows } from '../../targets/sqlite/row-ledger.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import type { Cell } from '../../values/field-type.ts'
import type { Check } from './checks/check.ts'
import type { QualityLayout } from './layout.ts'
import { keyTextOf } from './questions.ts'
import type { Sums } from './state.ts'

const sampleMax = 20

/** @param source the table itself, for the keys of the rows that are shown */
export function sumsOf(
  ledger: Database,
  source: Database,
  checks: readonly Check[],
  { layout, rows }: { readonly layout: QualityLayout; readonly rows: number },
): Sums {
  const totals = readTotals(ledger)
  const samples = sampleRows(
    ledger,
    checks.flatMap((check, at) => (check.is === 'row' && (totals.get(`${at}`) ?? 0) > 0 ? [`${at}`] : [])),
    sampleMax,
  )
  let next = 0
  const found = checks.map((check, at) => {
    if (check.is === 'row') {
      return { failing: totals.get(`${at}`) ?? 0, groups: null, rowIds: samples.get(`${at}`) ?? [] }
    }
    const rules = Array.from({ length: check.bands }, (_, band) => next + band)
    next += check.bands
    const sum = readOff(ledger, rules)
    return { failing: sum.rows, groups: sum.groups, rowIds: sum.rows === 0 ? [] : rowsOff(ledger, rules, sampleMax) }
  })
  const keys = keysOf(source, layout, [...new Set(found.flatMap(({ rowIds }) => rowIds))])
  return {
    rows,
    results: found.map(({ failing, groups, rowIds }) => ({
      failing,
      groups,
      sample: rowIds.map((rowId) => keys.get(rowId) ?? `row ${rowId}`),
    })),
  }
}

function keysOf(source: Database, layout: QualityLayout, rowIds: readonly number[]): ReadonlyMap<number, string> {
  const { table, rowId, keyColumn } = layout
  if (keyColumn === undefined || rowIds.length === 0) return new Map()
  const rows = source
    .prepare<[string], [number, Cell]>(
      `SELECT ${rowId}, ${quoteIdentifier(keyColumn)} FROM ${quoteIdentifier(table)}
        WHERE ${rowId} IN (SELECT value FROM json_each(?))`,
    )
    .raw()
    .all(JSON.stringify(rowIds))
  return new Map(rows.map(([found, key]) => [found, keyTextOf(key, found)]))
}
