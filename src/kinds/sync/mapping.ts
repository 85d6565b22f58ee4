/** The mapping of one table, as the base has it: which Airtable fields mirror which of ours. */

import { z } from 'zod'
import { airtableFieldTypes, isPullOnly, writableAirtableTypes } from '../../desired/airtable-types.ts'
import type { JsonValue } from '../../json.ts'
import {
  addsChoice,
  type DeclaredField,
  type KnownIds,
  knownIdsSchema,
  type MappingProblem,
  noKnownIds,
  resolveMapping,
} from '../../targets/airtable/mapping.ts'
import type { BaseSchema, RemoteField } from '../../targets/airtable/ports.ts'
import type { SyncField, SyncSpec } from './spec.ts'
import type { TableStore } from './store/store.ts'

/** A field that both sides have. */
export interface MappedField {
  readonly field: SyncField
  readonly remote: RemoteField
}

export interface SyncMapping {
  readonly tableId: string
  /** The Airtable field that holds our key. */
  readonly keyField: RemoteField
  readonly fields: readonly MappedField[]
}

export type MappingReading =
  | {
      readonly is: 'mapping'
      readonly mapping: SyncMapping
      readonly problems: readonly MappingProblem<MappedDeclared>[]
    }
  /** Nothing can be exchanged yet; the message says what is missing. */
  | { readonly is: 'unmapped'; readonly message: string }

interface MappedDeclared extends DeclaredField {
  readonly field: SyncField
}

/** Resolves the mapping against the base and remembers ids, so that a field renamed in Airtable is followed. */
export function readMapping(name: string, spec: SyncSpec, schema: BaseSchema, store: TableStore): MappingReading {
  const resolved = resolveMapping(
    schema,
    {
      name,
      remote: spec.remoteTable,
      keyField: spec.remoteKey,
      fields: spec.fields.map((field) => ({
        name: field.name,
        type: field.type,
        remote: field.airtable,
        choices: field.choices ?? [],
        precision: null,
        direction: field.direction,
        unknownChoices: field.unknownChoices,
        writableTypes: writableAirtableTypes(field.type),
        readableTypes: airtableFieldTypes.filter((type) => isPullOnly(type, field.type)),
        field,
      })),
    },
    knownIdsOf(store),
  )
  store.set('known', JSON.stringify(resolved.known))
  const { table, keyField } = resolved
  if (table === undefined) {
    return { is: 'unmapped', message: `the base has no table ${spec.remoteTable} yet` }
  }
  if (keyField === undefined) {
    return {
      is: 'unmapped',
      message: `${spec.remoteTable} has no text field ${spec.remoteKey}, which is to hold our key`,
    }
  }
  forgetReplaced(store, resolved.fields)
  return {
    is: 'mapping',
    mapping: {
      tableId: table.id,
      keyField,
      fields: resolved.fields.map(({ declared, remote }) => ({ field: declared.field, remote })),
    },
    problems: resolved.problems,
  }
}

/** What the declared names stood for when the base was last read. */
export const idsSchema = z.record(z.string(), z.string())

/**
 * A field that was deleted in Airtable and made again is another field: that its cells are empty is no change that anybody
 * made, and what the sides had agreed on with the old one says nothing about it.
 */
function forgetReplaced(
  store: TableStore,
  fields: readonly { readonly name: string; readonly remote: RemoteField }[],
): void {
  const text = store.get('field-ids')
  const before = text === undefined ? {} : idsSchema.parse(JSON.parse(text))
  const now = Object.fromEntries(fields.map(({ name, remote }) => [name, remote.id]))
  const replaced = Object.entries(now).filter(([name, id]) => before[name] !== undefined && before[name] !== id)
  const after = JSON.stringify({ ...before, ...now })
  if (after === text) return
  store.transaction(() => {
    for (const [name] of replaced) store.pairs.forgetBase(name)
    store.set('field-ids', after)
  })
}

export function knownIdsOf(store: Pick<TableStore, 'get'>): KnownIds {
  const text = store.get('known')
  if (text === undefined) return noKnownIds
  const parsed = knownIdsSchema.safeParse(JSON.parse(text))
  return parsed.success ? parsed.data : noKnownIds
}

/** Whether writing these cells needs Airtable to make choices that it does not have. */
export function needsTypecast(mapping: SyncMapping, cells: Readonly<Record<string, JsonValue>>): boolean {
  return mapping.fields.some(
    ({ field, remote }) =>
      field.unknownChoices === 'add' && cells[remote.id] !== undefined && addsChoice(remote, cells[remote.id] ?? null),
  )
}
