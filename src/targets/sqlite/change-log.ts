/**
 * The change table that triggers feed: which rows of a table were written, by whatever program, since a place in the log.
 * It may say too much (a row that is again as it was) but never too little: where something could be missing, the answer
 * is `everything`. Deletes by `INSERT OR REPLACE` fire no delete trigger, so who counts rows must still look at all of
 * them now and then.
 */
import type { Database } from 'better-sqlite3'
import { quoteIdentifier } from './schema-reader.ts'

/** The name of the change table in every database that has one. */
export const changeTable = '_trueup_changes'

/** Rows that the log keeps; older ones are dropped by the triggers themselves. The newest stays, so `seq` never restarts. */
export const changeLogRowsMax = 100_000

export type ChangeLogReading =
  /** The rows written since, each once, by ascending rowid; `lastSeq` is the place to read on from. */
  | { readonly is: 'rows'; readonly rowIds: readonly number[]; readonly lastSeq: number }
  /** Which rows were written cannot be told, or they are more than asked for; `lastSeq` is undefined without a log. */
  | { readonly is: 'everything'; readonly lastSeq: number | undefined }

/**
 * The statements that make the change table and its three triggers on `table`, in the order in which they are to be run.
 * They use nothing that SQLite 3.31 lacks and leave `last_insert_rowid()` and `changes()` of the writer alone. `rowId` is
 * the name under which the table shows its rowid, for tables that have a column called `rowid`.
 */
export function changeLogStatements(table: string, rowId = 'rowid'): readonly string[] {
  const on = quoteIdentifier(table)
  const name = quoteText(table)
  const log = (row: 'OLD' | 'NEW') =>
    `INSERT INTO ${changeTable} (table_name, row_id) VALUES (${name}, ${row}.${rowId});`
  const moved = `INSERT INTO ${changeTable} (table_name, row_id) SELECT ${name}, OLD.${rowId} WHERE OLD.${rowId} IS NOT NEW.${rowId};`
  // Inside a trigger this is the seq of the row that was just logged.
  const purge = `DELETE FROM ${changeTable} WHERE seq <= last_insert_rowid() - ${changeLogRowsMax};`
  const trigger = (event: string, body: string) =>
    `CREATE TRIGGER IF NOT EXISTS ${quoteIdentifier(`_trueup_${table}_log_${event}`)} AFTER ${event.toUpperCase()} ON ${on} FOR EACH ROW BEGIN ${body} ${purge} END`
  return [
    `CREATE TABLE IF NOT EXISTS ${changeTable} (seq INTEGER PRIMARY KEY, table_name TEXT NOT NULL, row_id INTEGER NOT NULL)`,
    trigger('insert', log('NEW')),
    trigger('update', `${moved} ${log('NEW')}`),
    trigger('delete', log('OLD')),
  ]
}

/**
 * To be run when triggers were missing and are made anew: it leaves a gap, so that whoever reads on from an earlier place is
 * told `everything`, since nobody noted what was written meanwhile. A log that begins anew begins somewhere by
 * chance, so that no place in the one that was lost is a place in it.
 */
export const changeLogGap = `INSERT INTO ${changeTable} (seq, table_name, row_id)
  SELECT coalesce(max(seq), abs(random() % 1125899906842624)) + 2, '', 0 FROM ${changeTable}`

/**
 * What was written to `table` after place `afterSeq`, from one state of the database. `everything` when there is no log or
 * a trigger that feeds it is gone, no such place any more (the log was purged beyond it, emptied or replaced), or more than
 * `limit` rows were written.
 */
export function readChangeLog(
  db: Database,
  table: string,
  afterSeq: number | undefined,
  limit: number,
): ChangeLogReading {
  return db.transaction((): ChangeLogReading => {
    // Without its triggers it is silent about what is written: no place in it says anything about later writes.
    if (!feedsChangeLog(db, table)) return { is: 'everything', lastSeq: undefined }
    const lastSeq = db.prepare<[], number>(`SELECT coalesce(max(seq), 0) FROM ${changeTable}`).pluck().get() ?? 0
    const everything: ChangeLogReading = { is: 'everything', lastSeq }
    if (afterSeq === undefined || afterSeq > lastSeq) return everything
    const since = db
      .prepare<[number], number>(`SELECT count(*) FROM ${changeTable} WHERE seq > ?`)
      .pluck()
      .get(afterSeq)
    if (since !== lastSeq - afterSeq) return everything
    const rowIds = db
      .prepare<[number, string, number], number>(
        `SELECT DISTINCT row_id FROM ${changeTable} WHERE seq > ? AND table_name = ? COLLATE NOCASE ORDER BY row_id LIMIT ?`,
      )
      .pluck()
      .all(afterSeq, table, limit + 1)
    return rowIds.length > limit || !rowIds.every(Number.isSafeInteger) ? everything : { is: 'rows', rowIds, lastSeq }
  })()
}

/** Reads back a place that was kept as text; undefined where the text means none. A log may begin anywhere up to 2^50. */
export function placeIn(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined
  const place = Number(text)
  return Number.isSafeInteger(place) ? place : undefined
}

/**
 * Starts the log afresh, so that whoever reads on from an earlier place is told `everything`: after a VACUUM a row may have
 * another rowid than the one that was logged.
 */
export function restartChangeLog(db: Database): void {
  if (!hasChangeLog(db)) return
  db.transaction(() => {
    const lastSeq = db.prepare<[], number>(`SELECT coalesce(max(seq), 0) FROM ${changeTable}`).pluck().get() ?? 0
    db.exec(`DELETE FROM ${changeTable}`)
    // The gap before it is what is noticed; it names no table.
    db.prepare(`INSERT INTO ${changeTable} (seq, table_name, row_id) VALUES (?, '', 0)`).run(BigInt(lastSeq + 2))
  }).immediate()
}

/** Whether the log is there, and the three triggers on the table that feed it. */
export function feedsChangeLog(db: Database, table: string): boolean {
  const names = ['insert', 'update', 'delete'].map((event) => `_trueup_${table}_log_${event}`.toLowerCase())
  const found = db
    .prepare<[string], number>(
      "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND lower(name) IN (SELECT value FROM json_each(?))",
    )
    .pluck()
    .get(JSON.stringify(names))
  return found === names.length && hasChangeLog(db)
}

function hasChangeLog(db: Database): boolean {
  const columns = db.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(changeTable)
  return ['seq', 'table_name', 'row_id'].every((column) => columns.includes(column))
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
