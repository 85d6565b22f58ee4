/**
 * Guarded access to the records of one table: a record is found by rowid and key together, by its key alone where the
 * rowid moved, and touched only while it still is what it was. Comparisons tell upper from lower case and text from
 * blob whatever the column's collation.
 */

import type { Database, Statement } from 'better-sqlite3'
import { OperationalError } from '../../errors.ts'
import type { Cell } from '../../values/field-type.ts'
import { freeRowIdName } from './addressing.ts'
import { type CellChange, type RecordChange, sameCell } from './change-codec.ts'
import type { ChangeTarget } from './ports.ts'
import { quoteIdentifier, readSchemaNames, readTableSchema, type TableSchema } from './schema-reader.ts'

/** What can be bound: whole numbers as bigint, since better-sqlite3 binds every number as REAL ('5.0' in a TEXT column). */
type Bound = null | number | bigint | string | Buffer

export type Touched =
  | { readonly is: 'changed'; readonly rowId: number }
  /** It is no longer what it was, or no longer there. */
  | { readonly is: 'skipped' }

export interface TableAccess {
  readonly schema: TableSchema
  /** Makes the change while the record is what it was before. Throws what SQLite throws on a refusal. */
  make(record: RecordChange): Touched
  /** Rowid of the one record with this key, tried at `rowId` first; undefined when there is none or more than one. */
  locate(rowId: number, key: Cell): number | undefined
  /** The key of the row with this rowid; undefined where there is no such row, or the table has no rowids. */
  keyAt(rowId: number): Cell | undefined
  /** Whether the named cells of a located record hold these values. */
  holds(rowId: number, key: Cell, cells: Readonly<Record<string, Cell>>): boolean
  /** The named cells of a located record, or all that are stored. */
  row(rowId: number, key: Cell, columns?: readonly string[]): Readonly<Record<string, Cell>> | undefined
  /** Those of the cells whose column is still there, and no generated one. */
  writable(cells: readonly CellChange[]): readonly CellChange[]
}

type UpdateRecord = Extract<RecordChange, { is: 'update' }>

