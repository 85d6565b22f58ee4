/** What a ledger knows of the checks of its table. */
import type { Database } from 'better-sqlite3'
import { readOff, readTotals, rowsOff, sampleRows } from '../../targets/sqlite/row-ledger-reads.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import type { Cell } from '../../values/field-type.ts'
import type { WaivedRows } from './judged-rows.ts'
import type { QualityLayout } from './layout.ts'
import { keyTextOf } from './questions.ts'
import type { Ready } from './ready.ts'
import type { Sums } from './state.ts'

const sampleMax = 20

const noRows: ReadonlySet<number> = new Set()

/** @param waived rows that fail and were said to be right: they count for nothing */
export function sumsOf({ ledger, view: source, checks, layout, rows }: Ready, waived: WaivedRows): Sums {
  const totals = readTotals(ledger)
  // Enough of them to have a full sample when those that were waived are taken out.
  const sampled = sampleMax + Math.max(0, ...[...waived.values()].map(({ size }) => size))
  const samples = sampleRows(
    ledger,
    checks.flatMap((check, at) => (check.is === 'row' && (totals.get(`${at}`) ?? 0) > 0 ? [`${at}`] : [])),
    sampled,
  )
  let next = 0
  const counted = checks.map((check, at) => {
    if (check.is === 'row') {
      return { failing: totals.get(`${at}`) ?? 0, groups: null, rowIds: samples.get(`${at}`) ?? [] }
    }
    const rules = Array.from({ length: check.bands }, (_, band) => next + band)
    next += check.bands
    const sum = readOff(ledger, rules)
    return { failing: sum.rows, groups: sum.groups, rowIds: sum.rows === 0 ? [] : rowsOff(ledger, rules, sampled) }
  })
  const found = counted.map(({ failing, groups, rowIds }, at) => {
    const out = waived.get(checks[at]?.id ?? '') ?? noRows
    const left = Math.max(0, failing - out.size)
    return {
      failing: left,
      waived: out.size,
      groups: groups === null ? null : Math.min(groups, left),
      rowIds: rowIds.filter((rowId) => !out.has(rowId)).slice(0, sampleMax),
    }
  })
  const keys = keysOf(source, layout, [...new Set(found.flatMap(({ rowIds }) => rowIds))])
  return {
    rows,
    results: found.map(({ failing, waived: taken, groups, rowIds }) => ({
      failing,
      waived: taken,
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
