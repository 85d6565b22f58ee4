/**
 * What people said are not duplicates. It lasts: every look reads it, and only an undo takes it back. Pairs are kept by
 * the records' keys, in a file that is written through change sets like any table.
 */
import type { Database } from 'better-sqlite3'
import { ensureOwnTable } from '../../targets/sqlite/own-table.ts'

export const exclusionsTable = 'not_duplicates'
export const exclusionsKey = 'id'

/** One pair that a person told apart. */
export interface Exclusion {
  /** Of the pair: the table and both keys. */
  readonly id: string
  readonly table: string
  readonly one: string
  readonly other: string
  readonly by: string
  /** ISO 8601. */
  readonly at: string
  readonly reason: string
}

/** The same for both orders of a pair. */
export function exclusionId(table: string, one: string, other: string): string {
  return JSON.stringify([table, ...[one, other].sort()])
}

/** Makes the file where it is not there. */
export function ensureExclusions(path: string): void {
  ensureOwnTable(
    path,
    `CREATE TABLE IF NOT EXISTS ${exclusionsTable} (id TEXT PRIMARY KEY, table_name TEXT NOT NULL, one TEXT NOT NULL,
       other TEXT NOT NULL, by TEXT NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL) STRICT`,
  )
}

/** All exclusions of a table, oldest first. */
export function readExclusions(db: Database, table: string): readonly Exclusion[] {
  return db
    .prepare<[string], Exclusion>(
      `SELECT id, table_name AS "table", one, other, by, at, reason FROM ${exclusionsTable} WHERE table_name = ? ORDER BY at, id`,
    )
    .all(table)
}
