/**
 * Has tables looked at for duplicates, in a thread of its own, on files or copies that may be opened without a trace. One
 * look at a table at a time: whoever asks meanwhile waits, and then finds nothing left to do.
 */
import { existsSync, realpathSync, statSync } from 'node:fs'
import type { Clock } from '../../clock.ts'
import { createKeyLock } from '../../engine/key-lock.ts'
import type { EffectContext } from '../../engine/kind.ts'
import { OperationalError } from '../../errors.ts'
import { hashOf, type JsonValue } from '../../json.ts'
import { entryUrl } from '../../targets/process/entry-url.ts'
import type { Offload } from '../../targets/process/ports.ts'
import { toDatabaseError } from '../../targets/sqlite/database-error.ts'
import { signatureOf } from '../../targets/sqlite/file-signature.ts'
import type { Databases } from '../../targets/sqlite/ports.ts'
import type { DuplicateFiles, LazyDuplicateFiles } from './files.ts'
import type { KnownOrder } from './known.ts'
import { type Look, lookSchema } from './look.ts'
import type { DuplicatesSpec } from './spec.ts'
import type { WorkerOrder } from './worker.ts'

export interface LookerPorts {
  readonly clock: Clock
  readonly databases: Databases
  readonly offload: Offload
  readonly duplicateFiles: LazyDuplicateFiles
  /** Absolute path of a declared database's file, by its name; undefined for one that is not declared. */
  readonly pathOf: (database: string) => string | undefined
}

export interface DuplicatesLooker {
  /** Absolute path of a declared database. Throws NOT_FOUND. */
  pathOf(database: string): string
  /** Looks, and works out what each merge would do. `whole` makes a full pass whatever is known. */
  look(table: string, spec: DuplicatesSpec, whole: boolean, context: EffectContext): Promise<Look>
  /** Brings what is known of a table up to date, without its merges, and says how a thread asks it (see known.ts). */
  known(table: string, spec: DuplicatesSpec, context: EffectContext): Promise<KnownOrder>
  /** Runs another order of the worker. */
  run(
    path: string,
    orderAt: (place: string, files: DuplicateFiles) => WorkerOrder,
    context: EffectContext,
  ): Promise<unknown>
}

/** A change within the time that file systems and clocks cannot tell apart may leave a signature as it is, in milliseconds. */
const unsureMs = 2000

export function createDuplicatesLooker(ports: LookerPorts): DuplicatesLooker {
  const { databases, clock } = ports
  const worker = entryUrl('./worker', import.meta.url)
  const turns = createKeyLock()
  /**
   * Of each table, what its last look depended on and the file of what it found: equal ones mean that another look would
   * find the same. A table without a change log would be looked at as a whole each time otherwise.
   */
  const lookedAt = new Map<string, { readonly mark: string; readonly found: string }>()
  const foundMark = ({ store }: DuplicateFiles) => (existsSync(store) ? signatureOf(realpathSync(store)).text : '')

  /** Null where something changed a moment ago, or nothing can be told. */
  const markOf = async (spec: DuplicatesSpec): Promise<string | null> => {
    const { exclusions } = await ports.duplicateFiles.open()
    const facts: JsonValue[] = [spec]
    let newestMs = 0
    for (const path of [pathOf(spec.database), exclusions]) {
      if (!existsSync(path)) continue
      const signature = signatureOf(realpathSync(path))
      facts.push(signature.text)
      newestMs = Math.max(newestMs, signature.newestMs)
    }
    return newestMs > clock.nowMs() - unsureMs ? null : hashOf(facts)
  }

  const pathOf = (database: string): string => {
    const path = ports.pathOf(database)
    if (path === undefined) throw new OperationalError('NOT_FOUND', `no database is declared as ${database}`)
    return path
  }

  const run: DuplicatesLooker['run'] = async (path, orderAt, context) => {
    const files = await ports.duplicateFiles.open()
    const place = await databases.locate(path)
    try {
      return await ports.offload.thread(worker, orderAt(place.path, files), context)
    } catch (error) {
      throw toDatabaseError(error, path)
    } finally {
      place.release()
    }
  }

  const lookInTurn = (
    is: 'look' | 'search',
    { table, spec, whole }: { readonly table: string; readonly spec: DuplicatesSpec; readonly whole: boolean },
    context: EffectContext,
  ) =>
    turns.run(table, async () => {
      const mark = await markOf(spec)
      const own = await ports.duplicateFiles.open()
      const last = lookedAt.get(table)
      const isCurrent = !whole && mark !== null && last?.mark === mark && last.found === foundMark(own)
      if (is === 'search' && isCurrent) return undefined
      lookedAt.delete(table)
      const path = pathOf(spec.database)
      const { exclusions } = own
      const apart = existsSync(exclusions) ? await databases.locate(exclusions) : undefined
      const orderAt = (place: string, files: DuplicateFiles): WorkerOrder => ({
        ...{ is, place, table, spec, whole, isCurrent },
        ...{ store: files.store, folder: files.folder },
        ...(files.also === undefined ? {} : { also: files.also }),
        ...(apart === undefined ? {} : { exclusions: apart.path }),
        identity: identityOf(path),
        nowMs: clock.nowMs(),
      })
      try {
        const seen = await run(path, orderAt, context)
        // Taken before the look: what changed during it is looked at again.
        if (mark !== null) lookedAt.set(table, { mark, found: foundMark(own) })
        return seen
      } finally {
        apart?.release()
      }
    })

  return {
    pathOf,
    run,
    async look(table, spec, whole, context) {
      return lookSchema.parse(await lookInTurn('look', { table, spec, whole }, context))
    },
    async known(table, spec, context) {
      await lookInTurn('search', { table, spec, whole: false }, context)
      const { store, folder, also } = await ports.duplicateFiles.open()
      return { store, folder, also: also ?? null, table, spec }
    },
  }
}

/** Another file in its place has another number. */
function identityOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true })
  return found === undefined ? 'absent' : `${found.dev}:${found.ino}`
}
