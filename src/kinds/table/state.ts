/** What a look at a table found: the statements that SQLite keeps, and the answers to the questions about its rows. */
import type { TableSchema } from '../../targets/sqlite/schema-reader.ts'
import { columnPart, parseCreateTable, tableForm } from './create-sql.ts'
import type { ScanAnswers } from './scan.ts'
import { sameName } from './spec.ts'
import { formOf } from './sql-tokens.ts'

/** One entry of the schema that has a statement. */
export interface SchemaObject {
  readonly type: 'table' | 'index' | 'trigger' | 'view'
  readonly name: string
  /** The table or view that it stands on. */
  readonly on: string
  readonly sql: string
}

/** A column of another table that refers to this one. */
export interface Reference {
  readonly table: string
  readonly columns: readonly string[]
  /** Undefined entries point at the primary key. */
  readonly toColumns: readonly (string | undefined)[]
}

export interface TableState {
  /** Every statement of the database, for what mentions the table. */
  readonly objects: readonly SchemaObject[]
  /** The table; undefined where there is none of that name. */
  readonly table: TableSchema | undefined
  /** Whether the table's name is taken by a view. */
  readonly isView: boolean
  readonly referencedBy: readonly Reference[]
  readonly answers: ScanAnswers
  /** `PRAGMA schema_version`. */
  readonly schemaVersion: number
}

/** The entry of that type and name. */
export function findObject(
  objects: readonly SchemaObject[],
  type: SchemaObject['type'],
  name: string,
): SchemaObject | undefined {
  return objects.find((object) => object.type === type && sameName(object.name, name))
}

/**
 * What an action relies on: that a thing of the schema reads as it did, or (form null) that it is not there. Forms even
 * out blanks, comments and case, so that a rewrite by SQLite itself is no change.
 */
export interface Expectation {
  readonly object: 'table' | 'index' | 'trigger' | 'column'
  readonly name: string
  /** The table of a column; empty for the others. */
  readonly table: string
  readonly form: string | null
}

/** The form of a thing as it is now; null where it is not there. */
export function currentForm(objects: readonly SchemaObject[], wanted: Omit<Expectation, 'form'>): string | null {
  if (wanted.object === 'column') {
    const sql = findObject(objects, 'table', wanted.table)?.sql
    const table = sql === undefined ? undefined : parseCreateTable(sql)
    const column = table === undefined ? undefined : columnPart(table, wanted.name)
    return column === undefined ? null : formOf(column.text)
  }
  const found = findObject(objects, wanted.object, wanted.name)
  if (found === undefined) return null
  return wanted.object === 'table' ? tableForm(found.sql) : formOf(found.sql)
}

/** An expectation that things are as they are now. */
export function asItIs(
  objects: readonly SchemaObject[],
  object: Expectation['object'],
  name: string,
  table = '',
): Expectation {
  return { object, name, table, form: currentForm(objects, { object, name, table }) }
}