/** Reads the table's schema. Throws ACTION_STALE when the table or its key column is gone. */
export function openTable(db: Database, target: ChangeTarget): TableAccess {
  const schema = readTableSchema(db, target.table)
  const keyColumn = schema?.columns.find((column) => column.name.toLowerCase() === target.keyColumn.toLowerCase())
  if (schema === undefined || keyColumn === undefined) {
    throw new OperationalError('ACTION_STALE', `${target.path}: table ${target.table} or its key is not there any more`)
  }
  const table = quoteIdentifier(schema.name)
  const key = `${quoteIdentifier(keyColumn.name)} COLLATE BINARY IS ?`
  const rowIdName = schema.withoutRowId ? undefined : freeRowIdName(schema.columns.map((column) => column.name))
  const alias = rowIdAlias(schema)
  const at = rowIdName === undefined ? key : `${rowIdName} = ? AND ${key}`
  const place = (rowId: number, keyCell: Cell): Bound[] =>
    rowIdName === undefined ? [bound(keyCell)] : [BigInt(rowId), bound(keyCell)]
  const stored = schema.columns.filter((column) => column.generated === 'no').map((column) => column.name)
  const keyIsIndexed =
    keyColumn.name === alias ||
    schema.indexes.some((index) => !index.partial && index.terms[0]?.column === keyColumn.name)

  const statements = new Map<string, Statement<Bound[]>>()
  const prepare = (sql: string): Statement<Bound[]> => {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const made = db.prepare<Bound[]>(sql)
    statements.set(sql, made)
    return made
  }
  const is = (columns: readonly string[]) =>
    columns.map((column) => `${quoteIdentifier(column)} COLLATE BINARY IS ?`).join(' AND ')
  const exists = (condition: string, values: Bound[]) =>
    prepare(`SELECT 1 FROM main.${table} WHERE ${condition} LIMIT 1`).get(...values) !== undefined

  const locate = (rowId: number, keyCell: Cell): number | undefined => {
    if (exists(at, place(rowId, keyCell))) return rowId
    if (keyCell === null || !keyIsIndexed || rowIdName === undefined) return undefined
    const found = prepare(`SELECT ${rowIdName} FROM main.${table} WHERE ${key} LIMIT 2`).pluck().all(bound(keyCell))
    return found.length === 1 ? Number(found[0]) : undefined
  }
  /** Tries at the rowid that was seen; where nothing was touched, at the one that the key is at now. */
  const touch = (record: RecordChange, attempt: (rowId: number) => number): Touched => {
    if (attempt(record.rowId) > 0) return { is: 'changed', rowId: record.rowId }
    const elsewhere = locate(record.rowId, record.key)
    if (elsewhere === undefined || elsewhere === record.rowId) return { is: 'skipped' }
    return attempt(elsewhere) > 0 ? { is: 'changed', rowId: elsewhere } : { is: 'skipped' }
  }

  const isStored = new Set(stored.map((column) => column.toLowerCase()))
  const writable = (cells: readonly CellChange[]) =>
    cells.every((cell) => isStored.has(cell.column.toLowerCase()))
      ? cells
      : cells.filter((cell) => isStored.has(cell.column.toLowerCase()))

  /** Sets of one action mostly change the same columns in every record. */
  let lastUpdate: { readonly columns: string; readonly statement: Statement<Bound[]> } | undefined
  const updateOf = (cells: readonly CellChange[], follows: readonly CellChange[]): Statement<Bound[]> => {
    const namesOf = (some: readonly CellChange[]) => some.map((cell) => cell.column)
    const [guarded, names] = [namesOf(cells), namesOf([...cells, ...follows])]
    const columns = `${guarded.length} ${names.length === 1 ? names[0] : JSON.stringify(names)}`
    if (lastUpdate?.columns === columns) return lastUpdate.statement
    const set = names.map((column) => `${quoteIdentifier(column)} = ?`).join(', ')
    const condition = [at, is(guarded)].filter((part) => part !== '').join(' AND ')
    // OR ABORT: a column may declare ON CONFLICT REPLACE, which would delete the other record without an image.
    const statement = prepare(`UPDATE OR ABORT main.${table} SET ${set} WHERE ${condition}`)
    lastUpdate = { columns, statement }
    return statement
  }
  const change = (record: UpdateRecord, follows: readonly CellChange[]): Touched => {
    const statement = updateOf(record.cells, follows)
    const after = [...record.cells, ...follows].map((cell) => bound(cell.after))
    const before = record.cells.map((cell) => bound(cell.before))
    return touch(record, (rowId) => statement.run(...after, ...place(rowId, record.key), ...before).changes)
  }
  /**
   * Gives the cells that follow what they are to hold, in one statement. A trigger that stamps updates takes one that sets
   * the stamp which is there already for one that sets none, and stamps anew, and with it every other stamp; setting all
   * of them back from that is left alone.
   */
  const hold = (record: UpdateRecord, rowId: number, follows: readonly CellChange[]): void => {
    const assigned = record.cells.find((cell) => cell.column.toLowerCase() === keyColumn.name.toLowerCase())
    const keyNow = assigned === undefined ? record.key : assigned.after
    const rowIdNow = locate(rowId, keyNow)
    if (rowIdNow === undefined) return
    const columns = follows.map((cell) => quoteIdentifier(cell.column))
    const set = columns.map((column) => `${column} = ?`).join(', ')
    const differs = columns.map((column) => `${column} COLLATE BINARY IS NOT ?`).join(' OR ')
    const values = follows.map((cell) => bound(cell.after))
    prepare(`UPDATE OR ABORT main.${table} SET ${set} WHERE ${at} AND (${differs})`).run(
      ...[...values, ...place(rowIdNow, keyNow), ...values],
    )
  }
  const update = (record: UpdateRecord): Touched => {
    if (record.follows.length === 0) return change(record, record.follows)
    const follows = writable(record.follows)
    const moving = follows.filter((cell) => !sameCell(cell.before, cell.after))
    if (moving.length === follows.length) return change(record, follows)
    // One savepoint: where the second statement is refused, nothing of the record is changed.
    return db.transaction(() => {
      const touched = change(record, moving)
      if (touched.is === 'changed') hold(record, touched.rowId, follows)
      return touched
    })()
  }

  const insert = (record: Extract<RecordChange, { is: 'insert' }>): Touched => {
    if (record.key !== null && keyIsIndexed && exists(key, [bound(record.key)])) return { is: 'skipped' }
    const columns = Object.keys(record.row).filter((column) => !isGenerated(schema, column))
    const values = columns.map((column) => bound(record.row[column] ?? null))
    const keepsRowId = record.rowId !== 0 && rowIdName !== undefined && alias === undefined
    const free = keepsRowId && !exists(`${rowIdName} = ?`, [BigInt(record.rowId)])
    const names = [...(free ? [rowIdName] : []), ...columns.map(quoteIdentifier)]
    const sql =
      names.length === 0
        ? `INSERT OR ABORT INTO main.${table} DEFAULT VALUES`
        : `INSERT OR ABORT INTO main.${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`
    const done = prepare(sql).run(...(free ? [BigInt(record.rowId)] : []), ...values)
    return done.changes > 0 ? { is: 'changed', rowId: Number(done.lastInsertRowid) } : { is: 'skipped' }
  }

  const references = lazily(() => referencesTo(db, schema))
  const remove = (record: Extract<RecordChange, { is: 'delete' }>): Touched => {
    for (const reference of references()) {
      const values = reference.parents.map((column) => bound(record.row[column] ?? null))
      const conditions = reference.columns.map((column) => `${quoteIdentifier(column)} = ?`).join(' AND ')
      const sql = `SELECT 1 FROM main.${quoteIdentifier(reference.table)} WHERE ${conditions} LIMIT 1`
      // ON DELETE CASCADE and its like would change records that no image is kept of.
      if (prepare(sql).get(...values) !== undefined) throw new RefusedError(`rows of ${reference.table} refer to it`)
    }
    const columns = Object.keys(record.row)
    const sql = `DELETE FROM main.${table} WHERE ${[at, is(columns)].filter((part) => part !== '').join(' AND ')}`
    const guards = columns.map((column) => bound(record.row[column] ?? null))
    return touch(record, (rowId) => prepare(sql).run(...place(rowId, record.key), ...guards).changes)
  }

  return {
    schema,
    make(record) {
      switch (record.is) {
        case 'update':
          return update(record)
        case 'insert':
          return insert(record)
        case 'delete':
          return remove(record)
      }
    },
    locate,
    keyAt(rowId) {
      if (rowIdName === undefined) return undefined
      const sql = `SELECT ${quoteIdentifier(keyColumn.name)} FROM main.${table} WHERE ${rowIdName} = ?`
      const found = prepare(sql).safeIntegers().raw().get(BigInt(rowId))
      return Array.isArray(found) ? cellOf(found[0]) : undefined
    },
    holds(rowId, keyCell, cells) {
      const columns = Object.keys(cells)
      const guards = columns.map((column) => bound(cells[column] ?? null))
      return exists([at, is(columns)].filter((part) => part !== '').join(' AND '), [
        ...place(rowId, keyCell),
        ...guards,
      ])
    },
    row(rowId, keyCell, columns = stored) {
      const names = columns.map(quoteIdentifier).join(', ')
      const found = prepare(`SELECT ${names} FROM main.${table} WHERE ${at}`)
        .safeIntegers()
        .raw()
        .get(...place(rowId, keyCell))
      if (!Array.isArray(found)) return undefined
      return Object.fromEntries(columns.map((column, index) => [column, cellOf(found[index])]))
    },
    writable,
  }
}

