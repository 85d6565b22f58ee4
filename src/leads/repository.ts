/**
 * The lead repository: everything that the API and the command line do with the records of one declared table.
 */
import { OperationalError } from '../errors.ts'
import { decodeCursor, encodeCursor, type LeadOrder } from './cursor.ts'
import type { LeadDuplicates } from './duplicates.ts'
import { createLeadEditor, type EditorPorts, type LeadEditor } from './editor.ts'
import type { LeadFilter } from './filter.ts'
import type { LeadHistory } from './history.ts'
import type { EraseOutcome, EraseRequest, LeadEraser, LeadReads } from './ports.ts'
import { createLeadReader, type Lead, type LeadPage, type LeadReader, type PageSpan } from './reader.ts'
import type { LeadSearch, SearchHit, SearchResult } from './search/search.ts'
import type { StatisticsTally } from './statistics/tally.ts'
import type { LeadTable } from './table.ts'

export interface LeadListRequest {
  readonly filter?: LeadFilter | undefined
  /** Words, `prefix*`, `"phrases"`. Without an `order` the best matches come first. */
  readonly search?: string | undefined
  /** Default: by key upwards. */
  readonly order?: LeadOrder | undefined
  readonly span: PageSpan
  /** Fields to read. */
  readonly columns: readonly string[]
}

export interface LeadRepositoryPorts extends EditorPorts {
  readonly reads: LeadReads
  /** Absent where a table has no search; searching it is then refused. */
  readonly search?: LeadSearch
  readonly eraser: LeadEraser
  /** Absent where the table declares none. */
  readonly duplicates?: LeadDuplicates | undefined
  /** Absent where nothing keeps what was changed. */
  readonly history?: LeadHistory | undefined
  /** Keeps the figures of a large table; without it they are counted each time. */
  readonly tally?: StatisticsTally
}

export interface LeadRepository
  extends Pick<LeadReader, 'table' | 'allColumns' | 'get' | 'statistics' | 'keepStatistics'>,
    Pick<LeadEditor, 'create' | 'update' | 'remove'> {
  /** One page. Throws USAGE for a cursor of another list. */
  list(request: LeadListRequest): Promise<LeadPage>
  /** Undefined where the table declares none. */
  readonly duplicates: LeadDuplicates | undefined
  /** Undefined where nothing keeps what was changed. */
  readonly history: LeadHistory | undefined
  /** Erases the person of a record, in every table, for good; or tells what that would remove. */
  erase(request: Omit<EraseRequest, 'table'>): Promise<EraseOutcome>
  /** The exact number of matches of a filter; a search considers its 10,000 best hits. */
  count(request: Pick<LeadListRequest, 'filter' | 'search'>): Promise<number>
}

/** The order of search results: best first. */
const byRelevance: LeadOrder = { column: '@score', direction: 'asc' }

/**
 * Opens the repository of a table.
 *
 * @example
 * const leads = createLeadRepository(leadTableOf('leads', desired.tables.leads), ports)
 * const page = await leads.list({ span: { first: 50 }, columns: ['full_name', 'email'] })
 */
export function createLeadRepository(table: LeadTable, ports: LeadRepositoryPorts): LeadRepository {
  const reader = createLeadReader(table, ports.reads, ports.tally)
  const editor = createLeadEditor(table, reader, ports)
  const byKey: LeadOrder = { column: table.key, direction: 'asc' }

  function find(text: string): Promise<SearchResult> {
    if (ports.search === undefined) {
      throw new OperationalError('USAGE', `The table ${table.name} has no search.`, { hint: 'Use a filter instead.' })
    }
    return ports.search.find(text)
  }

  /** The hits in their order, from a cursor on, until the page is full. */
  async function listByRelevance(request: LeadListRequest, { hits, complete }: SearchResult): Promise<LeadPage> {
    if ('last' in request.span) {
      throw new OperationalError('USAGE', 'Search results can be paged forwards only.', {
        hint: 'Use first and after, or give an order.',
      })
    }
    const { first, after, skip = 0 } = request.span
    const place = after === undefined ? undefined : decodeCursor(byRelevance, after)
    if (after !== undefined && place === undefined) {
      throw new OperationalError('USAGE', 'The cursor does not belong to this list.', {
        hint: 'Start again without it.',
      })
    }
    const isAfter = (hit: SearchHit): boolean => {
      if (place === undefined) return true
      const score = Number(place.value)
      return hit.score > score || (hit.score === score && hit.rowId > place.rowId)
    }
    const waiting = hits.filter(isAfter)
    const found: { hit: SearchHit; lead: Lead }[] = []
    for (let from = 0; from < waiting.length && found.length <= skip + first; ) {
      const batch = waiting.slice(from, from + Math.max(100, skip + first + 1))
      from += batch.length
      const leads = await reader.matching(
        batch.map((hit) => hit.rowId),
        request.filter,
        request.columns,
      )
      for (const hit of batch) {
        const lead = leads.get(hit.rowId)
        // A row id may belong to another record since the row was indexed.
        if (lead !== undefined && lead.key === hit.key) found.push({ hit, lead })
      }
    }
    const kept = found.slice(skip, skip + first)
    return {
      leads: kept.map(({ lead }) => lead),
      cursors: kept.map(({ hit }) => encodeCursor(byRelevance, { value: hit.score, key: hit.key, rowId: hit.rowId })),
      hasNextPage: found.length > skip + first,
      hasPreviousPage: place !== undefined || skip > 0,
      complete,
    }
  }

  return {
    table,
    duplicates: ports.duplicates,
    history: ports.history,
    allColumns: reader.allColumns,
    get: reader.get,
    statistics: reader.statistics,
    keepStatistics: reader.keepStatistics,
    create: editor.create,
    update: editor.update,
    remove: editor.remove,
    erase: (request) => ports.eraser.erase({ ...request, table: table.name }),
    async list(request) {
      const { filter, span, columns } = request
      if (request.search === undefined) return reader.list({ filter, span, columns, order: request.order ?? byKey })
      const found = await find(request.search)
      if (request.order === undefined) return listByRelevance(request, found)
      const rowIds = found.hits.map((hit) => hit.rowId)
      const page = await reader.list({ filter, span, columns, order: request.order, rowIds })
      return { ...page, complete: found.complete }
    },
    async count(request) {
      const rowIds =
        request.search === undefined ? undefined : (await find(request.search)).hits.map((hit) => hit.rowId)
      return reader.count({ filter: request.filter, rowIds })
    },
  }
}
