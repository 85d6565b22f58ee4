/** The figures of one table for whoever asks: told again while nobody committed, kept beside a large table, counted otherwise. */
import type { Database } from 'better-sqlite3'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import type { Cell } from '../../values/field-type.ts'
import type { CellRow, LeadReads } from '../ports.ts'
import type { LeadTable } from '../table.ts'
import type { TableShape } from '../table-shape.ts'
import {
  isSpread,
  type LeadStatistics,
  mostFrequent,
  shownValue,
  statisticsLayoutOf,
  valueExpression,
  valuesMax,
} from './layout.ts'
import type { StatisticsTally } from './tally.ts'

/** The table as it is open now. */
export interface OpenTable {
  readonly db: Database
  readonly shape: TableShape
  /** Moves with every commit to the file and every change of the table's form. */
  readonly version: () => string
  /** Whether what grows with the table has to be read beside the main thread. */
  readonly isLarge: () => boolean
  /** Runs a statement here, or beside the main thread. */
  query(sql: string, parameters: readonly Cell[], isHeavy: boolean): Promise<readonly CellRow[]>
}

export interface FigureReader {
  /** How many records there are, how many have each field filled, and how they spread over each field's choices. */
  statistics(): Promise<LeadStatistics>
  /** Brings the kept figures of a large table up to what was written. Does nothing where nothing was, or none are kept. */
  keepStatistics(): Promise<void>
}

export function createFigureReader(
  table: LeadTable,
  reads: LeadReads,
  tally: StatisticsTally | undefined,
  open: () => Promise<OpenTable>,
): FigureReader {
  const allColumns = [...table.fields.keys()]
  /** The last figures, as long as nobody commits to the file. */
  let toldAt: { readonly db: Database; readonly version: string; readonly statistics: LeadStatistics } | undefined

  async function statistics(): Promise<LeadStatistics> {
    const opened = await open()
    const { db } = opened
    const version = opened.version()
    if (toldAt?.version === version && toldAt.db === db) return toldAt.statistics
    const found = (opened.isLarge() ? await maintained(opened) : undefined) ?? (await recounted(opened))
    // Asked for before the reading, so that what was committed meanwhile is read the next time.
    toldAt = { db, version, statistics: found }
    return found
  }

  /** From the side file of a large table; undefined where it has none, or no change log. */
  async function maintained({ db, shape }: OpenTable): Promise<LeadStatistics | undefined> {
    const layout = tally === undefined || !shape.feedsLog ? undefined : statisticsLayoutOf(table, shape)
    if (tally === undefined || layout === undefined || reads.place === undefined) return undefined
    return tally.read(db, await reads.place(), allColumns, layout)
  }

  async function recounted({ shape, query, isLarge }: OpenTable): Promise<LeadStatistics> {
    const isHeavy = isLarge()
    const present = allColumns.filter((column) => shape.columns.has(column))
    const filled = present.map(
      (column) => `count(nullif(${quoteIdentifier(column)}, '')) AS ${quoteIdentifier(column)}`,
    )
    const from = `FROM ${quoteIdentifier(table.sqlName)} WHERE ${quoteIdentifier(table.key)} IS NOT NULL`
    const [totals] = await query(`SELECT ${['count(*) AS "@all"', ...filled].join(', ')} ${from}`, [], isHeavy)
    const spread: { field: string; value: string | null; count: number }[] = []
    for (const [name, field] of table.fields) {
      if (!isSpread(field.spec.type) || !shape.columns.has(name)) continue
      const sql = `SELECT ${valueExpression(name)} AS value, count(*) AS n ${from} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${valuesMax}`
      const found = (await query(sql, [], isHeavy)).map((row) => ({
        value: row.value == null ? null : shownValue(row.value),
        count: Number(row.n),
      }))
      for (const one of mostFrequent(found)) spread.push({ field: name, ...one })
    }
    return {
      total: Number(totals?.['@all']),
      filled: allColumns.map((field) => ({ field, count: Number(totals?.[field] ?? 0) })),
      spread,
    }
  }

  return {
    statistics,
    async keepStatistics() {
      if ((await open()).isLarge()) await statistics()
    },
  }
}
