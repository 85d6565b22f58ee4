/** Which table and which fields of the base mirror a declared table, with every default filled in. Pure. */
import type { FieldType } from '../values/field-type.ts'
import {
  type AirtableFieldType,
  airtableFieldTypes,
  defaultAirtableType,
  isPullOnly,
  writableAirtableTypes,
} from './airtable-types.ts'
import type { DesiredState, FieldSpec } from './schema.ts'

/** A declared field and the Airtable field that mirrors it. */
export type MappedField = {
  /** Its name in the desired state. */
  readonly name: string
  readonly type: FieldType
  /** Name or id of the Airtable field. */
  readonly remote: string
  /** The type that it is to have there, and is made with where it is missing. */
  readonly remoteType: AirtableFieldType
  /** Empty where none are declared. */
  readonly choices: readonly string[]
  /** Digits after the point; null where none are declared. */
  readonly precision: number | null
  readonly description: string | null
  readonly direction: 'both' | 'push' | 'pull'
  readonly unknownChoices: 'refuse' | 'add'
  /** Airtable types that hold it and can be written. */
  readonly writableTypes: readonly AirtableFieldType[]
  /** Airtable types that can only be read into it. */
  readonly readableTypes: readonly AirtableFieldType[]
}

/** A declared table and the Airtable table that mirrors it. */
export type MappedTable = {
  /** Its name in the desired state. */
  readonly name: string
  /** Name or id of the Airtable table. */
  readonly remote: string
  /** Name or id of the Airtable field that holds our key. */
  readonly keyField: string
  /** The declared key column. */
  readonly key: string
  /** Whether some field comes from Airtable: then its changes have to be asked for. */
  readonly pulls: boolean
  readonly fields: readonly MappedField[]
}

/** How the base is reached. */
export type AirtableConnection = {
  readonly base: string
  /** A reference, never the secret. */
  readonly token: { readonly env: string } | { readonly file: string }
  /** `sandbox`, a web address, or null for Airtable itself. */
  readonly endpoint: string | null
  readonly requestsPerSecond: number
  /** Null where none are declared. */
  readonly monthlyCalls: number | null
  readonly retry: { readonly attempts: number; readonly delayMs: number }
}

/** How the declared base is reached; undefined where none is declared. */
export function airtableConnection({ airtable }: DesiredState): AirtableConnection | undefined {
  if (airtable === undefined) return undefined
  const { base, token, endpoint, requestsPerSecond, monthlyCalls, retry } = airtable
  return {
    base,
    token,
    endpoint: endpoint ?? null,
    requestsPerSecond,
    monthlyCalls: monthlyCalls ?? null,
    retry: { attempts: retry.attempts, delayMs: retry.delay },
  }
}

/** The tables that the base mirrors; without those that are paused, and those and their fields that are asked to go. */
export function mappedTables(desired: DesiredState): readonly MappedTable[] {
  if (desired.airtable === undefined) return []
  return Object.entries(desired.tables).flatMap(([name, table]): readonly MappedTable[] => {
    const { airtable } = table
    if (airtable === undefined || airtable.paused || table.absent) return []
    const fields = Object.entries(table.fields).flatMap(([field, spec]) => {
      const mapped = mappedField(field, spec)
      // The key may name its Airtable field too: it is the key field, and no field beside it.
      const isKey = field === table.key && mapped?.remote.toLowerCase() === airtable.key.toLowerCase()
      return mapped === undefined || isKey ? [] : [mapped]
    })
    const pulls = fields.some(({ direction }) => direction !== 'push')
    return [{ name, remote: airtable.table, keyField: airtable.key, key: table.key, pulls, fields }]
  })
}

function mappedField(name: string, spec: FieldSpec): MappedField | undefined {
  const { airtable, type } = spec
  if (airtable === undefined || spec.absent) return undefined
  return {
    name,
    type,
    remote: airtable.field,
    remoteType: airtable.type ?? defaultAirtableType(type),
    choices: spec.choices ?? [],
    precision: spec.precision ?? null,
    description: spec.description ?? null,
    direction: airtable.direction,
    unknownChoices: airtable.unknownChoices,
    writableTypes: writableAirtableTypes(type),
    readableTypes: airtableFieldTypes.filter((airtableType) => isPullOnly(airtableType, type)),
  }
}
