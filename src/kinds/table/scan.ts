/**
 * Answers questions about the rows of a table in as few passes as can be: one SELECT for all conditions, a pass for
 * every uniqueness that no index guarantees, and samples only where something was found.
 */
import { createHash } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { rowIdName } from './row-id.ts'

const conditionSchema = z.strictObject({
  /** Stable name of the question, for example `required.email`. */
  id: z.string(),
  /** SQL condition over one row. */
  where: z.string(),
  /** SQL of a cell of such a row, as it is and as it would be. */
  preview: z.strictObject({ field: z.string(), before: z.string(), after: z.string() }).nullable(),
})
const groupingSchema = z.strictObject({
  id: z.string(),
  /** Columns that together ought to be unique. */
  columns: z.array(z.string()).min(1),
})

/** What is asked about the rows. */
export const questionsSchema = z.strictObject({
  conditions: z.array(conditionSchema),
  groupings: z.array(groupingSchema),
  /** The key column, where rows without a key are looked for. */
  missingKeysOf: z.string().nullable(),
})
export type Questions = z.output<typeof questionsSchema>
export type Condition = z.output<typeof conditionSchema>
export type Grouping = z.output<typeof groupingSchema>

export const scanRequestSchema = z.strictObject({
  table: z.string(),
  /** Columns of the table, for a name of the rowid that none of them hides. */
  columns: z.array(z.string()),
  /** Null for a table that has no rowid. */
  hasRowId: z.boolean(),
  /** Gives the samples their names; null where the table has no such column. */
  keyColumn: z.string().nullable(),
  questions: questionsSchema,
  /** Only these rows, for the conditions and missing keys; null for all. */
  rowIds: z.array(z.number()).nullable(),
})
export type ScanRequest = z.output<typeof scanRequestSchema>

const affectedSchema = z.strictObject({ count: z.number(), sample: z.array(z.string()) })
const shownSchema = z.union([z.null(), z.number(), z.string()])
const answerSchema = affectedSchema.extend({
  preview: z.array(z.strictObject({ key: z.string(), field: z.string(), before: shownSchema, after: shownSchema })),
})
const groupAnswerSchema = z.strictObject({
  /** Values that more than one row has, empty text aside. */
  groups: z.number(),
  /** The rows that have them. */
  rows: affectedSchema,
  /** Rows that share the empty text; 0 where at most one has it. */
  emptyRows: z.number(),
})
export const scanAnswersSchema = z.strictObject({
  rows: z.number(),
  conditions: z.record(z.string(), answerSchema),
  groupings: z.record(z.string(), groupAnswerSchema),
  /** The digest is over the rowids in their order: the same rows lack a key when it is the same. */
  missingKeys: z.strictObject({ ...affectedSchema.shape, digest: z.string() }),
})
export type ScanAnswers = z.output<typeof scanAnswersSchema>
export type Answer = z.output<typeof answerSchema>
export type GroupAnswer = z.output<typeof groupAnswerSchema>

const sampleMax = 20

export const noAnswers: ScanAnswers = {
  rows: 0,
  conditions: {},
  groupings: {},
  missingKeys: { count: 0, sample: [], digest: '' },
}

/** The condition that a row lacks its key. */
function missingKeyCondition(keyColumn: string): string {
  const key = quoteIdentifier(keyColumn)
  return `(${key} IS NULL OR ${key} = '')`
}

/** Reads the answers. Never writes; synchronous, so for large tables it belongs in a worker thread. */
export function scanTable(db: Database, request: ScanRequest): ScanAnswers {
  const { conditions, groupings, missingKeysOf } = request.questions
  const counts = countConditions(db, request, conditions)
  return {
    rows: counts.rows,
    conditions: Object.fromEntries(
      conditions.map((condition, at) => [condition.id, withSample(db, request, condition, counts.found[at] ?? 0)]),
    ),
    groupings: Object.fromEntries(groupings.map((grouping) => [grouping.id, groupsOf(db, request, grouping)])),
    missingKeys: missingKeysOf === null ? noAnswers.missingKeys : missingKeys(db, request, missingKeysOf),
  }
}

function scopeOf(request: ScanRequest): { readonly sql: string; readonly parameters: readonly string[] } {
  if (request.rowIds === null) return { sql: '', parameters: [] }
  const rowId = rowIdName(request.columns)
  return {
    sql: `${rowId} IN (SELECT value FROM json_each(?))`,
    parameters: [JSON.stringify(request.rowIds)],
  }
}

function countConditions(db: Database, request: ScanRequest, conditions: readonly Condition[]) {
  const table = quoteIdentifier(request.table)
  const rows = db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0
  if (conditions.length === 0) return { rows, found: [] }
  const scope = scopeOf(request)
  const sums = conditions.map(({ where }) => `coalesce(sum(${where}), 0)`).join(', ')
  const found = db
    .prepare<unknown[], number[]>(`SELECT ${sums} FROM ${table} ${scope.sql === '' ? '' : `WHERE ${scope.sql}`}`)
    .raw()
    .get(...scope.parameters)
  return { rows, found: found ?? [] }
}

