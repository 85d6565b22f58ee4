/**
 * Reads of one declared table: single records, pages in any order, counts. Every statement is prepared once; only
 * requested columns are read; work that grows with a large table runs beside the main thread.
 */

import type { Database } from 'better-sqlite3'
import { OperationalError } from '../errors.ts'
import { hashOf } from '../json.ts'
import { quoteIdentifier } from '../targets/sqlite/schema-reader.ts'
import type { Cell } from '../values/field-type.ts'
import { decodeCursor, encodeCursor, type LeadOrder, type Place } from './cursor.ts'
import { compileFilter, equalitiesOf, filteredColumns, type LeadFilter, type SqlCondition } from './filter.ts'
import { keyAlias, orderAlias, pageSegments, rowIdAlias, type Segment, selection } from './page-query.ts'
import { coversEqualities, isPointSearch, type PlanCost } from './plan-cost.ts'
import type { CellRow, LeadReads } from './ports.ts'
import { createPreparedReads, type Prepared, preparedMax } from './prepared-reads.ts'
import { limitTerm } from './statement-limit.ts'
import { createFigureReader } from './statistics/figures.ts'
import type { StatisticsTally } from './statistics/tally.ts'
import type { LeadTable } from './table.ts'
import type { TableShape } from './table-shape.ts'

/** A record with those cells that were asked for. */
export interface Lead {
  readonly rowId: number
  readonly key: string
  readonly cells: CellRow
}

/**
 * A page is asked for forwards (`first`, `after`) or backwards (`last`, `before`). `skip` passes over rows without reading them,
 * for a jump into a long list; it takes longer the more they are, where a cursor does not.
 */
export type PageSpan =
  | { readonly first: number; readonly after?: string | undefined; readonly skip?: number | undefined }
  | { readonly last: number; readonly before?: string | undefined }

export interface ListRequest {
  readonly filter?: LeadFilter | undefined
  readonly order: LeadOrder
  readonly span: PageSpan
  /** Fields to read. */
  readonly columns: readonly string[]
  /** Only these rows, for example what a search found. */
  readonly rowIds?: readonly number[] | undefined
}

export interface LeadPage {
  readonly leads: readonly Lead[]
  /** One for each lead. */
  readonly cursors: readonly string[]
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  /** False where a search was asked for while its index was still being filled. */
  readonly complete: boolean
}

/** A page of which nothing is read, for who asks only how many there are. */
export const unreadPage: LeadPage = {
  leads: [],
  cursors: [],
  hasNextPage: false,
  hasPreviousPage: false,
  complete: true,
}

/** Tables with more rows than this are large: what grows with them is offloaded. */
const largeFrom = 20_000
/** Matches of a filter are many from so many on: a page of them is found by walking a small part of the table in order. */
const manyFrom = (rows: number) => Math.max(2000, Math.floor(rows / 200))
/**
 * How long one statement may run, in milliseconds: on the main thread, which answers everybody, and beside it, which ends
 * before the deadline of a request (`queryMs` of the API).
 */
const usualLimits = { here: 100, beside: 20_000 }
export const pageSizeMax = 500

export type LeadReader = ReturnType<typeof createLeadReader>

