/** What the desired state says of the quality of one table's rows, and nothing else. */
import { z } from 'zod'
import type { DesiredState, FieldSpec, TableSpec } from '../../desired/schema.ts'
import type { Declared, ResourceKey } from '../../engine/resource.ts'
import type { JsonObject } from '../../json.ts'
import { fieldTypes } from '../../values/field-type.ts'
import { toldLanguages } from '../../values/language.ts'

export const qualityKindName = 'quality'

const fieldQualitySchema = z.object({
  minLength: z.int().nullable(),
  maxLength: z.int().nullable(),
  mentions: z.array(z.string()),
  forbids: z.array(z.string()),
  notInFuture: z.boolean(),
  notBefore: z.string().nullable(),
  pattern: z.string().nullable(),
  placeholders: z.boolean(),
  /** The most rows with one text; 0 for any number. */
  repeats: z.int(),
  /** The most texts that are nearly the same; 0 for any number. */
  alike: z.int(),
  /** Addresses of offices, of free mail services, and with misspelt domains are told. */
  roleMailboxes: z.boolean(),
  freeMailers: z.boolean(),
  misspeltDomains: z.boolean(),
  /** The field with the name of the person that a text greets. */
  greets: z.string().nullable(),
  language: z.enum(toldLanguages).nullable(),
})

const fieldSchema = z.object({
  name: z.string(),
  type: z.enum(fieldTypes),
  choices: z.array(z.string()).nullable(),
  required: z.boolean(),
  /** Whether standardization rules look after its form. */
  standardized: z.boolean(),
  /** Whether values that say nothing are told. */
  fillers: z.boolean(),
  quality: fieldQualitySchema.nullable(),
})

/** Where a table is found: by its former name while it has not been renamed. */
const placeSchema = z.object({
  database: z.string(),
  table: z.string(),
  formerTable: z.string().nullable(),
})

export const qualitySpecSchema = z.object({
  ...placeSchema.shape,
  /** As declared; only so that another file is another spec. */
  path: z.string(),
  key: z.string(),
  fields: z.array(fieldSchema),
  formerColumns: z.record(z.string(), z.string()),
  /** Percent by field. */
  completeness: z.record(z.string(), z.number()),
  /** What fields count in scores beside others; 1 where nothing is said. */
  weights: z.record(z.string(), z.number()),
  consistent: z.array(z.object({ by: z.string(), fields: z.array(z.string()) })),
  implies: z.array(
    z.object({
      when: z.record(z.string(), z.array(z.union([z.string(), z.number(), z.boolean()]))),
      filled: z.array(z.string()),
      empty: z.array(z.string()),
    }),
  ),
  ordered: z.array(z.array(z.string())),
  sameDomain: z.array(z.array(z.string())),
  sameCountry: z.array(z.array(z.string())),
  sameName: z.array(z.array(z.string())),
  references: z.array(placeSchema.extend({ field: z.string(), to: z.string(), key: z.string() })),
  counts: z.array(
    z.object({
      /** Null for Airtable. */
      with: z.object({ database: z.string(), table: z.string() }).nullable(),
      within: z.number().nullable(),
      atLeast: z.number().nullable(),
    }),
  ),
  freshWithinMs: z.number().nullable(),
  /** Fields that hold when a row was last changed. */
  stamps: z.array(z.string()),
})

export type QualityField = Readonly<z.output<typeof fieldSchema>>
export type QualitySpec = Readonly<z.output<typeof qualitySpecSchema>> & JsonObject

/** One resource for each table of which it is said, in `quality` of the table or of a field, what is good. */
export function listQuality(desired: DesiredState): readonly Declared<QualitySpec>[] {
  return Object.entries(desired.tables).flatMap(([name, table]) => {
    const spec = qualitySpecOf(desired, name)
    if (spec === undefined) return []
    const others = spec.references.map(({ to }): ResourceKey => ({ kind: 'table', name: to }))
    return [
      {
        key: { kind: qualityKindName, name },
        spec,
        dependsOn: [
          { kind: 'table', name },
          ...standardized(name, table),
          ...others.filter((one) => one.name !== name),
        ],
        // It only tells: nothing is ever written.
        observeOnly: true,
      },
    ]
  })
}

