/** The lead repositories of a workspace: one for each declared table, reading and writing through the workspace's own ports. */
import { mkdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { Clock } from '../clock.ts'
import type { DesiredState, FieldSpec } from '../desired/schema.ts'
import type { LeadDuplicates } from '../leads/duplicates.ts'
import type { Standardize } from '../leads/editor.ts'
import type { LeadHistory } from '../leads/history.ts'
import { offloadedReads } from '../leads/offloaded-reads.ts'
import type { ChangeFeed, LeadEraser, LeadReads, LeadWriter } from '../leads/ports.ts'
import { createLeadRepository, type LeadRepository } from '../leads/repository.ts'
import { createLeadSearch, type LeadSearch } from '../leads/search/search.ts'
import { createStatisticsTally, type StatisticsTally } from '../leads/statistics/tally.ts'
import { type LeadTable, leadTableOf } from '../leads/table.ts'
import type { Random } from '../random.ts'
import type { ContactList } from '../targets/erasure/contact-list.ts'
import type { IsErased } from '../targets/erasure/marks.ts'
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
  readonly eraser: LeadEraser
  readonly isErased: IsErased
  readonly contacts: ContactList
  /** The duplicates of a table; undefined where it declares none. */
  readonly duplicatesOf: (table: string) => LeadDuplicates | undefined
  readonly historyOf: (table: string) => LeadHistory | undefined
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

interface Opened {
  readonly repository: LeadRepository
  readonly search: LeadSearch
  readonly tally: StatisticsTally
  readonly reads: ClosableReads
}

/** Opens the repositories of one generation. Nothing is read before the first request. */
export function openLeads(state: DesiredState, ports: LeadPorts): Leads {
  const opened = new Map<string, Opened>()
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
    const tally = createStatisticsTally({ ...ports, path: join(ports.ownFolder, `figures-${name}.db`) })
    const repository = createLeadRepository(table, {
      reads,
      search,
      tally,
      writer: ports.writer,
      eraser: ports.eraser,
      isErased: ports.isErased,
      contacts: ports.contacts,
      duplicates: ports.duplicatesOf(name),
      history: ports.historyOf(name),
      standardize: standardizeFields(spec.fields),
      clock: ports.clock,
      random: ports.random,
    })
    const made = { repository, search, reads, tally }
    opened.set(name, made)
    return made
  }
  return {
    tables: Object.keys(state.tables),
    of: (table) => open(table)?.repository,
    async close() {
      for (const { search, reads, tally } of opened.values()) {
        await search.close()
        tally.close()
        reads.close()
      }
      opened.clear()
    },
  }
}

/** The repositories by table, in the order of the file. */
export function repositoryMap(leads: Leads): ReadonlyMap<string, LeadRepository> {
  return new Map(
    leads.tables.flatMap((name) => {
      const repository = leads.of(name)
      return repository === undefined ? [] : [[name, repository] as const]
    }),
  )
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

/**
 * One reading connection that sees every commit, opened again when the file was replaced. Where nobody had the file open, a
 * copy was taken: that one is left as soon as the file, or its -wal, is another.
 */
function liveReads(path: string, ports: LeadPorts): ClosableReads {
  let open: OpenReads | undefined
  const close = () => {
    open?.db.close()
    open?.release()
    open = undefined
  }
  const current = async (): Promise<OpenReads> => {
    if (open !== undefined && open.identity === identityOf(path, open.isCopy)) return open
    close()
    // Told before the copy is made, so that what changes meanwhile is noticed.
    const before = { live: identityOf(path, false), copied: identityOf(path, true) }
    const place = await ports.databases.locate(path)
    const isCopy = place.path !== realpathSync(path)
    const identity = isCopy ? before.copied : before.live
    open = { db: openReading(place.path), path: place.path, isCopy, identity, release: place.release }
    return open
  }
  return {
    acquire: async () => (await current()).db,
    // Where a copy is read, the thread reads the copy too: opening the file itself would leave a trace beside it.
    offload: async (sql, parameters, limitMs) =>
      offloadedReads(ports.offload, (await current()).path)(sql, parameters, limitMs),
    place: async () => ({ path: (await current()).path, identity: identityOf(path, false) }),
    close,
  }
}

interface OpenReads {
  readonly db: Database
  readonly path: string
  readonly isCopy: boolean
  readonly identity: string
  readonly release: () => void
}

/** Which file it is, and for a copy also what it held. */
function identityOf(path: string, withContent: boolean): string {
  const parts = [path, ...(withContent ? [`${path}-wal`] : [])].map((one) => {
    const found = statSync(one, { throwIfNoEntry: false, bigint: true })
    if (found === undefined) return 'absent'
    return withContent ? `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}` : `${found.dev}:${found.ino}`
  })
  return parts.join(' ')
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
