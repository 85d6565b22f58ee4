/**
 * Finds values that more than one row has without sorting the values: every value is hashed in one pass over the table,
 * and only rows whose hash comes twice are compared, by SQLite and with the column's own collation. The hashes also tell
 * later whether a changed row may repeat a value that stands elsewhere.
 */
import type { Database } from 'better-sqlite3'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { rowIdName } from './row-id.ts'
import type { Grouping, ScanRequest } from './scan.ts'

export type Cell = string | number | bigint | Uint8Array | null

/** The hash of a row that lacks one of the values: it repeats nothing. */
export const noValueHash = 0
/** The hash of a single value that is the empty text, which is counted apart. */
export const emptyHash = 1
const firstHash = 2

/** Every row of a table with the hash of its values for each grouping. */
export interface HashedRows {
  /** Ascending. */
  readonly rowIds: Float64Array<ArrayBuffer>
  /** In the order of the groupings; each in the order of `rowIds`. */
  readonly hashes: readonly Uint32Array<ArrayBuffer>[]
}

/** SQLite passes at most 127 arguments to a function. */
const columnsMax = 100

/**
 * Hashes the rows in one pass; undefined where rows cannot be told apart by number, or the pass would need more columns
 * than a function takes.
 */
export function hashRows(
  db: Database,
  request: Pick<ScanRequest, 'table' | 'columns' | 'hasRowId'>,
  groupings: readonly Grouping[],
  rowsExpected: number,
): HashedRows | undefined {
  const columns = [...new Set(groupings.flatMap((grouping) => grouping.columns))]
  if (!request.hasRowId || columns.length > columnsMax) return undefined
  // Place 0 is the rowid.
  const places = groupings.map((grouping) => grouping.columns.map((column) => columns.indexOf(column) + 1))
  let rowIds = new Float64Array(rowsExpected)
  let hashes = groupings.map(() => new Uint32Array(rowsExpected))
  let count = 0
  let last = Number.NEGATIVE_INFINITY
  let ascends = true
  const grow = () => {
    const size = Math.max(1024, count * 2)
    const moreRowIds = new Float64Array(size)
    moreRowIds.set(rowIds)
    rowIds = moreRowIds
    hashes = hashes.map((one) => {
      const more = new Uint32Array(size)
      more.set(one)
      return more
    })
  }
  db.aggregate('trueup_hash_row', {
    start: null,
    varargs: true,
    directOnly: true,
    step: (_: null, ...cells: Cell[]) => {
      if (count === rowIds.length) grow()
      const rowId = Number(cells[0])
      ascends &&= rowId > last && Number.isSafeInteger(rowId)
      last = rowId
      rowIds[count] = rowId
      for (let at = 0; at < places.length; at += 1) {
        const into = hashes[at]
        const place = places[at]
        if (into !== undefined && place !== undefined) into[count] = hashAt(cells, place)
      }
      count += 1
    },
  })
  const names = [rowIdName(request.columns), ...columns.map(quoteIdentifier)].join(', ')
  // NOT INDEXED: a covering index would give the rows in its own order.
  db.prepare(`SELECT trueup_hash_row(${names}) FROM ${quoteIdentifier(request.table)} NOT INDEXED`).get()
  if (!ascends) return undefined
  return { rowIds: rowIds.slice(0, count), hashes: hashes.map((one) => one.slice(0, count)) }
}

/**
 * A hash that is the same for whatever any collation of SQLite (BINARY, NOCASE, RTRIM) holds for equal: case of ASCII
 * letters and blanks at the end do not count, nor does whether a number is whole.
 */
export function hashOfCells(cells: readonly Cell[]): number {
  return hashAt(
    cells,
    cells.map((_, at) => at),
  )
}

