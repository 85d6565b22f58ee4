/**
 * The suppression list: whom nothing may bring back, as keyed hashes and without any personal data, in a small file of its
 * own beside the key. It also remembers an erasure that is under way, so that a crash at any point is completed.
 */
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite, { type Database } from 'better-sqlite3'
import { z } from 'zod'
import { OperationalError } from '../../errors.ts'
import type { Random } from '../../random.ts'
import { makeKey, readKey } from '../key-file.ts'
import { guarded } from '../sqlite/database-error.ts'
import { makeSchemaOnce } from '../sqlite/own-table.ts'
import type { Databases } from '../sqlite/ports.ts'
import { type ContactList, contactSchema, createContactList } from './contact-list.ts'
import { type ErasedMarks, erasedBy, type IsErased, markOf } from './marks.ts'
import { reportLineSchema } from './report.ts'

/** One erased person, without a word about who it is. */
export interface Suppression {
  /** The id of the action that erased them. */
  readonly id: string
  /** The entry of `tables` that the erasure was asked of. */
  readonly table: string
  readonly reason: string
  readonly by: string
  readonly atMs: number
  /** How many identities are suppressed; 0 once it was lifted. */
  readonly identities: number
  readonly lifted: { readonly by: string; readonly reason: string; readonly atMs: number } | undefined
  /** What the erasure removed and found; undefined while it is under way. */
  readonly outcome: ErasureOutcome | undefined
}

const outcomeSchema = z.strictObject({
  /** Records removed, by table. */
  rows: z.array(z.strictObject({ table: z.string(), count: z.number() })),
  /** What was removed besides, by where: checkpoints, previews, the search index, the migration log. */
  traces: z.array(z.strictObject({ from: z.string(), count: z.number() })),
  /** Files that the person's addresses were looked for in afterwards. */
  searched: z.number(),
  /** Files that still hold one, relative to the workspace where they lie in it, and why. */
  remains: z.array(z.strictObject({ file: z.string(), reason: z.string() })),
  /** Every place that was looked at, or cannot be; empty for an erasure of an earlier version. */
  report: z.array(reportLineSchema).default([]),
})
/** What an erasure removed, and where the person is still to be found. Kept: it holds no personal data. */
export type ErasureOutcome = z.output<typeof outcomeSchema>

/** What is looked up. All answers are from memory. */
export interface Suppressions {
  list(): readonly Suppression[]
  /** Throws SUPPRESSION_KEY_LOST when there are suppressions and their key is not to be had. */
  readonly isErased: IsErased
  /** For a worker thread; null where nobody is suppressed. Throws SUPPRESSION_KEY_LOST. */
  marks(): ErasedMarks | null
  /** Changes with every erasure and every lifting. */
  version(): string
  close(): void
}

export interface ErasureBegin {
  /** The action's id. */
  readonly id: string
  /** Absent where people who are suppressed already are erased again. */
  readonly suppression:
    | (Pick<Suppression, 'table' | 'reason' | 'by' | 'atMs'> & { readonly identities: readonly string[] })
    | undefined
}

/** An erasure as far as it has come, all of it as marks. */
export interface ErasureWork {
  readonly isDone: boolean
  /** Of the person; of all suppressed people where they are erased again. */
  readonly identities: readonly string[]
  /** Of the names of the records removed or about to be (see `recordName`): their traces are found by them. */
  readonly records: readonly string[]
  readonly rows: readonly { readonly table: string; readonly count: number }[]
}

export interface SuppressionStore extends Suppressions {
  /** Who is not to be contacted: in the same file, under the same key. */
  readonly contacts: ContactList
  /** Suppresses the person and notes the erasure as begun, durably. Repeatable. */
  begin(erasure: ErasureBegin): void
  /** The same key that the marks are made with. Throws SUPPRESSION_KEY_LOST. */
  mark(text: string): string
  work(id: string): ErasureWork | undefined
  /** Notes records that are about to be removed, and counts those that were not noted before. */
  note(id: string, table: string, records: readonly string[]): void
  finish(id: string, outcome: ErasureOutcome): void
  outcome(id: string): ErasureOutcome | undefined
  /** False when there is no such suppression, or it was lifted already. */
  lift(id: string, by: { readonly by: string; readonly reason: string; readonly atMs: number }): boolean
}

/** "True" in ASCII, as in every file of ours. */
const applicationId = 0x54727565
const version = 2

const schema = `
CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE suppressions (
  id TEXT PRIMARY KEY, table_name TEXT NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL, at_ms INTEGER NOT NULL,
  lifted_by TEXT, lifted_reason TEXT, lifted_at_ms INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE identities (mark TEXT NOT NULL, suppression_id TEXT NOT NULL, PRIMARY KEY (mark, suppression_id)) STRICT, WITHOUT ROWID;
CREATE TABLE erasures (id TEXT PRIMARY KEY, is_again INTEGER NOT NULL, outcome TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE erased_records (
  erasure_id TEXT NOT NULL, mark TEXT NOT NULL, table_name TEXT NOT NULL,
  PRIMARY KEY (erasure_id, mark)) STRICT, WITHOUT ROWID;`

