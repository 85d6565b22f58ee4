/**
 * The shape of `desired-state.yaml`. Section and key names are a contract with owners and never change; keys may be
 * added. Parsing normalizes: shorthands become objects, durations milliseconds, sizes bytes, percentages numbers.
 * Every key carries its description: editors show it, and docs/desired-state.md is made from it.
 */
import { z } from 'zod'
import { accessSchema } from './schema/access.ts'
import { airtableSchema } from './schema/airtable.ts'
import { databaseSchema } from './schema/databases.ts'
import { alertsSchema, backupSchema } from './schema/operations.ts'
import { pluginSchema } from './schema/plugins.ts'
import { policySchema } from './schema/policy.ts'
import { jobSchema, serviceSchema } from './schema/processes.ts'
import { nameSchema, workspaceNameSchema } from './schema/scalars.ts'
import { importSchema, tableSchema } from './schema/tables.ts'

export { policySchema } from './schema/policy.ts'

export const desiredStateSchema = z.strictObject({
  apiVersion: z.literal('trueup/v1').describe('The version of this contract.'),
  name: workspaceNameSchema.describe('The name of this workspace, shown on pages and in alerts.'),
  policy: policySchema.prefault({}).describe('What Trueup may do by itself, when, and how much of it.'),
  databases: z.record(nameSchema, databaseSchema).default({}).describe('The SQLite files, by name.'),
  airtable: airtableSchema.describe('The Airtable base; left out: nothing is synced.').optional(),
  tables: z.record(nameSchema, tableSchema).default({}).describe('The tables that are kept true, by name.'),
  imports: z
    .record(nameSchema, importSchema)
    .default({})
    .describe('What these sources hold must be in a table; they are never changed.'),
  services: z.record(nameSchema, serviceSchema).default({}).describe('Programs that are kept running, by name.'),
  jobs: z.record(nameSchema, jobSchema).default({}).describe('Programs that must succeed in time, by name.'),
  backups: z.record(nameSchema, backupSchema).default({}).describe('Backups on a schedule, by name.'),
  plugins: z
    .record(nameSchema, pluginSchema)
    .default({})
    .describe('Modules that add kinds of resources, by name; taken up at the next start.'),
  alerts: alertsSchema.describe('Who is told what, when.').optional(),
  access: accessSchema.prefault({}).describe('Who may use the API.'),
})

/** A valid, normalized desired state. Paths and commands have their `${VAR}` references resolved by the loader. */
export type DesiredState = z.output<typeof desiredStateSchema>
export type Policy = DesiredState['policy']
export type TableSpec = DesiredState['tables'][string]
export type FieldSpec = TableSpec['fields'][string]
