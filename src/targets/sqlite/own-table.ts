/** Small tables that Trueup keeps in files of their own and writes through change sets like any other. */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'

/**
 * Makes the file, private and in WAL mode, with what the schema says. A crash may have left the file without its table, so
 * that the schema is gone through although the file is there: it says `IF NOT EXISTS`.
 */
export function ensureOwnTable(path: string, schema: string): void {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    closeSync(openSync(path, 'a', 0o600))
    chmodSync(path, 0o600)
  }
  const db = new Database(path, { timeout: 5000 })
  try {
    db.pragma('journal_mode = WAL')
    db.exec(schema)
  } finally {
    db.close()
  }
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
