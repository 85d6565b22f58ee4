/**
 * The migration log in the database that is imported into: which source row was dealt with, how, and by which run. It is
 * what keeps a lead that a person deleted, or an import that was undone, from coming back with the next look.
 */

import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { hash53 } from './hash-index.ts'

export const logTable = '_trueup_imports'
export const runTable = '_trueup_import_runs'

/** What became of a source row. */
export const outcomes = ['inserted', 'merged', 'unchanged', 'withheld', 'refused'] as const
export type Outcome = (typeof outcomes)[number]

/** Why a row is withheld for ever, or until the erasure is lifted. */
export const erasedReason = 'erased'

/** One row of the log. */
export interface LogRow {
  /** File or table and what names the row in it; see `rowIdentity`. */
  readonly sourceRow: string
  /** Of the row's values and the mapping: a row that changed is looked at again. */
  readonly fingerprint: string
  readonly outcome: Outcome
  readonly leadKey: string | null
  readonly reason: string | null
  /** Hashes of what the person can be recognised by once the lead is gone. */
  readonly linkedin: number | null
  readonly email: number | null
  readonly person: number | null
  /** Where the row stood when it was noted; unknown in what older versions noted. */
  readonly file: string | null
  readonly row: number | null
  readonly line: number | null
}

/** How many rows the source of a run had, with those that no other count names: they add up to `rows`. */
export interface RunExtent {
  readonly rows: number
  /** Noted by an earlier run, and unchanged since. */
  readonly settled: number
  /** Equal to an earlier row of the same source. */
  readonly repeated: number
}

const countsSchema = z.record(z.enum(outcomes), z.int())
export type OutcomeCounts = Readonly<Record<Outcome, number>>

/** One run of an import, which is one action. */
interface ImportRun {
  readonly actionId: string
  readonly at: string
  readonly counts: OutcomeCounts
  /** The action that undid it. */
  readonly undoneBy: string | null
}

/** Creates what is missing of the log. */
function createLog(db: Database): void {
  db.exec(`
    CREATE TABLE IF NOT EXISTS ${runTable} (
      run INTEGER PRIMARY KEY, action_id TEXT NOT NULL UNIQUE, import TEXT NOT NULL, source TEXT NOT NULL,
      at TEXT NOT NULL, inserted INTEGER NOT NULL, merged INTEGER NOT NULL, unchanged INTEGER NOT NULL,
      withheld INTEGER NOT NULL, refused INTEGER NOT NULL, finished INTEGER NOT NULL DEFAULT 0, undone_by TEXT
    );
    CREATE TABLE IF NOT EXISTS ${logTable} (
      import TEXT NOT NULL, source_row TEXT NOT NULL, fingerprint TEXT NOT NULL, outcome TEXT NOT NULL,
      lead_key TEXT, reason TEXT, linkedin INTEGER, email INTEGER, person INTEGER, run INTEGER NOT NULL,
      PRIMARY KEY (import, source_row, fingerprint)
    ) WITHOUT ROWID;`)
  addColumns(db, runTable, ['rows', 'settled', 'repeated'], 'INTEGER')
  addColumns(db, logTable, ['file'], 'TEXT')
  addColumns(db, logTable, ['row', 'line'], 'INTEGER')
}

/** Adds what earlier versions did not note. */
function addColumns(db: Database, table: string, names: readonly string[], type: string): void {
  const has = columnNames(db, table)
  for (const name of names)
    if (!has.has(name)) db.exec(`ALTER TABLE ${table} ADD COLUMN ${quoteIdentifier(name)} ${type}`)
}

function columnNames(db: Database, table: string): ReadonlySet<string> {
  return new Set(db.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table))
}

