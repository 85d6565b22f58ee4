/** What the desired state says about the base: how it is reached, and which tables and fields must be in it. */
import {
  type AirtableConnection,
  airtableConnection,
  type MappedTable,
  mappedTables,
} from '../../desired/airtable-mapping.ts'
import type { DesiredState } from '../../desired/schema.ts'
import type { Declared } from '../../engine/resource.ts'

export const airtableSchemaKindName = 'airtable-schema'

export type AirtableSchemaSpec = {
  readonly connection: AirtableConnection
  readonly tables: readonly MappedTable[]
}

/** One resource for the base, where some table is mirrored by it. It depends on nothing local. */
export function listAirtableSchema(desired: DesiredState): readonly Declared<AirtableSchemaSpec>[] {
  const connection = airtableConnection(desired)
  const tables = mappedTables(desired)
  if (connection === undefined || tables.length === 0) return []
  return [
    {
      key: { kind: airtableSchemaKindName, name: 'base' },
      spec: { connection, tables },
      dependsOn: [],
      observeOnly: false,
    },
  ]
}

/** Whether some change is made in Airtable and has to be asked for. */
export function pullsAnything({ tables }: AirtableSchemaSpec): boolean {
  return tables.some(({ pulls }) => pulls)
}
