/** What the desired state says about one backup, resolved so far that nothing else is needed to make it. */
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { riskSchema } from '../../desired/schema/policy.ts'
import type { DesiredState } from '../../desired/schema.ts'
import type { Declared } from '../../engine/resource.ts'
import { plainDeclarationSchema } from '../../targets/airtable/declaration.ts'
import { type Remote, remoteSchema, shelfFolder } from '../../targets/backup/shelf.ts'
import { parseS3 } from '../../targets/s3/place.ts'

export const backupKindName = 'backup'

export const backupSpecSchema = z.strictObject({
  name: z.string(),
  databases: z.array(z.strictObject({ name: z.string(), path: z.string() })),
  /** The base and its mirrored tables; null where it is not part of it, or nothing is mirrored. */
  airtable: z
    .strictObject({
      declaration: plainDeclarationSchema,
      tables: z.array(z.strictObject({ name: z.string(), remoteTable: z.string() })),
    })
    .nullable(),
  schedule: z.strictObject({ cron: z.string(), timezone: z.string() }),
  keep: z.strictObject({ hourly: z.int(), daily: z.int(), weekly: z.int(), monthly: z.int() }),
  /** From which risk on an action waits for a fresh set; null for none. */
  before: riskSchema.nullable().default(null),
  encryptTo: z.array(z.union([z.string(), z.strictObject({ env: z.string() }), z.strictObject({ file: z.string() })])),
  /** As declared, the folder that its sets are looked for in, and for S3 the store whose shelf that folder is. */
  to: z.array(z.strictObject({ shown: z.string(), folder: z.string(), s3: remoteSchema.nullable().default(null) })),
})
export type BackupSpec = Readonly<z.output<typeof backupSpecSchema>>

/** One resource for each entry of `backups`. */
export function listBackups(desired: DesiredState, workspace: string): readonly Declared<BackupSpec>[] {
  return Object.entries(desired.backups).map(([name, backup]) => ({
    key: { kind: backupKindName, name },
    spec: {
      name,
      databases: backup.of.flatMap((source) => {
        const database = desired.databases[source]
        return database === undefined ? [] : [{ name: source, path: resolve(workspace, database.path) }]
      }),
      airtable: backup.of.includes('airtable') ? airtableOf(desired) : null,
      schedule: { cron: backup.schedule, timezone: backup.timezone },
      keep: backup.keep,
      before: backup.before ?? null,
      encryptTo: backup.encryptTo,
      to: backup.to.map((shown) => placeOf(shown, backup.s3, workspace)),
    },
    // What is broken is backed up as far as it can be read; a backup waits for nothing.
    dependsOn: [],
    observeOnly: false,
  }))
}

function placeOf(
  shown: string,
  s3: DesiredState['backups'][string]['s3'],
  workspace: string,
): BackupSpec['to'][number] {
  const parsed = parseS3(shown)
  if (parsed === undefined) return { shown, folder: resolve(workspace, shown), s3: null }
  const { region, endpoint, accessKeyId, secretAccessKey, sessionToken = null } = s3
  const remote: Remote = {
    shown,
    place: {
      ...parsed,
      region,
      endpoint: endpoint ?? `https://s3.${region}.amazonaws.com`,
      // Names with dots have no certificate of their own.
      pathStyle: s3.pathStyle ?? (endpoint !== undefined || parsed.bucket.includes('.')),
    },
    accessKeyId,
    secretAccessKey,
    sessionToken,
  }
  return { shown, folder: shelfFolder(join(workspace, '.trueup'), remote), s3: remote }
}

function airtableOf(desired: DesiredState): BackupSpec['airtable'] {
  const { airtable } = desired
  const tables = Object.entries(desired.tables).flatMap(([name, table]) =>
    table.airtable === undefined || table.absent ? [] : [{ name, remoteTable: table.airtable.table }],
  )
  if (airtable === undefined || tables.length === 0) return null
  const { base, token, endpoint = null, requestsPerSecond, monthlyCalls = null, retry } = airtable
  return {
    declaration: {
      base,
      token,
      endpoint,
      requestsPerSecond,
      monthlyCalls,
      retry: { attempts: retry.attempts, delayMs: retry.delay },
    },
    tables,
  }
}
