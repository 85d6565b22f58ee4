/**
 * Reads what a SQLite file really declares: tables, columns, indexes, triggers, views and foreign keys, as values that
 * can be compared and hashed. Works on any connection and never changes anything.
 */
import type { Database } from 'better-sqlite3'

/** One column, in the order of the table. */
export interface ColumnSchema {
  readonly name: string
  /** The declared type as it was written, for example `TEXT` or `VARCHAR(40)`; empty where none was declared. */
  readonly type: string
  readonly notNull: boolean
  /** The default as SQL text (`'new'`, `0`, `CURRENT_TIMESTAMP`); undefined where the column has none. */
  readonly defaultSql: string | undefined
  /** Position in the primary key from 1; 0 for a column that is not part of it. */
  readonly primaryKey: number
  readonly generated: 'no' | 'virtual' | 'stored'
}

/** One term of an index. */
export interface IndexTerm {
  /** Column name; undefined for an expression or the rowid. */
  readonly column: string | undefined
  readonly descending: boolean
  readonly collation: string
}

export interface IndexSchema {
  readonly name: string
  readonly unique: boolean
  /** `create`: by CREATE INDEX; `unique` and `primary-key`: by a constraint of the table. */
  readonly origin: 'create' | 'unique' | 'primary-key'
  readonly partial: boolean
  readonly terms: readonly IndexTerm[]
  /** Whether a term is an expression; its text is only in `sql`. */
  readonly expressions: boolean
  /** The CREATE INDEX statement; undefined for the index of a constraint. */
  readonly sql: string | undefined
}

export interface ForeignKeySchema {
  readonly columns: readonly string[]
  readonly toTable: string
  /** Undefined entries point at the primary key of the other table. */
  readonly toColumns: readonly (string | undefined)[]
  readonly onUpdate: string
  readonly onDelete: string
}

export interface TriggerSchema {
  readonly name: string
  /** The table or view that it stands on. */
  readonly on: string
  readonly sql: string
}

export interface TableSchema {
  readonly name: string
  readonly sql: string
  readonly withoutRowId: boolean
  readonly strict: boolean
  /** A virtual table (FTS, R-tree) or one of its shadow tables cannot be repaired like an ordinary one. */
  readonly form: 'ordinary' | 'virtual' | 'shadow'
  readonly columns: readonly ColumnSchema[]
  readonly indexes: readonly IndexSchema[]
  readonly foreignKeys: readonly ForeignKeySchema[]
  readonly triggers: readonly TriggerSchema[]
}

/** Names of what is in the main database, sorted; SQLite's own `sqlite_` entries are left out. */
export interface SchemaNames {
  readonly tables: readonly string[]
  readonly views: readonly string[]
  readonly indexes: readonly string[]
  readonly triggers: readonly string[]
}

/** A name as an SQL identifier: `"` around it, inner ones doubled. Safe for any name that SQLite can hold. */
export function quoteIdentifier(name: string): string {
  if (name.includes('\u0000')) throw new RangeError('an SQL identifier cannot hold a NUL character')
  return `"${name.replaceAll('"', '""')}"`
}

