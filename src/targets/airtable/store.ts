/**
 * The file that remembers of a base what asking again would cost calls for: the schema, the place in the list of changes and
 * what is pending of them, and the calls of the month. Losing it loses no lead: the base is compared whole again.
 */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { OperationalError } from '../../errors.ts'
import { codeOf, toDatabaseError } from '../sqlite/database-error.ts'
import { makeSchemaOnce } from '../sqlite/own-table.ts'

/** "True" in ASCII and a version, so that the file is told from any other. */
const applicationId = 0x54727565
const version = 1

/** `base` is the declared endpoint and the base's id, as one text. `scanned` has the tables compared whole since the last gap. */
const schema = `
CREATE TABLE feeds (
  base TEXT PRIMARY KEY, webhook TEXT, cursor INTEGER NOT NULL DEFAULT 1, polled_ms INTEGER,
  drained_ms INTEGER, verified_ms INTEGER,
  without TEXT, gap TEXT, gap_ms INTEGER NOT NULL DEFAULT 0,
  gaps INTEGER NOT NULL DEFAULT 0, transaction_seen INTEGER NOT NULL DEFAULT 0,
  seq INTEGER NOT NULL DEFAULT 0, schema_version INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE pending (
  base TEXT NOT NULL, table_id TEXT NOT NULL, record_id TEXT NOT NULL, seq INTEGER NOT NULL, what TEXT NOT NULL,
  at_ms INTEGER NOT NULL, created_ms INTEGER, cells TEXT NOT NULL, previous TEXT NOT NULL, untold TEXT NOT NULL, passed TEXT NOT NULL,
  PRIMARY KEY (base, table_id, record_id)) STRICT, WITHOUT ROWID;
CREATE TABLE scanned (
  base TEXT NOT NULL, table_id TEXT NOT NULL, began_ms INTEGER NOT NULL, PRIMARY KEY (base, table_id)) STRICT, WITHOUT ROWID;
CREATE TABLE schemas (
  base TEXT PRIMARY KEY, read_ms INTEGER NOT NULL, schema_version INTEGER NOT NULL, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE usage (
  base TEXT NOT NULL, month TEXT NOT NULL, calls INTEGER NOT NULL, since_ms INTEGER NOT NULL, exhausted_ms INTEGER,
  PRIMARY KEY (base, month)) STRICT, WITHOUT ROWID;
CREATE TABLE counted (
  base TEXT NOT NULL, file_id TEXT NOT NULL, month TEXT NOT NULL, calls INTEGER NOT NULL,
  PRIMARY KEY (base, file_id, month)) STRICT, WITHOUT ROWID;`

/**
 * Opens the file to act, making it (0600, in a folder of 0700) where absent. It keeps a rollback journal, so that a copy
 * of the one file is whole. Throws DATABASE_*, DISK_FULL, JOURNAL_TOO_NEW.
 */
export function openStoreFile(path: string): Database.Database {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    try {
      // Only a file that is new is opened this way: closing another one here would drop SQLite's locks on it.
      closeSync(openSync(path, 'wx', 0o600))
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
    return prepared(new Database(path, { fileMustExist: true, timeout: 5000 }), path)
  } catch (error) {
    throw toDatabaseError(error, path)
  }
}

/** A store in memory, for a look that may change nothing: begun with the bytes of the file where there is one. */
export function openStoreCopy(bytes: Buffer | undefined, path: string): Database.Database {
  try {
    return prepared(new Database(bytes ?? ':memory:'), path)
  } catch (error) {
    throw toDatabaseError(error, path)
  }
}

function prepared(db: Database.Database, path: string): Database.Database {
  try {
    db.pragma('synchronous = FULL')
    db.pragma('secure_delete = ON')
    const known = Number(db.pragma('user_version', { simple: true }))
    if (known > version) {
      throw new OperationalError('JOURNAL_TOO_NEW', `${path} has version ${known}, not ${version}`, {
        hint: `Upgrade Trueup, or move ${path} away; the base is compared whole then.`,
      })
    }
    const make = () => {
      db.exec(schema)
      db.pragma(`application_id = ${applicationId}`)
    }
    makeSchemaOnce(db, { version, make })
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
