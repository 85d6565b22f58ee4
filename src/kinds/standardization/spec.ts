/** What the desired state says about the forms of one table's values: its fields with declared rules and nothing else. */
import { z } from 'zod'
import type { DesiredState, FieldSpec, TableSpec } from '../../desired/schema.ts'
import type { Declared } from '../../engine/resource.ts'
import type { JsonObject } from '../../json.ts'
import { fieldTypes } from '../../values/field-type.ts'
import { standardizeRules } from '../../values/rules/index.ts'

export const kindName = 'standardization'

const jsonObjectSchema = z.record(z.string(), z.json())

const ruleUseSchema = z.object({
  rule: z.string(),
  /** Version of the rule that the plan was made with; 0 for a rule that does not exist. */
  version: z.number(),
  options: jsonObjectSchema,
})

/** One field and its rules, in the order they are applied. */
export const fieldRulesSchema = z.object({
  name: z.string(),
  type: z.enum(fieldTypes),
  choices: z.array(z.string()).nullable(),
  rules: z.array(ruleUseSchema),
})

/** A field that holds the moment of its record's last update. */
const stampSchema = z.object({ name: z.string(), type: z.enum(['date', 'datetime']) })

export const specSchema = z.object({
  database: z.string(),
  /** As declared; only so that another file is another spec. */
  path: z.string(),
  /** The table's name in SQLite. */
  table: z.string(),
  key: z.string(),
  fields: z.array(fieldRulesSchema),
  /** Fields that every change of a record stamps. Absent in what was journaled before they were known. */
  stamps: z.array(stampSchema).default([]),
  /** Former names, by declared name: where the table kind has not renamed yet, values are read from there. */
  formerTable: z.string().nullable(),
  formerColumns: z.record(z.string(), z.string()),
})

export type FieldRules = Readonly<z.output<typeof fieldRulesSchema>>
export type StandardizationSpec = Readonly<z.output<typeof specSchema>> & JsonObject

/** One resource for each table that has a field with declared rules. */
export function listStandardization(desired: DesiredState): readonly Declared<StandardizationSpec>[] {
  return Object.entries(desired.tables).flatMap(([name, table]) => {
    const database = desired.databases[table.database]
    const fields = fieldsWithRules(table)
    if (database === undefined || table.absent || fields.length === 0) return []
    const formerColumns = Object.entries(table.fields).flatMap(([field, { renamedFrom }]) =>
      renamedFrom === undefined ? [] : [[field, renamedFrom] as const],
    )
    const spec: StandardizationSpec = {
      database: table.database,
      path: database.path,
      table: table.table ?? name,
      key: table.key,
      fields,
      stamps: stampsOf(table),
      formerTable: table.renamedFrom ?? null,
      formerColumns: Object.fromEntries(formerColumns),
    }
    return [
      {
        key: { kind: kindName, name },
        spec,
        dependsOn: [{ kind: 'table', name }],
        observeOnly: database.manage === 'observe',
      },
    ]
  })
}

function fieldsWithRules(table: TableSpec): FieldRules[] {
  return Object.entries(table.fields).flatMap(([name, field]) =>
    field.absent || field.standardize.length === 0 ? [] : [rulesOf(name, field)],
  )
}

function stampsOf(table: TableSpec): StandardizationSpec['stamps'] {
  return Object.entries(table.fields).flatMap(([name, { type, absent, onUpdate }]) =>
    absent || onUpdate === undefined || (type !== 'date' && type !== 'datetime') ? [] : [{ name, type }],
  )
}

function rulesOf(name: string, field: FieldSpec): FieldRules {
  return {
    name,
    type: field.type,
    choices: field.choices ?? null,
    rules: field.standardize.map(({ rule, options }) => ({
      rule,
      version: standardizeRules.get(rule)?.version ?? 0,
      options: jsonObjectSchema.parse(options),
    })),
  }
}