/** The spec of one table; undefined where nothing is said of its quality, or it is to go. */
export function qualitySpecOf(desired: DesiredState, name: string): QualitySpec | undefined {
  const table = desired.tables[name]
  const database = table && desired.databases[table.database]
  if (table === undefined || database === undefined || table.absent || !hasQuality(table)) return undefined
  const fields = Object.entries(table.fields).filter(([, field]) => !field.absent)
  const { quality } = table
  return {
    database: table.database,
    path: database.path,
    table: table.table ?? name,
    formerTable: table.renamedFrom ?? null,
    key: table.key,
    fields: fields.map(([field, spec]) => fieldOf(field, spec, quality?.completeness?.[field] !== undefined)),
    formerColumns: Object.fromEntries(
      fields.flatMap(([field, { renamedFrom }]) => (renamedFrom === undefined ? [] : [[field, renamedFrom] as const])),
    ),
    completeness: quality?.completeness ?? {},
    weights: quality?.weights ?? {},
    consistent: quality?.consistent ?? [],
    implies: (quality?.implies ?? []).map(({ when, filled, empty }) => ({
      when: Object.fromEntries(Object.entries(when).map(([field, value]) => [field, [value].flat()])),
      filled,
      empty,
    })),
    ordered: quality?.ordered ?? [],
    sameDomain: quality?.sameDomain ?? [],
    sameCountry: quality?.sameCountry ?? [],
    sameName: quality?.sameName ?? [],
    references: Object.entries(quality?.references ?? {}).flatMap(([field, to]) => {
      const other = desired.tables[to]
      if (other === undefined) return []
      return [
        {
          field,
          to,
          database: other.database,
          table: other.table ?? to,
          formerTable: other.renamedFrom ?? null,
          key: other.key,
        },
      ]
    }),
    counts: (quality?.counts ?? []).map((count) => ({
      with: count.with === 'airtable' ? null : count.with,
      within: count.within ?? null,
      atLeast: count.atLeast ?? null,
    })),
    freshWithinMs: quality?.freshWithin ?? null,
    stamps: fields.flatMap(([field, { onUpdate }]) => (onUpdate === undefined ? [] : [field])),
  }
}

function hasQuality(table: TableSpec): boolean {
  return table.quality !== undefined || Object.values(table.fields).some((field) => field.quality !== undefined)
}

function standardized(name: string, table: TableSpec): ResourceKey[] {
  const isStandardized = Object.values(table.fields).some((field) => !field.absent && field.standardize.length > 0)
  return isStandardized ? [{ kind: 'standardization', name }] : []
}

/** Types whose values reach somebody: filler there is never meant. */
const addressTypes: ReadonlySet<string> = new Set(['email', 'phone', 'url'])

function fieldOf(name: string, field: FieldSpec, isAskedFor: boolean): QualityField {
  const { quality } = field
  const isMessage = field.type === 'longtext'
  return {
    name,
    type: field.type,
    choices: field.choices ?? null,
    required: field.required,
    standardized: field.standardize.length > 0,
    fillers:
      quality?.fillers ?? (addressTypes.has(field.type) || (field.type === 'text' && (isAskedFor || field.required))),
    quality:
      quality === undefined
        ? null
        : {
            minLength: quality.minLength ?? null,
            maxLength: quality.maxLength ?? null,
            mentions: quality.mentions ?? [],
            forbids: quality.forbids ?? [],
            notInFuture: quality.notInFuture ?? false,
            notBefore: quality.notBefore ?? null,
            pattern: quality.pattern ?? null,
            placeholders: quality.placeholders ?? isMessage,
            repeats: quality.repeats ?? (isMessage ? 1 : 0),
            alike: quality.alike ?? 0,
            greets: quality.greets ?? null,
            language: quality.language ?? null,
            roleMailboxes: quality.roleMailboxes ?? false,
            freeMailers: quality.freeMailers ?? false,
            misspeltDomains: quality.misspeltDomains ?? false,
          },
  }
}
