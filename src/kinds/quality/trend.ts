/** The scores of a table over time: each hour of the last two days, each day of the last two years. */
import type { Database } from 'better-sqlite3'
import { z } from 'zod'

export interface TrendPoint {
  readonly atMs: number
  readonly score: number
  readonly rows: number
  /** Rows that fail, by check; those that nothing fails are left out. */
  readonly failing: Readonly<Record<string, number>>
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const hoursKept = 48
const daysKept = 730

const failingSchema = z.record(z.string(), z.number())

export function prepareTrend(db: Database): void {
  db.exec(
    'CREATE TABLE IF NOT EXISTS trend (at_ms INTEGER PRIMARY KEY, score REAL NOT NULL, rows INTEGER NOT NULL, failing TEXT NOT NULL)',
  )
}

/**
 * Notes a score: the last one of each hour stays, and later the last one of each day. Ones of a wrong clock go. What says the
 * same as the one before in its hour is not written: looking again changes nothing.
 */
export function noteTrend(db: Database, point: TrendPoint): void {
  const [last] = readTrend(db, 0, 1)
  const isKnown =
    last !== undefined &&
    last.atMs <= point.atMs &&
    Math.floor(last.atMs / hourMs) === Math.floor(point.atMs / hourMs) &&
    JSON.stringify([last.score, last.rows, last.failing]) === JSON.stringify([point.score, point.rows, point.failing])
  if (isKnown) return
  db.transaction(() => {
    db.prepare('DELETE FROM trend WHERE at_ms > ?').run(point.atMs)
    db.prepare(`DELETE FROM trend WHERE at_ms / ${hourMs} = CAST(? AS INTEGER) / ${hourMs}`).run(point.atMs)
    db.prepare('INSERT INTO trend (at_ms, score, rows, failing) VALUES (?, ?, ?, ?)').run(
      point.atMs,
      point.score,
      point.rows,
      JSON.stringify(point.failing),
    )
    db.prepare(
      `DELETE FROM trend WHERE at_ms < ? AND at_ms NOT IN (SELECT max(at_ms) FROM trend GROUP BY at_ms / ${dayMs})`,
    ).run(point.atMs - hoursKept * hourMs)
    db.prepare('DELETE FROM trend WHERE at_ms < ?').run(point.atMs - daysKept * dayMs)
  })()
}

/** The newest `limit` points since a moment, oldest first; none where the file has no trend yet. */
export function readTrend(db: Database, sinceMs: number, limit: number): readonly TrendPoint[] {
  if (!hasTrend(db)) return []
  return db
    .prepare<[number, number], { atMs: number; score: number; rows: number; failing: string }>(
      'SELECT at_ms AS atMs, score, rows, failing FROM trend WHERE at_ms >= ? ORDER BY at_ms DESC LIMIT ?',
    )
    .all(sinceMs, limit)
    .reverse()
    .map((row) => ({ ...row, failing: failingSchema.parse(JSON.parse(row.failing)) }))
}

/** The last point before a moment. */
export function pointBefore(db: Database, atMs: number): { readonly atMs: number; readonly score: number } | undefined {
  if (!hasTrend(db)) return undefined
  return db
    .prepare<[number], { atMs: number; score: number }>(
      'SELECT at_ms AS atMs, score FROM trend WHERE at_ms <= ? ORDER BY at_ms DESC LIMIT 1',
    )
    .get(atMs)
}

function hasTrend(db: Database): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'trend'").get() !== undefined
}
