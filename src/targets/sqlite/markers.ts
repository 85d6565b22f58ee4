/**
 * Markers in the database itself, committed in one transaction with the effect they stand for: after a crash they tell
 * which steps of an action took effect, whatever else was lost.
 */
import type { Database } from 'better-sqlite3'
import { isoOf } from '../../clock.ts'

/** Trueup's table in a managed database; kinds that look at tables leave it out. */
export const markerTable = '_trueup_actions'

export interface Marker {
  /** Steps of one action count from 0. */
  readonly step: number
  /** ISO 8601. */
  readonly at: string
  /** What the step noted about its outcome; null where all went as planned. */
  readonly note: string | null
}

/**
 * Says that a step of an action takes effect with the current transaction, which must be open. Marking a step twice is
 * an error of SQLite (SQLITE_CONSTRAINT_PRIMARYKEY): the effect would have been made twice.
 *
 * @param at ISO 8601 stamp of now
 * @param note what is worth knowing later, as text of the caller's own form
 */
export function markStep(db: Database, actionId: string, step: number, at: string, note: string | null = null): void {
  if (!db.inTransaction) throw new RangeError('a marker is committed together with its effect: begin a transaction')
  db.exec(
    `CREATE TABLE IF NOT EXISTS main.${markerTable} (action_id TEXT NOT NULL, step INTEGER NOT NULL, at TEXT NOT NULL, note TEXT,
      PRIMARY KEY (action_id, step)) WITHOUT ROWID`,
  )
  db.prepare(`INSERT INTO main.${markerTable} (action_id, step, at, note) VALUES (?, ?, ?, ?)`).run(
    actionId,
    BigInt(step),
    at,
    note,
  )
}

/** The steps of an action that took effect, ascending; none where the database holds no markers at all. */
export function stepsOf(db: Database, actionId: string): readonly Marker[] {
  if (!hasMarkers(db)) return []
  return db
    .prepare<[string], Marker>(`SELECT step, at, note FROM main.${markerTable} WHERE action_id = ? ORDER BY step`)
    .all(actionId)
}

/** One step of an action, or undefined where it did not take effect. */
export function stepOf(db: Database, actionId: string, step: number): Marker | undefined {
  if (!hasMarkers(db)) return undefined
  return db
    .prepare<[string, bigint], Marker>(
      `SELECT step, at, note FROM main.${markerTable} WHERE action_id = ? AND step = ?`,
    )
    .get(actionId, BigInt(step))
}

/** Removes the markers of actions whose last step is older than the moment; gives how many markers went. */
export function pruneMarkers(db: Database, beforeMs: number): number {
  if (!hasMarkers(db)) return 0
  return db
    .prepare(
      `DELETE FROM main.${markerTable} WHERE action_id IN
        (SELECT action_id FROM main.${markerTable} GROUP BY action_id HAVING max(at) < ?)`,
    )
    .run(isoOf(beforeMs)).changes
}

function hasMarkers(db: Database): boolean {
  return db.prepare(`SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = ?`).pluck().get(markerTable) === 1
}