/** Opens the reading side. Methods throw the DATABASE_* errors, and NOT_FOUND while the table does not exist. */
export function createLeadReader(
  table: LeadTable,
  reads: LeadReads,
  tally?: StatisticsTally,
  limits: { readonly here: number; readonly beside: number } = usualLimits,
) {
  const { open, statementOf, costOf } = createPreparedReads(table, reads)
  const allColumns = [...table.fields.keys()]
  const figures = createFigureReader(table, reads, tally, async () => {
    const { db, prepared, shape } = await open()
    return {
      db,
      shape,
      version: () => `${prepared.dataVersion.get() ?? ''} ${prepared.shapes.version()}`,
      isLarge: () => prepared.shapes.rowsMax() > largeFrom,
      query: (sql, parameters, isHeavy) => run(db, prepared, isHeavy, sql, parameters),
    }
  })

  /** Whether the work of a segment may grow with the table. */
  function isHeavy(cost: PlanCost, shape: TableShape, request: ListRequest): boolean {
    const type = table.fields.get(request.order.column)?.spec.type
    if (request.rowIds !== undefined) return false
    const manyTies = cost.sortsTies && (type === 'boolean' || type === 'choice' || type === 'choices')
    if (request.filter === undefined) return cost.sorts || manyTies
    const equalities = equalitiesOf(request.filter)
    if (equalities === undefined) return true
    if (isPointSearch(cost, shape, equalities)) return false
    return cost.sorts || manyTies || !coversEqualities(cost, shape, equalities)
  }

  async function run(
    db: Database,
    prepared: Prepared,
    heavy: boolean,
    sql: string,
    parameters: readonly Cell[],
  ): Promise<readonly CellRow[]> {
    if (heavy && reads.offload !== undefined) return reads.offload(sql, parameters, limits.beside)
    return here(db, prepared, sql, parameters)
  }

  /** On the main thread, for a moment: what turns out to take longer is begun anew beside it. */
  async function here(
    db: Database,
    prepared: Prepared,
    sql: string,
    parameters: readonly Cell[],
  ): Promise<readonly CellRow[]> {
    try {
      return prepared.limit.run(reads.offload === undefined ? limits.beside : limits.here, () =>
        statementOf(db, prepared, sql).all(...parameters),
      )
    } catch (error) {
      if (reads.offload === undefined || !(error instanceof OperationalError) || error.code !== 'QUERY_TOO_LONG')
        throw error
      return reads.offload(sql, parameters, limits.beside)
    }
  }

  function conditionOf(request: Pick<ListRequest, 'filter' | 'rowIds'>, shape: TableShape): SqlCondition | undefined {
    const compiled = request.filter === undefined ? undefined : compileFilter(request.filter, shape.columns)
    const filter = compiled && { ...compiled, sql: `${limitTerm} AND ${compiled.sql}` }
    if (request.rowIds === undefined) return filter
    const within = 'rowid IN (SELECT value FROM json_each(?))'
    return {
      sql: filter === undefined ? within : `${within} AND ${filter.sql}`,
      parameters: [JSON.stringify(request.rowIds), ...(filter?.parameters ?? [])],
    }
  }

  /**
   * The planner, without statistics, takes the index of the filter and sorts all matches. Where the matches are many it
   * is far less work to walk an index of the order column, so it is told to.
   */
  async function orderIndex(
    db: Database,
    prepared: Prepared,
    shape: TableShape,
    request: ListRequest,
    condition: SqlCondition | undefined,
    cost: PlanCost,
  ): Promise<string | undefined> {
    if (condition === undefined || !cost.sorts || !cost.searches || request.rowIds !== undefined) return undefined
    const index = shape.indexes.find((candidate) => candidate.columns[0] === request.order.column)
    if (index === undefined) return undefined
    const enough = manyFrom(prepared.shapes.rowsMax())
    const probe = `SELECT count(*) AS n FROM (SELECT 1 FROM ${quoteIdentifier(table.sqlName)} WHERE ${condition.sql} LIMIT ?)`
    const [found] = await here(db, prepared, probe, [...condition.parameters, enough])
    return Number(found?.n) >= enough ? index.name : undefined
  }

  /** The request for the few rows that match, where finding them by an index of the order would walk most of the table. */
  async function narrowed(
    db: Database,
    prepared: Prepared,
    shape: TableShape,
    request: ListRequest,
    segment: Segment | undefined,
  ): Promise<ListRequest> {
    const { filter, rowIds: within } = request
    const condition = conditionOf(request, shape)
    if (segment === undefined || condition === undefined || filter === undefined || within !== undefined) return request
    const cost = costOf(db, prepared, segment.sql, [...segment.parameters, 1])
    if (cost.sorts || !isHeavy(cost, shape, request)) return request
    const [leading] = shape.indexes.find(({ name }) => name === cost.index)?.columns ?? []
    // An index that the filter begins with may bound the work by itself; without one the table is walked as it lies anyway.
    if (leading === undefined || filteredColumns(filter).has(leading)) return request
    const rowIds = await prepared.fewMatches.find({
      sqlName: quoteIdentifier(table.sqlName),
      condition,
      enough: manyFrom(prepared.shapes.rowsMax()),
      dataVersion: prepared.dataVersion.get() ?? '',
      run: (sql, parameters) => run(db, prepared, true, sql, parameters),
    })
    return rowIds === undefined ? request : { ...request, rowIds }
  }

  async function list(asked: ListRequest): Promise<LeadPage> {
    const { db, prepared, shape } = await open()
    const backwards = 'last' in asked.span
    const size = 'last' in asked.span ? asked.span.last : asked.span.first
    const cursor = 'last' in asked.span ? asked.span.before : asked.span.after
    // With a cursor there is nothing to skip: `readListArguments` refuses both.
    const skip = 'first' in asked.span && cursor === undefined ? (asked.span.skip ?? 0) : 0
    const place = cursor === undefined ? undefined : decodeCursor(asked.order, cursor)
    if (cursor !== undefined && place === undefined) {
      throw new OperationalError('USAGE', 'The cursor does not belong to this list.', {
        hint: 'Start again without it; a cursor goes with the order it was given for.',
      })
    }
    const large = prepared.shapes.rowsMax() > largeFrom
    const page = { order: asked.order, backwards, place, columns: asked.columns }
    const [first] = pageSegments(table, shape, { ...page, condition: conditionOf(asked, shape) })
    const request = large ? await narrowed(db, prepared, shape, asked, first) : asked
    const condition = conditionOf(request, shape)
    const shapeOf = { ...page, condition }
    const segments = pageSegments(table, shape, shapeOf)
    const rows: CellRow[] = []
    for (const [at, segment] of segments.entries()) {
      const missing = size + 1 - rows.length
      if (missing <= 0) break
      rows.push(...(await readSegment(segment, at, missing)))
    }

    async function readSegment(segment: Segment, at: number, missing: number): Promise<readonly CellRow[]> {
      const parameters = skip === 0 ? [...segment.parameters, missing] : [...segment.parameters, missing, skip]
      const offset = skip === 0 ? '' : ' OFFSET ?'
      if (!large) return here(db, prepared, segment.sql + offset, parameters)
      const cost = costOf(db, prepared, segment.sql + offset, parameters)
      const index = await orderIndex(db, prepared, shape, request, condition, cost)
      const walked = index === undefined ? undefined : pageSegments(table, shape, { ...shapeOf, indexedBy: index })[at]
      const isLong = skip > largeFrom || isHeavy(cost, shape, request)
      return run(db, prepared, isLong, (walked?.sql ?? segment.sql) + offset, parameters)
    }

    const more = rows.length > size
    const kept = more ? rows.slice(0, size) : rows
    if (backwards) kept.reverse()
    const cursors = kept.map((row) => encodeCursor(request.order, placeOf(row)))
    return {
      leads: kept.map(leadOf),
      cursors,
      hasNextPage: backwards ? place !== undefined : more,
      hasPreviousPage: backwards ? more : place !== undefined || skip > 0,
      complete: true,
    }
  }

  /** The exact number of matches; kept until another program or Trueup commits to the file. */
  async function count(request: Pick<ListRequest, 'filter' | 'rowIds'>): Promise<number> {
    const { db, prepared, shape } = await open()
    const condition = conditionOf(request, shape)
    const where = [`${quoteIdentifier(table.key)} IS NOT NULL`, condition?.sql]
      .filter((part) => part !== undefined)
      .join(' AND ')
    const sql = `SELECT count(*) AS n FROM ${quoteIdentifier(table.sqlName)} WHERE ${where}`
    const parameters = condition?.parameters ?? []
    const version = prepared.dataVersion.get() ?? ''
    const name = `${sql} ${JSON.stringify(parameters)}`
    const known = prepared.counts.get(name)
    if (known?.dataVersion === version) return known.count
    const heavy = request.rowIds === undefined && prepared.shapes.rowsMax() > largeFrom
    const [row] = await run(db, prepared, heavy, sql, parameters)
    if (prepared.counts.size >= preparedMax) prepared.counts.clear()
    const found = Number(row?.n)
    prepared.counts.set(name, { dataVersion: version, count: found })
    return found
  }

  /** The record with a key; the first by row id while the key is not unique. Without `columns` all fields are read. */
  async function get(key: string, columns: readonly string[] = allColumns): Promise<Lead | undefined> {
    const { db, prepared, shape } = await open()
    const sql =
      `SELECT ${selection(table, shape, columns)} FROM ${quoteIdentifier(table.sqlName)} ` +
      `WHERE ${quoteIdentifier(table.key)} = ? ORDER BY rowid LIMIT 1`
    const [row] = statementOf(db, prepared, sql).all(key)
    return row === undefined ? undefined : leadOf(row)
  }

  /** The names of the columns that exist, lower-case. */
  async function existingColumns(): Promise<ReadonlySet<string>> {
    return (await open()).shape.columns
  }

  /** The record with a key and all its columns, declared or not, exact: what a before-image must hold. */
  async function wholeRow(key: string): Promise<Lead | undefined> {
    const { db, shape } = await open()
    const sql =
      `SELECT rowid AS ${quoteIdentifier(rowIdAlias)}, ${shape.stored.map(quoteIdentifier).join(', ')} FROM ${quoteIdentifier(table.sqlName)} ` +
      `WHERE ${quoteIdentifier(table.key)} = ? ORDER BY rowid LIMIT 1`
    const found = db.prepare<Cell[], CellRow>(sql).safeIntegers(true).get(key)
    if (found === undefined) return undefined
    const declaredName = (name: string) => {
      const lower = name.toLowerCase()
      return table.fields.has(lower) || lower === table.key ? lower : name
    }
    const cells = Object.fromEntries(
      Object.entries(found)
        .filter(([name]) => name !== rowIdAlias)
        .map(([name, cell]) => [declaredName(name), plainNumber(cell)]),
    )
    return { rowId: Number(found[rowIdAlias]), key: String(cells[table.key]), cells }
  }

  /** Those of the given rows that satisfy the filter, by row id; rows that are gone or have no key are left out. */
  async function matching(
    rowIds: readonly number[],
    filter: LeadFilter | undefined,
    columns: readonly string[],
  ): Promise<ReadonlyMap<number, Lead>> {
    const { db, prepared, shape } = await open()
    const condition = conditionOf({ filter, rowIds }, shape)
    const sql =
      `SELECT ${selection(table, shape, columns)} FROM ${quoteIdentifier(table.sqlName)} ` +
      `WHERE ${quoteIdentifier(table.key)} IS NOT NULL AND ${condition?.sql ?? '1'}`
    const rows = await here(db, prepared, sql, condition?.parameters ?? [])
    return new Map(rows.map((row) => [Number(row[rowIdAlias]), leadOf(row)]))
  }

  /** The key of another record that has this value in the field; undefined when there is none. */
  async function keyWith(field: string, cell: Cell, exceptRowId: number): Promise<string | undefined> {
    const { db, prepared, shape } = await open()
    if (!shape.columns.has(field)) return undefined
    const sql =
      `SELECT ${quoteIdentifier(table.key)} AS "@key" FROM ${quoteIdentifier(table.sqlName)} ` +
      `WHERE ${quoteIdentifier(field)} = ? AND rowid <> ? LIMIT 1`
    const [row] = statementOf(db, prepared, sql).all(cell, exceptRowId)
    return row === undefined ? undefined : String(row['@key'] ?? '')
  }

  return {
    table,
    allColumns,
    columns: existingColumns,
    list,
    count,
    get,
    wholeRow,
    matching,
    keyWith,
    ...figures,
  }
}

/** Integers that a number holds exactly become numbers. */
function plainNumber(cell: Cell): Cell {
  return typeof cell === 'bigint' && Number.isSafeInteger(Number(cell)) ? Number(cell) : cell
}

function placeOf(row: CellRow): Place {
  return { value: row[orderAlias] ?? null, key: row[keyAlias] ?? null, rowId: Number(row[rowIdAlias]) }
}

function leadOf(row: CellRow): Lead {
  return { rowId: Number(row[rowIdAlias]), key: String(row[keyAlias]), cells: row }
}

/** The version of a record: a hash of all its declared cells, 16 hexadecimal digits. */
export function versionOf(table: LeadTable, lead: Lead): string {
  const cells = [...table.fields.keys()].map((field) => {
    const cell = lead.cells[field] ?? null
    if (cell instanceof Uint8Array) return { bytes: Buffer.from(cell).toString('base64') }
    if (cell === Infinity || cell === -Infinity) return { number: String(cell) }
    return typeof cell === 'bigint' ? Number(cell) : cell
  })
  return hashOf([lead.key, ...cells]).slice(0, 16)
}
