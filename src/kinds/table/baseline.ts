/**
 * What the last full look found, in the detail that tells for a changed row whether it changes any of it. A look at
 * changed rows is then a matter of these rows alone, also while a uniqueness is broken. It may say that something is new
 * where nothing is, never the other way round. What the rows of a sample are called is no answer.
 */
import type { Database } from 'better-sqlite3'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { type Cell, emptyHash, exactText, hashOfCells, noValueHash } from './repeats.ts'
import { rowIdName } from './row-id.ts'
import { type Grouping, missingKeyCondition, type ScanAnswers, type ScanDetail, type ScanRequest } from './scan.ts'

export interface Baseline {
  /** Whether any of these changed rows could give an answer other than that of the last full look. */
  isNews(db: Database, rowIds: readonly number[]): boolean
}

/** Rows that were changed since, of which the hashes are kept; beyond it a full look is worth its cost. */
const changedMax = 100_000

/** Makes the baseline of a full look. */
export function createBaseline(request: ScanRequest, answers: ScanAnswers, detail: ScanDetail): Baseline {
  const tests = rowTests(request, detail)
  const { groupings } = request.questions
  const values = groupings.map((grouping) => knownValues(request, grouping, answers, detail))
  return {
    isNews(db, rowIds) {
      const ids = JSON.stringify(rowIds)
      return (
        (tests.length > 0 && failsAnew(db, request, tests, rowIds, ids)) ||
        (values.length > 0 && repeatsAnew(db, request, values, rowIds, ids))
      )
    },
  }
}

interface RowTest {
  readonly where: string
  /** The rows that it applied to. */
  readonly rows: ReadonlySet<number>
  /** Whether cells of these rows are shown, so that another value is news too. */
  readonly isShown: boolean
}

function rowTests(request: ScanRequest, detail: ScanDetail): readonly RowTest[] {
  const { conditions, missingKeysOf } = request.questions
  const tests = conditions.map(({ id, where, preview }) => ({
    where,
    rows: new Set(detail.failing[id] ?? []),
    isShown: preview !== null,
  }))
  if (missingKeysOf === null) return tests
  return [...tests, { where: missingKeyCondition(missingKeysOf), rows: new Set(detail.missingKeys), isShown: false }]
}

function failsAnew(
  db: Database,
  request: ScanRequest,
  tests: readonly RowTest[],
  rowIds: readonly number[],
  ids: string,
): boolean {
  const rows = db
    .prepare<[string], number[]>(
      `${selectOf(
        request,
        tests.map(({ where }) => `(${where})`),
      )}`,
    )
    .raw()
    .all(ids)
  const seen = new Set<number>()
  for (const [rowId = 0, ...verdicts] of rows) {
    seen.add(rowId)
    for (const [at, test] of tests.entries()) {
      const fails = (verdicts[at] ?? 0) !== 0
      if (fails !== test.rows.has(rowId) || (fails && test.isShown)) return true
    }
  }
  return rowIds.some((rowId) => !seen.has(rowId) && tests.some(({ rows: failing }) => failing.has(rowId)))
}

/** The rows of a list, with some columns beside their rowids. */
function selectOf(request: ScanRequest, columns: readonly string[]): string {
  const rowId = rowIdName(request.columns)
  return `SELECT ${[rowId, ...columns].join(', ')} FROM ${quoteIdentifier(request.table)}
           WHERE ${rowId} IN (SELECT value FROM json_each(?))`
}

interface KnownValues {
  readonly columns: readonly string[]
  /** Tells whether the row has other values than when it shared them with another row, or shares them now. */
  isNews(db: Database, rowId: number, cells: readonly Cell[] | undefined): boolean
}

function repeatsAnew(
  db: Database,
  request: ScanRequest,
  values: readonly KnownValues[],
  rowIds: readonly number[],
  ids: string,
): boolean {
  const columns = [...new Set(values.flatMap((one) => one.columns))]
  const rows = db
    .prepare<[string], [bigint, ...Cell[]]>(selectOf(request, columns.map(quoteIdentifier)))
    .raw()
    .safeIntegers()
    .all(ids)
  const found = new Map(rows.map(([rowId, ...cells]) => [Number(rowId), cells]))
  let isNews = false
  // Every row is taken note of, whatever an earlier one said.
  for (const one of values) {
    const places = one.columns.map((column) => columns.indexOf(column))
    for (const rowId of rowIds) {
      const row = found.get(rowId)
      const cells = row && places.map((place) => row[place] ?? null)
      if (one.isNews(db, rowId, cells)) isNews = true
    }
  }
  return isNews
}

