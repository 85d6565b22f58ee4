/**
 * What people said is right although a check fails: one record, one check, and the values that the check looked at. It holds
 * for every later look until one of these values is another, and only an undo takes it back. Kept in a file of its own that
 * is written through change sets like any table; of values it holds a hash, which means nothing for another record.
 */
import { existsSync } from 'node:fs'
import BetterSqlite, { type Database } from 'better-sqlite3'
import { ensureOwnTable } from '../../targets/sqlite/own-table.ts'
import type { Change } from '../../targets/sqlite/ports.ts'
import { hashText } from '../../values/text-hash.ts'
import type { Check, Row } from './checks/check.ts'

export const waiversFile = 'waivers.db'
export const waiversTable = 'waivers'
export const waiversKey = 'id'

export interface Waiver {
  /** Of table, record, check and print. */
  readonly id: string
  readonly table: string
  /** Key of the record. */
  readonly key: string
  readonly check: string
  readonly print: number
  readonly by: string
  /** ISO 8601. */
  readonly at: string
  readonly reason: string
}

/** A waiver with whether it holds: not any more where a value is another, or the record or the check is gone. */
export type JudgedWaiver = Waiver & { readonly holds: boolean }

export function waiverId({ table, key, check, print }: Pick<Waiver, 'table' | 'key' | 'check' | 'print'>): string {
  return JSON.stringify([table, key, check, print])
}

/** Of the values that a check looks at in one record. */
export function printOf(key: string, { id, reads }: Pick<Check, 'id' | 'reads'>, row: Row): number {
  const cells = reads.map((field) => {
    const cell = row(field)
    return cell === null ? null : cell instanceof Uint8Array ? ['bytes', Buffer.from(cell).toString('hex')] : `${cell}`
  })
  return hashText(JSON.stringify([key, id, cells]))
}

/** Makes the file where it is not there. */
export function ensureWaivers(path: string): void {
  ensureOwnTable(
    path,
    `CREATE TABLE IF NOT EXISTS ${waiversTable} (id TEXT PRIMARY KEY, table_name TEXT NOT NULL, record TEXT NOT NULL,
       check_id TEXT NOT NULL, print INTEGER NOT NULL, by TEXT NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
     CREATE INDEX IF NOT EXISTS waivers_table ON ${waiversTable} (table_name, record)`,
  )
}

/** As the file keeps it. */
export function waiverRow({ id, table, key, check, print, by, at, reason }: Waiver) {
  return { id, table_name: table, record: key, check_id: check, print, by, at, reason }
}

/** All waivers of a table, oldest first. */
export function readWaivers(db: Database, table: string): readonly Waiver[] {
  return db
    .prepare<[string], Waiver>(
      `SELECT id, table_name AS "table", record AS key, check_id AS "check", print, by, at, reason
         FROM ${waiversTable} WHERE table_name = ? ORDER BY at, id`,
    )
    .all(table)
}

/** Removes what was said of records of an erased person; gives how much it was. */
export function forgetWaivers(path: string, isTheirs: (table: string, key: string) => boolean): number {
  if (!existsSync(path)) return 0
  const db = new BetterSqlite(path, { timeout: 10_000 })
  try {
    db.pragma('secure_delete = ON')
    const named = db.prepare<[], { id: string; table: string; key: string }>(
      `SELECT id, table_name AS "table", record AS key FROM ${waiversTable}`,
    )
    const theirs = named.all().filter(({ table, key }) => isTheirs(table, key))
    const remove = db.prepare<[string]>(`DELETE FROM ${waiversTable} WHERE id = ?`)
    db.transaction(() => {
      for (const { id } of theirs) remove.run(id)
    })()
    return theirs.length
  } finally {
    db.close()
  }
}

/** Which record a kept change of a waiver is of; undefined for a change of anything else. */
export function recordOfWaiver(change: Change): { readonly table: string; readonly key: string } | undefined {
  if (change.is === 'cell') return undefined
  const { table_name: table, record, check_id: check } = change.row
  return typeof table === 'string' && typeof record === 'string' && typeof check === 'string'
    ? { table, key: record }
    : undefined
}
