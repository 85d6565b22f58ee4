/** What the desired state says about the duplicates of one table, with all that finding and merging them depends on. */
import { z } from 'zod'
import type { DesiredState, TableSpec } from '../../desired/schema.ts'
import type { Declared } from '../../engine/resource.ts'
import type { JsonObject } from '../../json.ts'
import { fieldTypes } from '../../values/field-type.ts'

export const kindName = 'duplicates'

const fieldSchema = z.object({
  name: z.string(),
  type: z.enum(fieldTypes),
  choices: z.array(z.string()).nullable(),
  /** Of type `doNotContact`: one record that says so says it for all of the group. */
  doNotContact: z.boolean().default(false),
  rules: z.array(z.object({ rule: z.string(), options: z.record(z.string(), z.json()) })),
})

const ruleSchema = z.union([
  z.object({ name: z.string(), exact: z.array(z.string()), confidence: z.number() }),
  z.object({ name: z.string(), fuzzy: z.array(z.string()), threshold: z.number() }),
])

export const strategies = ['most_recent', 'highest_quality', 'merge', 'manual'] as const
export const choosers = [
  'most_recent',
  'oldest',
  'longest',
  'shortest',
  'union',
  'min',
  'max',
  'keep',
  'highest_quality',
] as const
/** How the value of one field is chosen among those of a group. */
export type Chooser = (typeof choosers)[number]

export const specSchema = z.object({
  database: z.string(),
  /** As declared; only so that another file is another spec. */
  path: z.string(),
  /** The table's name in SQLite. */
  table: z.string(),
  key: z.string(),
  fields: z.array(fieldSchema),
  /** Fields that every change of a record stamps. */
  stamps: z.array(z.object({ name: z.string(), type: z.enum(['date', 'datetime']) })),
  /** The field that says when a record was last changed, or made; null where none does. */
  recency: z.string().nullable(),
  formerTable: z.string().nullable(),
  formerColumns: z.record(z.string(), z.string()),
  rules: z.array(ruleSchema),
  strategy: z.enum(strategies),
  choosers: z.record(z.string(), z.enum(choosers)),
  automaticFrom: z.number(),
})

export type DuplicateField = Readonly<z.output<typeof fieldSchema>>
export type DuplicatesSpec = Readonly<z.output<typeof specSchema>> & JsonObject

/** Types whose values never tell who a record is of; they are merged, not compared. */
const uncompared: ReadonlySet<string> = new Set(['json', 'boolean', 'datetime', 'longtext', 'choices'])

/** The fields that are compared: all that can tell, and those that a rule names. */
export function comparedFields({ fields, rules }: DuplicatesSpec): readonly DuplicateField[] {
  const ruled = new Set(rules.flatMap((rule) => ('exact' in rule ? rule.exact : rule.fuzzy)))
  return fields.filter(({ name, type }) => ruled.has(name) || !uncompared.has(type))
}

/** One resource for each table that declares duplicates. */
export function listDuplicates(desired: DesiredState): readonly Declared<DuplicatesSpec>[] {
  return Object.entries(desired.tables).flatMap(([name, table]) => {
    const database = desired.databases[table.database]
    if (database === undefined || table.absent || table.duplicates === undefined) return []
    return [
      {
        key: { kind: kindName, name },
        spec: specOf(name, table, database.path),
        dependsOn: [{ kind: 'table', name }],
        observeOnly: database.manage === 'observe',
      },
    ]
  })
}

/** The spec of a table by itself, for what people ask of its duplicates; undefined where it declares none. */
export function duplicatesSpecOf(desired: DesiredState, name: string): DuplicatesSpec | undefined {
  return listDuplicates(desired).find(({ key }) => key.name === name)?.spec
}

function specOf(name: string, table: TableSpec, path: string): DuplicatesSpec {
  const present = Object.entries(table.fields).filter(([field, { absent }]) => !absent && field !== table.key)
  const duplicates = table.duplicates
  const stamps = present.flatMap(([field, { type, onUpdate }]) =>
    onUpdate === undefined || (type !== 'date' && type !== 'datetime') ? [] : [{ name: field, type }],
  )
  const made = present.find(([, { type, default: value }]) => type === 'datetime' && value === 'now')
  return {
    database: table.database,
    path,
    table: table.table ?? name,
    key: table.key,
    fields: present.map(([field, { type, choices, standardize, doNotContact }]) => ({
      name: field,
      type,
      doNotContact: doNotContact === true,
      choices: choices ?? null,
      rules: standardize.map(({ rule, options }) => ({
        rule,
        options: z.record(z.string(), z.json()).parse(options),
      })),
    })),
    stamps,
    recency: stamps[0]?.name ?? made?.[0] ?? null,
    formerTable: table.renamedFrom ?? null,
    formerColumns: Object.fromEntries(
      present.flatMap(([field, { renamedFrom }]) => (renamedFrom === undefined ? [] : [[field, renamedFrom]])),
    ),
    rules: (duplicates?.rules ?? []).map((rule) => ({ ...rule })),
    strategy: duplicates?.merge.strategy ?? 'most_recent',
    choosers: duplicates?.merge.fields ?? {},
    automaticFrom: duplicates?.mergeAutomaticallyFrom ?? 1,
  }
}
