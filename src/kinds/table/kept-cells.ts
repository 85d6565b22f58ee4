/**
 * The cells that a rebuild converts or drops, and the rows that go with a table, as changes in rowid order: read once for
 * the checkpoint and once more inside the transaction that takes them away, so that no write between is lost unnoticed.
 */
import type { Database } from 'better-sqlite3'
import type { Change } from '../../targets/sqlite/ports.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import type { Cell } from '../../values/field-type.ts'
import type { KeptColumn } from './input.ts'
import { rowIdName } from './row-id.ts'

export interface KeptFrom {
  readonly table: string
  /** All columns of the table. */
  readonly columns: readonly string[]
  /** Undefined where the table has no such column. */
  readonly key: string | undefined
}

/** Rows read in one go: few enough that the event loop is not held up. */
const windowRows = 1000

/** The cells of the kept columns, window by window.  */
export function* keptCells(db: Database, from: KeptFrom, keeps: readonly KeptColumn[]): Generator<readonly Change[]> {
  const [rowId, key] = [rowIdName(from.columns), keyExpression(from)]
  const parts = keeps.flatMap(({ column, where, to }) => {
    const cell = quoteIdentifier(column)
    return [cell, `(${where})`, to === 'none' ? 'NULL' : `CAST(${cell} AS ${to})`]
  })
  const any = keeps.map(({ where }) => `(${where})`).join(' OR ')
  if (keeps.length === 0) return
  const select = db
    .prepare<[bigint], Cell[]>(
      `SELECT ${rowId}, ${key}, ${parts.join(', ')} FROM ${quoteIdentifier(from.table)}
        WHERE ${rowId} > ? AND (${any}) ORDER BY ${rowId} LIMIT ${windowRows}`,
    )
    .raw()
    .safeIntegers()
  yield* windows(select, (row) => {
    const changes: Change[] = []
    for (const [at, { column }] of keeps.entries()) {
      if (Number(row[2 + at * 3 + 1]) !== 1) continue
      const [before, after] = [cellOf(row[2 + at * 3]), cellOf(row[2 + at * 3 + 2])]
      changes.push({ is: 'cell', rowId: Number(row[0]), key: cellOf(row[1]), column, before, after })
    }
    return changes
  })
}

/** Every row of the table as a delete, window by window; generated columns are left out. */
export function* keptRows(db: Database, from: KeptFrom, stored: readonly string[]): Generator<readonly Change[]> {
  const rowId = rowIdName(from.columns)
  const select = db
    .prepare<[bigint], Cell[]>(
      `SELECT ${[rowId, keyExpression(from), ...stored.map(quoteIdentifier)].join(', ')} FROM ${quoteIdentifier(from.table)}
        WHERE ${rowId} > ? ORDER BY ${rowId} LIMIT ${windowRows}`,
    )
    .raw()
    .safeIntegers()
  yield* windows(select, (row) => {
    const cells = Object.fromEntries(stored.map((column, at) => [column, cellOf(row[at + 2])]))
    return [{ is: 'delete', rowId: Number(row[0]), key: cellOf(row[1]), row: cells }]
  })
}

function* windows(
  select: { all(after: bigint): Cell[][] },
  changesOf: (row: Cell[]) => readonly Change[],
): Generator<readonly Change[]> {
  let after = -(2n ** 63n)
  for (;;) {
    const rows = select.all(after)
    if (rows.length > 0) yield rows.flatMap(changesOf)
    const last = rows.at(-1)?.[0]
    if (rows.length < windowRows || typeof last !== 'bigint') return
    after = last
  }
}

function keyExpression(from: KeptFrom): string {
  return from.key === undefined ? 'NULL' : quoteIdentifier(from.key)
}

/** A value that better-sqlite3 gave with safe integers: bigint only where a number would lose digits. */
function cellOf(value: Cell | undefined): Cell {
  if (typeof value !== 'bigint') return value ?? null
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

/** A cell as it is bound: better-sqlite3 binds every number as REAL, which a TEXT column would keep as '5.0'. */
export function boundCell(cell: Cell): Cell {
  return typeof cell === 'number' && Number.isSafeInteger(cell) ? BigInt(cell) : cell
}
