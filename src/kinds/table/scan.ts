/**
 * Answers questions about the rows of a table in as few passes as can be: one SELECT for all conditions, one pass for
 * every uniqueness that no index guarantees, and samples only where something was found.
 */
import { createHash } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { type Cell, emptyHash, hashRows, type Repeats, repeatsAmong } from './repeats.ts'
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
  /** Whether to name the rows behind the answers too, for looks at changed rows later. */
  detailed: z.boolean(),
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

/** Numbers go in typed arrays and texts in one: the thread that answers the API takes them over without a pause. */
const detailSchema = z.strictObject({
  /** The rows to which each condition applies, by its id. */
  failing: z.record(z.string(), z.instanceof(Float64Array)),
  missingKeys: z.instanceof(Float64Array),
  /** All rows, ascending; none where there is no grouping. */
  rowIds: z.instanceof(Float64Array),
  groupings: z.record(
    z.string(),
    z.strictObject({
      /** Of the values of each row, in the order of `rowIds`. */
      hashes: z.instanceof(Uint32Array),
      /** The same hashes, ascending. */
      sorted: z.instanceof(Uint32Array),
      /** Rows that share their values with another. */
      repeatedRows: z.instanceof(Float64Array),
      /** The values of each of these rows, a line each. */
      repeatedTexts: z.string(),
    }),
  ),
})
export const scanOutputSchema = z.strictObject({
  answers: scanAnswersSchema,
  /** Null where it was not asked for, or too many rows would have to be named. */
  detail: detailSchema.nullable(),
})
/** The rows behind the answers. */
export type ScanDetail = z.output<typeof detailSchema>
export type ScanOutput = z.output<typeof scanOutputSchema>
export type Answer = z.output<typeof answerSchema>
export type GroupAnswer = z.output<typeof groupAnswerSchema>

const sampleMax = 20

export const noAnswers: ScanAnswers = {
  rows: 0,
  conditions: {},
  groupings: {},
  missingKeys: { count: 0, sample: [], digest: '' },
}

/** More rows behind one answer than this are not named. */
const namedMax = 20_000

/** The condition that a row lacks its key. */
export function missingKeyCondition(keyColumn: string): string {
  const key = quoteIdentifier(keyColumn)
  return `(${key} IS NULL OR ${key} = '')`
}

/** Reads the answers. Never writes; synchronous, so for large tables it belongs in a worker thread. */
export function scanTable(db: Database, request: ScanRequest): ScanOutput {
  const { conditions, groupings, missingKeysOf } = request.questions
  const counts = countConditions(db, request, conditions)
  const grouped = groupingsOf(db, request, groupings, counts.rows)
  const answers: ScanAnswers = {
    rows: counts.rows,
    conditions: Object.fromEntries(
      conditions.map((condition, at) => [condition.id, withSample(db, request, condition, counts.found[at] ?? 0)]),
    ),
    groupings: Object.fromEntries(groupings.map((grouping, at) => [grouping.id, grouped.answers[at] ?? noGroups])),
    missingKeys: missingKeysOf === null ? noAnswers.missingKeys : missingKeys(db, request, missingKeysOf),
  }
  return { answers, detail: request.detailed ? detailOf(db, request, answers, grouped) : null }
}

function countConditions(db: Database, request: ScanRequest, conditions: readonly Condition[]) {
  const table = quoteIdentifier(request.table)
  const sums = conditions.map(({ where }) => `, coalesce(sum(${where}), 0)`).join('')
  const [rows = 0, ...found] = db.prepare<[], number[]>(`SELECT count(*)${sums} FROM ${table}`).raw().get() ?? []
  return { rows, found }
}

/** How a sample names a row: its key, or its rowid where it has none. `t` is the table. */
function rowLabel(request: ScanRequest): string {
  const key = request.keyColumn === null ? 'NULL' : `CAST(t.${quoteIdentifier(request.keyColumn)} AS TEXT)`
  if (!request.hasRowId) return `coalesce(${key}, '')`
  return `coalesce(nullif(${key}, ''), 'row ' || t.${rowIdName(request.columns)})`
}

