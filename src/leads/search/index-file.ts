/**
 * The full-text index of one table, in a database of its own beside the journal: the agents' files stay free of it, and
 * their SQLite needs no FTS5. It holds words only, no records, and can be deleted at any time.
 */

import type { Database } from 'better-sqlite3'
import { shortHashOf } from '../../json.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import type { Cell } from '../../values/field-type.ts'

/** What is indexed, plain so that it can be sent to a thread. */
export interface IndexLayout {
  /** The name of the entry in `tables`. */
  readonly table: string
  readonly sqlName: string
  readonly key: string
  readonly fields: readonly string[]
}

/** How far the index has come. */
export interface IndexState {
  /** Cursor of the change table up to which the index is true. */
  readonly cursor: number
  /** Row id up to which a first fill has come; undefined when the fill is done. */
  readonly filledTo: number | undefined
}

/** Raised whenever the layout of the file changes. */
const layoutVersion = 1
const neverFilled = -(2 ** 53 - 1)

function ftsName(layout: Pick<IndexLayout, 'table'>): string {
  return quoteIdentifier(`lead_words_${layout.table}`)
}

/** The keys stand in an ordinary table: SQLite leaves the shadow table of an unindexed FTS5 column behind when dropping. */
function keysName(layout: Pick<IndexLayout, 'table'>): string {
  return quoteIdentifier(`lead_keys_${layout.table}`)
}

/** Creates what is missing, and empties an index that was made for other fields. */
export function prepareIndex(db: Database, layout: IndexLayout): void {
  const made = shortHashOf([layoutVersion, layout.sqlName, layout.key, [...layout.fields]])
  db.exec(
    'CREATE TABLE IF NOT EXISTS state (table_name TEXT PRIMARY KEY, layout TEXT NOT NULL, cursor INTEGER NOT NULL, filled_to INTEGER) STRICT',
  )
  const known = db.prepare<[string], string>('SELECT layout FROM state WHERE table_name = ?').pluck().get(layout.table)
  if (known === made) return
  db.transaction(() => {
    db.exec(`DROP TABLE IF EXISTS ${ftsName(layout)}; DROP TABLE IF EXISTS ${keysName(layout)}`)
    db.exec(`CREATE TABLE ${keysName(layout)} (row_id INTEGER PRIMARY KEY, record_key TEXT NOT NULL) STRICT`)
    db.exec(
      `CREATE VIRTUAL TABLE ${ftsName(layout)} USING fts5(${layout.fields.map(quoteIdentifier).join(', ')}, ` +
        `content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2', prefix='2 3')`,
    )
    db.prepare('INSERT OR REPLACE INTO state VALUES (?, ?, 0, ?)').run(layout.table, made, neverFilled)
  }).immediate()
}

export function indexState(db: Database, layout: IndexLayout): IndexState {
  const row = db
    .prepare<[string], { cursor: number; filled_to: number | null }>(
      'SELECT cursor, filled_to FROM state WHERE table_name = ?',
    )
    .get(layout.table)
  return { cursor: row?.cursor ?? 0, filledTo: row?.filled_to ?? undefined }
}

/** Whether not even a first fill has begun. */
export function isUntouched(state: IndexState): boolean {
  return state.filledTo === neverFilled && state.cursor === 0
}

/**
 * Starts a fill; `cursor` is where the change table stands before the fill reads its first row. What is indexed already
 * is still found meanwhile, and replaced window by window.
 */
export function restartIndex(db: Database, layout: IndexLayout, cursor: number): void {
  db.prepare('UPDATE state SET cursor = ?, filled_to = ? WHERE table_name = ?').run(cursor, neverFilled, layout.table)
}

type IndexedRow = Readonly<Record<string, Cell>>

function rowSelection(layout: IndexLayout, columns: ReadonlySet<string>): string {
  const text = layout.fields.map(
    (field) => `${columns.has(field) ? quoteIdentifier(field) : 'NULL'} AS ${quoteIdentifier(field)}`,
  )
  return [`rowid AS "@row"`, `${quoteIdentifier(layout.key)} AS "@key"`, ...text].join(', ')
}

function columnsOf(source: Database, layout: IndexLayout): ReadonlySet<string> {
  return new Set(
    source.prepare<[string], string>('SELECT lower(name) FROM pragma_table_xinfo(?)').pluck().all(layout.sqlName),
  )
}

