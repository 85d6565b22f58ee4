/** What differs between a declared job and what became of it. Pure. */
import { isoOf } from '../../clock.ts'
import type { DriftDraft } from '../../engine/drift.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { spanText } from '../../targets/process/supervision/exit-text.ts'
import type { JobDeclaration } from './spec.ts'
import { isLive, type JobState, type RunState } from './state.ts'

export function differencesOf(
  { spec, observeOnly }: Declared<JobDeclaration>,
  observation: Observation<JobState>,
): readonly DriftDraft[] {
  if (observation.is !== 'present') return []
  const { state } = observation
  return [
    ...(observeOnly ? [] : scheduleDrift(spec, state)),
    ...(observeOnly ? [] : runtimeDrift(spec, state)),
    ...lateDrift(spec, state),
    ...failureDrift(spec, state),
    ...unknownDrift(spec, state),
  ]
}

function drift(
  path: string,
  severity: DriftDraft['severity'],
  message: string,
  rest: Pick<DriftDraft, 'desired' | 'observed'> & Pick<Partial<DriftDraft>, 'byHand'>,
): DriftDraft {
  return { path, severity, category: 'service', affected: { count: 0, sample: [] }, message, ...rest }
}

function scheduleDrift({ name }: JobDeclaration, { due }: JobState): DriftDraft[] {
  switch (due.is) {
    case 'nothing':
      return []
    case 'run':
      return [
        drift('schedule', 'low', `${name} is due since ${isoOf(due.scheduledForMs)}.`, {
          desired: isoOf(due.scheduledForMs),
          observed: 'not run',
        }),
      ]
    case 'skip':
      return [
        drift('schedule', 'low', `${name} was not run ${due.skipped.count} times: ${due.skipped.reason}.`, {
          desired: isoOf(due.watermarkMs),
          observed: 'not run',
        }),
      ]
    case 'clock-set-back':
      return [
        drift('clock', 'medium', `The clock was set back by more than a day since ${name} last ran.`, {
          desired: 'a clock that goes forward',
          observed: 'set back',
        }),
      ]
  }
}

/** The live runs that have gone on for too long. */
export function overdueRuns({ maxRuntimeMs }: JobDeclaration, state: JobState): readonly RunState[] {
  if (maxRuntimeMs === null) return []
  return state.runs.filter((run) => isLive(run) && state.observedAtMs - run.startedAtMs > maxRuntimeMs)
}

function runtimeDrift(spec: JobDeclaration, state: JobState): DriftDraft[] {
  const overdue = overdueRuns(spec, state)
  if (overdue.length === 0) return []
  return [
    drift('runtime', 'medium', `${spec.name} runs for longer than ${spanText(spec.maxRuntimeMs ?? 0)}.`, {
      desired: spec.maxRuntimeMs,
      observed: overdue.map(({ run }) => run.number),
    }),
  ]
}

function lateDrift({ name, launch, succeedWithinMs }: JobDeclaration, state: JobState): DriftDraft[] {
  const { lateFromMs, lastSuccessAtMs, observedAtMs } = state
  if (lateFromMs === undefined || lateFromMs >= observedAtMs) return []
  const last = lastSuccessAtMs === undefined ? 'never' : `last ${isoOf(lastSuccessAtMs)}`
  return [
    drift('success', 'high', `${name} has not succeeded within ${spanText(succeedWithinMs ?? 0)} (${last}).`, {
      desired: `within ${spanText(succeedWithinMs ?? 0)}`,
      observed: last,
      byHand:
        launch === null
          ? 'Look at whoever runs it.'
          : `See \`trueup service logs ${name}\`, mend it and run \`trueup service run ${name}\`.`,
    }),
  ]
}

function failureDrift({ name, launch }: JobDeclaration, state: JobState): DriftDraft[] {
  const [newest] = state.runs
  const byHand =
    launch === null
      ? 'Look at whoever runs it.'
      : `See \`trueup service logs ${name}\`; \`trueup service run ${name}\` runs it again, else it runs as scheduled.`
  if (newest?.is === 'failed')
    return [
      drift('last-run', 'medium', `The last run of ${name} failed: ${newest.reason}.`, {
        desired: 0,
        observed: newest.code ?? newest.reason,
        byHand,
      }),
    ]
  const { failureAtMs } = state.record.pings
  if (launch !== null || failureAtMs === null || failureAtMs <= (state.lastSuccessAtMs ?? 0)) return []
  return [
    drift('last-run', 'medium', `${name} reported a failure at ${isoOf(failureAtMs)}.`, {
      desired: 'success',
      observed: 'failure',
      byHand,
    }),
  ]
}

function unknownDrift({ name }: JobDeclaration, { unknown }: JobState): DriftDraft[] {
  if (unknown === undefined) return []
  return [
    drift('report', 'medium', `Whether ${name} succeeded cannot be told: ${unknown}.`, {
      desired: 'a report that can be read',
      observed: unknown,
      byHand: 'Give the user that runs Trueup the right to read it.',
    }),
  ]
}
