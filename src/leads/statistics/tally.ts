/**
 * The figures of a large table, kept in a side file that follows the change log: an answer reads sums, whoever wrote the
 * rows. Where the log cannot tell what was written, the file is made anew in a thread, and whoever asks waits for it.
 */
import type Database from 'better-sqlite3'
import type { Clock } from '../../clock.ts'
import { entryUrl } from '../../targets/process/entry-url.ts'
import type { Offload } from '../../targets/process/ports.ts'
import { makeOwnFile } from '../../targets/sqlite/own-table.ts'
import { followLedger, openLedgerFile } from '../../targets/sqlite/row-ledger.ts'
import { readTotals } from '../../targets/sqlite/row-ledger-reads.ts'
import type { KeepOrder } from './keep-entry.ts'
import { type LeadStatistics, type StatisticsLayout, statisticsOf, statisticsPlan } from './layout.ts'

/** Where a table's rows are read, by this thread or another. */
export interface SourcePlace {
  readonly path: string
  /** Which file it is, the same for a copy of it. */
  readonly identity: string
}

export interface StatisticsTally {
  /** The figures as the table is now; undefined where no side file can be kept of it. */
  read(
    source: Database.Database,
    place: SourcePlace,
    allFields: readonly string[],
    layout: StatisticsLayout,
  ): Promise<LeadStatistics | undefined>
  close(): void
}

export interface TallyPorts {
  /** The side file, absolute. */
  readonly path: string
  readonly offload: Offload
  readonly clock: Clock
}

/** So many written rows are followed while somebody waits; a thread follows more. */
const followedMax = 1000
/** As often as writers are quicker than the thread. */
const triesMax = 3

export function createStatisticsTally({ path, offload, clock }: TallyPorts): StatisticsTally {
  const entry = entryUrl('./keep-entry', import.meta.url)
  let ledger: Database.Database | undefined
  let keeping: Promise<unknown> | undefined

  const open = (): Database.Database => {
    if (ledger !== undefined) return ledger
    makeOwnFile(path)
    ledger = openLedgerFile(path)
    return ledger
  }

  return {
    async read(source, place, allFields, layout) {
      const plan = statisticsPlan(layout, place.identity)
      try {
        for (let tries = 0; tries < triesMax; tries += 1) {
          const side = open()
          const followed = followLedger(source, side, plan, { rowsMax: followedMax, count: true, write: true })
          if (followed.is === 'current') return statisticsOf(allFields, layout, readTotals(side))
          const order: KeepOrder = {
            source: place.path,
            ledger: path,
            identity: place.identity,
            layout,
            atMs: clock.nowMs(),
          }
          keeping ??= offload.thread(entry, order).finally(() => {
            keeping = undefined
          })
          await keeping
        }
      } catch (error) {
        if (!isUnusable(error)) throw error
      }
      return undefined
    },
    close() {
      ledger?.close()
      ledger = undefined
    },
  }
}

/** The side file cannot be written: by this user, on this disk, or while another process writes it. Counting needs none. */
function isUnusable(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(SQLITE_(BUSY|READONLY|CANTOPEN|FULL|IOERR|PERM)|EACCES|EPERM|EROFS|ENOSPC|DISK_FULL|DATABASE_(LOCKED|READ_ONLY))/.test(
    code,
  )
}
