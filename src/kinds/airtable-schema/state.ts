/** What a look at the base finds, and the fingerprint of what would change the plan. */
import type { MappedField, MappedTable } from '../../desired/airtable-mapping.ts'
import { hashOf } from '../../json.ts'
import { type KnownIds, noKnownIds, type ResolvedMapping, resolveMapping } from '../../targets/airtable/mapping.ts'
import type { BaseSchema, CallUsage } from '../../targets/airtable/ports.ts'
import type { Refusal } from './refusals.ts'

export interface AirtableSchemaState {
  readonly observedAtMs: number
  /** All tables and fields, as they were last read. */
  readonly schema: BaseSchema
  /** Ids under which tables and fields were found before, by declared table. */
  readonly known: Readonly<Record<string, KnownIds>>
  readonly webhook: { readonly id: string; readonly lastPollMs: number | undefined } | undefined
  /** Why there can be no webhook, and what a person does about it; undefined where none was refused. */
  readonly webhookRefused: Refusal | undefined
  /** Why nothing can be made in the base; undefined where that was not refused. */
  readonly creationRefused: Refusal | undefined
  /** Why single things cannot be made, by the path of their drift. */
  readonly refused: Readonly<Record<string, Refusal>>
  readonly usage: CallUsage
}

/** A mapped table as the base has it. */
export function resolvedOf(table: MappedTable, state: AirtableSchemaState): ResolvedMapping<MappedField> {
  return resolveMapping(state.schema, table, state.known[table.name] ?? noKnownIds)
}

/** Changes when the base, the webhook or what was refused changes. */
export function fingerprintOf(state: AirtableSchemaState): string {
  return hashOf({
    tables: state.schema.tables.map(({ id, name, fields }) => ({
      id,
      name,
      fields: fields.map((field) => ({
        id: field.id,
        name: field.name,
        type: field.type,
        choices: field.choices.map((choice) => choice.name),
        precision: field.precision ?? null,
      })),
    })),
    webhook: state.webhook?.id ?? null,
    refused: [
      state.webhookRefused?.reason ?? null,
      state.creationRefused?.reason ?? null,
      ...Object.keys(state.refused).sort(),
    ],
  })
}