/** How a sample names a row: its key, or its rowid where it has none. `t` is the table. */
function rowLabel(request: ScanRequest): string {
  const key = request.keyColumn === null ? 'NULL' : `CAST(t.${quoteIdentifier(request.keyColumn)} AS TEXT)`
  if (!request.hasRowId) return `coalesce(${key}, '')`
  return `coalesce(nullif(${key}, ''), 'row ' || t.${rowIdName(request.columns)})`
}

function withSample(db: Database, request: ScanRequest, condition: Condition, count: number): Answer {
  if (count === 0) return { count, sample: [], preview: [] }
  const scope = scopeOf(request)
  const { preview } = condition
  const cells = preview === null ? '' : `, ${shown(preview.before)}, ${shown(preview.after)}`
  const rows = db
    .prepare<unknown[], [string, Shown, Shown]>(
      `SELECT ${rowLabel(request)}${cells} FROM ${quoteIdentifier(request.table)} AS t
        WHERE (${condition.where}) ${scope.sql === '' ? '' : `AND ${scope.sql}`} LIMIT ${sampleMax}`,
    )
    .raw()
    .all(...scope.parameters)
  return {
    count,
    sample: rows.map(([key]) => key),
    preview: preview === null ? [] : rows.map(([key, before, after]) => ({ key, field: preview.field, before, after })),
  }
}

type Shown = z.output<typeof shownSchema>

/** A cell as it is shown to people; bytes as hexadecimal digits. */
function shown(cell: string): string {
  return `CASE typeof(${cell}) WHEN 'blob' THEN hex(${cell}) ELSE ${cell} END`
}

function groupsOf(db: Database, request: ScanRequest, grouping: Grouping): GroupAnswer {
  const table = quoteIdentifier(request.table)
  const columns = grouping.columns.map(quoteIdentifier)
  const filled = columns.map((column) => `${column} IS NOT NULL`).join(' AND ')
  const [only] = columns
  // Empty text is a value to a unique index. For one column it can be left out of the index, so it is counted apart.
  const notEmpty = columns.length === 1 && only !== undefined ? ` AND ${only} <> ''` : ''
  const repeated = `SELECT ${columns.join(', ')}, count(*) AS n FROM ${table} WHERE ${filled}${notEmpty} GROUP BY ${columns.join(', ')} HAVING n > 1`
  const totals = db
    .prepare<[], { groups: number; rows: number }>(
      `SELECT count(*) AS groups, coalesce(sum(n), 0) AS rows FROM (${repeated})`,
    )
    .get()
  const empty =
    notEmpty === ''
      ? 0
      : (db.prepare<[], number>(`SELECT count(*) FROM ${table} WHERE ${only} = ''`).pluck().get() ?? 0)
  const groups = totals?.groups ?? 0
  const join = columns.map((column) => `t.${column} = g.${column}`).join(' AND ')
  const sample =
    groups === 0
      ? []
      : db
          .prepare<[], string>(
            `SELECT ${rowLabel(request)} FROM (${repeated} LIMIT ${sampleMax}) AS g CROSS JOIN ${table} AS t ON ${join}
              LIMIT ${sampleMax}`,
          )
          .pluck()
          .all()
  return { groups, rows: { count: totals?.rows ?? 0, sample }, emptyRows: empty > 1 ? empty : 0 }
}

function missingKeys(db: Database, request: ScanRequest, keyColumn: string): ScanAnswers['missingKeys'] {
  const hash = createHash('sha256')
  const sample: string[] = []
  let count = 0
  for (const rowId of missingKeyRows(db, request, keyColumn)) {
    hash.update(`${rowId}\n`)
    if (count < sampleMax) sample.push(`row ${rowId}`)
    count += 1
  }
  return { count, sample, digest: count === 0 ? '' : hash.digest('hex') }
}

/** The rows that lack a key, by rowid in its order. */
export function missingKeyRows(
  db: Database,
  request: Pick<ScanRequest, 'table' | 'columns' | 'hasRowId' | 'rowIds'>,
  keyColumn: string,
): Iterable<number | bigint> {
  if (!request.hasRowId) return []
  const rowId = rowIdName(request.columns)
  const scope = request.rowIds === null ? '' : `AND ${rowId} IN (SELECT value FROM json_each(?))`
  const parameters = request.rowIds === null ? [] : [JSON.stringify(request.rowIds)]
  return db
    .prepare<unknown[], number>(
      `SELECT ${rowId} FROM ${quoteIdentifier(request.table)} WHERE ${missingKeyCondition(keyColumn)} ${scope} ORDER BY ${rowId}`,
    )
    .pluck()
    .iterate(...parameters)
}
