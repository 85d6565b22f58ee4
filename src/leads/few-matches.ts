/**
 * Which rows satisfy a filter that no index answers, while they are few. To look for them in the order of a list means to walk an
 * index of that order and to fetch each row of the table from another place, until a page is full; where matches are rare
 * that is the whole table, and reading it from its beginning to its end is many times less work.
 */
import type { SqlCondition } from './filter.ts'
import { rowIdAlias } from './page-query.ts'
import type { CellRow } from './ports.ts'

/** Filters whose matches are kept at a time. */
const keptMax = 50

export interface FewMatches {
  /** The row ids of all matches; undefined where they are `enough` or more. Kept until `dataVersion` moves. */
  find(probe: Probe): Promise<readonly number[] | undefined>
}

export interface Probe {
  /** Quoted for SQL. */
  readonly sqlName: string
  readonly condition: SqlCondition
  readonly enough: number
  readonly dataVersion: string
  readonly run: (sql: string, parameters: SqlCondition['parameters']) => Promise<readonly CellRow[]>
}

export function createFewMatches(): FewMatches {
  const kept = new Map<string, { readonly dataVersion: string; readonly rowIds: readonly number[] | undefined }>()
  return {
    async find({ sqlName, condition, enough, dataVersion, run }) {
      const name = `${condition.sql} ${JSON.stringify(condition.parameters)}`
      const known = kept.get(name)
      if (known?.dataVersion === dataVersion) return known.rowIds
      // Without an index on purpose: the table is read in the order in which it lies there.
      const sql = `SELECT rowid AS "${rowIdAlias}" FROM ${sqlName} NOT INDEXED WHERE ${condition.sql} LIMIT ?`
      const rows = await run(sql, [...condition.parameters, enough])
      const rowIds = rows.length < enough ? rows.map((row) => Number(row[rowIdAlias])) : undefined
      if (kept.size >= keptMax) kept.clear()
      kept.set(name, { dataVersion, rowIds })
      return rowIds
    },
  }
}