function createWriter(db: Database, layout: IndexLayout): { put(row: IndexedRow): void; drop(rowId: number): void } {
  const places = ['?', ...layout.fields.map(() => '?')].join(', ')
  const insert = db.prepare(
    `INSERT OR REPLACE INTO ${ftsName(layout)}(rowid, ${layout.fields.map(quoteIdentifier).join(', ')}) VALUES (${places})`,
  )
  const keep = db.prepare(`INSERT OR REPLACE INTO ${keysName(layout)} VALUES (?, ?)`)
  const remove = db.prepare(`DELETE FROM ${ftsName(layout)} WHERE rowid = ?`)
  const forget = db.prepare(`DELETE FROM ${keysName(layout)} WHERE row_id = ?`)
  const text = (cell: Cell | undefined): string => (cell == null || cell instanceof Uint8Array ? '' : String(cell))
  return {
    put(row) {
      const rowId = Number(row['@row'])
      insert.run(rowId, ...layout.fields.map((field) => text(row[field])))
      keep.run(rowId, text(row['@key']))
    },
    drop(rowId) {
      remove.run(rowId)
      forget.run(rowId)
    },
  }
}

/**
 * Goes on with a fill by one window of rows; true when it is done. Each window is one commit with its place, so that a
 * cut-off fill goes on where it was.
 */
export function fillWindow(db: Database, source: Database, layout: IndexLayout, rows: number): boolean {
  const { filledTo } = indexState(db, layout)
  if (filledTo === undefined) return true
  const window = source
    .prepare<Cell[], IndexedRow>(
      `SELECT ${rowSelection(layout, columnsOf(source, layout))} FROM ${quoteIdentifier(layout.sqlName)} WHERE rowid > ? ORDER BY rowid LIMIT ?`,
    )
    .all(filledTo, rows)
  const writer = createWriter(db, layout)
  const last = window.at(-1)
  const done = window.length < rows
  const gone = db
    .prepare<[number, number], number>(`SELECT row_id FROM ${keysName(layout)} WHERE row_id > ? AND row_id <= ?`)
    .pluck()
  const end = done ? Number.MAX_SAFE_INTEGER : Number(last?.['@row'])
  db.transaction(() => {
    for (const rowId of gone.all(filledTo, end)) writer.drop(rowId)
    for (const row of window) if (row['@key'] !== null) writer.put(row)
    const place = done ? null : Number(last?.['@row'])
    db.prepare('UPDATE state SET filled_to = ? WHERE table_name = ?').run(place, layout.table)
  }).immediate()
  return done
}

/** Makes the index true again for the rows that changed, and keeps the cursor they came with. */
export function indexRows(
  db: Database,
  source: Database,
  layout: IndexLayout,
  rowIds: readonly number[],
  cursor: number,
): void {
  const rows = source
    .prepare<Cell[], IndexedRow>(
      `SELECT ${rowSelection(layout, columnsOf(source, layout))} FROM ${quoteIdentifier(layout.sqlName)} WHERE rowid IN (SELECT value FROM json_each(?))`,
    )
    .all(JSON.stringify(rowIds))
  const writer = createWriter(db, layout)
  const found = new Map(rows.map((row) => [Number(row['@row']), row]))
  db.transaction(() => {
    for (const rowId of rowIds) {
      const row = found.get(rowId)
      if (row === undefined || row['@key'] === null) writer.drop(rowId)
      else writer.put(row)
    }
    db.prepare('UPDATE state SET cursor = ? WHERE table_name = ?').run(cursor, layout.table)
  }).immediate()
}

/** The statement that finds rows, best first; its parameters are the expression and the number of rows. */
export function searchStatement(layout: IndexLayout): string {
  const name = ftsName(layout)
  return (
    `SELECT found.row_id, record_key, score FROM (SELECT rowid AS row_id, rank AS score FROM ${name} ` +
    `WHERE ${name} MATCH ? ORDER BY rank LIMIT ?) AS found JOIN ${keysName(layout)} AS kept ON kept.row_id = found.row_id ` +
    'ORDER BY score, found.row_id'
  )
}

/** Gives the largest indexed row id: an upper bound of the number of rows. */
export function largestRowStatement(layout: IndexLayout): string {
  return `SELECT max(row_id) FROM ${keysName(layout)}`
}

/**
 * Empties the indexes of all tables in an index file; each is filled again with the next search. Used where words of a
 * person must not remain: taking single rows out of a full-text index leaves their words in its segments.
 */
export function emptyIndexes(db: Database): number {
  const exists = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'state'").get() !== undefined
  const tables = exists ? db.prepare<[], string>('SELECT table_name FROM state').pluck().all() : []
  let rows = 0
  db.transaction(() => {
    for (const table of tables) {
      const layout = { table }
      rows += db.prepare(`DELETE FROM ${keysName(layout)}`).run().changes
      db.prepare(`INSERT INTO ${ftsName(layout)}(${ftsName(layout)}) VALUES ('delete-all')`).run()
      db.prepare('UPDATE state SET cursor = 0, filled_to = ? WHERE table_name = ?').run(neverFilled, table)
    }
  }).immediate()
  return rows
}
