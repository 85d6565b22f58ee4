/** What is kept of a job and of its runs. A run's end is told by its exit record until the next run begins. */
import { z } from 'zod'
import { instanceSchema } from '../../targets/process/supervision/instance.ts'
import type { ProcessStore } from '../../targets/process/supervision/process-store.ts'

const skippedSchema = z.object({ count: z.int(), fromMs: z.number(), toMs: z.number(), reason: z.string() })

const jobSchema = z.object({
  /** Up to here every scheduled moment was dealt with, for the schedule of this hash; null before the first. */
  watermark: z.object({ atMs: z.number(), scheduleHash: z.string() }).nullable(),
  /** Number of the newest run. */
  runs: z.int(),
  /** Moments that were not run, newest first. */
  skipped: z.array(skippedSchema.extend({ notedAtMs: z.number() })),
  /** Reports by web address of a job that others run. */
  pings: z.object({ successAtMs: z.number().nullable(), failureAtMs: z.number().nullable() }),
  /** Of a run that is not kept any more. */
  lastSuccessAtMs: z.number().nullable(),
})
export type JobRecord = z.output<typeof jobSchema>

const endSchema = z.object({ atMs: z.number().nullable(), code: z.int().nullable(), reason: z.string().nullable() })

const runSchema = z.object({
  job: z.string(),
  number: z.int(),
  instance: instanceSchema,
  actionId: z.string(),
  trigger: z.enum(['schedule', 'catch-up', 'request']),
  scheduledForMs: z.number().nullable(),
  bootId: z.string(),
  intendedAtMs: z.number(),
  startedAtMs: z.number().nullable(),
  /** Why Trueup ended it. */
  endedBy: z.string().nullable(),
  /** Written when its exit record goes. */
  end: endSchema.nullable(),
  logPath: z.string(),
})
export type RunRecord = z.output<typeof runSchema>

/** So many runs are kept with their output. */
export const runsKept = 20
export const skippedKept = 20

const fresh: JobRecord = {
  watermark: null,
  runs: 0,
  skipped: [],
  pings: { successAtMs: null, failureAtMs: null },
  lastSuccessAtMs: null,
}

/** The store gives the same document until it is replaced. */
const parsed = new WeakMap<object, JobRecord>()

export function jobRecordOf(store: ProcessStore, name: string): JobRecord {
  const document = store.get('job', name)
  if (document === undefined) return fresh
  if (typeof document !== 'object' || document === null) return jobSchema.parse(document)
  const known = parsed.get(document) ?? jobSchema.parse(document)
  parsed.set(document, known)
  return known
}

export function saveJob(store: ProcessStore, name: string, record: JobRecord): void {
  store.set('job', name, record)
}

/** Sorts as text in the order of the runs. */
export function runKey(run: Pick<RunRecord, 'job' | 'number'>): string {
  return `${run.job}/${String(run.number).padStart(10, '0')}`
}

/** The kept runs of a job, newest first. */
export function runsOf(store: ProcessStore, job: string): readonly RunRecord[] {
  return store
    .list('run', `${job}/`)
    .map(([, document]) => runSchema.parse(document))
    .reverse()
}

export function saveRun(store: ProcessStore, run: RunRecord): void {
  store.set('run', runKey(run), run)
}
