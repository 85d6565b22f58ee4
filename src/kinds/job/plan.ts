/** What is to be done about a job. Pure. */
import { isoOf } from '../../clock.ts'
import type { ActionDraft } from '../../engine/action.ts'
import type { Drift } from '../../engine/drift.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { hashOf } from '../../json.ts'
import { spanText } from '../../targets/process/supervision/exit-text.ts'
import { overdueRuns } from './diff.ts'
import { draftOf, type Order, runsProgram } from './orders.ts'
import type { Skipped } from './schedule.ts'
import type { JobDeclaration } from './spec.ts'
import type { JobState } from './state.ts'

export function planJob(
  { spec, observeOnly }: Declared<JobDeclaration>,
  observation: Observation<JobState>,
  drift: readonly Drift[],
): readonly ActionDraft[] {
  if (observeOnly || observation.is !== 'present') return []
  const { state } = observation
  const paths = new Set(drift.map(({ path }) => path))
  return [
    ...(paths.has('runtime') ? overdueRuns(spec, state).map((run) => endRun(spec, run.run, state)) : []),
    ...(paths.has('schedule') || paths.has('clock') ? planDue(spec, state) : []),
  ]
}

function endRun(spec: JobDeclaration, run: { number: number; instance: { uuid: string } }, state: JobState) {
  const reason = `ended: it ran for longer than ${spanText(spec.maxRuntimeMs ?? 0)}`
  return draftOf(
    spec.name,
    { verb: 'end-run', number: run.number, uuid: run.instance.uuid, reason },
    {
      summary: `End run ${run.number} of ${spec.name}, which goes on for longer than ${spanText(spec.maxRuntimeMs ?? 0)}`,
      precondition: state.evidence,
      resolves: ['runtime'],
      order: 0,
    },
  )
}

function planDue(spec: JobDeclaration, { due, evidence }: JobState): readonly ActionDraft[] {
  const scheduleHash = hashOf(spec.schedule)
  switch (due.is) {
    case 'nothing':
      return []
    case 'run': {
      if (spec.launch === null) return []
      const { trigger, scheduledForMs, skipped = null } = due
      const order = runOrder(spec, spec.launch, { trigger, scheduledForMs, skipped })
      const late = trigger === 'catch-up' ? `, made up for what was missed since ${isoOf(scheduledForMs)}` : ''
      const left = skipped === null ? '' : `; ${skippedText(skipped)}`
      return [
        draftOf(spec.name, order, {
          summary: `Run ${spec.name}, due ${isoOf(scheduledForMs)}${late}${left}`,
          findings: [runsProgram],
          precondition: evidence,
          resolves: ['schedule'],
        }),
      ]
    }
    case 'skip':
      return [
        draftOf(
          spec.name,
          { verb: 'skip', skipped: due.skipped, watermarkMs: due.watermarkMs, scheduleHash },
          {
            summary: `Leave out ${spec.name}: ${skippedText(due.skipped)}`,
            precondition: evidence,
            resolves: ['schedule'],
          },
        ),
      ]
    case 'clock-set-back':
      return [
        draftOf(
          spec.name,
          { verb: 'take-up-schedule', scheduleHash },
          {
            summary: `Take up the schedule of ${spec.name} from now, since the clock was set back by more than a day`,
            precondition: evidence,
            resolves: ['clock'],
          },
        ),
      ]
  }
}

/** `3 runs from … to … are left out: nobody was there to run it`. */
export function skippedText({ count, fromMs, toMs, reason }: Skipped): string {
  const which =
    count === 1 ? `the run of ${isoOf(fromMs)} is` : `${count} runs from ${isoOf(fromMs)} to ${isoOf(toMs)} are`
  return `${which} left out: ${reason}`
}

/** The order that runs a job once. */
export function runOrder(
  spec: JobDeclaration,
  launch: NonNullable<JobDeclaration['launch']>,
  when: Pick<Extract<Order, { verb: 'run' }>, 'trigger' | 'scheduledForMs' | 'skipped'>,
): Order {
  return {
    verb: 'run',
    launch,
    ...when,
    scheduleHash: hashOf(spec.schedule),
    exclusive: spec.overlap === 'forbid',
    logFolder: spec.logFolder,
  }
}
