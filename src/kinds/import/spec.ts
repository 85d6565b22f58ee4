/** One entry of `imports` with all that its behaviour depends on: the source, the table it belongs in, and how its values are read. */
import { resolve } from 'node:path'
import { z } from 'zod'
import type { DesiredState, FieldSpec, TableSpec } from '../../desired/schema.ts'
import type { Declared } from '../../engine/resource.ts'
import { hashOf } from '../../json.ts'
import { fieldTypes } from '../../values/field-type.ts'
import type { AnyRule } from '../../values/rule.ts'

const intoFieldSchema = z.strictObject({
  name: z.string(),
  type: z.enum(fieldTypes),
  required: z.boolean(),
  unique: z.boolean(),
  /** Undeclared: null. */
  default: z.union([z.string(), z.number(), z.boolean(), z.null()]),
  /** Whether every change of a record stamps it. Absent in what was journaled before this was known. */
  onUpdate: z.boolean().default(false),
  /** Of type `doNotContact`. Absent in what was journaled before this was known. */
  doNotContact: z.boolean().default(false),
  choices: z.array(z.string()).nullable(),
  precision: z.number().nullable(),
  renamedFrom: z.string().nullable(),
  /** Name of its Airtable field, under which exports carry it. */
  airtable: z.string().nullable(),
  /** Version too: a newer rule reads the same value otherwise. */
  rules: z.array(z.strictObject({ rule: z.string(), options: z.record(z.string(), z.json()), version: z.number() })),
})

/** Journaled with each action, so parsed where an action is carried out. */
export const importResourceSchema = z.strictObject({
  name: z.string(),
  source: z.discriminatedUnion('is', [
    z.strictObject({ is: z.literal('database'), database: z.string(), path: z.string(), table: z.string() }),
    /** `workspace` is where the pattern starts; `databases` are never opened as files. */
    z.strictObject({
      is: z.literal('files'),
      pattern: z.string(),
      workspace: z.string(),
      databases: z.array(z.string()),
    }),
  ]),
  into: z.strictObject({
    name: z.string(),
    database: z.string(),
    path: z.string(),
    table: z.string(),
    renamedFrom: z.string().nullable(),
    key: z.string(),
    fields: z.array(intoFieldSchema),
    /**
     * What is done with a row that no exact way finds the lead of and that means one nevertheless, and a mark of how that is
     * told; null where nothing declares it. Absent in what was journaled before this was known.
     */
    duplicates: z
      .strictObject({ onInsert: z.enum(['merge', 'refuse', 'flag']), mark: z.string() })
      .nullable()
      .default(null),
    /** Fields that no two rows may share the values of, beside the fields that are unique by themselves. */
    uniqueTogether: z.array(z.array(z.string())),
  }),
  /** Source column to field, as declared; the other columns are proposed. */
  map: z.record(z.string(), z.string()),
})

/** The resolved spec of one import. Paths are absolute. */
export type ImportResource = z.output<typeof importResourceSchema>
export type IntoTable = ImportResource['into']
export type IntoField = z.output<typeof intoFieldSchema>

/** What `list` needs to know beside the desired state. */
export interface ListSettings {
  /** The folder that relative paths start at. */
  readonly workspace: string
  readonly rules: ReadonlyMap<string, AnyRule>
}

/** The imports of a desired state; entries that name an undeclared table or database are left to its validation. */
export function listImports(desired: DesiredState, settings: ListSettings): readonly Declared<ImportResource>[] {
  return Object.entries(desired.imports).flatMap(([name, entry]): Declared<ImportResource>[] => {
    const table = desired.tables[entry.into]
    const target = table === undefined ? undefined : desired.databases[table.database]
    const source = sourceOf(desired, entry.from, settings.workspace)
    if (table === undefined || target === undefined || source === undefined || table.absent) return []
    const path = resolve(settings.workspace, target.path)
    const from = source.is === 'database' ? [{ kind: 'database', name: source.database }] : []
    return [
      {
        key: { kind: 'import', name },
        spec: {
          name,
          source,
          into: intoOf(entry.into, table, path, settings.rules),
          map: entry.map === 'auto' ? {} : entry.map,
        },
        dependsOn: [{ kind: 'table', name: entry.into }, ...from],
        observeOnly: target.manage === 'observe',
      },
    ]
  })
}

function sourceOf(
  desired: DesiredState,
  from: DesiredState['imports'][string]['from'],
  workspace: string,
): ImportResource['source'] | undefined {
  if ('files' in from) {
    const databases = Object.values(desired.databases).map((database) => resolve(workspace, database.path))
    return { is: 'files', pattern: from.files, workspace, databases: databases.sort() }
  }
  const database = desired.databases[from.database]
  if (database === undefined) return undefined
  return { is: 'database', database: from.database, path: resolve(workspace, database.path), table: from.table }
}

/** A declared table as imports see it. */
export function intoOf(name: string, table: TableSpec, path: string, rules: ReadonlyMap<string, AnyRule>): IntoTable {
  const fields = Object.entries(table.fields).filter(([, field]) => !field.absent)
  return {
    name,
    database: table.database,
    path,
    table: table.table ?? name,
    renamedFrom: table.renamedFrom ?? null,
    key: table.key,
    fields: fields.map(([field, spec]) => intoField(field, spec, rules)),
    duplicates: answerOf(table),
    uniqueTogether: table.indexes.filter((index) => index.unique).map((index) => index.on),
  }
}

function answerOf({ duplicates }: TableSpec): IntoTable['duplicates'] {
  if (duplicates === undefined) return null
  const { onInsert, rules, mergeAutomaticallyFrom } = duplicates
  return { onInsert, mark: hashOf([rules.map((rule) => ({ ...rule })), mergeAutomaticallyFrom]) }
}

function intoField(name: string, field: FieldSpec, rules: ReadonlyMap<string, AnyRule>): IntoField {
  return {
    name,
    type: field.type,
    required: field.required,
    unique: field.unique,
    default: field.default ?? null,
    onUpdate: field.onUpdate !== undefined,
    doNotContact: field.doNotContact === true,
    choices: field.choices ?? null,
    precision: field.precision ?? null,
    renamedFrom: field.renamedFrom ?? null,
    airtable: field.airtable?.field ?? null,
    rules: field.standardize.map(({ rule, options }) => ({
      rule,
      options: z.record(z.string(), z.json()).parse(options),
      version: rules.get(rule)?.version ?? 0,
    })),
  }
}

/** Which fields tell who a lead is, by their rules, types and names. */
export interface Roles {
  readonly linkedin: string | undefined
  readonly email: string | undefined
  readonly person: string | undefined
  /** The json field that keeps what maps to nothing. */
  readonly raw: string | undefined
}

/** The roles of a table's fields; a rule says more than a type, a type more than a name. */
export function rolesOf(into: IntoTable): Roles {
  const byRule = (rule: string) => into.fields.find((field) => field.rules.some((one) => one.rule === rule))
  const named = (pattern: RegExp) =>
    into.fields.find((field) => pattern.test(field.name) && !['json', 'boolean', 'choice'].includes(field.type))
  return {
    linkedin: (byRule('linkedin_url') ?? named(/linkedin/))?.name,
    email: (into.fields.find((field) => field.type === 'email') ?? byRule('email') ?? named(/^e?_?mail$/))?.name,
    person: (byRule('person_name') ?? named(/^(full_?name|name|lead_name)$/))?.name,
    raw: into.fields.find((field) => field.name === 'raw_data' && field.type === 'json')?.name,
  }
}