function knownValues(
  request: ScanRequest,
  grouping: Grouping,
  answers: ScanAnswers,
  { rowIds, groupings }: ScanDetail,
): KnownValues {
  const detail = groupings[grouping.id]
  const hashes = detail?.hashes ?? new Uint32Array()
  const sorted = detail?.sorted ?? new Uint32Array()
  const texts = detail?.repeatedTexts.split('\n') ?? []
  const repeats = new Map(Array.from(detail?.repeatedRows ?? [], (rowId, at) => [rowId, texts[at]]))
  const hasGroups = (answers.groupings[grouping.id]?.groups ?? 0) > 0
  /** Hashes of the rows that were changed since. */
  const changed = new Map<number, number>()
  const changedTo = new Map<number, Set<number>>()

  const takeNote = (rowId: number, hash: number) => {
    changedTo.get(changed.get(rowId) ?? noValueHash)?.delete(rowId)
    changed.set(rowId, hash)
    const same = changedTo.get(hash)
    if (same === undefined) changedTo.set(hash, new Set([rowId]))
    else same.add(rowId)
  }

  /** The other rows that may have this hash. */
  const othersWith = (hash: number, rowId: number): readonly number[] => {
    const others = [...(changedTo.get(hash) ?? [])].filter((other) => other !== rowId)
    const place = placeOf(rowIds, rowId)
    const own = place !== undefined && hashes[place] === hash ? 1 : 0
    if (countOf(sorted, hash) > own) {
      for (let at = hashes.indexOf(hash); at >= 0; at = hashes.indexOf(hash, at + 1)) {
        const other = rowIds[at] ?? 0
        if (other !== rowId && !changed.has(other)) others.push(other)
      }
    }
    return others
  }

  return {
    columns: grouping.columns,
    isNews(db, rowId, cells) {
      const place = placeOf(rowIds, rowId)
      const before = changed.get(rowId) ?? (place === undefined ? noValueHash : (hashes[place] ?? noValueHash))
      const hash = cells === undefined ? noValueHash : hashOfCells(cells)
      takeNote(rowId, hash)
      if (changed.size > changedMax) return true
      const shared = repeats.get(rowId)
      if (shared !== undefined) return cells === undefined || exactText(cells) !== shared
      // How many rows are empty matters to the index that could be built.
      if ((hash === emptyHash) !== (before === emptyHash) && !hasGroups) return true
      if (cells === undefined || hash === noValueHash || hash === emptyHash) return false
      const others = othersWith(hash, rowId)
      return others.length > 0 && isShared(db, request, grouping, rowId, others)
    },
  }
}

/** Whether one of the others holds the same values, as SQLite compares them. */
function isShared(
  db: Database,
  request: ScanRequest,
  grouping: Grouping,
  rowId: number,
  others: readonly number[],
): boolean {
  const id = rowIdName(request.columns)
  const table = quoteIdentifier(request.table)
  const equal = grouping.columns.map(quoteIdentifier).map((column) => `one.${column} = other.${column}`)
  const found = db
    .prepare<[number, string], number>(
      `SELECT 1 FROM ${table} AS one JOIN ${table} AS other ON ${equal.join(' AND ')}
        WHERE one.${id} = ? AND other.${id} IN (SELECT value FROM json_each(?)) LIMIT 1`,
    )
    .pluck()
    .get(rowId, JSON.stringify(others))
  return found !== undefined
}

/** Where a number stands in an ascending list. */
function placeOf(numbers: Float64Array, wanted: number): number | undefined {
  const at = lowerBound(numbers, wanted)
  return numbers[at] === wanted ? at : undefined
}

function countOf(sorted: Uint32Array, hash: number): number {
  const from = lowerBound(sorted, hash)
  let to = from
  while (sorted[to] === hash) to += 1
  return to - from
}

function lowerBound(numbers: Float64Array | Uint32Array, wanted: number): number {
  let from = 0
  let to = numbers.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((numbers[middle] ?? 0) < wanted) from = middle + 1
    else to = middle
  }
  return from
}