/** Names of all tables, views, indexes and triggers of the main database. */
export function readSchemaNames(db: Database): SchemaNames {
  const rows = db
    .prepare<[], { type: string; name: string }>(
      `SELECT type, name FROM main.sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
    )
    .all()
  const ofType = (type: string) => rows.filter((row) => row.type === type).map((row) => row.name)
  return { tables: ofType('table'), views: ofType('view'), indexes: ofType('index'), triggers: ofType('trigger') }
}

/** The CREATE VIEW statement of every view, by name. */
export function readViews(db: Database): readonly { readonly name: string; readonly sql: string }[] {
  return db
    .prepare<[], { name: string; sql: string }>(
      `SELECT name, sql FROM main.sqlite_schema WHERE type = 'view' AND sql IS NOT NULL ORDER BY name`,
    )
    .all()
}

/**
 * What a table declares; undefined where no table of that name (compared as SQLite does, without case) exists. A view
 * is no table.
 */
export function readTableSchema(db: Database, table: string): TableSchema | undefined {
  const entry = db
    .prepare<[string], { name: string; sql: string; type: string; wr: number; strict: number }>(
      `SELECT s.name, s.sql, l.type, l.wr, l.strict
         FROM main.sqlite_schema AS s JOIN pragma_table_list AS l ON l.name = s.name AND l.schema = 'main'
        WHERE s.type = 'table' AND s.name = ? COLLATE NOCASE`,
    )
    .get(table)
  if (entry === undefined) return undefined
  const { name } = entry
  return {
    name,
    sql: entry.sql,
    withoutRowId: entry.wr === 1,
    strict: entry.strict === 1,
    form: entry.type === 'virtual' || entry.type === 'shadow' ? entry.type : 'ordinary',
    columns: columnsOf(db, name),
    indexes: indexesOf(db, name),
    foreignKeys: foreignKeysOf(db, name),
    triggers: triggersOf(db, name),
  }
}

function columnsOf(db: Database, table: string): ColumnSchema[] {
  const rows = db
    .prepare<
      [string],
      { name: string; type: string; notnull: number; dflt: string | null; pk: number; hidden: number }
    >(`SELECT name, type, "notnull", dflt_value AS dflt, pk, hidden FROM pragma_table_xinfo(?, 'main') ORDER BY cid`)
    .all(table)
  // hidden = 1 is the hidden column of a virtual table, which no statement on the table names.
  return rows
    .filter((row) => row.hidden !== 1)
    .map((row) => ({
      name: row.name,
      type: row.type,
      notNull: row.notnull === 1,
      defaultSql: row.dflt ?? undefined,
      primaryKey: row.pk,
      generated: row.hidden === 2 ? 'virtual' : row.hidden === 3 ? 'stored' : 'no',
    }))
}

function indexesOf(db: Database, table: string): IndexSchema[] {
  const rows = db
    .prepare<[string], { name: string; unique: number; origin: string; partial: number; sql: string | null }>(
      `SELECT l.name, l."unique", l.origin, l.partial, s.sql
         FROM pragma_index_list(?, 'main') AS l LEFT JOIN main.sqlite_schema AS s ON s.type = 'index' AND s.name = l.name
        ORDER BY l.name`,
    )
    .all(table)
  return rows.map((row) => {
    const terms = db
      .prepare<[string], { cid: number; name: string | null; desc: number; coll: string }>(
        `SELECT cid, name, "desc", coll FROM pragma_index_xinfo(?, 'main') WHERE "key" = 1 ORDER BY seqno`,
      )
      .all(row.name)
    return {
      name: row.name,
      unique: row.unique === 1,
      origin: row.origin === 'pk' ? 'primary-key' : row.origin === 'u' ? 'unique' : 'create',
      partial: row.partial === 1,
      terms: terms.map((term) => ({
        column: term.name ?? undefined,
        descending: term.desc === 1,
        collation: term.coll,
      })),
      expressions: terms.some((term) => term.cid === -2),
      sql: row.sql ?? undefined,
    }
  })
}

function foreignKeysOf(db: Database, table: string): ForeignKeySchema[] {
  const rows = db
    .prepare<
      [string],
      { id: number; table: string; from: string; to: string | null; on_update: string; on_delete: string }
    >(`SELECT id, "table", "from", "to", on_update, on_delete FROM pragma_foreign_key_list(?, 'main') ORDER BY id, seq`)
    .all(table)
  return [...new Set(rows.map((row) => row.id))].flatMap((id) => {
    const parts = rows.filter((row) => row.id === id)
    const [first] = parts
    if (first === undefined) return []
    return [
      {
        columns: parts.map((part) => part.from),
        toTable: first.table,
        toColumns: parts.map((part) => part.to ?? undefined),
        onUpdate: first.on_update,
        onDelete: first.on_delete,
      },
    ]
  })
}

function triggersOf(db: Database, table: string): TriggerSchema[] {
  return db
    .prepare<[string], TriggerSchema>(
      `SELECT name, tbl_name AS "on", sql FROM main.sqlite_schema
        WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE ORDER BY name`,
    )
    .all(table)
}
