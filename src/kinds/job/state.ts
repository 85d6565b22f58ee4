/** What a look at a job finds. */
import { hashOf } from '../../json.ts'
import type { Usage } from '../../targets/process/supervision/ports.ts'
import type { JobRecord, RunRecord } from './record.ts'
import type { Due } from './schedule.ts'

/** One run as it stands now. */
export interface RunState {
  readonly run: RunRecord
  readonly is: 'starting' | 'running' | 'ok' | 'failed'
  readonly startedAtMs: number
  readonly endedAtMs: number | undefined
  readonly code: number | undefined
  /** `exit 1 after 3 s`; empty while it runs. */
  readonly reason: string
  readonly usage: Usage | undefined
}

export const jobStates = ['New', 'Ok', 'Running', 'Late', 'Failed'] as const
export type JobStateName = (typeof jobStates)[number]

export interface JobState {
  readonly observedAtMs: number
  readonly name: JobStateName
  readonly record: JobRecord
  /** Newest first. */
  readonly runs: readonly RunState[]
  readonly due: Due
  readonly nextAtMs: number | undefined
  readonly lastSuccessAtMs: number | undefined
  /** From when on it is late; undefined where that is not declared. */
  readonly lateFromMs: number | undefined
  /** How far the clock was set back behind moments that were dealt with; 0 as a rule. */
  readonly clockBehindMs: number
  /** Why it cannot be told how it stands: the file of its reports may not be read. */
  readonly unknown: string | undefined
  /** The last lines of the newest run, where it failed. */
  readonly output: string
  readonly evidence: string
}

/** What actions are bound to: what was dealt with, and which runs there are. */
export function evidenceOf(record: Pick<JobRecord, 'watermark' | 'runs'>, live: readonly string[]): string {
  return hashOf({ watermark: record.watermark?.atMs ?? null, runs: record.runs, live: [...live].sort() })
}

export function isLive({ is }: Pick<RunState, 'is'>): boolean {
  return is === 'running' || is === 'starting'
}

export function fingerprintOf(state: JobState): string {
  return hashOf({
    evidence: state.evidence,
    name: state.name,
    due: state.due.is,
    runs: state.runs.map(({ run, is }) => [run.number, is]),
    unknown: state.unknown ?? null,
  })
}
