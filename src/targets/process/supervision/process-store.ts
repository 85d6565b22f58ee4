/**
 * What is known of programs between two lives of Trueup: intents, identities, counters, runs of jobs. A SQLite file of its
 * own in DELETE mode, so that a command that only looks reads it without leaving a trace; every change is on the disk when
 * it returns.
 */
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { z } from 'zod'
import type { JsonValue } from '../../../json.ts'
import { guarded } from '../../sqlite/database-error.ts'

/** One sort of document; each kind of resource parses its own. */
export type Collection = 'service' | 'job' | 'run' | 'kept'

export interface ProcessStore {
  /** Whether what is set is still there after this process. */
  readonly keeps: boolean
  get(collection: Collection, name: string): JsonValue | undefined
  /** Names that begin with the prefix, with their documents, in the order of the names. */
  list(collection: Collection, prefix: string): readonly (readonly [name: string, document: JsonValue])[]
  set(collection: Collection, name: string, document: JsonValue): void
  delete(collection: Collection, name: string): void
  /** All changes in `work`, or none. */
  transaction(work: () => void): void
  close(): void
}

const documentSchema: z.ZodType<JsonValue> = z.json()

interface Row {
  readonly name: string
  readonly document: string
}

/**
 * Opens the store; with `keep` the file is made when something is first written. Without it changes stay in this process.
 * Throws DISK_FULL, DATABASE_* where the file cannot be made, read or written.
 */
export function openProcessStore(path: string, options: { readonly keep: boolean }): ProcessStore {
  let db: Database.Database | undefined
  /** What was read or written: whoever holds the lease is the only writer. A name without a document is kept as undefined. */
  const known = new Map<string, JsonValue | undefined>()
  const opened = (forWriting: boolean): Database.Database | undefined => {
    if (db !== undefined) return db
    if (!options.keep) {
      db = existsSync(path) ? copyOf(path) : new Database(':memory:')
      prepare(db)
    } else if (forWriting || existsSync(path)) {
      db = guarded(path, () => openKept(path))
    }
    return db
  }
  const writable = (): Database.Database => {
    const found = opened(true)
    if (found === undefined) throw new Error('the store of programs cannot be opened')
    return found
  }
  return {
    keeps: options.keep,
    get(collection, name) {
      const place = `${collection}/${name}`
      if (known.has(place)) return known.get(place)
      const row = opened(false)
        ?.prepare<[string, string], Row>('SELECT name, document FROM documents WHERE collection = ? AND name = ?')
        .get(collection, name)
      const document = row === undefined ? undefined : documentSchema.parse(JSON.parse(row.document))
      known.set(place, document)
      return document
    },
    list(collection, prefix) {
      const rows =
        opened(false)
          ?.prepare<[string, string, string], Row>(
            'SELECT name, document FROM documents WHERE collection = ? AND substr(name, 1, length(?)) = ? ORDER BY name',
          )
          .all(collection, prefix, prefix) ?? []
      return rows.map((row) => [row.name, documentSchema.parse(JSON.parse(row.document))] as const)
    },
    set(collection, name, document) {
      const kept = writable()
      guarded(path, () =>
        kept
          .prepare('INSERT OR REPLACE INTO documents (collection, name, document) VALUES (?, ?, ?)')
          .run(collection, name, JSON.stringify(document)),
      )
      known.set(`${collection}/${name}`, document)
    },
    delete(collection, name) {
      known.delete(`${collection}/${name}`)
      opened(false)?.prepare('DELETE FROM documents WHERE collection = ? AND name = ?').run(collection, name)
    },
    transaction(work) {
      try {
        const kept = writable()
        guarded(path, () => kept.transaction(work).immediate())
      } catch (error) {
        known.clear()
        throw error
      }
    },
    close: () => db?.close(),
  }
}

function openKept(path: string): Database.Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
  const db = new Database(path, { timeout: 2000 })
  try {
    db.pragma('journal_mode = DELETE')
    db.pragma('synchronous = FULL')
    prepare(db)
    return db
  } catch (error) {
    // The next use makes it anew: a store that is half made is not kept open.
    db.close()
    throw error
  }
}

/** The content as it is now, in memory: opening a file in DELETE mode read-only changes nothing. */
function copyOf(path: string): Database.Database {
  const reading = new Database(path, { readonly: true, fileMustExist: true, timeout: 2000 })
  try {
    return new Database(reading.serialize())
  } finally {
    reading.close()
  }
}

function prepare(db: Database.Database): void {
  db.exec(`CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (collection, name)
  ) WITHOUT ROWID`)
}
