/** The declared tables in which people are, with the fields that tell who a record is. */
import { type PersonFields, personFieldsOf } from '../values/identity.ts'
import type { DesiredState, TableSpec } from './schema.ts'

/** One declared table as an erasure sees it. */
export interface PersonTable {
  /** The entry of `tables`. */
  readonly name: string
  /** The entry of `databases`. */
  readonly database: string
  /** The table's name in SQLite, and its former one where it may not have been renamed yet. */
  readonly table: string
  readonly formerTable: string | null
  readonly key: string
  /** Former names of columns, by their declared ones. */
  readonly formerColumns: Readonly<Record<string, string>>
  readonly fields: PersonFields
}

/** The tables that Trueup may write to. What is only observed is never changed, also not by an erasure. */
export function personTablesOf(desired: DesiredState): readonly PersonTable[] {
  return Object.entries(desired.tables).flatMap(([name, table]) => {
    const database = desired.databases[table.database]
    if (database === undefined || database.manage === 'observe' || table.absent) return []
    return [personTableOf(name, table)]
  })
}

export function personTableOf(name: string, table: TableSpec): PersonTable {
  const fields = Object.entries(table.fields).filter(([, field]) => !field.absent)
  const former = fields.flatMap(([field, { renamedFrom }]) =>
    renamedFrom === undefined ? [] : [[field, renamedFrom] as const],
  )
  return {
    name,
    database: table.database,
    table: table.table ?? name,
    formerTable: table.renamedFrom ?? null,
    key: table.key,
    formerColumns: Object.fromEntries(former),
    fields: personFieldsOf(fields.map(([field, { type, standardize }]) => ({ name: field, type, rules: standardize }))),
  }
}
