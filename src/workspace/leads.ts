/** The lead repositories of a workspace: one for each declared table, reading and writing through the workspace's own ports. */
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { Clock } from '../clock.ts'
import type { DesiredState, FieldSpec } from '../desired/schema.ts'
import type { Standardize } from '../leads/editor.ts'
import { offloadedReads } from '../leads/offloaded-reads.ts'
import type { ChangeFeed, LeadReads, LeadWriter } from '../leads/ports.ts'
import { createLeadRepository, type LeadRepository } from '../leads/repository.ts'
import { createLeadSearch, type LeadSearch } from '../leads/search/search.ts'
import { type LeadTable, leadTableOf } from '../leads/table.ts'
import type { Random } from '../random.ts'
import type { Offload } from '../targets/process/ports.ts'
import { readChangeLog } from '../targets/sqlite/change-log.ts'
import { openReading } from '../targets/sqlite/connection.ts'
import type { Databases } from '../targets/sqlite/ports.ts'
import { standardizer } from '../values/standardizer.ts'
import { databasePathOf } from './paths.ts'

export interface LeadPorts {
  readonly databases: Databases
  readonly offload: Offload
  readonly clock: Clock
  readonly random: Random
  readonly writer: LeadWriter
  /** Folder of the desired state. */
  readonly workspace: string
  /** `.trueup`, for the search index. */
  readonly ownFolder: string
}

export interface Leads {
  /** The repository of an entry of `tables`; undefined when it is not declared. */
  of(table: string): LeadRepository | undefined
  readonly tables: readonly string[]
  close(): Promise<void>
}

/** Opens the repositories of one generation. Nothing is read before the first request. */
export function openLeads(state: DesiredState, ports: LeadPorts): Leads {
  const opened = new Map<string, { repository: LeadRepository; search: LeadSearch; reads: ClosableReads }>()
  const open = (name: string) => {
    const known = opened.get(name)
    const spec = state.tables[name]
    if (known !== undefined || spec === undefined) return known
    const table = leadTableOf(name, spec)
    const path = databasePathOf(state, spec.database, ports.workspace)
    const reads = liveReads(path, ports)
    const search = lazySearch(ports.clock, () => {
      mkdirSync(ports.ownFolder, { recursive: true, mode: 0o700 })
      return createLeadSearch(table, {
        path: join(ports.ownFolder, 'search.db'),
        reads,
        feed: changeFeed(table, reads),
        offload: { offload: ports.offload, sourcePath: path },
      })
    })
    const repository = createLeadRepository(table, {
      reads,
      search,
      writer: ports.writer,
      standardize: standardizeFields(spec.fields),
      clock: ports.clock,
      random: ports.random,
    })
    const made = { repository, search, reads }
    opened.set(name, made)
    return made
  }
  return {
    tables: Object.keys(state.tables),
    of: (table) => open(table)?.repository,
    async close() {
      for (const { search, reads } of opened.values()) {
        await search.close()
        reads.close()
      }
      opened.clear()
    },
  }
}

/** How long a search waits for its index to catch up; what is found earlier says that it is not complete. */
const catchUpMs = 2000

/** The index is made with the first search and follows the table with each. */
function lazySearch(clock: Clock, open: () => LeadSearch): LeadSearch {
  let opened: LeadSearch | undefined
  const search = (): LeadSearch => {
    opened ??= open()
    return opened
  }
  return {
    async find(text) {
      const refreshed = search().refresh()
      // A failure shows in the search that follows it; here only the wait ends.
      await Promise.race([refreshed.catch(() => undefined), clock.sleep(catchUpMs)])
      return search().find(text)
    },
    refresh: (signal) => search().refresh(signal),
    close: async () => opened?.close(),
  }
}

interface ClosableReads extends LeadReads {
  close(): void
}

/** One reading connection that sees every commit, opened again when the file was replaced. */
function liveReads(path: string, ports: LeadPorts): ClosableReads {
  let open: { readonly db: Database; readonly identity: string; readonly release: () => void } | undefined
  const close = () => {
    open?.db.close()
    open?.release()
    open = undefined
  }
  return {
    async acquire() {
      const identity = identityOf(path)
      if (open !== undefined && open.identity === identity) return open.db
      close()
      const place = await ports.databases.locate(path)
      open = { db: openReading(place.path), identity, release: place.release }
      return open.db
    },
    offload: offloadedReads(ports.offload, path),
    close,
  }
}

function identityOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? 'absent' : `${found.dev}:${found.ino}`
}

function changeFeed(table: LeadTable, reads: LeadReads): ChangeFeed {
  return {
    async position() {
      return readChangeLog(await reads.acquire(), table.sqlName, undefined, 0).lastSeq ?? 0
    },
    async since(cursor, limit) {
      const reading = readChangeLog(await reads.acquire(), table.sqlName, cursor, limit)
      return reading.is === 'rows'
        ? { is: 'rows', rowIds: reading.rowIds, cursor: reading.lastSeq }
        : { is: 'all', cursor: reading.lastSeq ?? 0 }
    },
  }
}

function standardizeFields(fields: Readonly<Record<string, FieldSpec>>): Standardize {
  const prepared = new Map(
    Object.entries(fields).map(([name, spec]) => [
      name,
      standardizer(spec.standardize, {
        type: spec.type,
        ...(spec.choices === undefined ? {} : { choices: spec.choices }),
      }),
    ]),
  )
  return (field, value, context) => prepared.get(field)?.standardize(value, context) ?? { is: 'canonical' }
}
