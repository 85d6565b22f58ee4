/**
 * Where the ledgers of tables are kept: `.trueup/quality-<table>.db` for work. To look, what is there is read without a
 * trace where it is true still, and else built in a folder that is removed afterwards.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { OperationalError } from '../../errors.ts'
import { makeOwnFile } from '../../targets/sqlite/own-table.ts'
import type { Databases } from '../../targets/sqlite/ports.ts'
import { openLedgerFile } from '../../targets/sqlite/row-ledger.ts'
import { prepareTrend } from './trend.ts'
import { readWaivers, type Waiver, waiversFile } from './waivers.ts'

export interface OpenLedger {
  readonly db: Database
  /** Its file, for a thread that writes it too. */
  readonly path: string
}

export interface QualityStore {
  /** The ledger of a table that may be written. */
  ledger(table: string): OpenLedger
  /** To look: what another process keeps, which may not be written; undefined where nothing is kept, and for work. */
  kept(table: string): Promise<Database | undefined>
  /** What another process or this one noted of the past. */
  past(table: string): Promise<Database | undefined>
  /** What people said is right, oldest first. */
  waivers(table: string): Promise<readonly Waiver[]>
  /** Where that is kept; need not be there. */
  readonly waiversPath: string
  /** Whether what is noted stays. */
  readonly keeps: boolean
  close(): void
}

export interface QualityStoreOptions {
  /** `.trueup`, absolute. */
  readonly folder: string
  readonly purpose: 'look' | 'act'
  readonly databases: Databases
}

const fileOf = (table: string) => `quality-${table}.db`

/** What cannot be read tells nothing: then all rows are read. */
async function readable<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}

export function createQualityStore({ folder, purpose, databases }: QualityStoreOptions): QualityStore {
  const opened = new Map<string, OpenLedger>()
  const views = new Map<string, Promise<{ readonly db: Database; close(): void } | undefined>>()
  let scratch: string | undefined
  const keeps = purpose === 'act'
  const waiversPath = join(folder, waiversFile)

  const folderFor = (): string => {
    if (keeps) {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      return folder
    }
    scratch ??= mkdtempSync(join(tmpdir(), 'trueup-quality-'))
    return scratch
  }
  const ledger = (table: string): OpenLedger => {
    const known = opened.get(table)
    if (known !== undefined) return known
    const path = join(folderFor(), fileOf(table))
    makeOwnFile(path)
    const db = openLedgerFile(path)
    prepareTrend(db)
    const made = { db, path }
    opened.set(table, made)
    return made
  }
  const kept = async (table: string): Promise<Database | undefined> => {
    const path = join(folder, fileOf(table))
    if (keeps || !existsSync(path)) return undefined
    const view = views.get(table) ?? readable(databases.read(path))
    views.set(table, view)
    return (await view)?.db
  }

  return {
    keeps,
    ledger,
    kept,
    async waivers(table) {
      if (!existsSync(waiversPath)) return []
      const view = await databases.read(waiversPath)
      try {
        return readWaivers(view.db, table)
      } finally {
        view.close()
      }
    },
    waiversPath,
    past: async (table) => (keeps ? ledger(table).db : kept(table)),
    close() {
      for (const { db } of opened.values()) db.close()
      opened.clear()
      for (const view of views.values())
        view.then(
          (found) => found?.close(),
          () => undefined,
        )
      views.clear()
      if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true })
    },
  }
}
