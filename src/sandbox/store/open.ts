/** Opens the sandbox's database and gives it its tables; a file is readable by its owner only. */
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs'
import Database from 'better-sqlite3'

const schema = `
  CREATE TABLE IF NOT EXISTS bases (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, workspace_id TEXT NOT NULL, transaction_number INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE IF NOT EXISTS base_tables (
    id TEXT PRIMARY KEY, base_id TEXT NOT NULL REFERENCES bases(id), name TEXT NOT NULL, description TEXT,
    primary_field_id TEXT NOT NULL, position INTEGER NOT NULL, next_auto_number INTEGER NOT NULL DEFAULT 1,
    record_count INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE IF NOT EXISTS fields (
    id TEXT PRIMARY KEY, table_id TEXT NOT NULL REFERENCES base_tables(id), name TEXT NOT NULL, type TEXT NOT NULL,
    description TEXT, options TEXT, rule TEXT NOT NULL, position INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS views (
    id TEXT PRIMARY KEY, table_id TEXT NOT NULL REFERENCES base_tables(id), name TEXT NOT NULL, type TEXT NOT NULL,
    rules TEXT NOT NULL, position INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS records (
    id TEXT PRIMARY KEY, table_id TEXT NOT NULL REFERENCES base_tables(id), position INTEGER NOT NULL,
    auto_number INTEGER NOT NULL, created_ms INTEGER NOT NULL, modified_ms INTEGER NOT NULL,
    created_by TEXT NOT NULL, modified_by TEXT NOT NULL, cells TEXT NOT NULL, stamps TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX IF NOT EXISTS records_by_id ON records (table_id, id);
  CREATE INDEX IF NOT EXISTS records_by_position ON records (table_id, position);
  CREATE TABLE IF NOT EXISTS webhooks (
    id TEXT PRIMARY KEY, base_id TEXT NOT NULL REFERENCES bases(id), notification_url TEXT, specification TEXT NOT NULL,
    secret TEXT NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, next_number INTEGER NOT NULL DEFAULT 1,
    enabled INTEGER NOT NULL DEFAULT 1, notifications INTEGER NOT NULL DEFAULT 1
  ) STRICT;
  CREATE TABLE IF NOT EXISTS webhook_payloads (
    webhook_id TEXT NOT NULL REFERENCES webhooks(id) ON DELETE CASCADE, number INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    payload TEXT NOT NULL, PRIMARY KEY (webhook_id, number)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS usage (
    workspace_id TEXT NOT NULL, month TEXT NOT NULL, calls INTEGER NOT NULL, PRIMARY KEY (workspace_id, month)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL) STRICT;
`

export type SandboxDatabase = Database.Database

/**
 * Opens a file, making it with mode 0600 where it is missing, or a database in memory for `:memory:`, which begins with
 * `content` (the bytes of another one) where that is given.
 */
export function openStore(path: string, content?: Uint8Array): SandboxDatabase {
  if (path !== ':memory:') {
    // Made before SQLite opens it, so that its -wal and -shm inherit the mode.
    if (!existsSync(path)) closeSync(openSync(path, 'wx', 0o600))
    chmodSync(path, 0o600)
  }
  const database = new Database(content === undefined ? path : withoutWal(content))
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = NORMAL')
  database.pragma('foreign_keys = ON')
  database.exec(schema)
  return database
}

/** Bytes 18 and 19 of the header say that the file is in WAL mode, which a database in memory cannot be (file format, 1.3.3). */
function withoutWal(content: Uint8Array): Buffer {
  const copy = Buffer.from(content)
  copy[18] = 1
  copy[19] = 1
  return copy
}
