/** What a look at a service finds. */
import { hashOf } from '../../json.ts'
import type { ProbeState } from '../../targets/process/probes/probe-state.ts'
import type { Usage } from '../../targets/process/supervision/ports.ts'
import type { Downtime } from './downtime.ts'
import type { ServiceRecord } from './record.ts'
import type { SecretsState } from './secrets.ts'
import type { ServiceDeclaration } from './spec.ts'

export type Phase =
  | {
      readonly is: 'running'
      readonly uuid: string
      readonly pid: number
      readonly startedAtMs: number
      readonly usage: Usage
      /** Null for one that was not started by Trueup. */
      readonly launchHash: string | null
      /** Runs and is not in the record: a crash fell between start and record, or the record was lost. */
      readonly unrecorded: boolean
    }
  /** Between two states for a moment. */
  | { readonly is: 'turning' }
  | { readonly is: 'down'; readonly downtime: Downtime }
  /** Whether it runs cannot be told. */
  | { readonly is: 'unknown'; readonly why: string }

export interface ServiceState {
  readonly observedAtMs: number
  readonly record: ServiceRecord | undefined
  readonly phase: Phase
  /** Processes of an ended instance that still run, by the uuid of theirs. */
  readonly leftovers: readonly { readonly uuid: string; readonly pids: readonly number[] }[]
  /** Undefined without a probe, and while it does not run. */
  readonly probe: ProbeState | undefined
  /** Services that must be ready before it and are not. */
  readonly waitsFor: readonly string[]
  /** Another service that has just been restarted with a changed declaration and is not ready yet. */
  readonly rolling: string | undefined
  readonly secrets: SecretsState
  /** What it takes too much of, as a sentence. */
  readonly over: string | undefined
  /** The last lines that it wrote; empty while it is well. Secrets of its environment are blotted out. */
  readonly output: string
  readonly log:
    | { readonly bytes: number; readonly changedAtMs: number; readonly spanMs: number | undefined }
    | undefined
  /** The evidence that actions are bound to. */
  readonly evidence: string
}

/** Which instance is recorded and which run: whatever else changes, an action on this is still the right one. */
export function evidenceOf(recorded: string | null, live: readonly string[]): string {
  return hashOf({ recorded, live: [...live].sort() })
}

export function probeFailedText(probe: ProbeState | undefined): string {
  return `its probe failed (${probe?.last?.message ?? 'no answer'})`
}

/** What it takes too much of, as a sentence; undefined where it keeps its limits. */
export function overLimit({ memoryBytes, processes }: ServiceDeclaration['limits'], usage: Usage): string | undefined {
  if (memoryBytes !== null && usage.memoryBytes > memoryBytes)
    return `it takes ${megabytes(usage.memoryBytes)} of memory, more than the ${megabytes(memoryBytes)} of its limit`
  if (processes !== null && usage.processes > processes)
    return `it runs ${usage.processes} processes, more than the ${processes} of its limit`
  return undefined
}

export function megabytes(bytes: number): string {
  const amount = bytes / 1e6
  return `${amount < 10 ? Math.round(amount * 10) / 10 : Math.round(amount)} MB`
}

/** Changes whenever something changes that a person would want to see, and not with each byte of memory. */
export function fingerprintOf({ phase, probe, waitsFor, leftovers, over, secrets, evidence }: ServiceState): string {
  return hashOf({
    evidence,
    phase: phase.is,
    down: phase.is === 'down' ? [phase.downtime.is, phase.downtime.failures] : null,
    probe: probe?.phase ?? null,
    waitsFor,
    leftovers: leftovers.map(({ pids }) => pids),
    over: over !== undefined,
    secrets: [secrets.changed, secrets.unreadable],
  })
}
