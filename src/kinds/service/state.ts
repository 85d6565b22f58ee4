/** What a look at a service finds. */
import { hashOf } from '../../json.ts'
import type { ProbeState } from '../../targets/process/probes/probe-state.ts'
import type { Usage } from '../../targets/process/supervision/ports.ts'
import type { Downtime } from './downtime.ts'
import type { ServiceRecord } from './record.ts'
import type { SecretsState } from './secrets.ts'

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
