/** What is kept of one service between two lives of Trueup: written before it is started, after, and when it was ended. */
import { z } from 'zod'
import { instanceSchema } from '../../targets/process/supervision/instance.ts'
import { launchSchema } from '../../targets/process/supervision/launch-declaration.ts'
import type { ProcessStore } from '../../targets/process/supervision/process-store.ts'

const pastExitSchema = z.object({
  atMs: z.number(),
  code: z.int().nullable(),
  ranMs: z.number(),
  reason: z.string(),
})
/** One end of an instance. */
export type PastExit = z.output<typeof pastExitSchema>

/** Why Trueup itself ended an instance. `asked`, `changed` and `undo` are no failures of the program. */
export const stopCauses = ['asked', 'changed', 'undo', 'liveness', 'limit'] as const

const recordSchema = z.object({
  instance: instanceSchema,
  /** The action that started it; null for one that was adopted. */
  actionId: z.string().nullable(),
  why: z.enum(['start', 'changed', 'asked', 'adopted']),
  launch: launchSchema.nullable(),
  launchHash: z.string().nullable(),
  /** Keyed hashes of the secrets that it was started with, by variable; empty where that is not known. */
  secrets: z.record(z.string(), z.string()).default({}),
  intendedAtMs: z.number(),
  /** Null until it was seen running, or seen to have ended at once. */
  startedAtMs: z.number().nullable(),
  /** Failures in a row before this instance. */
  failures: z.int(),
  /** Since the service was first declared. */
  starts: z.int(),
  crashes: z.int(),
  stop: z.object({ cause: z.enum(stopCauses), message: z.string(), atMs: z.number() }).nullable(),
  /** Kept down by a person, until this life of Trueup ends. */
  held: z.object({ by: z.string(), session: z.string() }).nullable(),
  /** Newest first. */
  exits: z.array(pastExitSchema),
})
export type ServiceRecord = z.output<typeof recordSchema>

/** So many past exits are kept. */
export const exitsMax = 10

/** The store gives the same document until it is replaced. */
const parsed = new WeakMap<object, ServiceRecord>()

/** The record of a service; undefined where it was never started. */
export function recordOf(store: ProcessStore, name: string): ServiceRecord | undefined {
  const document = store.get('service', name)
  if (document === undefined) return undefined
  if (typeof document !== 'object' || document === null) return recordSchema.parse(document)
  const known = parsed.get(document) ?? recordSchema.parse(document)
  parsed.set(document, known)
  return known
}

/** Names of all services that were ever started here, declared or not. */
export function recordedServices(store: ProcessStore): readonly string[] {
  return store.list('service', '').map(([name]) => name)
}

export function saveRecord(store: ProcessStore, name: string, record: ServiceRecord): void {
  store.set('service', name, record)
}
