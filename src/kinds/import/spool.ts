/**
 * What an import will write, while it is being worked out: in a private temporary database that SQLite keeps mostly on the
 * disk, so that a million new leads take no more memory than a thousand, and later rows can still fill earlier ones.
 */
import { deserialize, serialize } from 'node:v8'
import Sqlite, { type Database } from 'better-sqlite3'
import { z } from 'zod'
import type { Cell } from '../../values/field-type.ts'
import { type LogRow, outcomes } from './import-log.ts'

/** A lead that will be inserted. */
export interface NewLead {
  readonly key: string
  readonly cells: Readonly<Record<string, Cell>>
}

/** A blank of an existing lead that will be filled. */
export interface Fill {
  readonly rowId: number
  readonly key: Cell
  readonly field: string
  readonly before: Cell
  readonly after: Cell
}

const cellSchema = z.union([z.null(), z.number(), z.bigint(), z.string(), z.instanceof(Uint8Array)])
const cellsSchema = z.record(z.string(), cellSchema)

export class Spool {
  private readonly db: Database
  private readonly statements: ReturnType<typeof statementsOf>
  private inserts = 0

  constructor() {
    this.db = new Sqlite('')
    this.db.exec(`
      PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000;
      CREATE TABLE leads (n INTEGER PRIMARY KEY, key TEXT NOT NULL, cells BLOB NOT NULL);
      CREATE TABLE fills (row_id INTEGER, field TEXT, key, before, after, PRIMARY KEY (row_id, field)) WITHOUT ROWID;
      CREATE TABLE ledger (n INTEGER PRIMARY KEY, source_row TEXT, fingerprint TEXT, outcome TEXT, lead_key TEXT,
        reason TEXT, linkedin INTEGER, email INTEGER, person INTEGER, file TEXT, row INTEGER, line INTEGER);
      BEGIN`)
    this.statements = statementsOf(this.db)
  }

  /** Keeps a new lead and gives its number, from 1. */
  insert(lead: NewLead): number {
    this.statements.insert.run(++this.inserts, lead.key, serialize(lead.cells))
    return this.inserts
  }

  lead(number: number): NewLead | undefined {
    const row = this.statements.lead.get(number)
    return row === undefined ? undefined : { key: row.key, cells: cellsSchema.parse(deserialize(row.cells)) }
  }

  /** Adds values to a lead that was kept before. */
  extend(number: number, lead: NewLead): void {
    this.statements.extend.run(serialize(lead.cells), number)
  }

  *leads(): Generator<NewLead> {
    for (let n = 1; n <= this.inserts; n++) {
      const lead = this.lead(n)
      if (lead !== undefined) yield lead
    }
  }

  /** Values that this run fills into an existing lead already. */
  filled(rowId: number): readonly { readonly field: string; readonly after: Cell }[] {
    return this.statements.filled.all(rowId)
  }

  fill(fill: Fill): void {
    this.statements.fill.run(fill.rowId, fill.field, fill.key, fill.before, fill.after)
  }

  /** By rowid. */
  *fills(): Generator<Fill> {
    const rows = this.db.prepare<[], { row_id: number; field: string; key: Cell; before: Cell; after: Cell }>(
      'SELECT * FROM fills ORDER BY row_id, field',
    )
    for (const { row_id, ...rest } of rows.iterate()) yield { rowId: row_id, ...rest }
  }

  /** How many leads are new, how many existing ones are filled, and how many of their cells. */
  counts(): { readonly inserts: number; readonly filledLeads: number; readonly filledCells: number } {
    const sql = 'SELECT count(DISTINCT row_id) AS filledLeads, count(*) AS filledCells FROM fills'
    const fills = this.db.prepare<[], { filledLeads: number; filledCells: number }>(sql).get()
    return { inserts: this.inserts, filledLeads: fills?.filledLeads ?? 0, filledCells: fills?.filledCells ?? 0 }
  }

  note(row: LogRow): void {
    this.statements.note.run(row)
  }

  *ledger(): Generator<LogRow> {
    const rows = this.db.prepare<[], LogRow>(
      `SELECT source_row AS sourceRow, fingerprint, outcome, lead_key AS leadKey, reason, linkedin, email, person,
         file, row, line
       FROM ledger ORDER BY n`,
    )
    for (const row of rows.iterate()) yield { ...row, outcome: z.enum(outcomes).parse(row.outcome) }
  }

  /** Gives the disk space back. */
  close(): void {
    this.db.close()
  }
}

function statementsOf(db: Database) {
  return {
    insert: db.prepare<[number, string, Buffer]>('INSERT INTO leads VALUES (?, ?, ?)'),
    lead: db.prepare<[number], { key: string; cells: Buffer }>('SELECT key, cells FROM leads WHERE n = ?'),
    extend: db.prepare<[Buffer, number]>('UPDATE leads SET cells = ? WHERE n = ?'),
    filled: db.prepare<[number], { field: string; after: Cell }>('SELECT field, after FROM fills WHERE row_id = ?'),
    fill: db.prepare<[number, string, Cell, Cell, Cell]>('INSERT INTO fills VALUES (?, ?, ?, ?, ?)'),
    note: db.prepare<[LogRow]>(
      `INSERT INTO ledger (source_row, fingerprint, outcome, lead_key, reason, linkedin, email, person, file, row, line)
       VALUES (:sourceRow, :fingerprint, :outcome, :leadKey, :reason, :linkedin, :email, :person, :file, :row, :line)`,
    ),
  }
}
