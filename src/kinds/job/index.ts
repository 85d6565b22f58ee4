/**
 * The kind `job`: one resource per `jobs` entry, a program that must succeed in time. Everything here joins the parts; what
 * each keeps true stands in its module.
 */
import type { Action, ActionDraft } from '../../engine/action.ts'
import type { Kind, UndoPlan, Waits } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { OperationalError } from '../../errors.ts'
import { figure } from '../../metrics/catalogue.ts'
import { outputOf, type ProgramOutput } from '../../targets/process/supervision/log-files.ts'
import { redactor } from '../../targets/process/supervision/program-environment.ts'
import { applyJob, checkpointJob, probeJob } from './apply.ts'
import { differencesOf } from './diff.ts'
import { describeJob, jobHealth } from './health.ts'
import { observeJob, runState } from './observe.ts'
import { draftOf, orderOf, runsProgram } from './orders.ts'
import { type PingOutcome, pingTokenOf, takePing } from './ping.ts'
import { planJob, runOrder } from './plan.ts'
import type { JobPorts } from './ports.ts'
import { jobRecordOf, runsOf } from './record.ts'
import { type JobDeclaration, jobKindName, listJobs } from './spec.ts'
import { evidenceOf, isLive, type JobState } from './state.ts'
import { createJobWatch } from './watch.ts'

export { jobViewOf } from './health.ts'
export type { PingOutcome } from './ping.ts'
export type { JobPorts } from './ports.ts'
export { type JobDeclaration, jobKindName } from './spec.ts'

export interface JobKind extends Kind<JobDeclaration, JobState> {
  /** The action that runs a job now because a person asks. Throws USAGE where that is not Trueup's to do. */
  request(declared: Declared<JobDeclaration>, by: string): ActionDraft
  /** The log of its newest run with the secrets of its environment blotted out; undefined before the first run. */
  output(declared: Declared<JobDeclaration>): Promise<ProgramOutput | undefined>
  /** The secret at the end of the address by which others report; undefined for a job that has none. */
  pingToken(declared: Declared<JobDeclaration>): string | undefined
  /** Takes a report; gives the job it is for, undefined for a token that is none. */
  ping(token: string, outcome: PingOutcome, declared: readonly Declared<JobDeclaration>[]): string | undefined
}

/** Makes the kind. */
export function jobKind(ports: JobPorts): JobKind {
  const watching = createJobWatch(ports)
  return {
    name: jobKindName,
    category: 'service',
    list: (desired) => listJobs(desired, ports),
    observe: (resource) => observeJob(resource, ports),
    diff: differencesOf,
    plan: planJob,
    checkpoint: (action) => checkpointJob(action, ports),
    apply: (action, context) => applyJob(action, ports, context),
    probe: (action) => probeJob(action, ports),
    planUndo: (action) => planJobUndo(action, ports),
    watch: (resource, notify) => watching.watch(resource, notify),
    lookAgainAfterMs,
    waits: waitsOf,
    health: (resource, observation) => jobHealth(resource.spec, observation),
    figures: (_resource, observation) =>
      observation.is === 'present'
        ? figure('jobs_late', ['Late', 'Failed'].includes(observation.state.name) ? 1 : 0)
        : [],
    describe: describeJob,
    request: (declared, by) => requestRun(declared, by, ports),
    async output({ spec }) {
      const [newest] = runsOf(ports.store, spec.name)
      if (newest === undefined) return undefined
      const found = ports.host.find(newest.instance)
      const pid = found.is === 'running' ? found.instance.main?.pid : undefined
      return outputOf(newest.logPath, await redactor(spec.launch?.environment ?? {}, ports.secrets, pid))
    },
    pingToken: ({ spec }) => (spec.ping !== null && 'url' in spec.ping ? pingTokenOf(spec.name, ports) : undefined),
    ping(token, outcome, declared) {
      const name = takePing(token, outcome, declared, ports)
      if (name !== undefined) watching.notify(name)
      return name
    },
  }
}

