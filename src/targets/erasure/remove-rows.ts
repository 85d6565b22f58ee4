/**
 * Takes records out of a database together with the records of other tables that refer to them by a foreign key: what is
 * kept about a person under their record's key is about that person too.
 */

import type { Database } from 'better-sqlite3'
import type { Cell } from '../../values/field-type.ts'
import { freeRowIdName } from '../sqlite/addressing.ts'
import { quoteIdentifier, readSchemaNames, readTableSchema, type TableSchema } from '../sqlite/schema-reader.ts'
import { type PersonPlace, type PersonRow, readPersonLayout } from './person-layout.ts'

/** One record, by what tells it from all others of its table. */
interface Address {
  readonly table: TableSchema
  readonly columns: readonly string[]
  readonly values: readonly Cell[]
}

/** How many records of which table, and their keys where the table is a declared one. */
export interface RemovedRows {
  readonly table: string
  readonly count: number
}

/** Removes records that are still where they were seen, inside the open transaction. Gives what went, by table. */
export function removeRows(db: Database, place: PersonPlace, rows: readonly PersonRow[]): readonly RemovedRows[] {
  const counts = new Map<string, number>()
  for (const { table, columns, values } of doomed(db, place, rows)) {
    const sql = `DELETE FROM main.${quoteIdentifier(table.name)} WHERE ${conditionOf(columns)}`
    const { changes } = db.prepare<Bound[]>(sql).run(...values.map(bound))
    if (changes > 0) counts.set(table.name, (counts.get(table.name) ?? 0) + changes)
  }
  return [...counts].map(([table, count]) => ({ table, count }))
}

/** How many records of other tables refer to these, by table. Reads only. */
export function referringRows(db: Database, place: PersonPlace, rows: readonly PersonRow[]): readonly RemovedRows[] {
  const counts = new Map<string, number>()
  for (const { table } of doomed(db, place, rows)) counts.set(table.name, (counts.get(table.name) ?? 0) + 1)
  const own = readPersonLayout(db, place)?.schema.name ?? place.table
  return [...counts].filter(([table]) => table !== own).map(([table, count]) => ({ table, count }))
}

/** The records with all their columns, and those of other tables that refer to them. Reads only. */
export function allRowsOf(
  db: Database,
  place: PersonPlace,
  rows: readonly PersonRow[],
): readonly { readonly table: string; readonly values: Readonly<Record<string, Cell>> }[] {
  return doomed(db, place, rows).map((address) => {
    const columns = address.table.columns.map(({ name }) => name)
    const cells = cellsOf(db, address, columns) ?? []
    return {
      table: address.table.name,
      values: Object.fromEntries(columns.map((name, at) => [name, cells[at] ?? null])),
    }
  })
}

/** Everything that has to go, those that refer before those that they refer to. */
function doomed(db: Database, place: PersonPlace, rows: readonly PersonRow[]): readonly Address[] {
  const layout = readPersonLayout(db, place)
  if (layout === undefined) return []
  const { schema, rowId, keyColumn } = layout
  const schemas = schemasOf(db)
  const seen = new Map<string, Address>()
  for (const row of rows) {
    const columns = rowId === undefined || row.rowId === null ? [keyColumn] : [rowId, keyColumn]
    const values = columns.length === 1 ? [row.key] : [row.rowId, row.key]
    const address = { table: schema, columns, values }
    if (exists(db, address)) collect(db, address, schemas, seen)
  }
  return [...seen.values()]
}

function collect(db: Database, address: Address, schemas: readonly TableSchema[], seen: Map<string, Address>): void {
  const name = nameOf(db, address)
  if (seen.has(name)) return
  // Set now, so that records that refer to each other end the search; set again below, behind those that refer to it.
  seen.set(name, address)
  for (const table of schemas) {
    for (const key of table.foreignKeys) {
      if (key.toTable.toLowerCase() !== address.table.name.toLowerCase()) continue
      const parents = key.toColumns.map((column, index) => column ?? primaryOf(address.table)[index] ?? '')
      const values = cellsOf(db, address, parents)
      if (values === undefined || values.some((value) => value === null)) continue
      const condition = key.columns.map((column) => `${quoteIdentifier(column)} = ?`).join(' AND ')
      for (const referring of addressesOf(db, table, condition, values)) collect(db, referring, schemas, seen)
    }
  }
  seen.delete(name)
  seen.set(name, address)
}

function schemasOf(db: Database): readonly TableSchema[] {
  return readSchemaNames(db).tables.flatMap((name) => {
    const schema = readTableSchema(db, name)
    return schema === undefined || schema.form !== 'ordinary' ? [] : [schema]
  })
}

function primaryOf(table: TableSchema): readonly string[] {
  return table.columns
    .filter((column) => column.primaryKey > 0)
    .sort((one, other) => one.primaryKey - other.primaryKey)
    .map((column) => column.name)
}

function placeColumnsOf(table: TableSchema): readonly string[] {
  if (table.withoutRowId) return primaryOf(table)
  const rowId = freeRowIdName(table.columns.map((column) => column.name))
  return rowId === undefined ? table.columns.map((column) => column.name) : [rowId]
}

function nameOf(db: Database, address: Address): string {
  const place = cellsOf(db, address, placeColumnsOf(address.table)) ?? []
  return `${address.table.name}\0${place.map(String).join('\0')}`
}

function addressesOf(db: Database, table: TableSchema, condition: string, values: readonly Cell[]): readonly Address[] {
  const columns = placeColumnsOf(table)
  const sql = `SELECT ${columns.map(quoteIdentifier).join(', ')} FROM main.${quoteIdentifier(table.name)} WHERE ${condition}`
  const rows = db
    .prepare<Bound[], Cell[]>(sql)
    .raw(true)
    .all(...values.map(bound))
  return rows.map((found) => ({ table, columns, values: found }))
}

function cellsOf(db: Database, address: Address, columns: readonly string[]): readonly Cell[] | undefined {
  const { table } = address
  const sql = `SELECT ${columns.map(quoteIdentifier).join(', ')} FROM main.${quoteIdentifier(table.name)} WHERE ${conditionOf(address.columns)}`
  return db
    .prepare<Bound[], Cell[]>(sql)
    .raw(true)
    .get(...address.values.map(bound))
}

function exists(db: Database, { table, columns, values }: Address): boolean {
  const sql = `SELECT 1 FROM main.${quoteIdentifier(table.name)} WHERE ${conditionOf(columns)} LIMIT 1`
  return db.prepare<Bound[]>(sql).get(...values.map(bound)) !== undefined
}

function conditionOf(columns: readonly string[]): string {
  return columns.map((column) => `${quoteIdentifier(column)} IS ?`).join(' AND ')
}

type Bound = null | number | bigint | string | Buffer

/** Whole numbers as bigint, since better-sqlite3 binds every number as REAL. */
function bound(cell: Cell | undefined): Bound {
  if (cell === undefined) return null
  if (typeof cell === 'number') return Number.isSafeInteger(cell) ? BigInt(cell) : cell
  return cell instanceof Uint8Array ? Buffer.from(cell) : cell
}
