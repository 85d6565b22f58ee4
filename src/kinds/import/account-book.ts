/**
 * Takes down what became of each row while a source is read, in a private temporary database, so that the account of a
 * million rows takes no more memory than that of a thousand. Every row is taken down exactly once.
 */
import Sqlite, { type Database, type Statement } from 'better-sqlite3'
import { settledHash } from './import-log.ts'
import {
  type AccountCounts,
  type AccountedRow,
  type AccountOutcome,
  accountOutcomes,
  type ImportReport,
} from './report.ts'
import type { Place } from './source-row.ts'

/** What is taken down of a row. */
export interface Account {
  readonly place: Place
  readonly field: string | null
  readonly identity: string
  readonly fingerprint: string
  readonly outcome: AccountOutcome
  readonly leadKey: string | null
  readonly reason: string | null
  readonly noted: boolean
}

type Parameters = [string, number, number | null, string | null, number, string, string | null, string | null, number]

export class AccountBook {
  private readonly db: Database
  private readonly insert: Statement<Parameters>
  private readonly holds: (leadKey: string) => boolean

  /** @param holds whether a lead with the key is in the table */
  constructor(holds: (leadKey: string) => boolean) {
    this.holds = holds
    this.db = new Sqlite('')
    this.db.exec(`
      PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000;
      CREATE TABLE accounts (n INTEGER PRIMARY KEY, file TEXT, row INTEGER, line INTEGER, field TEXT, hash INTEGER,
        outcome TEXT, lead_key TEXT, reason TEXT, noted INTEGER, gone INTEGER NOT NULL DEFAULT 0);
      BEGIN`)
    this.insert = this.db.prepare<Parameters>(
      `INSERT INTO accounts (file, row, line, field, hash, outcome, lead_key, reason, noted)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
  }

  add({ place, field, identity, fingerprint, outcome, leadKey, reason, noted }: Account): void {
    const hash = settledHash(identity, fingerprint)
    this.insert.run(place.file, place.row, place.line, field, hash, outcome, leadKey, reason, noted ? 1 : 0)
  }

  /** The account, once every row is taken down. Lists up to `listedMax` rows of each outcome. */
  report(listedMax: number): Omit<ImportReport, 'state'> {
    this.followRepeats()
    this.markGone()
    const byFile = this.db
      .prepare<[], { file: string; outcome: string; count: number; pending: number; gone: number }>(
        `SELECT file, outcome, count(*) AS count, sum(1 - noted) AS pending, sum(gone) AS gone FROM accounts
          GROUP BY file, outcome ORDER BY file`,
      )
      .all()
    const files = new Map<string, AccountCounts>()
    const totals = noRows()
    for (const { file, outcome, count, pending, gone } of byFile) {
      const counts = files.get(file) ?? noRows()
      files.set(file, counts)
      for (const sum of [counts, totals]) {
        sum.rows += count
        sum.pending += pending
        sum.gone += gone
        for (const one of accountOutcomes) if (one === outcome) sum[one] += count
      }
    }
    const listed = (outcome: AccountOutcome) => ({ count: totals[outcome], first: this.first(outcome, listedMax) })
    return {
      totals,
      sources: [...files].map(([file, counts]) => ({ file, ...counts })),
      rows: {
        inserted: listed('inserted'),
        merged: listed('merged'),
        unchanged: listed('unchanged'),
        repeated: listed('repeated'),
        withheld: listed('withheld'),
        refused: listed('refused'),
      },
    }
  }

  /** Gives the disk space back. */
  close(): void {
    this.db.close()
  }

  /** A repeated row speaks of the lead of the row that it repeats. */
  private followRepeats(): void {
    this.db.exec(`
      CREATE INDEX accounts_by_hash ON accounts (hash);
      UPDATE accounts SET
        lead_key = (SELECT o.lead_key FROM accounts AS o WHERE o.hash = accounts.hash AND o.outcome <> 'repeated' LIMIT 1),
        reason = (SELECT 'says what ' || o.file || ', row ' || o.row || ' says' FROM accounts AS o
          WHERE o.hash = accounts.hash AND o.outcome <> 'repeated' LIMIT 1)
      WHERE outcome = 'repeated'`)
  }

  /** A lead that only the next run would insert is not gone. */
  private markGone(): void {
    this.db.function('is_there', (key: unknown) => (this.holds(String(key)) ? 1 : 0))
    this.db.exec('UPDATE accounts SET gone = 1 WHERE noted = 1 AND lead_key IS NOT NULL AND is_there(lead_key) = 0')
  }

  private first(outcome: AccountOutcome, listedMax: number): AccountedRow[] {
    const rows = this.db.prepare<
      [string, number],
      Omit<AccountedRow, 'noted' | 'gone'> & { noted: number; gone: number }
    >(
      `SELECT file, row, line, field, lead_key AS leadKey, reason, noted, gone FROM accounts
        WHERE outcome = ? ORDER BY n LIMIT ?`,
    )
    return rows.all(outcome, listedMax).map((row) => ({ ...row, noted: row.noted === 1, gone: row.gone === 1 }))
  }
}

function noRows(): AccountCounts {
  const none = { inserted: 0, merged: 0, unchanged: 0, repeated: 0, withheld: 0, refused: 0 }
  return { rows: 0, ...none, pending: 0, gone: 0 }
}