/** A record cannot be changed for a reason of ours rather than a constraint of SQLite. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
}

function bound(cell: Cell): Bound {
  if (typeof cell === 'number') return Number.isSafeInteger(cell) && !Object.is(cell, -0) ? BigInt(cell) : cell
  return cell instanceof Uint8Array ? Buffer.from(cell) : cell
}

/** A value that better-sqlite3 gave with safe integers, as a cell: bigint only where a number would lose digits. */
export function cellOf(value: unknown): Cell {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (value === null || typeof value === 'number' || typeof value === 'string') return value
  if (value instanceof Uint8Array) return new Uint8Array(value)
  throw new RangeError(`SQLite gave a ${typeof value}`)
}

function isGenerated(schema: TableSchema, name: string): boolean {
  return schema.columns.some((column) => column.name === name && column.generated !== 'no')
}

/** The column that is the rowid itself (INTEGER PRIMARY KEY). */
function rowIdAlias(schema: TableSchema): string | undefined {
  const keys = schema.columns.filter((column) => column.primaryKey > 0)
  const [only] = keys
  return keys.length === 1 && !schema.withoutRowId && only?.type.toUpperCase() === 'INTEGER' ? only.name : undefined
}

interface Reference {
  readonly table: string
  readonly columns: readonly string[]
  readonly parents: readonly string[]
}

/** Foreign keys to this table by which SQLite would delete or empty other records together with one of its own. */
function referencesTo(db: Database, schema: TableSchema): readonly Reference[] {
  const primary = [...schema.columns].filter((column) => column.primaryKey > 0)
  primary.sort((first, second) => first.primaryKey - second.primaryKey)
  return readSchemaNames(db).tables.flatMap((table) => {
    const other = readTableSchema(db, table)
    return (other?.foreignKeys ?? [])
      .filter((one) => one.toTable.toLowerCase() === schema.name.toLowerCase())
      .filter((one) => /^(CASCADE|SET NULL|SET DEFAULT)$/i.test(one.onDelete))
      .map((one) => ({
        table,
        columns: one.columns,
        parents: one.toColumns.map((column, index) => column ?? primary[index]?.name ?? schema.name),
      }))
  })
}

function lazily<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