function hashAt(cells: readonly Cell[], places: readonly number[]): number {
  // FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/
  let hash = 0x811c9dc5
  for (const place of places) {
    const cell = cells[place] ?? null
    if (cell === null) return noValueHash
    if (cell === '' && places.length === 1) return emptyHash
    const text = typeof cell === 'string' ? cell : cell instanceof Uint8Array ? textOfBytes(cell) : `${Number(cell)}`
    let end = text.length
    while (end > 0 && text.charCodeAt(end - 1) === 32) end -= 1
    for (let at = 0; at < end; at += 1) {
      const code = text.charCodeAt(at)
      hash = Math.imul(hash ^ (code >= 65 && code <= 90 ? code + 32 : code), 0x01000193)
    }
    hash = Math.imul(hash ^ 0x1f, 0x01000193)
  }
  const whole = hash >>> 0
  return whole < firstHash ? whole + firstHash : whole
}

function textOfBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** A row whose values another row has too. */
export interface Repeat {
  readonly rowId: number
  /** How a sample names the row. */
  readonly label: string
  /** The values as one text, exact to the byte. */
  readonly text: string
}

export interface Repeats {
  /** Values that more than one row has. */
  readonly groups: number
  /** By value, then by rowid. */
  readonly rows: readonly Repeat[]
}

/** More rows than this are counted by SQLite alone: naming them all would cost more than it saves. */
const candidatesMax = 50_000

/**
 * The rows that share their values with another, of those whose hash comes twice; undefined where these are too many.
 * `label` is the SQL of a row's name, over the table as `t`.
 */
export function repeatsAmong(
  db: Database,
  request: Pick<ScanRequest, 'table' | 'columns'>,
  grouping: Grouping,
  hashed: { readonly rowIds: Float64Array; readonly hashes: Uint32Array },
  label: string,
): Repeats | undefined {
  const twice = hashesThatComeTwice(hashed.hashes)
  if (twice.size === 0) return { groups: 0, rows: [] }
  const candidates: number[] = []
  for (let at = 0; at < hashed.hashes.length; at += 1) {
    if (!twice.has(hashed.hashes[at] ?? noValueHash)) continue
    candidates.push(hashed.rowIds[at] ?? 0)
    if (candidates.length > candidatesMax) return undefined
  }
  const columns = grouping.columns.map((column) => `t.${quoteIdentifier(column)}`)
  const filled = columns.map((column) => `${column} IS NOT NULL`).join(' AND ')
  const notEmpty = columns.length === 1 ? ` AND ${columns[0]} <> ''` : ''
  const values = columns.map((column, at) => `${column} AS v${at}`).join(', ')
  const names = columns.map((_, at) => `v${at}`).join(', ')
  const rows = db
    .prepare<[string], [bigint, string, bigint, ...Cell[]]>(
      `SELECT id, label, dense_rank() OVER (ORDER BY ${names}) AS place, ${names} FROM (
         SELECT t.${rowIdName(request.columns)} AS id, ${label} AS label, ${values},
                count(*) OVER (PARTITION BY ${columns.join(', ')}) AS n
           FROM ${quoteIdentifier(request.table)} AS t
          WHERE t.${rowIdName(request.columns)} IN (SELECT value FROM json_each(?)) AND ${filled}${notEmpty})
        WHERE n > 1 ORDER BY ${names}, id`,
    )
    .raw()
    .safeIntegers()
    .all(JSON.stringify(candidates))
  return {
    groups: Number(rows.at(-1)?.[2] ?? 0),
    rows: rows.map(([id, name, _, ...cells]) => ({ rowId: Number(id), label: name, text: exactText(cells) })),
  }
}

function hashesThatComeTwice(hashes: Uint32Array): ReadonlySet<number> {
  const sorted = hashes.slice().sort()
  const twice = new Set<number>()
  for (let at = 1; at < sorted.length; at += 1) {
    const hash = sorted[at] ?? noValueHash
    if (hash >= firstHash && hash === sorted[at - 1]) twice.add(hash)
  }
  return twice
}

/** Values as one text that is equal for equal values only; read them with safe integers. */
export function exactText(cells: readonly Cell[]): string {
  return JSON.stringify(
    cells.map((cell) => {
      if (cell === null) return null
      if (typeof cell === 'string') return cell
      return cell instanceof Uint8Array ? { bytes: textOfBytes(cell) } : { number: `${cell}` }
    }),
  )
}
