/** What the desired state says about one job, resolved so far that nothing else is needed to run it. */
import { join, resolve } from 'node:path'
import type { DesiredState } from '../../desired/schema.ts'
import type { Declared } from '../../engine/resource.ts'
import type { JsonObject } from '../../json.ts'
import type { Launch } from '../../targets/process/supervision/launch-declaration.ts'

/** Durations in milliseconds. */
export interface JobDeclaration extends JsonObject {
  readonly name: string
  /** Null for a job that others run. */
  readonly launch: Launch | null
  /** Null for one that runs only when somebody asks. */
  readonly schedule: { readonly cron: string; readonly timezone: string } | null
  readonly succeedWithinMs: number | null
  readonly overlap: 'forbid' | 'allow'
  readonly catchUp: 'once' | 'none'
  readonly maxRuntimeMs: number | null
  /** How others report: a file (absolute) whose time is the last success, or a secret web address. */
  readonly ping: { readonly file: string } | { readonly url: true } | null
  /** Folder of the outputs of its runs. */
  readonly logFolder: string
}

export const jobKindName = 'job'

export interface Folders {
  readonly workspace: string
  readonly ownFolder: string
}

/** The jobs that the desired state declares. */
export function listJobs(
  desired: DesiredState,
  { workspace, ownFolder }: Folders,
): readonly Declared<JobDeclaration>[] {
  return Object.entries(desired.jobs).map(([name, job]) => ({
    key: { kind: jobKindName, name },
    spec: {
      name,
      launch:
        job.command === undefined
          ? null
          : {
              command: job.command,
              directory: resolve(workspace, job.directory ?? '.'),
              environment: job.environment,
              descriptors: null,
            },
      schedule: job.schedule === undefined ? null : { cron: job.schedule, timezone: job.timezone },
      succeedWithinMs: job.succeedWithin ?? null,
      overlap: job.overlap,
      catchUp: job.catchUp,
      maxRuntimeMs: job.maxRuntime ?? null,
      ping: pingOf(job.ping, workspace),
      logFolder: join(ownFolder, 'logs', 'jobs', name),
    },
    dependsOn: [],
    observeOnly: job.manage === 'observe',
  }))
}

function pingOf(ping: DesiredState['jobs'][string]['ping'], workspace: string): JobDeclaration['ping'] {
  if (ping === undefined) return null
  return 'file' in ping ? { file: resolve(workspace, ping.file) } : { url: true }
}
