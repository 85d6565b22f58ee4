/** The rows of the mirrored table, read by rowid or by key. */

import type { Database } from 'better-sqlite3'
import { rowIdNameOf, writableColumn } from '../../targets/sqlite/addressing.ts'
import { quoteIdentifier, readTableSchema, type TableSchema } from '../../targets/sqlite/schema-reader.ts'
import { readMoment } from '../../values/calendar.ts'
import type { Cell } from '../../values/field-type.ts'
import type { SyncSpec } from './spec.ts'

export interface LocalRow {
  readonly rowId: number
  readonly key: Cell
  readonly keyText: string
  /** By field name; fields whose column is not there yet are missing. */
  readonly cells: Readonly<Record<string, Cell>>
  /** Of the columns that every change of a row stamps. */
  readonly stamps: Readonly<Record<string, Cell>>
  /** By the row's own stamp, where it has a readable one. */
  readonly changedMs: number | undefined
}

export interface LocalTable {
  /** As SQLite spells it. */
  readonly name: string
  readonly keyColumn: string
  /** Column of each mirrored field that is there. */
  readonly columns: ReadonlyMap<string, string>
  readonly stamps: readonly { readonly column: string; readonly type: 'date' | 'datetime' }[]
  rowsAt(rowIds: readonly number[]): readonly LocalRow[]
  rowsOf(keys: readonly string[]): ReadonlyMap<string, LocalRow>
  /** Rowid and key of the rows that have a key, by rowid after `afterRowId`. */
  keysAfter(afterRowId: number, limit: number): readonly { readonly rowId: number; readonly keyText: string }[]
  /** Rows that have a key. */
  count(): number
}

export type LocalReading =
  | { readonly is: 'table'; readonly table: LocalTable }
  /** The table, its key column or its rowids are not there: nothing can be compared. */
  | { readonly is: 'unready'; readonly message: string }

const namesAtOnceMax = 400

export function openLocalTable(db: Database, spec: SyncSpec): LocalReading {
  const schema = readTableSchema(db, spec.table)
  if (schema === undefined) return { is: 'unready', message: `there is no table ${spec.table} yet` }
  const keyColumn = writableColumn(schema, spec.key)
  if (keyColumn === undefined) return { is: 'unready', message: `${spec.table} has no column ${spec.key} yet` }
  const rowId = rowIdNameOf(schema)
  if (rowId === undefined)
    return { is: 'unready', message: `table ${spec.table} has no rowid, so rows cannot be told apart` }
  const columns = new Map(
    spec.fields.flatMap(({ name }) => {
      const column = writableColumn(schema, name)
      return column === undefined ? [] : [[name, column] as const]
    }),
  )
  const stamps = spec.stamps.flatMap(({ name, type }) => {
    const column = writableColumn(schema, name)
    return column === undefined ? [] : [{ column, type }]
  })
  const changedColumn = spec.changedField === null ? undefined : writableColumn(schema, spec.changedField)
  return { is: 'table', table: tableOver(db, { schema, keyColumn, rowId, columns, stamps, changedColumn }) }
}

interface Parts {
  readonly schema: TableSchema
  readonly keyColumn: string
  readonly rowId: string
  readonly columns: ReadonlyMap<string, string>
  readonly stamps: LocalTable['stamps']
  readonly changedColumn: string | undefined
}

type Row = readonly Cell[]

function tableOver(db: Database, parts: Parts): LocalTable {
  const { schema, keyColumn, rowId, columns, stamps, changedColumn } = parts
  const table = quoteIdentifier(schema.name)
  const key = quoteIdentifier(keyColumn)
  const fields = [...columns.keys()]
  const selected = [
    rowId,
    key,
    changedColumn === undefined ? 'NULL' : quoteIdentifier(changedColumn),
    ...stamps.map(({ column }) => quoteIdentifier(column)),
    ...[...columns.values()].map(quoteIdentifier),
  ].join(', ')
  const rowOf = (row: Row): LocalRow | undefined => {
    const [at, keyCell, changed, ...rest] = row
    const cells = rest.slice(stamps.length)
    if (typeof at !== 'number' || keyCell === undefined || keyCell === null || keyCell === '') return undefined
    return {
      rowId: at,
      key: keyCell,
      keyText: textOfKey(keyCell),
      cells: Object.fromEntries(fields.map((field, index) => [field, cells[index] ?? null])),
      stamps: Object.fromEntries(stamps.map(({ column }, index) => [column, rest[index] ?? null])),
      changedMs: momentOf(changed ?? null),
    }
  }
  const read = <Value>(where: string, values: readonly Value[]): LocalRow[] => {
    const rows: LocalRow[] = []
    for (let from = 0; from < values.length; from += namesAtOnceMax) {
      const part = values.slice(from, from + namesAtOnceMax)
      const marks = part.map(() => '?').join(', ')
      const statement = db.prepare<Value[], Row>(
        `SELECT ${selected} FROM ${table} WHERE ${where} IN (${marks}) ORDER BY ${rowId}`,
      )
      rows.push(
        ...statement
          .raw()
          .all(...part)
          .flatMap((row) => rowOf(row) ?? []),
      )
    }
    return rows
  }
  return {
    name: schema.name,
    keyColumn,
    columns,
    stamps,
    rowsAt: (rowIds) => read(rowId, rowIds.map(BigInt)),
    rowsOf(keys) {
      const found = new Map<string, LocalRow>()
      // Where two rows share a key, which the table kind reports, the first one counts.
      for (const row of read(key, keys)) if (!found.has(row.keyText)) found.set(row.keyText, row)
      return found
    },
    keysAfter: (afterRowId, limit) =>
      db
        .prepare<[bigint, number], Row>(
          `SELECT ${rowId}, ${key} FROM ${table} WHERE ${rowId} > ? AND ${key} IS NOT NULL AND ${key} <> '' ORDER BY ${rowId} LIMIT ?`,
        )
        .raw()
        .all(BigInt(afterRowId), limit)
        .flatMap(([at, cell]) =>
          typeof at === 'number' && cell !== undefined && cell !== null
            ? [{ rowId: at, keyText: textOfKey(cell) }]
            : [],
        ),
    count: () =>
      db.prepare<[], number>(`SELECT count(*) FROM ${table} WHERE ${key} IS NOT NULL AND ${key} <> ''`).pluck().get() ??
      0,
  }
}

function textOfKey(cell: Exclude<Cell, null>): string {
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : String(cell)
}

/** Python and SQLite write moments in UTC without saying so. */
function momentOf(cell: Cell): number | undefined {
  if (typeof cell !== 'string' && typeof cell !== 'number') return undefined
  const reading = readMoment(cell)
  return reading.is === 'moment' && reading.hasTime ? reading.atMs : undefined
}
