/**
 * The past of figures, in a file of its own. What it keeps true: its size is bounded, whatever the clock does; what is in it
 * is the aggregate of exactly the values that were noted; a value is in all levels or in none.
 */
import type { Database } from 'better-sqlite3'
import { canonicalJson } from '../json.ts'
import { definitionOf, type Figure, type MetricName } from './catalogue.ts'
import { type Bucket, bucketStart, type Level, levelFor, levels, resample } from './levels.ts'

export interface Series {
  readonly name: MetricName
  readonly labels: Readonly<Record<string, string>>
  /** The step of the buckets. */
  readonly stepMs: number
  /** Oldest first. Spans without values have none. */
  readonly buckets: readonly Bucket[]
}

export interface HistoryQuery {
  readonly name: MetricName
  readonly sinceMs: number
  readonly nowMs: number
  /** How long a span each point is to stand for, at least. */
  readonly stepMs: number
}

export interface MetricHistory {
  /** Notes values of one moment, in one transaction. Figures whose past is not kept, and series beyond the bound, are left out. */
  note(figures: readonly Figure[], atMs: number): { readonly leftOut: number }
  /** Series of that name, by their labels. */
  read(query: HistoryQuery): readonly Series[]
  close(): void
}

/** A workspace of forty fields has about a hundred series. */
export const seriesMax = 500

/** Each bucket is found by level and time; a reader asks for exactly the moments that there can be. */
export const metricHistorySchema = `
  CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, name TEXT NOT NULL, labels TEXT NOT NULL, UNIQUE (name, labels)) STRICT;
  CREATE TABLE IF NOT EXISTS steps (level INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (level, at)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS points (
    level INTEGER NOT NULL, at INTEGER NOT NULL, series INTEGER NOT NULL,
    n INTEGER NOT NULL, sum REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL, last REAL NOT NULL,
    PRIMARY KEY (level, at, series)) STRICT, WITHOUT ROWID;`

/** Over a file that somebody else has opened, with {@link metricHistorySchema} where it was made; `note` needs one that may be written. */
export function historyOver(db: Database): MetricHistory {
  const isThere = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'points'").get() !== undefined
  const statements = isThere ? prepare(db) : undefined
  return {
    note(figures, atMs) {
      // A round that ends after the program's end notes nothing.
      if (statements === undefined || !db.open) return { leftOut: 0 }
      const kept = figures.filter(({ name, value }) => definitionOf(name).isKept && Number.isFinite(value))
      return db.transaction(() => noteAll(kept, Math.floor(atMs), statements)).immediate()
    },
    read: (query) => (statements === undefined ? [] : read(query, statements)),
    close: () => db.close(),
  }
}

type Statements = ReturnType<typeof prepare>

interface SeriesRow {
  readonly id: number
  readonly labels: string
}

interface PointRow {
  readonly at: number
  readonly n: number
  readonly sum: number
  readonly min: number
  readonly max: number
  readonly last: number
}