function requestRun({ spec, observeOnly }: Declared<JobDeclaration>, by: string, ports: JobPorts): ActionDraft {
  if (spec.launch === null || observeOnly)
    throw new OperationalError('USAGE', `Trueup does not run ${spec.name}`, {
      hint: 'Others run it; it is only observed here.',
    })
  const live = runsOf(ports.store, spec.name).filter((run) => isLive(runState(run, ports)))
  if (live.length > 0 && spec.overlap === 'forbid')
    throw new OperationalError('USAGE', `${spec.name} runs already`, {
      hint: 'Wait until it has ended, or declare `overlap: allow`.',
    })
  const order = runOrder(spec, spec.launch, { trigger: 'request', scheduledForMs: null, skipped: null })
  const uuids = live.map(({ instance }) => instance.uuid)
  return draftOf(spec.name, order, {
    summary: `Run ${spec.name}, as ${by} asks`,
    findings: [runsProgram],
    precondition: evidenceOf(jobRecordOf(ports.store, spec.name), uuids),
    resolves: [],
  })
}

async function planJobUndo(action: Action, ports: JobPorts): Promise<UndoPlan> {
  const order = orderOf(action)
  const { name } = action.resource
  if (order.verb !== 'run') return { is: 'not-undoable', reason: 'a moment that has passed does not come back' }
  const run = runsOf(ports.store, name).find((one) => one.actionId === action.id)
  if (run === undefined || !isLive(runState(run, ports)))
    return { is: 'not-undoable', reason: 'the run has ended; what the program did is its own' }
  const live = runsOf(ports.store, name).filter((one) => isLive(runState(one, ports)))
  const draft = draftOf(
    name,
    { verb: 'end-run', number: run.number, uuid: run.instance.uuid, reason: 'ended: the run was undone' },
    {
      summary: `End run ${run.number} of ${name}`,
      precondition: evidenceOf(
        jobRecordOf(ports.store, name),
        live.map(({ instance }) => instance.uuid),
      ),
      resolves: [],
    },
  )
  return { is: 'undo', draft, conflicts: [] }
}

/** The next moment at which something about it changes by the clock alone. */
function lookAgainAfterMs({ spec }: Declared<JobDeclaration>, observation: Observation<JobState>): number | undefined {
  if (observation.is !== 'present') return undefined
  const { observedAtMs, nextAtMs, lateFromMs, runs } = observation.state
  const moments = [
    ...(nextAtMs === undefined ? [] : [nextAtMs]),
    ...(lateFromMs !== undefined && lateFromMs >= observedAtMs ? [lateFromMs + 1] : []),
    ...(spec.maxRuntimeMs === null
      ? []
      : runs.filter(isLive).map(({ startedAtMs }) => startedAtMs + (spec.maxRuntimeMs ?? 0) + 1)),
  ]
  return moments.length === 0 ? undefined : Math.max(0, Math.min(...moments) - observedAtMs)
}

function waitsOf({ spec }: Declared<JobDeclaration>, observation: Observation<JobState>): Waits | undefined {
  if (observation.is !== 'present') return undefined
  const { state } = observation
  const [newest] = state.runs
  const words = state.output === '' ? '' : `; its last words: ${JSON.stringify(state.output)}`
  const next = state.nextAtMs === undefined ? {} : { untilMs: state.nextAtMs }
  if (state.unknown !== undefined)
    return { reason: { code: 'report-unknown', message: state.unknown, isUnknown: true } }
  switch (state.name) {
    case 'Late':
      return {
        reason: { code: 'job-late', message: `it has not succeeded in time${failureText(newest?.reason)}${words}` },
        ...next,
      }
    case 'Failed':
      return {
        reason: {
          code: 'job-failed',
          message: `its last run failed${failureText(newest?.reason)}${words}`,
          nextStep: spec.launch === null ? 'look at whoever runs it' : `see \`trueup service logs ${spec.name}\``,
        },
        ...next,
      }
    default:
      return undefined
  }
}

function failureText(reason: string | undefined): string {
  return reason === undefined || reason === '' ? '' : `: ${reason}`
}
