/** Which index of a table already does what is declared, and how a new one is written. */
import { shortHashOf } from '../../json.ts'
import { type IndexSchema, quoteIdentifier, type TableSchema } from '../../targets/sqlite/schema-reader.ts'
import { sameName } from './spec.ts'
import { formOf } from './sql-tokens.ts'
import { findObject, type SchemaObject } from './state.ts'

export interface WantedIndex {
  readonly on: readonly string[]
  readonly unique: boolean
}

/**
 * The index that serves the declared columns: for a unique one any that makes these columns, or some of them, unique;
 * otherwise any that starts with them in that order.
 */
export function satisfyingIndex(table: TableSchema, wanted: WantedIndex): IndexSchema | undefined {
  return table.indexes.find((index) => serves(index, wanted))
}

function serves(index: IndexSchema, wanted: WantedIndex): boolean {
  const columns = index.terms.map((term) => term.column)
  if (index.expressions || columns.length === 0) return false
  if (wanted.unique) {
    const within = columns.every((column) => column !== undefined && wanted.on.some((name) => sameName(name, column)))
    return index.unique && within && (!index.partial || leavesOnlyEmptyOut(index, wanted))
  }
  return !index.partial && wanted.on.every((name, at) => sameName(columns[at] ?? '', name))
}

function leavesOnlyEmptyOut(index: IndexSchema, wanted: WantedIndex): boolean {
  const [column] = wanted.on
  if (column === undefined || wanted.on.length !== 1 || index.sql === undefined) return false
  return formOf(index.sql).endsWith(`where ${formOf(quoteIdentifier(column))} <> ''`)
}

/** The name and statement of a new index; its name is free, or taken by an index of the same table that it replaces. */
export function newIndex(
  objects: readonly SchemaObject[],
  table: string,
  wanted: WantedIndex & { readonly name: string | null; readonly exceptEmpty: boolean },
): { readonly name: string; readonly sql: string } {
  const name = freeName(objects, table, wanted.name ?? defaultName(table, wanted))
  const columns = wanted.on.map(quoteIdentifier)
  const where = wanted.exceptEmpty ? ` WHERE ${columns[0]} <> ''` : ''
  const unique = wanted.unique ? 'UNIQUE ' : ''
  return {
    name,
    sql: `CREATE ${unique}INDEX ${quoteIdentifier(name)} ON ${quoteIdentifier(table)} (${columns.join(', ')})${where}`,
  }
}

function defaultName(table: string, wanted: WantedIndex): string {
  return `${wanted.unique ? 'unique' : 'index'}_${table}_${wanted.on.join('_')}`
}

function freeName(objects: readonly SchemaObject[], table: string, name: string): string {
  const taken = objects.find((object) => object.type !== 'trigger' && sameName(object.name, name))
  if (taken === undefined || (taken.type === 'index' && sameName(taken.on, table))) return name
  return `${name}_${shortHashOf([table, name]).slice(0, 6)}`
}

/** The index that a new one replaces, because it has its name but other columns. */
export function replacedIndex(objects: readonly SchemaObject[], table: string, name: string): SchemaObject | undefined {
  const found = findObject(objects, 'index', name)
  return found !== undefined && sameName(found.on, table) ? found : undefined
}