/** The file and its key in the workspace's own folder. */
export function suppressionFiles(ownFolder: string): { readonly path: string; readonly keyPath: string } {
  return { path: join(ownFolder, 'suppression.db'), keyPath: join(ownFolder, 'suppression.key') }
}

/** A file for writing; made, with its key (both 0600), at the first erasure. Throws DATABASE_*, JOURNAL_TOO_NEW. */
export function openSuppressionStore(ownFolder: string, ports: { readonly random: Random }): SuppressionStore {
  const { path, keyPath } = suppressionFiles(ownFolder)
  let opened: Database | undefined
  const existing = (): Database | undefined => {
    if (opened === undefined && existsSync(path)) opened = guarded(path, () => openFile(path))
    return opened
  }
  const memory = createMemory(() => existing(), keyPath)
  const made = (): Database => {
    const known = existing()
    if (known !== undefined) return known
    mkdirSync(ownFolder, { recursive: true, mode: 0o700 })
    const key = readKey(keyPath) ?? makeKey(keyPath, ports.random)
    opened = guarded(path, () => openFile(path))
    opened.prepare(`INSERT OR REPLACE INTO notes VALUES ('key', ?)`).run(markOf(key, keyProof))
    return opened
  }
  const change = <Result>(work: (db: Database) => Result): Result => {
    const db = made()
    const result = guarded(path, () => db.transaction(() => work(db)).immediate())
    memory.forget()
    return result
  }
  const mark = (text: string): string => markOf(memory.key(), text)

  return {
    ...memory.reads,
    contacts: createContactList({ database: existing, key: memory.key, change }),
    mark: (text) => {
      made()
      return mark(text)
    },
    begin({ id, suppression }) {
      made()
      const marks = suppression?.identities.map(mark) ?? []
      change((db) => {
        db.prepare('INSERT OR IGNORE INTO erasures (id, is_again) VALUES (?, ?)').run(
          id,
          suppression === undefined ? 1 : 0,
        )
        if (suppression === undefined) return
        const { table, reason, by, atMs } = suppression
        const keep = db.prepare(
          'INSERT OR IGNORE INTO suppressions (id, table_name, reason, by, at_ms) VALUES (?, ?, ?, ?, ?)',
        )
        keep.run(id, table, reason, by, atMs)
        const keepMark = db.prepare('INSERT OR IGNORE INTO identities VALUES (?, ?)')
        for (const one of marks) keepMark.run(one, id)
      })
    },
    work(id) {
      const db = existing()
      const row = db
        ?.prepare<[string], { is_again: number; outcome: string | null }>('SELECT * FROM erasures WHERE id = ?')
        .get(id)
      if (db === undefined || row === undefined) return undefined
      const own = db.prepare<[string], string>('SELECT mark FROM identities WHERE suppression_id = ?').pluck().all(id)
      return {
        isDone: row.outcome !== null,
        identities: row.is_again === 0 ? own : (memory.reads.marks()?.marks ?? []),
        records: db.prepare<[string], string>('SELECT mark FROM erased_records WHERE erasure_id = ?').pluck().all(id),
        rows: db
          .prepare<[string], { table: string; count: number }>(
            'SELECT table_name AS "table", count(*) AS count FROM erased_records WHERE erasure_id = ? GROUP BY table_name ORDER BY 1',
          )
          .all(id),
      }
    },
    note(id, table, records) {
      const marks = records.map(mark)
      change((db) => {
        const keep = db.prepare('INSERT OR IGNORE INTO erased_records VALUES (?, ?, ?)')
        for (const one of marks) keep.run(id, one, table)
      })
    },
    finish(id, outcome) {
      change((db) => {
        db.prepare('UPDATE erasures SET outcome = ? WHERE id = ?').run(JSON.stringify(outcome), id)
        db.prepare('DELETE FROM erased_records WHERE erasure_id = ?').run(id)
      })
    },
    outcome(id) {
      const sql = 'SELECT outcome FROM erasures WHERE id = ?'
      return outcomeOf(existing()?.prepare<[string], string | null>(sql).pluck().get(id))
    },
    lift(id, { by, reason, atMs }) {
      if (existing() === undefined) return false
      return change((db) => {
        const sql =
          'UPDATE suppressions SET lifted_by = ?, lifted_reason = ?, lifted_at_ms = ? WHERE id = ? AND lifted_at_ms IS NULL'
        if (db.prepare(sql).run(by, reason, atMs, id).changes === 0) return false
        db.prepare('DELETE FROM identities WHERE suppression_id = ?').run(id)
        return true
      })
    },
  }
}

