/** What the desired state says about the mirror of one table: where both sides are, and how each field is treated. */
import { z } from 'zod'
import { type AirtableFieldType, airtableFieldTypes, defaultAirtableType } from '../../desired/airtable-types.ts'
import type { DesiredState, FieldSpec, TableSpec } from '../../desired/schema.ts'
import type { Declared, ResourceKey } from '../../engine/resource.ts'
import type { JsonObject } from '../../json.ts'
import { fieldTypes } from '../../values/field-type.ts'
import { matchKeyNameOf } from '../../values/match-key.ts'

export const kindName = 'sync'

export const conflictPolicies = ['most_recent', 'local_wins', 'airtable_wins', 'highest_quality', 'manual'] as const
export type ConflictPolicy = (typeof conflictPolicies)[number]

const jsonObjectSchema = z.record(z.string(), z.json())

export const syncFieldSchema = z.object({
  name: z.string(),
  type: z.enum(fieldTypes),
  choices: z.array(z.string()).nullable(),
  /** Other words for choices, from the field's `choice` rule. */
  aliases: z.record(z.string(), z.string()),
  required: z.boolean(),
  unique: z.boolean(),
  /** Of type `doNotContact`: true goes both ways, whatever is declared, and is taken back by a person alone. */
  doNotContact: z.boolean().default(false),
  airtable: z.string(),
  airtableType: z.enum(airtableFieldTypes),
  direction: z.enum(['both', 'push', 'pull']),
  unknownChoices: z.enum(['refuse', 'add']),
  policy: z.enum(conflictPolicies),
  /** What an equal value says about two records that no key joins yet. */
  identity: z.enum(['email', 'linkedin']).nullable(),
  rules: z.array(z.object({ rule: z.string(), options: jsonObjectSchema })),
  quality: jsonObjectSchema.nullable(),
})
export type SyncField = Readonly<z.output<typeof syncFieldSchema>>

export const syncSpecSchema = z.object({
  airtable: z.object({
    base: z.string(),
    token: z.union([z.object({ env: z.string() }), z.object({ file: z.string() })]),
    endpoint: z.string().nullable(),
    requestsPerSecond: z.number(),
    monthlyCalls: z.number().nullable(),
    retry: z.object({ attempts: z.number(), delayMs: z.number() }),
  }),
  database: z.string(),
  /** As declared; only so that another file is another spec. */
  path: z.string(),
  /** The table's name in SQLite, and in the base. */
  table: z.string(),
  key: z.string(),
  keyIsText: z.boolean(),
  remoteTable: z.string(),
  remoteKey: z.string(),
  fields: z.array(syncFieldSchema),
  /** Field that holds the moment of a row's last change, for `most_recent`; null where there is none. */
  changedField: z.string().nullable(),
  /** Fields that every change of a row stamps. */
  stamps: z.array(z.object({ name: z.string(), type: z.enum(['date', 'datetime']) })),
  push: z.object({ onChange: z.boolean(), everyMs: z.number(), batch: z.number() }),
  pull: z.object({ everyMs: z.number(), full: z.string(), batch: z.number() }),
  deletions: z.enum(['approve', 'propagate', 'ignore']),
  /** How long what was overwritten is kept, in milliseconds. */
  keepMs: z.number(),
})
export type SyncSpec = Readonly<z.output<typeof syncSpecSchema>> & JsonObject

