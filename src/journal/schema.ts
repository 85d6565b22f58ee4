import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { OperationalError } from '../errors.ts'

/** "True" in ASCII: marks the file as a Trueup journal. */
const applicationId = 0x54727565

/**
 * One text a version; a version's text never changes once released. `entries` is the record; what stands below it is
 * derived from it (`actions`, `approvals`, `quarantines`, `suspensions`, `accepted_specs`) or may be lost (`looks`, `events`, `memory`,
 * `previews`, which hold values of cells and are therefore outside of the chain).
 */
const migrations: readonly string[] = [
  `CREATE TABLE entries (
     seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, type TEXT NOT NULL, actor TEXT NOT NULL,
     resource TEXT, action_id TEXT, run_id TEXT, body TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
   CREATE INDEX entries_by_action ON entries (action_id) WHERE action_id IS NOT NULL;
   CREATE TRIGGER entries_are_not_changed BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
   CREATE TRIGGER entries_are_not_removed BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

   CREATE TABLE actions (
     id TEXT PRIMARY KEY, base_id TEXT NOT NULL, resource TEXT NOT NULL, state TEXT NOT NULL, body TEXT NOT NULL,
     run_id TEXT, planned_at_ms INTEGER NOT NULL, changed_at_ms INTEGER NOT NULL, last_seq INTEGER NOT NULL,
     result TEXT) STRICT;
   CREATE INDEX actions_by_state ON actions (state, planned_at_ms);
   CREATE INDEX actions_by_base ON actions (base_id);
   CREATE INDEX actions_by_run ON actions (run_id) WHERE run_id IS NOT NULL;
   CREATE INDEX actions_by_resource ON actions (resource, changed_at_ms);
   CREATE TABLE approvals (
     action_id TEXT NOT NULL, approver TEXT NOT NULL, at_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL, comment TEXT,
     PRIMARY KEY (action_id, approver)) STRICT, WITHOUT ROWID;
   CREATE TABLE quarantines (
     resource TEXT NOT NULL, spec_hash TEXT NOT NULL, path TEXT NOT NULL, since_ms INTEGER NOT NULL, by TEXT NOT NULL,
     PRIMARY KEY (resource, spec_hash, path)) STRICT, WITHOUT ROWID;
   CREATE TABLE suspensions (resource TEXT PRIMARY KEY, by TEXT NOT NULL, reason TEXT NOT NULL, since_ms INTEGER NOT NULL) STRICT;
   CREATE TABLE accepted_specs (resource TEXT PRIMARY KEY, spec_hash TEXT NOT NULL, spec TEXT NOT NULL, generation INTEGER NOT NULL) STRICT;
   CREATE TABLE generations (
     number INTEGER PRIMARY KEY, hash TEXT NOT NULL, at_ms INTEGER NOT NULL, state TEXT NOT NULL, yaml TEXT NOT NULL) STRICT;

   CREATE TABLE lease (
     id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL, holder TEXT NOT NULL, until_ms INTEGER NOT NULL, address TEXT) STRICT;
   CREATE TABLE looks (resource TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
   CREATE TABLE events (
     id TEXT PRIMARY KEY, resource TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, severity TEXT NOT NULL,
     template TEXT NOT NULL, count INTEGER NOT NULL, first_at_ms INTEGER NOT NULL, last_at_ms INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT;
   CREATE INDEX events_by_seq ON events (seq);
   CREATE TABLE previews (action_id TEXT PRIMARY KEY, body TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT;
   CREATE TABLE memory (owner TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (owner, name)) STRICT, WITHOUT ROWID;`,
  // Entries may go that an entry of the chain stands for.
  `CREATE INDEX entries_retained ON entries (seq) WHERE type = 'journal.retained';
   DROP TRIGGER entries_are_not_removed;
   CREATE TRIGGER entries_are_not_removed BEFORE DELETE ON entries
   WHEN OLD.seq > coalesce((SELECT json_extract(body, '$.upTo') FROM entries WHERE type = 'journal.retained' ORDER BY seq DESC LIMIT 1), 0)
   BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;`,
]

/** The version of a journal file, 0 for one that nothing was written to yet. Throws JOURNAL_TOO_NEW, JOURNAL_BROKEN for one of another program. */
export function journalVersionOf(db: Database, path: string, newest: number = migrations.length): number {
  const version = Number(db.pragma('user_version', { simple: true }))
  const id = Number(db.pragma('application_id', { simple: true }))
  if (version > 0 && id !== applicationId) {
    throw new OperationalError('JOURNAL_BROKEN', `${path} is a database of another program`, {
      hint: 'Move the file away, or give the workspace a folder of its own.',
    })
  }
  if (version > newest) {
    throw new OperationalError('JOURNAL_TOO_NEW', `${path} has version ${version}; this Trueup knows up to ${newest}`)
  }
  return version
}

/** Where a journal of an older version is kept before it is brought to the next: the way back to the Trueup that wrote it. */
export function keptJournalPath(path: string, version: number): string {
  return `${path}.v${version}`
}

/**
 * Brings a journal file to this version; refuses one of a newer version or of another program. One that holds something is
 * copied first, whole and private, so that who goes back to the older Trueup can put it back.
 * @param texts the migrations; those of this version but in tests.
 */
export function migrateJournal(db: Database, path: string, texts: readonly string[] = migrations): void {
  const version = journalVersionOf(db, path, texts.length)
  if (version > 0 && version < texts.length) keepCopy(db, keptJournalPath(path, version))
  for (const [index, text] of texts.entries()) {
    if (index < version) continue
    db.transaction(() => {
      // Another process may have made it while this one waited for its turn.
      if (journalVersionOf(db, path, texts.length) > index) return
      db.exec(text)
      db.pragma(`application_id = ${applicationId}`)
      db.pragma(`user_version = ${index + 1}`)
    }).immediate()
  }
}

/** A crash while it is made leaves a part, which the next try makes anew: nothing was migrated yet. */
function keepCopy(db: Database, path: string): void {
  if (existsSync(path)) return
  const part = `${path}.part`
  rmSync(part, { force: true })
  db.prepare('VACUUM INTO ?').run(part)
  chmodSync(part, 0o600)
  renameSync(part, path)
}
