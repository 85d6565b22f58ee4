/**
 * A table as a source of records for the matcher, over two reading connections. Rows cross from SQLite into JavaScript
 * through an aggregate, which takes about a third of the time of an iterator and cannot use its own connection meanwhile.
 */
import type { Database } from 'better-sqlite3'
import { invariant } from '../../errors.ts'
import type { RecordSource } from '../../matching/source.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import type { Layout } from './layout.ts'
import { comparedFields, type DuplicatesSpec } from './spec.ts'

export interface RowSource extends RecordSource {
  /** The rowid of a row of the source. */
  rowIdOf(row: number): number
  /** The row of the source that has a rowid of its rows. */
  rowOf(rowId: number): number
}

/** Reads the compared cells of single records. */
export interface CellReader {
  /** Texts in the order of the compared fields; undefined for a row that is not there. */
  cellsAt(rowId: number): readonly string[] | undefined
}

/** The expressions of the compared fields, in their order; fields without a column are empty. */
function expressionsOf(spec: DuplicatesSpec, layout: Layout): readonly string[] {
  return comparedFields(spec).map(({ name }) => {
    const place = layout.fields.find(({ field }) => field.name === name)
    return place === undefined ? 'NULL' : quoteIdentifier(place.column)
  })
}

/** SQLite passes at most 127 arguments to a function. */
const aggregateColumnsMax = 100

/** Reads the places of all rows now. `scanning` must be in a reading transaction for as long as the source is used. */
export function rowSource(scanning: Database, picking: Database, spec: DuplicatesSpec, layout: Layout): RowSource {
  const table = quoteIdentifier(layout.table)
  const rowIds = Float64Array.from(
    scanning.prepare<[], number>(`SELECT ${layout.rowId} FROM ${table} ORDER BY ${layout.rowId}`).pluck().all(),
  )
  const expressions = expressionsOf(spec, layout)
  const names = expressions.map((expression, at) => `${expression} AS c${at}`).join(', ')
  const columns = expressions.map((_, at) => `c${at}`).join(', ')
  const ordered = `SELECT ${names} FROM ${table} ORDER BY ${layout.rowId}`
  const one = cellReader(picking, spec, layout)
  let visit: (cells: readonly string[]) => void = () => undefined
  if (expressions.length <= aggregateColumnsMax)
    scanning.aggregate('trueup_cells', {
      start: null,
      varargs: true,
      directOnly: true,
      step: (_: null, ...cells: unknown[]) => visit(textsOf(cells)),
    })
  return {
    rows: rowIds.length,
    inMemory: false,
    rowIdOf: (row) => rowIds[row] ?? 0,
    rowOf(rowId) {
      let [low, high] = [0, rowIds.length]
      while (low < high) {
        const middle = (low + high) >>> 1
        if ((rowIds[middle] ?? 0) < rowId) low = middle + 1
        else high = middle
      }
      return low
    },
    cellsOf: (row) => one.cellsAt(rowIds[row] ?? 0) ?? expressions.map(() => ''),
    scan(visitor) {
      let row = 0
      visit = (cells) => {
        visitor(cells, row)
        row += 1
      }
      if (expressions.length <= aggregateColumnsMax)
        scanning.prepare(`SELECT trueup_cells(${columns}) FROM (${ordered})`).get()
      else for (const cells of scanning.prepare<[], unknown[]>(ordered).raw().iterate()) visit(textsOf(cells))
      invariant(row === rowIds.length, 'a reading transaction sees the same rows twice')
    },
  }
}

/** Prepares reading single records. */
export function cellReader(db: Database, spec: DuplicatesSpec, layout: Layout): CellReader {
  const statement = db
    .prepare<[number], unknown[]>(
      `SELECT ${expressionsOf(spec, layout).join(', ')} FROM ${quoteIdentifier(layout.table)} WHERE ${layout.rowId} = ?`,
    )
    .raw()
  return {
    cellsAt(rowId) {
      const cells = statement.get(rowId)
      return cells === undefined ? undefined : textsOf(cells)
    },
  }
}

function textsOf(cells: readonly unknown[]): readonly string[] {
  return cells.map((cell) => {
    if (typeof cell === 'string') return cell
    return cell === null || cell === undefined || cell instanceof Uint8Array ? '' : String(cell)
  })
}