/** The list as it is, read without a trace. What would change it throws LEASE_HELD. */
export async function readSuppressions(ownFolder: string, databases: Databases): Promise<SuppressionStore> {
  const { path, keyPath } = suppressionFiles(ownFolder)
  const view = existsSync(path) ? await databases.read(path) : undefined
  const { key, reads } = createMemory(() => view?.db, keyPath)
  const refuse = (): never => {
    throw new OperationalError('LEASE_HELD', 'this workspace was opened for reading only')
  }
  return {
    ...reads,
    contacts: createContactList({ database: () => view?.db, key, change: refuse }),
    close: () => view?.close(),
    mark: (text) => markOf(key(), text),
    work: () => undefined,
    outcome: () => undefined,
    begin: refuse,
    note: refuse,
    finish: refuse,
    lift: refuse,
  }
}

const keyProof = 'the suppression list of trueup'

/** Answers from memory; read again after each change. */
function createMemory(database: () => Database | undefined, keyPath: string) {
  let known: { readonly marks: readonly string[]; readonly version: string; readonly isErased: IsErased } | undefined
  let knownKey: string | undefined
  const key = (): string => {
    knownKey ??= readKey(keyPath)
    const proof = database()?.prepare<[], string>(`SELECT value FROM notes WHERE name = 'key'`).pluck().get()
    if (knownKey === undefined || (proof !== undefined && proof !== markOf(knownKey, keyProof))) {
      throw new OperationalError(
        'SUPPRESSION_KEY_LOST',
        `${keyPath} ${knownKey === undefined ? 'is not there' : 'is another key'}`,
      )
    }
    return knownKey
  }
  const load = () => {
    if (known !== undefined) return known
    const db = database()
    const marks = db?.prepare<[], string>('SELECT DISTINCT mark FROM identities ORDER BY mark').pluck().all() ?? []
    const changes = db
      ?.prepare<[], string>(`SELECT count(*) || '.' || count(lifted_at_ms) FROM suppressions`)
      .pluck()
      .get()
    const isErased = marks.length === 0 ? erasedBy(null) : erasedBy({ key: key(), marks })
    known = { marks, isErased, version: changes ?? '0.0' }
    return known
  }
  const reads: Suppressions = {
    list: () => listOf(database()),
    isErased: (identities) => load().isErased(identities),
    marks: () => (load().marks.length === 0 ? null : { key: key(), marks: load().marks }),
    version: () => load().version,
    close: () => database()?.close(),
  }
  return {
    key,
    reads,
    forget: () => {
      known = undefined
    },
  }
}

interface SuppressionRow {
  readonly id: string
  readonly table_name: string
  readonly reason: string
  readonly by: string
  readonly at_ms: number
  readonly lifted_by: string | null
  readonly lifted_reason: string | null
  readonly lifted_at_ms: number | null
  readonly identities: number
  readonly outcome: string | null
}

function listOf(db: Database | undefined): readonly Suppression[] {
  if (db === undefined) return []
  const rows = db.prepare<[], SuppressionRow>(
    `SELECT s.*, (SELECT count(*) FROM identities AS i WHERE i.suppression_id = s.id) AS identities, e.outcome
       FROM suppressions AS s LEFT JOIN erasures AS e ON e.id = s.id ORDER BY s.at_ms DESC, s.id`,
  )
  return rows.all().map((row) => ({
    id: row.id,
    table: row.table_name,
    reason: row.reason,
    by: row.by,
    atMs: row.at_ms,
    identities: row.identities,
    lifted:
      row.lifted_at_ms === null
        ? undefined
        : { by: row.lifted_by ?? '', reason: row.lifted_reason ?? '', atMs: row.lifted_at_ms },
    outcome: outcomeOf(row.outcome),
  }))
}

function outcomeOf(text: string | null | undefined): ErasureOutcome | undefined {
  return text === null || text === undefined ? undefined : outcomeSchema.parse(JSON.parse(text))
}

function openFile(path: string): Database {
  // Only a file that is new is opened this way: closing another one here would drop SQLite's locks on it.
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
  const db = new Sqlite(path, { fileMustExist: true, timeout: 5000 })
  try {
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    db.pragma('secure_delete = ON')
    const known = Number(db.pragma('user_version', { simple: true }))
    if (known > version) throw new OperationalError('JOURNAL_TOO_NEW', `${path} has version ${known}, not ${version}`)
    const make = () => {
      if (known === 0) db.exec(schema)
      db.exec(contactSchema)
      db.pragma(`application_id = ${applicationId}`)
    }
    makeSchemaOnce(db, { version, make })
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
