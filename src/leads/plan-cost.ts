/**
 * Tells from SQLite's own query plan whether a statement's work is bounded by the page, or grows with the table. The
 * latter never runs on the main thread of a large table.
 */
import type { Database } from 'better-sqlite3'
import type { Cell } from '../values/field-type.ts'
import type { TableShape } from './table-shape.ts'

export interface PlanCost {
  /** The whole result is sorted before its first row. */
  readonly sorts: boolean
  /** Rows that tie in the order column are sorted among each other. */
  readonly sortsTies: boolean
  /** The index that is searched by equality or range, or walked. */
  readonly index: string | undefined
  readonly searches: boolean
}

/** Asks SQLite how it would carry the statement out. */
export function planCost(db: Database, sql: string, parameters: readonly Cell[]): PlanCost {
  const lines = db
    .prepare<Cell[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...parameters)
    .map((line) => line.detail)
  const access = lines.find((line) => /^(SEARCH|SCAN) /.test(line)) ?? ''
  return {
    sorts: lines.some((line) => line === 'USE TEMP B-TREE FOR ORDER BY'),
    sortsTies: lines.some((line) => /^USE TEMP B-TREE FOR (RIGHT PART|LAST)/.test(line)),
    index: / USING (?:COVERING )?INDEX (\S+)/.exec(access)?.[1],
    searches: access.startsWith('SEARCH '),
  }
}

/** Whether at most one row can match: an equality on all columns of a unique index. */
export function isPointSearch(cost: PlanCost, shape: TableShape, equalities: ReadonlySet<string>): boolean {
  const index = shape.indexes.find((candidate) => candidate.name === cost.index)
  return cost.searches && index?.unique === true && index.columns.every((column) => equalities.has(column))
}

/** Whether an index answers all the equalities, so that every row it gives is a match. */
export function coversEqualities(cost: PlanCost, shape: TableShape, equalities: ReadonlySet<string>): boolean {
  const index = shape.indexes.find((candidate) => candidate.name === cost.index)
  if (!cost.searches || index === undefined) return false
  const leading = new Set(index.columns.slice(0, equalities.size))
  return [...equalities].every((column) => leading.has(column))
}
