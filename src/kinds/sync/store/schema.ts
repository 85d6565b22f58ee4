/**
 * The file in which the sync keeps what both sides agreed on: `.trueup/sync.db`. Losing it loses history and the bases of
 * the merge, never a lead: the next look pairs the records anew by key, e-mail or LinkedIn address.
 */
import Database from 'better-sqlite3'
import { OperationalError } from '../../../errors.ts'
import { makeSchemaOnce } from '../../../targets/sqlite/own-table.ts'

const version = 1

const statements = `
CREATE TABLE pair (
  tbl TEXT NOT NULL, key TEXT NOT NULL, rec TEXT, created_ms INTEGER, row_id INTEGER,
  local TEXT NOT NULL, remote TEXT NOT NULL,
  base TEXT, cells TEXT, local_at INTEGER, remote_at INTEGER, read_ms INTEGER,
  dirty INTEGER NOT NULL DEFAULT 0, status TEXT NOT NULL DEFAULT 'pending', detail TEXT,
  held TEXT, verdict TEXT, refusal TEXT, twin_of TEXT, bounces TEXT,
  PRIMARY KEY (tbl, key)
) WITHOUT ROWID;
CREATE UNIQUE INDEX pair_rec ON pair (tbl, rec) WHERE rec IS NOT NULL;
CREATE INDEX pair_dirty ON pair (tbl, key) WHERE dirty = 1;
CREATE INDEX pair_row ON pair (tbl, row_id) WHERE row_id IS NOT NULL;
CREATE INDEX pair_status ON pair (tbl, status);
CREATE TABLE identity (
  tbl TEXT NOT NULL, hash TEXT NOT NULL, side TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (tbl, hash, side, key)
) WITHOUT ROWID;
CREATE INDEX identity_key ON identity (tbl, key);
CREATE TABLE state (tbl TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (tbl, name)) WITHOUT ROWID;
CREATE TABLE conflict (
  id TEXT PRIMARY KEY, tbl TEXT NOT NULL, key TEXT NOT NULL, field TEXT NOT NULL, kind TEXT NOT NULL,
  local TEXT NOT NULL, remote TEXT NOT NULL, base TEXT, local_at INTEGER, remote_at INTEGER, found_at INTEGER NOT NULL,
  state TEXT NOT NULL, choice TEXT, resolved_by TEXT, resolved_at INTEGER
);
CREATE INDEX conflict_open ON conflict (tbl, key, field) WHERE state = 'open';
CREATE TABLE move (
  id INTEGER PRIMARY KEY AUTOINCREMENT, action_id TEXT NOT NULL, seq INTEGER NOT NULL, tbl TEXT NOT NULL,
  key TEXT NOT NULL, rec TEXT, verb TEXT NOT NULL, content TEXT NOT NULL,
  state TEXT NOT NULL, at INTEGER NOT NULL, note TEXT,
  UNIQUE (action_id, seq)
);
CREATE INDEX move_key ON move (tbl, key, id);
CREATE INDEX move_at ON move (at);
`

/** Opens the file, made with 0600 where it is not there; `:memory:` for one that is forgotten. */
export function openStoreFile(path: string): Database.Database {
  return prepared(new Database(path, { timeout: 5000 }), path)
}

/** A private copy of the file's bytes: what is written to it is forgotten. */
export function openStoreCopy(bytes: Buffer): Database.Database {
  return prepared(new Database(bytes), 'a copy of sync.db')
}

function prepared(db: Database.Database, path: string): Database.Database {
  try {
    db.pragma('journal_mode = WAL')
    // What was agreed on must be there after a power failure: a lost base would make a conflict of every later edit.
    db.pragma('synchronous = FULL')
    // What was erased must not stand on in free pages.
    db.pragma('secure_delete = ON')
    const found = Number(db.pragma('user_version', { simple: true }))
    if (found > version) {
      throw new OperationalError('JOURNAL_TOO_NEW', `${path} was written by a newer Trueup (version ${found})`)
    }
    makeSchemaOnce(db, { version, make: () => db.exec(statements) })
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
