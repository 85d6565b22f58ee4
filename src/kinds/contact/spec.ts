/** Which tables say of whom that they are not to be contacted. */
import { z } from 'zod'
import { personTablesOf } from '../../desired/person-tables.ts'
import type { DesiredState } from '../../desired/schema.ts'
import type { Declared, ResourceKey } from '../../engine/resource.ts'

export const kindName = 'contact'

const specSchema = z.object({
  name: z.string(),
  database: z.string(),
  /** The table's name in SQLite. */
  table: z.string(),
  key: z.string(),
  /** The field of type `doNotContact`, and its former name where the column may not have been renamed yet. */
  field: z.string(),
  formerField: z.string().nullable(),
  /** What says who a record is: when that is declared otherwise, all is looked at anew. */
  people: z.json(),
})
export type ContactSpec = z.output<typeof specSchema>

/** One resource for each table with such a field that may be written. */
export function listContact(desired: DesiredState): readonly Declared<ContactSpec>[] {
  return personTablesOf(desired).flatMap(({ name, database, table, key, fields, formerColumns }) => {
    const field = markFieldOf(desired.tables[name]?.fields ?? {})
    if (field === undefined) return []
    const formerField = formerColumns[field] ?? null
    return [
      {
        key: { kind: kindName, name },
        spec: specSchema.parse({ name, database, table, key, field, formerField, people: fields }),
        dependsOn: dependenciesOf(desired, name),
        observeOnly: false,
      },
    ]
  })
}

/** The field of type `doNotContact` of a table; undefined where there is none that stays. */
export function markFieldOf(fields: DesiredState['tables'][string]['fields']): string | undefined {
  return Object.entries(fields).find(([, { doNotContact, absent }]) => doNotContact === true && !absent)?.[0]
}

/** After what brings rows, so that they are marked in the same run. */
function dependenciesOf(desired: DesiredState, table: string): readonly ResourceKey[] {
  const imports = Object.entries(desired.imports).filter(([, { into }]) => into === table)
  return [{ kind: 'table', name: table }, ...imports.map(([name]) => ({ kind: 'import', name }))]
}
