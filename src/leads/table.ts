/**
 * A declared table as lead code sees it. Every identifier that reaches SQL is taken from here, so from the desired state
 * and never from a request.
 */
import type { FieldSpec, TableSpec } from '../desired/schema.ts'

export interface LeadField {
  readonly name: string
  readonly spec: FieldSpec
}

export interface LeadTable {
  /** The name of the entry in `tables`. */
  readonly name: string
  /** The table's name in SQLite. */
  readonly sqlName: string
  /** The column that identifies a record. */
  readonly key: string
  /** Whether the key column is itself a declared field. */
  readonly keyIsField: boolean
  /** The declared fields that are not asked to go, by name, in the order of the file. */
  readonly fields: ReadonlyMap<string, LeadField>
}

/** Reads an entry of `tables`. */
export function leadTableOf(name: string, spec: TableSpec): LeadTable {
  const fields = new Map<string, LeadField>()
  for (const [field, fieldSpec] of Object.entries(spec.fields)) {
    if (!fieldSpec.absent) fields.set(field, { name: field, spec: fieldSpec })
  }
  return { name, sqlName: spec.table ?? name, key: spec.key, keyIsField: fields.has(spec.key), fields }
}

/** The names of the fields whose text people search. */
export function searchedFields(table: LeadTable): readonly string[] {
  const types = new Set(['text', 'longtext', 'email', 'url', 'phone', 'choice'])
  return [...table.fields.values()].filter((field) => types.has(field.spec.type)).map((field) => field.name)
}