function prepare(db: Database) {
  return {
    find: db.prepare<[string, string], { id: number }>('SELECT id FROM series WHERE name = ? AND labels = ?'),
    add: db.prepare<[string, string]>('INSERT INTO series (name, labels) VALUES (?, ?)'),
    count: db.prepare<[], number>('SELECT count(*) FROM series').pluck(),
    named: db.prepare<[string], SeriesRow>('SELECT id, labels FROM series WHERE name = ? ORDER BY labels'),
    step: db.prepare<[number, number]>('INSERT OR IGNORE INTO steps (level, at) VALUES (?, ?)'),
    steps: db.prepare<[number], number>('SELECT count(*) FROM steps WHERE level = ?').pluck(),
    future: db.prepare<[number, number], number>('SELECT max(at) FROM steps WHERE level = ? AND at > ?').pluck(),
    oldest: db.prepare<[number], number>('SELECT min(at) FROM steps WHERE level = ?').pluck(),
    dropStep: db.prepare<[number, number]>('DELETE FROM steps WHERE level = ? AND at = ?'),
    dropPoints: db.prepare<[number, number]>('DELETE FROM points WHERE level = ? AND at = ?'),
    dropEmptySeries: db.prepare(
      'DELETE FROM series WHERE id NOT IN (SELECT DISTINCT series FROM points WHERE level = 3)',
    ),
    put: db.prepare<[number, number, number, number, number, number, number]>(
      `INSERT INTO points (level, at, series, n, sum, min, max, last) VALUES (?, ?, ?, 1, ?, ?, ?, ?)
       ON CONFLICT (level, at, series) DO UPDATE SET n = n + 1, sum = sum + excluded.sum,
         min = min(min, excluded.min), max = max(max, excluded.max), last = excluded.last`,
    ),
    points: db.prepare<[number, number, number, number, number], PointRow>(
      `WITH RECURSIVE moments (at) AS (SELECT ? UNION ALL SELECT at + ? FROM moments WHERE at < ?)
       SELECT points.at, n, sum, min, max, last FROM moments CROSS JOIN points
       ON points.level = ? AND points.at = moments.at AND points.series = ? ORDER BY points.at`,
    ),
  }
}

function noteAll(figures: readonly Figure[], atMs: number, statements: Statements): { leftOut: number } {
  const ids = figures.map((figure) => seriesOf(figure, statements))
  for (const level of levels) {
    const at = bucketStart(level.stepMs, atMs)
    const isNew = statements.step.run(level.id, at).changes > 0
    for (const [index, { value }] of figures.entries()) {
      const id = ids[index]
      if (id !== undefined) statements.put.run(level.id, at, id, value, value, value, value)
    }
    if (isNew) prune(level, at, statements)
    // Of a table that is not declared any more nothing is left after two years.
    if (isNew && level === levels.at(-1)) statements.dropEmptySeries.run()
  }
  return { leftOut: ids.filter((id) => id === undefined).length }
}

function seriesOf({ name, labels }: Figure, { find, add, count }: Statements): number | undefined {
  const text = canonicalJson(labels)
  const known = find.get(name, text)
  if (known !== undefined) return known.id
  if ((count.get() ?? 0) >= seriesMax) return undefined
  return Number(add.run(name, text).lastInsertRowid)
}

/**
 * Keeps the bound by number, not by age: a clock that is years ahead for a moment does not take the past away. Where more is
 * there than fits, what lies in the future goes first, since a wrong clock wrote it.
 */
function prune(level: Level, nowMs: number, statements: Statements): void {
  const excess = (statements.steps.get(level.id) ?? 0) - level.stepsKept
  for (let left = excess; left > 0; left -= 1) {
    const at = statements.future.get(level.id, nowMs) ?? statements.oldest.get(level.id)
    if (at === undefined) return
    statements.dropPoints.run(level.id, at)
    statements.dropStep.run(level.id, at)
  }
}

function read({ name, sinceMs, nowMs, stepMs }: HistoryQuery, statements: Statements): readonly Series[] {
  const level = levelFor(sinceMs, stepMs, nowMs)
  const reach = level.stepMs * level.stepsKept
  const from = bucketStart(level.stepMs, Math.max(sinceMs, nowMs - reach))
  const to = bucketStart(level.stepMs, nowMs)
  const step = Math.max(stepMs, level.stepMs)
  if (to < from) return []
  return statements.named.all(name).flatMap(({ id, labels }) => {
    const rows = statements.points.all(from, level.stepMs, to, level.id, id)
    const buckets = rows.map(({ at, n, ...rest }): Bucket => ({ atMs: at, count: n, ...rest }))
    return buckets.length === 0
      ? []
      : [{ name, labels: labelsOf(labels), stepMs: step, buckets: resample(buckets, step) }]
  })
}

function labelsOf(text: string): Readonly<Record<string, string>> {
  const parsed: unknown = JSON.parse(text)
  if (typeof parsed !== 'object' || parsed === null) return {}
  return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, String(value)]))
}
