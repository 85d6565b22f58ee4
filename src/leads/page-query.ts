/**
 * SQL of one page of a list. Rows are ordered by a column, then by key, then (while the key is not unique yet) by row
 * id; empty cells come first upwards and last downwards, as SQLite orders them. A page that starts after a place is
 * cut into at most two segments, each of which an index can answer.
 */
import { quoteIdentifier } from '../targets/sqlite/schema-reader.ts'
import type { Cell } from '../values/field-type.ts'
import type { LeadOrder, Place } from './cursor.ts'
import type { SqlCondition } from './filter.ts'
import type { LeadTable } from './table.ts'
import type { TableShape } from './table-shape.ts'

export interface Segment {
  readonly sql: string
  /** The last parameter, the number of rows, is added by the caller. */
  readonly parameters: readonly Cell[]
}

export interface PageRequest {
  readonly order: LeadOrder
  /** Walks the order from its end. */
  readonly backwards: boolean
  readonly place: Place | undefined
  readonly condition: SqlCondition | undefined
  readonly columns: readonly string[]
  /** An index that SQLite is told to walk. */
  readonly indexedBy?: string
}

/** Names under which the place of a row is selected beside its cells. */
export const rowIdAlias = '@row'
export const keyAlias = '@key'
export const orderAlias = '@order'

/** The selected expressions: the row's place and the requested columns; a column that is not there yet is empty. */
export function selection(table: LeadTable, shape: TableShape, columns: readonly string[], order?: string): string {
  const expression = (column: string) => (shape.columns.has(column) ? quoteIdentifier(column) : 'NULL')
  const place = [
    `rowid AS ${quoteIdentifier(rowIdAlias)}`,
    `${quoteIdentifier(table.key)} AS ${quoteIdentifier(keyAlias)}`,
  ]
  if (order !== undefined) place.push(`${expression(order)} AS ${quoteIdentifier(orderAlias)}`)
  return [...place, ...columns.map((column) => `${expression(column)} AS ${quoteIdentifier(column)}`)].join(', ')
}

/** The segments of a page, to be read one after the other until it is full. */
export function pageSegments(table: LeadTable, shape: TableShape, request: PageRequest): readonly Segment[] {
  const { order, place } = request
  const upwards = (order.direction === 'asc') !== request.backwards
  const direction = upwards ? 'ASC' : 'DESC'
  const beyond = upwards ? '>' : '<'
  const column = quoteIdentifier(order.column)
  const ties = shape.uniqueKey ? [quoteIdentifier(table.key)] : [quoteIdentifier(table.key), 'rowid']
  const tiesOf = (at: Place): readonly Cell[] => (shape.uniqueKey ? [at.key] : [at.key, at.rowId])

  const segment = (condition: string | undefined, conditionParameters: readonly Cell[], terms: readonly string[]) => {
    const where = [`${quoteIdentifier(table.key)} IS NOT NULL`, condition, request.condition?.sql].filter(
      (part) => part !== undefined,
    )
    const hint = request.indexedBy === undefined ? '' : ` INDEXED BY ${quoteIdentifier(request.indexedBy)}`
    return {
      sql:
        `SELECT ${selection(table, shape, request.columns, order.column)} FROM ${quoteIdentifier(table.sqlName)}${hint} ` +
        `WHERE ${where.join(' AND ')} ORDER BY ${terms.map((term) => `${term} ${direction}`).join(', ')} LIMIT ?`,
      parameters: [...conditionParameters, ...(request.condition?.parameters ?? [])],
    }
  }
  const after = (terms: readonly string[]): string =>
    terms.length === 1
      ? `${terms[0]} ${beyond} ?`
      : `(${terms.join(', ')}) ${beyond} (${terms.map(() => '?').join(', ')})`

  if (order.column === table.key || !shape.columns.has(order.column)) {
    return [place === undefined ? segment(undefined, [], ties) : segment(after(ties), tiesOf(place), ties)]
  }
  const all = [column, ...ties]
  if (place === undefined) return [segment(undefined, [], all)]
  if (place.value === null) {
    const rest = segment(`${column} IS NULL AND ${after(ties)}`, tiesOf(place), ties)
    return upwards ? [rest, segment(`${column} IS NOT NULL`, [], all)] : [rest]
  }
  const rest = segment(after(all), [place.value, ...tiesOf(place)], all)
  return upwards ? [rest] : [rest, segment(`${column} IS NULL`, [], ties)]
}