function withSample(db: Database, request: ScanRequest, condition: Condition, count: number): Answer {
  if (count === 0) return { count, sample: [], preview: [] }
  const { preview } = condition
  const cells = preview === null ? '' : `, ${shown(preview.before)}, ${shown(preview.after)}`
  const rows = db
    .prepare<[], [string, Shown, Shown]>(
      `SELECT ${rowLabel(request)}${cells} FROM ${quoteIdentifier(request.table)} AS t
        WHERE (${condition.where}) LIMIT ${sampleMax}`,
    )
    .raw()
    .all()
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

const noGroups: GroupAnswer = { groups: 0, rows: { count: 0, sample: [] }, emptyRows: 0 }

interface Grouped {
  readonly answers: readonly GroupAnswer[]
  /** Null where not every row could be told by its hash. */
  readonly rows: Pick<ScanDetail, 'rowIds' | 'groupings'> | null
}

function groupingsOf(db: Database, request: ScanRequest, groupings: readonly Grouping[], rows: number): Grouped {
  if (groupings.length === 0) return { answers: [], rows: { rowIds: new Float64Array(), groupings: {} } }
  const hashed = hashRows(db, request, groupings, rows)
  if (hashed === undefined) return { answers: groupings.map((grouping) => groupsOf(db, request, grouping)), rows: null }
  const { rowIds } = hashed
  const found = groupings.map((grouping, at) => {
    const hashes = hashed.hashes[at] ?? new Uint32Array()
    const repeats = repeatsAmong(db, request, grouping, { rowIds, hashes }, rowLabel(request))
    const answer = repeats === undefined ? groupsOf(db, request, grouping) : answerOf(repeats, hashes)
    return { id: grouping.id, hashes, repeats, answer }
  })
  const detail = found.flatMap(({ id, hashes, repeats }) =>
    repeats === undefined ? [] : [[id, detailOfRepeats(hashes, repeats)] as const],
  )
  return {
    answers: found.map(({ answer }) => answer),
    rows: detail.length < found.length ? null : { rowIds, groupings: Object.fromEntries(detail) },
  }
}

function detailOfRepeats(hashes: Uint32Array<ArrayBuffer>, { rows }: Repeats): ScanDetail['groupings'][string] {
  return {
    hashes,
    sorted: hashes.slice().sort(),
    repeatedRows: Float64Array.from(rows, ({ rowId }) => rowId),
    repeatedTexts: rows.map(({ text }) => text).join('\n'),
  }
}

function answerOf({ groups, rows }: Repeats, hashes: Uint32Array): GroupAnswer {
  let empty = 0
  for (const hash of hashes) if (hash === emptyHash) empty += 1
  const sample = rows.slice(0, sampleMax).map(({ label }) => label)
  return { groups, rows: { count: rows.length, sample }, emptyRows: empty > 1 ? empty : 0 }
}

/** One grouping by sorting its values, where their hashes do not serve. */
function groupsOf(db: Database, request: ScanRequest, grouping: Grouping): GroupAnswer {
  const table = quoteIdentifier(request.table)
  const columns = grouping.columns.map(quoteIdentifier)
  const names = columns.join(', ')
  const filled = columns.map((column) => `${column} IS NOT NULL`).join(' AND ')
  const [only] = columns
  // Empty text is a value to a unique index. For one column it can be left out of the index, so it is counted apart.
  const notEmpty = columns.length === 1 && only !== undefined ? ` AND ${only} <> ''` : ''
  const repeated = db
    .prepare<[], [bigint, ...Cell[]]>(
      `SELECT count(*) AS n, ${names} FROM ${table} WHERE ${filled}${notEmpty} GROUP BY ${names} HAVING n > 1`,
    )
    .raw()
    .safeIntegers()
  const first: Cell[][] = []
  let groups = 0
  let count = 0
  for (const [n, ...values] of repeated.iterate()) {
    groups += 1
    count += Number(n)
    if (first.length < sampleMax) first.push(values)
  }
  const empty =
    notEmpty === ''
      ? 0
      : (db.prepare<[], number>(`SELECT count(*) FROM ${table} WHERE ${only} = ''`).pluck().get() ?? 0)
  const row = `(${columns.map(() => '?').join(', ')})`
  const sample =
    groups === 0
      ? []
      : db
          .prepare<Cell[], string>(
            `SELECT ${rowLabel(request)} FROM ${table} AS t WHERE (${names}) IN (VALUES ${first.map(() => row).join(', ')})
              ORDER BY ${names} LIMIT ${sampleMax}`,
          )
          .pluck()
          .all(...first.flat())
  return { groups, rows: { count, sample }, emptyRows: empty > 1 ? empty : 0 }
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
  request: Pick<ScanRequest, 'table' | 'columns' | 'hasRowId'>,
  keyColumn: string,
): Iterable<number | bigint> {
  if (!request.hasRowId) return []
  const rowId = rowIdName(request.columns)
  return db
    .prepare<[], number>(
      `SELECT ${rowId} FROM ${quoteIdentifier(request.table)} WHERE ${missingKeyCondition(keyColumn)} ORDER BY ${rowId}`,
    )
    .pluck()
    .iterate()
}

function detailOf(db: Database, request: ScanRequest, answers: ScanAnswers, { rows }: Grouped): ScanDetail | null {
  const { conditions, missingKeysOf } = request.questions
  const counts = [...conditions.map(({ id }) => answers.conditions[id]?.count ?? 0), answers.missingKeys.count]
  if (!request.hasRowId || rows === null || counts.some((count) => count > namedMax)) return null
  const rowId = rowIdName(request.columns)
  const named = (where: string, count: number): Float64Array<ArrayBuffer> =>
    count === 0
      ? new Float64Array()
      : Float64Array.from(
          db
            .prepare<[], number>(`SELECT ${rowId} FROM ${quoteIdentifier(request.table)} WHERE ${where}`)
            .pluck()
            .all(),
        )
  const failing = conditions.map(({ id, where }) => [id, named(where, answers.conditions[id]?.count ?? 0)] as const)
  return {
    ...rows,
    failing: Object.fromEntries(failing),
    missingKeys:
      missingKeysOf === null
        ? new Float64Array()
        : named(missingKeyCondition(missingKeysOf), answers.missingKeys.count),
  }
}
