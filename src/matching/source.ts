/** Where records come from, as far as a full pass asks: everything once in order, and single ones again. */
export interface RecordSource {
  readonly rows: number
  /** Visits every record once, numbered from 0. Cells are texts in the order of the fields; empty where there is nothing. The array may be used again. */
  scan(visit: (cells: readonly string[], row: number) => void): void
  /** The cells of one record. */
  cellsOf(row: number): readonly string[]
  /** Whether records stand in memory, so that fetching one costs nothing. */
  readonly inMemory: boolean
}

/** Records that stand in memory. */
export function arraySource(records: readonly (readonly string[])[]): RecordSource {
  return {
    rows: records.length,
    inMemory: true,
    scan(visit) {
      for (const [row, cells] of records.entries()) visit(cells, row)
    },
    cellsOf: (row) => records[row] ?? [],
  }
}

/** Rows spread evenly over a source, at most `count`. */
export function sampleOf(source: RecordSource, count: number): readonly (readonly string[])[] {
  const kept = Math.min(count, source.rows)
  return Array.from({ length: kept }, (_, at) => [...source.cellsOf(Math.floor((at * source.rows) / kept))])
}
