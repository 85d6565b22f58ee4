/** The files of Trueup's own: small tables that are written through change sets like any other, and stores of single parts. */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'

/**
 * Makes the file, private and in WAL mode, with what the schema says. A crash may have left the file without its table, so
 * that the schema is gone through although the file is there: it says `IF NOT EXISTS`.
 */
export function ensureOwnTable(path: string, schema: string): void {
  openOwnFile(path, { schema, synchronous: 'FULL' }).close()
}

export interface OwnFileOptions {
  /** Says `IF NOT EXISTS`. */
  readonly schema: string
  /** `NORMAL` where a power cut may take the last moments. */
  readonly synchronous: 'FULL' | 'NORMAL'
  /** How long another process that writes is waited for; default 5 s. */
  readonly busyMs?: number
}

/** Opens a file of Trueup's own for writing, in WAL mode; made, private, where it is not there. `:memory:` for one that is forgotten. */
export function openOwnFile(path: string, { schema, synchronous, busyMs = 5000 }: OwnFileOptions): Database.Database {
  if (path !== ':memory:') makeOwnFile(path)
  const db = new Database(path, { timeout: busyMs })
  try {
    db.pragma('journal_mode = WAL')
    db.pragma(`synchronous = ${synchronous}`)
    db.exec(schema)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Made with its mode, so that nobody else can read it for a moment. */
export function makeOwnFile(path: string): void {
  if (existsSync(path)) return
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
  chmodSync(path, 0o600)
}

/**
 * Gives a file of Trueup's own its tables, once: where several processes open a new file at the same time, the others wait for
 * the first and find them made.
 */
export function makeSchemaOnce(
  db: Database.Database,
  { version, make }: { readonly version: number; readonly make: () => void },
): void {
  const isMade = () => Number(db.pragma('user_version', { simple: true })) >= version
  if (isMade()) return
  db.transaction(() => {
    if (isMade()) return
    make()
    db.pragma(`user_version = ${version}`)
  }).immediate()
}
