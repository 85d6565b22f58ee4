/**
 * Full-text search over a declared table. The index follows the table by its change table; while it is being filled,
 * answers say that they are not complete.
 */

import { chmodSync } from 'node:fs'
import Database from 'better-sqlite3'
import { entryUrl } from '../../targets/process/entry-url.ts'
import type { Offload } from '../../targets/process/ports.ts'
import type { Cell } from '../../values/field-type.ts'
import { offloadedReads } from '../offloaded-reads.ts'
import type { CellRow, ChangeFeed, LeadReads } from '../ports.ts'
import { type LeadTable, searchedFields } from '../table.ts'
import {
  fillWindow,
  type IndexLayout,
  indexRows,
  indexState,
  isUntouched,
  largestRowStatement,
  prepareIndex,
  restartIndex,
  searchStatement,
} from './index-file.ts'
import { searchExpression } from './query-text.ts'

export interface SearchHit {
  readonly rowId: number
  /** Key of the record when it was indexed: a row id that another record took over since is told by it. */
  readonly key: string
  /** Lower is better. */
  readonly score: number
}

export interface SearchResult {
  /** Best first. */
  readonly hits: readonly SearchHit[]
  /** False while the index is being filled. */
  readonly complete: boolean
}

/** A search considers so many best hits. */
const searchHitsMax = 10_000

export interface SearchPorts {
  /** The index file, in the workspace's own folder. Created with mode 0600. */
  readonly path: string
  readonly reads: LeadReads
  readonly feed: ChangeFeed
  /** Runs fills beside the main thread; `sourcePath` is the file of the table. Without it fills go in small windows. */
  readonly offload?: { readonly offload: Offload; readonly sourcePath: string }
}

export interface LeadSearch {
  /** Finds rows by words, `prefix*` and `"phrases"`; all must be found. */
  find(text: string): Promise<SearchResult>
  /** Makes the index follow the table. Calls while one is under way join it. Cheap when nothing changed. */
  refresh(signal?: AbortSignal): Promise<void>
  /** Ends a fill at its next window and closes the file. */
  close(): Promise<void>
}

const feedPage = 500
const fillRows = 200
/** From so many rows on, the ranking of a common word is too much for the main thread. */
const largeFrom = 20_000
/** In milliseconds. A search of the index ends by the number of its hits, so that this limit is never met. */
const searchLimitMs = 20_000

/** Opens the search of one table. */
export function createLeadSearch(table: LeadTable, ports: SearchPorts): LeadSearch {
  const db = new Database(ports.path, { timeout: 10_000 })
  chmodSync(ports.path, 0o600)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  const layout: IndexLayout = {
    table: table.name,
    sqlName: table.sqlName,
    key: table.key,
    fields: searchedFields(table),
  }
  prepareIndex(db, layout)
  const statement = db.prepare<Cell[], CellRow>(searchStatement(layout))
  const largestRow = db.prepare<[], number | null>(largestRowStatement(layout)).pluck()
  const beside = ports.offload === undefined ? undefined : offloadedReads(ports.offload.offload, ports.path)
  let underWay: Promise<void> | undefined
  let closed = false
  let indexedFrom: { readonly source: Database.Database; readonly version: number } | undefined

  async function fill(signal: AbortSignal | undefined): Promise<void> {
    if (ports.offload !== undefined) {
      const entry = entryUrl('./fill-entry', import.meta.url)
      const input = { source: ports.offload.sourcePath, search: ports.path, layout }
      await ports.offload.offload.thread(entry, input, signal === undefined ? {} : { signal })
      return
    }
    for (;;) {
      const source = await ports.reads.acquire()
      if (closed || signal?.aborted === true || fillWindow(db, source, layout, fillRows)) return
      await new Promise(setImmediate)
    }
  }

  async function follow(signal: AbortSignal | undefined): Promise<void> {
    const isStopped = () => closed || signal?.aborted === true
    if (isUntouched(indexState(db, layout))) restartIndex(db, layout, await ports.feed.position())
    for (let restarted = false; !isStopped(); ) {
      if (indexState(db, layout).filledTo !== undefined) await fill(signal)
      const state = indexState(db, layout)
      if (isStopped() || state.filledTo !== undefined) return
      const changed = await ports.feed.since(state.cursor, feedPage)
      const source = await ports.reads.acquire()
      if (isStopped()) return
      if (changed.is === 'all') {
        if (restarted || !mayHaveChanged(source)) return
        restartIndex(db, layout, changed.cursor)
        restarted = true
      } else {
        if (changed.rowIds.length === 0) return
        indexRows(db, source, layout, changed.rowIds, changed.cursor)
        await new Promise(setImmediate)
      }
    }
  }

  /** A table without a change table is indexed anew whenever its file was written since the last time. */
  function mayHaveChanged(source: Database.Database): boolean {
    const version = Number(source.pragma('data_version', { simple: true }))
    if (indexedFrom?.source === source && indexedFrom.version === version) return false
    indexedFrom = { source, version }
    return true
  }

  async function matches(expression: string): Promise<readonly CellRow[]> {
    const large = (largestRow.get() ?? 0) > largeFrom
    if (large && beside !== undefined)
      return beside(searchStatement(layout), [expression, searchHitsMax], searchLimitMs)
    return statement.all(expression, searchHitsMax)
  }

  return {
    async find(text) {
      const expression = searchExpression(text)
      if (expression === undefined) return { hits: [], complete: true }
      const rows = await matches(expression)
      return {
        hits: rows.map((row) => ({
          rowId: Number(row.row_id),
          key: String(row.record_key),
          score: Number(row.score),
        })),
        complete: indexState(db, layout).filledTo === undefined,
      }
    },
    refresh(signal) {
      underWay ??= follow(signal).finally(() => {
        underWay = undefined
      })
      return underWay
    },
    async close() {
      closed = true
      await underWay?.catch(() => undefined)
      db.close()
    },
  }
}