/** Begins a run or finds the one that an earlier try began; gives its number. */
export function beginRun(
  db: Database,
  run: { actionId: string; import: string; source: string; at: string; counts: OutcomeCounts; extent: RunExtent },
): number {
  createLog(db)
  const { counts, extent } = run
  db.prepare(
    `INSERT OR IGNORE INTO ${runTable} (action_id, import, source, at, inserted, merged, unchanged, withheld, refused,
       rows, settled, repeated)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    run.actionId,
    run.import,
    run.source,
    run.at,
    ...[counts.inserted, counts.merged, counts.unchanged, counts.withheld, counts.refused],
    ...[extent.rows, extent.settled, extent.repeated],
  )
  return db.prepare<[string], number>(`SELECT run FROM ${runTable} WHERE action_id = ?`).pluck().get(run.actionId) ?? 0
}

/**
 * Notes rows of a run. A row whose lead is not in the table after all (its insert failed) is not noted, so that it is
 * missing again at the next look.
 */
export function noteRows(
  db: Database,
  run: number,
  importName: string,
  into: { readonly table: string; readonly key: string },
  rows: readonly LogRow[],
): void {
  const statement = db.prepare(
    `INSERT INTO ${logTable} (import, source_row, fingerprint, outcome, lead_key, reason, linkedin, email, person, file,
       row, line, run)
     SELECT :import, :sourceRow, :fingerprint, :outcome, :leadKey, :reason, :linkedin, :email, :person, :file, :row,
       :line, :run
     WHERE :outcome <> 'inserted' OR EXISTS (SELECT 1 FROM ${quoteIdentifier(into.table)} WHERE ${quoteIdentifier(into.key)} = :leadKey)
     ON CONFLICT (import, source_row, fingerprint) DO UPDATE SET
       outcome = excluded.outcome, lead_key = excluded.lead_key, reason = excluded.reason, linkedin = excluded.linkedin,
       email = excluded.email, person = excluded.person, file = excluded.file, row = excluded.row, line = excluded.line,
       run = excluded.run`,
  )
  for (const row of rows) statement.run({ ...row, import: importName, run })
}

/** Ends a run: all of its rows are noted. */
export function finishRun(db: Database, actionId: string): void {
  db.prepare(`UPDATE ${runTable} SET finished = 1 WHERE action_id = ?`).run(actionId)
}

/** Whether the run of an action was begun, and ended. */
export function runState(db: Database, actionId: string): 'none' | 'begun' | 'finished' {
  if (!hasLog(db)) return 'none'
  const sql = `SELECT finished FROM ${runTable} WHERE action_id = ?`
  const finished = db.prepare<[string], number>(sql).pluck().get(actionId)
  return finished === undefined ? 'none' : finished === 1 ? 'finished' : 'begun'
}

/** Notes that an action's run was undone by another, or (undefined) that its undoing was undone. */
export function markUndone(db: Database, actionId: string, undoneBy: string | undefined): void {
  if (hasLog(db)) db.prepare(`UPDATE ${runTable} SET undone_by = ? WHERE action_id = ?`).run(undoneBy ?? null, actionId)
}

/** Who undid an action's run, if anybody did. */
export function undoneBy(db: Database, actionId: string): string | undefined {
  if (!hasLog(db)) return undefined
  const sql = `SELECT undone_by FROM ${runTable} WHERE action_id = ?`
  return db.prepare<[string], string | null>(sql).pluck().get(actionId) ?? undefined
}

/** The log of one import, to be asked while its source is read. */
export interface ImportLog {
  /** Rows noted, refused ones too. */
  readonly rows: number
  readonly runs: readonly ImportRun[]
  /** Hashes of row and fingerprint, of rows that need no look any more. */
  settled(): Iterable<number>
  /** The same of rows that were withheld since their person was erased: they are settled as long as that holds. */
  erased(): Iterable<number>
  /** The same of rows that were refused: they are judged anew at every look, but noted only once. */
  refused(): Iterable<number>
  /** What was noted of a row; undefined where nothing was. */
  noted(sourceRow: string, fingerprint: string): NotedRow | undefined
  /** Persons of settled rows, by the hashes of `personHashes`, with the key of the lead that each became. */
  persons(): Iterable<{ readonly leadKey: string | null; readonly hashes: readonly (number | null)[] }>
  /** Keys of the leads that a source row has become, the latest first. A refused one became none, whatever it means. */
  leadKeysOf(sourceRow: string): readonly string[]
}

/** What the log says of a row. */
export interface NotedRow {
  readonly outcome: Outcome
  readonly leadKey: string | null
  readonly reason: string | null
  /** The action that undid the run which noted it. */
  readonly undoneBy: string | null
}

/** The log where nothing was imported yet. */
export const emptyLog: ImportLog = {
  rows: 0,
  runs: [],
  settled: () => [],
  erased: () => [],
  refused: () => [],
  noted: () => undefined,
  persons: () => [],
  leadKeysOf: () => [],
}

/** The hash under which a row with these values counts as settled. */
export function settledHash(sourceRow: string, fingerprint: string): number {
  return hash53(`${sourceRow}\0${fingerprint}`)
}

/** Opens the log of an import; empty where there is none yet. */
export function openLog(db: Database, importName: string): ImportLog {
  if (!hasLog(db)) return emptyLog
  const ofImport = `FROM ${logTable} WHERE import = ?`
  const keys = db
    .prepare<[string, string], string>(
      `SELECT lead_key ${ofImport} AND source_row = ? AND lead_key IS NOT NULL AND outcome <> 'refused' ORDER BY run DESC LIMIT 5`,
    )
    .pluck()
  const noted = db.prepare<[string, string, string], NotedRow>(
    `SELECT outcome, lead_key AS leadKey, reason, undone_by AS undoneBy
       FROM ${logTable} AS l LEFT JOIN ${runTable} AS r ON r.run = l.run
      WHERE l.import = ? AND l.source_row = ? AND l.fingerprint = ?`,
  )
  const hashesWhere = function* (condition: string): Generator<number> {
    const rows = db.prepare<[string], [string, string]>(`SELECT source_row, fingerprint ${ofImport} AND ${condition}`)
    for (const [sourceRow, fingerprint] of rows.raw(true).iterate(importName)) yield settledHash(sourceRow, fingerprint)
  }
  return {
    rows: db.prepare<[string], number>(`SELECT count(*) ${ofImport}`).pluck().get(importName) ?? 0,
    runs: runsOf(db, importName),
    settled: () => hashesWhere(`outcome <> 'refused' AND reason IS NOT '${erasedReason}'`),
    erased: () => hashesWhere(`reason = '${erasedReason}'`),
    refused: () => hashesWhere(`outcome = 'refused'`),
    noted: (sourceRow, fingerprint) => noted.get(importName, sourceRow, fingerprint),
    *persons() {
      const rows = db.prepare<[string], [number | null, number | null, number | null, string | null]>(
        `SELECT linkedin, email, person, lead_key ${ofImport} AND outcome <> 'refused'`,
      )
      for (const [linkedin, email, person, leadKey] of rows.raw(true).iterate(importName))
        yield { leadKey, hashes: [linkedin, email, person] }
    },
    leadKeysOf: (sourceRow) => keys.all(importName, sourceRow),
  }
}

interface RunRow {
  readonly action_id: string
  readonly at: string
  readonly inserted: number
  readonly merged: number
  readonly unchanged: number
  readonly withheld: number
  readonly refused: number
  readonly undone_by: string | null
}

function runsOf(db: Database, importName: string): readonly ImportRun[] {
  const rows = db.prepare<[string], RunRow>(`SELECT * FROM ${runTable} WHERE import = ? ORDER BY run DESC LIMIT 20`)
  return rows.all(importName).map((row) => ({
    actionId: row.action_id,
    at: row.at,
    counts: countsSchema.parse({
      inserted: row.inserted,
      merged: row.merged,
      unchanged: row.unchanged,
      withheld: row.withheld,
      refused: row.refused,
    }),
    undoneBy: row.undone_by,
  }))
}

function hasLog(db: Database): boolean {
  const sql = 'SELECT count(*) FROM sqlite_schema WHERE name IN (?, ?)'
  return db.prepare<[string, string], number>(sql).pluck().get(logTable, runTable) === 2
}
