/**
 * Who is not to be contacted, as keyed hashes and without any personal data, in the file of the suppression list. It says it
 * of people, not of records: so it holds for a record that is made anew, and for one whose mark a program cleared.
 */
import type { Database } from 'better-sqlite3'
import { type ErasedMarks, erasedBy, type IsErased, markOf } from './marks.ts'

export interface ContactList {
  /** Whether one of these identities is on the list. Throws SUPPRESSION_KEY_LOST. */
  readonly isListed: IsErased
  /** Whether a person said that one of them may be contacted again, and none is on the list since. Throws SUPPRESSION_KEY_LOST. */
  readonly isAllowed: IsErased
  /** For a worker thread; null where nobody is listed or was. Throws SUPPRESSION_KEY_LOST. */
  marks(nowMs: number): ContactMarks | null
  /** Changes whenever anybody is listed or allowed. */
  version(): string
  /** Puts people on the list, durably; what was said before counts no more. Gives how many identities are new. */
  add(identities: readonly string[], atMs: number): number
  /** Takes people off the list, durably. Gives how many of the identities were on it. */
  allow(identities: readonly string[], atMs: number): number
}

/** The list as plain data. Never journaled, never shown. */
export interface ContactMarks {
  readonly listed: ErasedMarks
  readonly allowed: ErasedMarks
  /** Those who were allowed moments ago, whose rows are just being changed: a mark found on them is not listed anew yet. */
  readonly justAllowed: ErasedMarks
}

/** What version 2 of the file adds. */
export const contactSchema = `
CREATE TABLE IF NOT EXISTS contacts (
  mark TEXT PRIMARY KEY, is_listed INTEGER NOT NULL, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;`

/** How long after a person was allowed a mark that is found on a record of theirs is taken for the one that is being cleared. */
export const allowingMs = 60_000

interface ContactPorts {
  /** Undefined while there is no file. */
  readonly database: () => Database | undefined
  readonly key: () => string
  /** Runs in a transaction, in a file that is made where it is missing. */
  readonly change: <Result>(work: (db: Database) => Result) => Result
}

/** The list over an open file. What it holds is read anew after each change of this process. */
export function createContactList(ports: ContactPorts): ContactList {
  let known: { readonly rows: readonly ContactRow[]; readonly listed: IsErased; readonly allowed: IsErased } | undefined
  const load = () => {
    if (known !== undefined) return known
    const rows = rowsOf(ports.database())
    const testOf = (isListed: number) => {
      const marks = rows.filter((row) => row.is_listed === isListed).map(({ mark }) => mark)
      return marks.length === 0 ? () => false : erasedBy({ key: ports.key(), marks })
    }
    known = { rows, listed: testOf(1), allowed: testOf(0) }
    return known
  }
  const change = (identities: readonly string[], isListed: 0 | 1, atMs: number): number =>
    ports.change((db) => {
      const marks = [...new Set(identities.map((identity) => markOf(ports.key(), identity)))]
      const keep = db.prepare(
        `INSERT INTO contacts VALUES (?, ?, ?) ON CONFLICT (mark) DO UPDATE SET is_listed = excluded.is_listed, at_ms = excluded.at_ms
         WHERE is_listed <> excluded.is_listed`,
      )
      const changed = marks.reduce((sum, mark) => sum + keep.run(mark, isListed, atMs).changes, 0)
      known = undefined
      return changed
    })
  return {
    isListed: (identities) => load().listed(identities),
    isAllowed: (identities) => load().allowed(identities) && !load().listed(identities),
    marks(nowMs) {
      const { rows } = load()
      if (rows.length === 0) return null
      const key = ports.key()
      const sinceMs = nowMs - allowingMs
      const marksWhere = (test: (row: ContactRow) => boolean) => ({
        key,
        marks: rows.filter(test).map(({ mark }) => mark),
      })
      return {
        listed: marksWhere((row) => row.is_listed === 1),
        allowed: marksWhere((row) => row.is_listed === 0),
        justAllowed: marksWhere((row) => row.is_listed === 0 && row.at_ms > sinceMs),
      }
    },
    version() {
      const { rows } = load()
      const latest = rows.reduce((most, row) => Math.max(most, row.at_ms), 0)
      return `${rows.length}.${rows.filter((row) => row.is_listed === 1).length}.${latest}`
    },
    add: (identities, atMs) => (identities.length === 0 ? 0 : change(identities, 1, atMs)),
    allow: (identities, atMs) => (identities.length === 0 ? 0 : change(identities, 0, atMs)),
  }
}

interface ContactRow {
  readonly mark: string
  readonly is_listed: number
  readonly at_ms: number
}

/** A file of version 1, which is only read here, has no such table and lists nobody. */
function rowsOf(db: Database | undefined): readonly ContactRow[] {
  const isThere =
    db?.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'contacts'`).get() !== undefined
  if (db === undefined || !isThere) return []
  return db.prepare<[], ContactRow>('SELECT mark, is_listed, at_ms FROM contacts ORDER BY mark').all()
}