/** One resource for each table that names an Airtable table and is not paused, where the file declares a base. */
export function listSync(desired: DesiredState): readonly Declared<SyncSpec>[] {
  const { airtable } = desired
  if (airtable === undefined) return []
  return Object.entries(desired.tables).flatMap(([name, table]) => {
    const database = desired.databases[table.database]
    if (database === undefined || table.absent || table.airtable === undefined || table.airtable.paused) return []
    const spec: SyncSpec = {
      airtable: {
        base: airtable.base,
        token: airtable.token,
        endpoint: airtable.endpoint ?? null,
        requestsPerSecond: airtable.requestsPerSecond,
        monthlyCalls: airtable.monthlyCalls ?? null,
        retry: { attempts: airtable.retry.attempts, delayMs: airtable.retry.delay },
      },
      database: table.database,
      path: database.path,
      table: table.table ?? name,
      key: table.key,
      keyIsText: (table.fields[table.key]?.type ?? 'text') === 'text',
      remoteTable: table.airtable.table,
      remoteKey: table.airtable.key,
      fields: fieldsOf(table, table.airtable.conflicts),
      changedField: changedFieldOf(table),
      stamps: stampsOf(table),
      push: {
        onChange: table.airtable.push.on === 'change',
        everyMs: table.airtable.push.every,
        batch: table.airtable.push.batch,
      },
      pull: { everyMs: table.airtable.pull.every, full: table.airtable.pull.full, batch: table.airtable.pull.batch },
      deletions: table.airtable.deletions,
      keepMs: desired.policy.checkpoints.keep,
    }
    return [
      {
        key: { kind: kindName, name },
        spec,
        dependsOn: dependenciesOf(name, table),
        observeOnly: database.manage === 'observe',
      },
    ]
  })
}

/** What must have been looked at first: a value is pushed in the form that its rules give it, into a field that exists. */
function dependenciesOf(name: string, table: TableSpec): readonly ResourceKey[] {
  const hasRules = Object.values(table.fields).some((field) => !field.absent && field.standardize.length > 0)
  return [
    { kind: 'table', name },
    ...(hasRules ? [{ kind: 'standardization', name }] : []),
    { kind: 'airtable-schema', name: 'base' },
  ]
}

function fieldsOf(table: TableSpec, tablePolicy: ConflictPolicy): SyncField[] {
  return Object.entries(table.fields).flatMap(([name, field]) =>
    field.absent || field.airtable === undefined || name === table.key
      ? []
      : [fieldOf(name, field, field.airtable, tablePolicy)],
  )
}

function fieldOf(
  name: string,
  field: FieldSpec,
  airtable: NonNullable<FieldSpec['airtable']>,
  tablePolicy: ConflictPolicy,
): SyncField {
  const rules = field.standardize.map(({ rule, options }) => ({ rule, options: jsonObjectSchema.parse(options) }))
  const matchKey = matchKeyNameOf(field.type, field.standardize)
  const type: AirtableFieldType = ('type' in airtable ? airtable.type : undefined) ?? defaultAirtableType(field.type)
  return {
    name,
    type: field.type,
    choices: field.choices ?? null,
    aliases: aliasesOf(rules),
    required: field.required,
    unique: field.unique,
    doNotContact: field.doNotContact === true,
    airtable: airtable.field,
    airtableType: type,
    direction: airtable.direction,
    unknownChoices: airtable.unknownChoices,
    policy: field.conflicts ?? tablePolicy,
    identity: matchKey === 'email' || matchKey === 'linkedin' ? matchKey : null,
    rules,
    quality: field.quality === undefined ? null : jsonObjectSchema.parse(JSON.parse(JSON.stringify(field.quality))),
  }
}

function aliasesOf(rules: SyncField['rules']): Record<string, string> {
  const declared = rules.find(({ rule }) => rule === 'choice')?.options.aliases
  const aliases = z.record(z.string(), z.string()).safeParse(declared)
  return aliases.success ? aliases.data : {}
}

function changedFieldOf(table: TableSpec): string | null {
  const moments = Object.entries(table.fields).filter(([, { absent, type }]) => !absent && type === 'datetime')
  const stamped = moments.find(([, { onUpdate }]) => onUpdate === 'now')
  return (stamped ?? moments.find(([name]) => name === 'updated_at'))?.[0] ?? null
}

function stampsOf(table: TableSpec): SyncSpec['stamps'] {
  return Object.entries(table.fields).flatMap(([name, { type, absent, onUpdate }]) =>
    absent || onUpdate === undefined || (type !== 'date' && type !== 'datetime') ? [] : [{ name, type }],
  )
}
