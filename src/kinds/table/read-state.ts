/** Reads the part of a look that stands in SQLite's schema. */
import type { Database } from 'better-sqlite3'
import { readSchemaNames, readTableSchema } from '../../targets/sqlite/schema-reader.ts'
import type { ScanAnswers } from './scan.ts'
import { sameName } from './spec.ts'
import type { Reference, SchemaObject, TableState } from './state.ts'

/** Every statement that the main database keeps. */
export function readObjects(db: Database): readonly SchemaObject[] {
  return db
    .prepare<[], SchemaObject>(
      `SELECT type, name, tbl_name AS "on", sql FROM main.sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name`,
    )
    .all()
}

/** The state of a table but for its rows. */
export function readSchemaState(db: Database, table: string, answers: ScanAnswers): TableState {
  const objects = readObjects(db)
  const isView = objects.some((object) => object.type === 'view' && sameName(object.name, table))
  return {
    objects,
    table: readTableSchema(db, table),
    isView,
    referencedBy: referencesTo(db, table),
    answers,
    schemaVersion: Number(db.pragma('schema_version', { simple: true })),
  }
}

function referencesTo(db: Database, table: string): Reference[] {
  return readSchemaNames(db).tables.flatMap((name) => {
    const keys = db
      .prepare<[string], { id: number; to_table: string; from: string; to: string | null }>(
        `SELECT id, "table" AS to_table, "from", "to" FROM pragma_foreign_key_list(?, 'main') ORDER BY id, seq`,
      )
      .all(name)
      .filter((key) => sameName(key.to_table, table) && !sameName(name, table))
    return [...new Set(keys.map((key) => key.id))].map((id) => {
      const parts = keys.filter((key) => key.id === id)
      return {
        table: name,
        columns: parts.map((part) => part.from),
        toColumns: parts.map((part) => part.to ?? undefined),
      }
    })
  })
}

/** How large the database is, in bytes. */
export function databaseBytes(db: Database): number {
  return Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }))
}
