/** Opens connections with the settings that every one of ours has. Nothing else in the program opens a SQLite file. */
import Database from 'better-sqlite3'

/** How long one statement may block its thread for a lock, in milliseconds; longer waits are asynchronous retries. */
const busyMs = { read: 100, write: 10 } as const

/**
 * A connection that cannot write. For a path where opening has no side effects: what `Databases.locate` gave, a copy, a
 * file that is known to be in DELETE mode. Throws SqliteError; reads the schema, so that a file that is no database or
 * whose schema is broken is refused here and not at the first query.
 */
export function openReading(path: string): Database.Database {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: busyMs.read })
  return settled(db, () => {
    harden(db)
    db.pragma('query_only = ON')
    db.prepare('SELECT count(*) FROM main.sqlite_schema').get()
  })
}

/**
 * A connection that writes to an existing file, whatever its journal mode. Commits are on the disk when they return
 * (synchronous FULL). Foreign keys are enforced, although Python's default is not to: what Trueup writes must not add to
 * the violations; rows that break a key already are not touched by it. What must do without (the 12 steps of a rebuild)
 * turns it off inside `Databases.exclusive`, which turns it on again.
 */
export function openWriting(path: string): Database.Database {
  const db = new Database(path, { fileMustExist: true, timeout: busyMs.write })
  return settled(db, () => {
    harden(db)
    restore(db)
  })
}

/**
 * Switches between WAL and a rollback journal, outside a transaction, and gives the mode that the file has now. The file
 * is read first: a connection that has not used its -wal yet would leave an empty one behind, which makes SQLite treat
 * the file as one in WAL mode again (seen with 3.53.2).
 */
export function switchJournalMode(db: Database.Database, to: 'wal' | 'delete'): string {
  db.prepare('SELECT count(*) FROM main.sqlite_schema').get()
  return String(db.pragma(`journal_mode = ${to}`, { simple: true }))
}

/** The settings of a writing connection that work outside a transaction may change. */
export function restore(db: Database.Database): void {
  db.pragma('foreign_keys = ON')
  db.pragma('synchronous = FULL')
  db.pragma('recursive_triggers = ON')
  db.pragma('defer_foreign_keys = OFF')
  db.pragma('legacy_alter_table = OFF')
  db.pragma('writable_schema = OFF')
}

/** https://www.sqlite.org/security.html: what a file that others write may not make of our process. */
function harden(db: Database.Database): void {
  db.pragma('trusted_schema = OFF')
  db.pragma('cell_size_check = ON')
  db.pragma('mmap_size = 0')
}

function settled(db: Database.Database, settle: () => void): Database.Database {
  try {
    settle()
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
