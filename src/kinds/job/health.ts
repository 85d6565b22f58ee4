/** The checks of a health report about one job, its short description, and what lists show of it. Pure. */
import { isoOf } from '../../clock.ts'
import type { HealthCheck } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { spanText } from '../../targets/process/supervision/exit-text.ts'
import { skippedText } from './plan.ts'
import type { JobDeclaration } from './spec.ts'
import { isLive, type JobState } from './state.ts'

/** So long a run that was left out is mentioned. */
const skippedShownMs = 24 * 3_600_000

export function jobHealth(spec: JobDeclaration, observation: Observation<JobState>): readonly HealthCheck[] {
  if (observation.is === 'unreadable') return [{ name: 'runs', status: 'unknown', message: observation.error.message }]
  if (observation.is === 'absent') return []
  const { state } = observation
  return [
    successCheck(spec, state),
    ...runCheck(state),
    ...skippedCheck(state),
    ...(state.clockBehindMs > 60_000
      ? [
          {
            name: 'clock',
            status: 'warning' as const,
            message: `the clock was set back by ${spanText(state.clockBehindMs)}: what was run before is not run again until then`,
          },
        ]
      : []),
  ]
}

function successCheck({ succeedWithinMs }: JobDeclaration, state: JobState): HealthCheck {
  const name = 'success'
  if (state.unknown !== undefined) return { name, status: 'unknown', message: state.unknown }
  const last = state.lastSuccessAtMs === undefined ? 'not yet' : `last ${isoOf(state.lastSuccessAtMs)}`
  const within = succeedWithinMs === null ? '' : `, due within ${spanText(succeedWithinMs)}`
  if (state.name === 'Late') return { name, status: 'failed', message: `${last}${within}` }
  return { name, status: 'ok', message: `${last}${within}` }
}

function runCheck({ runs, name, record }: JobState): HealthCheck[] {
  const [newest] = runs
  if (newest === undefined) {
    const failed = name === 'Failed' && record.pings.failureAtMs !== null
    return failed
      ? [{ name: 'last run', status: 'warning', message: `reported as failed ${isoOf(record.pings.failureAtMs ?? 0)}` }]
      : []
  }
  if (isLive(newest)) return [{ name: 'last run', status: 'ok', message: `runs since ${isoOf(newest.startedAtMs)}` }]
  return [{ name: 'last run', status: newest.is === 'ok' ? 'ok' : 'warning', message: newest.reason }]
}

function skippedCheck({ record, observedAtMs }: JobState): HealthCheck[] {
  const [last] = record.skipped
  if (last === undefined || observedAtMs - last.notedAtMs > skippedShownMs) return []
  return [{ name: 'skipped', status: 'warning', message: skippedText(last) }]
}

/** A short phrase: `Ok, last success 2026-…, next 2026-…`. */
export function describeJob(observation: Observation<JobState>): string {
  if (observation.is !== 'present') return observation.is === 'absent' ? 'not there' : 'cannot be run here'
  const { name, lastSuccessAtMs, nextAtMs } = observation.state
  return [
    name,
    ...(lastSuccessAtMs === undefined ? [] : [`last success ${isoOf(lastSuccessAtMs)}`]),
    ...(nextAtMs === undefined ? [] : [`next ${isoOf(nextAtMs)}`]),
  ].join(', ')
}

/** One line of a list of jobs. Moments in milliseconds since the epoch. */
export interface JobView {
  readonly name: string
  readonly managed: boolean
  /** New, Ok, Running, Late, Failed; Unknown before the first look or where it cannot be told. */
  readonly state: string
  readonly summary: string
  readonly schedule: string | null
  readonly timezone: string | null
  readonly nextRunAtMs: number | null
  readonly lastSuccessAtMs: number | null
  readonly lateFromMs: number | null
  /** Newest first. */
  readonly runs: readonly {
    readonly number: number
    readonly state: string
    readonly trigger: string
    readonly scheduledForMs: number | null
    readonly startedAtMs: number
    readonly endedAtMs: number | null
    readonly code: number | null
    readonly reason: string
    readonly logPath: string
  }[]
  /** Moments that were not run, newest first, as sentences. */
  readonly skipped: readonly string[]
}

export function jobViewOf(
  { spec, observeOnly }: Declared<JobDeclaration>,
  observation: Observation<JobState> | undefined,
): JobView {
  const state = observation?.is === 'present' ? observation.state : undefined
  return {
    name: spec.name,
    managed: !observeOnly && spec.launch !== null,
    state: state === undefined || state.unknown !== undefined ? 'Unknown' : state.name,
    summary: observation === undefined ? 'not looked at yet' : describeJob(observation),
    schedule: spec.schedule?.cron ?? null,
    timezone: spec.schedule?.timezone ?? null,
    nextRunAtMs: state?.nextAtMs ?? null,
    lastSuccessAtMs: state?.lastSuccessAtMs ?? null,
    lateFromMs: state?.lateFromMs ?? null,
    runs: (state?.runs ?? []).map(({ run, is, startedAtMs, endedAtMs, code, reason }) => ({
      number: run.number,
      state: is,
      trigger: run.trigger,
      scheduledForMs: run.scheduledForMs,
      startedAtMs,
      endedAtMs: endedAtMs ?? null,
      code: code ?? null,
      reason,
      logPath: run.logPath,
    })),
    skipped: (state?.record.skipped ?? []).map(skippedText),
  }
}
