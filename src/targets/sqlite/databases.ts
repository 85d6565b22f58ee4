/**
 * The SQLite files of a workspace: reading that leaves no trace, writing that neither loses a commit nor blocks the event
 * loop. Joins connections, copies and watches; each of them keeps its own promises.
 */
import { realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import type { Database } from 'better-sqlite3'
import type { Clock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { type Random, systemRandom } from '../../random.ts'
import type { Offload } from '../process/ports.ts'
import { openReading } from './connection.ts'
import { createCopies } from './copies.ts'
import { codeOf, isBusy, statReadable } from './database-error.ts'
import { explainedError } from './explained-error.ts'
import { isLive } from './live-locks.ts'
import type { Databases, Place, ReadView } from './ports.ts'
import { watchDatabase } from './watch.ts'
import { createWriters } from './writers.ts'

export interface DatabasesSettings {
  readonly offload: Offload
  readonly clock: Clock
  readonly log: Log
  /** Spreads the pauses between tries; default the system's. */
  readonly random?: Random
  /**
   * Where private copies are put for a while; default the system's temporary folder. On the file system of the databases
   * a copy shares blocks where the file system can (btrfs, XFS).
   */
  readonly copiesFolder?: string
  /** Why a file is not to be written; undefined where it may be. Asked at every write. */
  readonly refusal?: (path: string) => string | undefined
}

/** How long a reader waits for a writer that holds the whole file (rollback journal modes), in milliseconds. */
const readWaitMs = 5000
const readPauseMs = 15
/** How often the place is looked for again, when what was found there changed before it was opened. */
const placesMax = 4

/**
 * Opens the port. The connections, copies and watches that it makes are its own; `closeAll` ends them.
 *
 * @example
 * const databases = openDatabases({ offload, clock: systemClock, log })
 * await databases.write('/data/leads.db', (db) => db.prepare('UPDATE leads SET verified = 1').run().changes)
 */
export function openDatabases(settings: DatabasesSettings): Databases {
  const { clock, log } = settings
  const writers = createWriters({ clock, log, random: settings.random ?? systemRandom })
  const copies = createCopies({ ...settings, folder: settings.copiesFolder ?? tmpdir() })
  const watches = new Map<string, { readonly listeners: Set<() => void>; readonly watch: { close(): void } }>()

  const locate = async (path: string): Promise<Place> => {
    const file = await statReadable(path)
    const real = await realpath(path)
    if (writers.has(real, file) || (await isLive(real))) return { path: real, release: () => undefined }
    return copies.locate(real)
  }

  const refuse = (path: string) => {
    const reason = settings.refusal?.(path)
    if (reason !== undefined) throw new OperationalError('DATABASE_DAMAGED', `${path} is not written: ${reason}`)
  }

  const openAt = async (place: Place, giveUpAtMs: number): Promise<Database> => {
    for (;;) {
      try {
        return openView(place.path)
      } catch (error) {
        if (!isBusy(error) || clock.monotonicMs() >= giveUpAtMs) throw error
      }
      await clock.sleep(readPauseMs)
    }
  }

  return {
    locate,
    async read(path) {
      const giveUpAtMs = clock.monotonicMs() + readWaitMs
      for (let tries = 1; ; tries += 1) {
        const place = await locate(path)
        try {
          return viewOf(await openAt(place, giveUpAtMs), place)
        } catch (error) {
          place.release()
          // Read-only recovery or a vanished file: a program closed or crashed between the look and the opening.
          const moved = /^SQLITE_(READONLY|CANTOPEN|PROTOCOL)/.test(codeOf(error) ?? '')
          if (!moved || tries >= placesMax) throw await explainedError(error, path)
        }
        await clock.sleep(readPauseMs)
      }
    },
    async write(path, work, options = {}) {
      refuse(path)
      return writers.run(path, 'transaction', work, options)
    },
    async exclusive(path, work, options = {}) {
      refuse(path)
      return writers.run(path, 'bare', work, options)
    },
    leave: writers.leave,
    watch(path, notify) {
      // Several resources watch one file; it is looked at once for all of them.
      const known = watches.get(path)
      const listeners = known?.listeners ?? new Set<() => void>()
      const listener = () => notify()
      listeners.add(listener)
      if (known === undefined) {
        const tellAll = () => {
          for (const one of listeners) one()
        }
        watches.set(path, { listeners, watch: watchDatabase(path, tellAll, { clock, log }) })
      }
      return {
        close() {
          listeners.delete(listener)
          const shared = watches.get(path)
          if (listeners.size > 0 || shared?.listeners !== listeners) return
          shared.watch.close()
          watches.delete(path)
        },
      }
    },
    closeAll() {
      for (const { watch } of watches.values()) watch.close()
      watches.clear()
      writers.close()
      copies.close()
    },
  }
}

/**
 * In WAL mode the view is one snapshot from its opening to its close. In a rollback journal mode a snapshot would keep all
 * writers out, so there each statement sees the latest commit.
 */
function openView(path: string): Database {
  const db = openReading(path)
  try {
    if (db.pragma('journal_mode', { simple: true }) === 'wal') {
      db.exec('BEGIN')
      db.prepare('SELECT count(*) FROM main.sqlite_schema').get()
    }
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function viewOf(db: Database, place: Place): ReadView {
  return {
    db,
    close() {
      if (db.open) db.close()
      place.release()
    },
  }
}
