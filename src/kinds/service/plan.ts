/** What brings a service to what is declared. Pure. */
import type { ActionDraft } from '../../engine/action.ts'
import type { Drift } from '../../engine/drift.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { commandText, draftOf, runsProgram } from './orders.ts'
import type { Driver, ServiceDeclaration } from './spec.ts'
import { probeFailedText, type ServiceState } from './state.ts'

type Command = Extract<Driver, { is: 'command' }>

/** The actions for drift that may be mended. Nothing is planned that has to wait: for its pause, or for other services. */
export function planService(
  { spec, observeOnly }: Declared<ServiceDeclaration>,
  observation: Observation<ServiceState>,
  drift: readonly Drift[],
): readonly ActionDraft[] {
  if (observeOnly || observation.is !== 'present') return []
  const { state } = observation
  const paths = new Set(drift.map(({ path }) => path))
  switch (spec.driver.is) {
    case 'command':
      return planCommand(spec, spec.driver, state, paths)
    case 'systemd':
      return planUnit(spec, spec.driver.unit, state, paths)
    default:
      return []
  }
}

function planCommand(
  spec: ServiceDeclaration,
  driver: Command,
  state: ServiceState,
  paths: ReadonlySet<string>,
): readonly ActionDraft[] {
  const { phase } = state
  const leftovers = paths.has('leftovers') ? [endLeftovers(spec, state)] : []
  if (phase.is === 'down') {
    const { downtime } = phase
    const may = paths.has('process') && downtime.is === 'due' && state.waitsFor.length === 0
    return may ? [...leftovers, start(spec, driver, state, downtime.failures, false)] : leftovers
  }
  if (phase.is !== 'running') return leftovers
  if (paths.has('record')) return [...leftovers, adopt(spec, phase.uuid, phase.pid, state)]
  const { uuid } = phase
  if (paths.has('limits')) return [...leftovers, endGreedy(spec, state, uuid)]
  if (paths.has('liveness')) return [...leftovers, endMute(spec, state, uuid)]
  const changed = ['declaration', 'secrets'].filter((path) => paths.has(path))
  // One that could not be started again is not ended.
  if (changed.length > 0 && state.rolling === undefined && state.secrets.unreadable.length === 0)
    return [...leftovers, restart(spec, driver, { evidence: state.evidence, uuid }, 'changed', changed)]
  return leftovers
}

function startInput(spec: ServiceDeclaration, { launch, launchHash }: Command) {
  return { launch, launchHash, log: spec.log }
}

/** Starts it. `asked` where a person did: failures of before do not count then. */
export function start(
  spec: ServiceDeclaration,
  driver: Command,
  state: Pick<ServiceState, 'record' | 'evidence'>,
  failures: number,
  asked: boolean,
): ActionDraft {
  const crashes = (state.record?.crashes ?? 0) + (failures > (state.record?.failures ?? 0) ? 1 : 0)
  return draftOf(
    spec.name,
    { verb: 'start', ...startInput(spec, driver), failures: asked ? 0 : failures, crashes, asked },
    {
      summary: `Start ${spec.name}: ${commandText(driver.launch.command)}${failures > 0 && !asked ? `, after ${failures} ${failures === 1 ? 'failure' : 'failures in a row'}` : ''}`,
      risk: 'low',
      findings: [runsProgram],
      precondition: state.evidence,
      resolves: ['process'],
      order: 10,
    },
  )
}

/** Ends what runs and starts it as declared. */
export function restart(
  spec: ServiceDeclaration,
  driver: Command,
  state: { readonly evidence: string; readonly uuid: string },
  why: 'changed' | 'asked',
  /** What of it has changed, as paths of drift. */
  changed: readonly string[] = [],
): ActionDraft {
  const what = changed.includes('declaration') ? 'changed command, folder or environment' : 'changed secrets'
  return draftOf(
    spec.name,
    { verb: 'restart', ...startInput(spec, driver), instance: state.uuid, graceMs: spec.graceMs, why },
    {
      summary:
        why === 'changed'
          ? `Restart ${spec.name} with its ${what}: ${commandText(driver.launch.command)}`
          : `Restart ${spec.name}`,
      // The owner says by `onChange` whether somebody is asked first.
      risk: why === 'changed' && spec.onChange === 'approve' ? 'high' : 'low',
      findings: [runsProgram],
      precondition: state.evidence,
      resolves: changed,
      order: 10,
    },
  )
}

export interface EndRequest {
  readonly uuid: string
  readonly cause: 'asked' | 'changed' | 'undo' | 'liveness' | 'limit'
  readonly message: string
  /** The same with the figures of this moment, for a person; they are no part of what is approved. */
  readonly told?: string | undefined
  readonly limits?: ServiceDeclaration['limits']
  readonly path: string | undefined
  readonly heldBy?: string
}

/** Ends an instance; whether and when it is started again follows from the cause. */
export function end(
  spec: Pick<ServiceDeclaration, 'name' | 'graceMs'>,
  state: Pick<ServiceState, 'evidence'>,
  { uuid, cause, message, told = message, limits, path, heldBy }: EndRequest,
): ActionDraft {
  return draftOf(
    spec.name,
    {
      verb: 'end',
      instance: uuid,
      graceMs: spec.graceMs,
      cause,
      message,
      limits: limits ?? null,
      heldBy: heldBy ?? null,
    },
    {
      summary: `End ${spec.name}: ${told}`,
      risk: 'low',
      precondition: state.evidence,
      resolves: path === undefined ? [] : [path],
      order: 10,
    },
  )
}

function endGreedy(spec: ServiceDeclaration, state: ServiceState, uuid: string): ActionDraft {
  const message = 'it takes more than its limits allow'
  const { limits } = spec
  return end(spec, state, { uuid, cause: 'limit', message, told: state.over, limits, path: 'limits' })
}

function endMute(spec: ServiceDeclaration, state: ServiceState, uuid: string): ActionDraft {
  const told = probeFailedText(state.probe)
  return end(spec, state, { uuid, cause: 'liveness', message: 'its probe failed', told, path: 'liveness' })
}

function endLeftovers(spec: ServiceDeclaration, { leftovers, evidence }: ServiceState): ActionDraft {
  const pids = leftovers.flatMap((one) => one.pids)
  const instances = leftovers.map(({ uuid }) => uuid)
  return draftOf(
    spec.name,
    { verb: 'end-leftovers', instances, graceMs: spec.graceMs },
    {
      summary: `End ${pids.length} ${pids.length === 1 ? 'process' : 'processes'} that ${spec.name} left behind`,
      risk: 'low',
      precondition: evidence,
      resolves: ['leftovers'],
      order: 0,
    },
  )
}

function adopt(spec: ServiceDeclaration, uuid: string, pid: number, { evidence }: ServiceState): ActionDraft {
  return draftOf(
    spec.name,
    { verb: 'adopt', instance: uuid },
    {
      summary: `Adopt process ${pid}, which runs as ${spec.name}`,
      risk: 'low',
      precondition: evidence,
      resolves: ['record'],
      order: 10,
    },
  )
}

function planUnit(
  { name, graceMs }: ServiceDeclaration,
  unit: string,
  { evidence, phase }: ServiceState,
  paths: ReadonlySet<string>,
): readonly ActionDraft[] {
  const rest = { risk: 'low' as const, precondition: evidence, order: 10 }
  if (phase.is === 'down' && paths.has('process'))
    return [
      draftOf(
        name,
        { verb: 'start-unit', unit },
        { ...rest, summary: `Start the unit ${unit}`, resolves: ['process'] },
      ),
    ]
  if (phase.is === 'running' && paths.has('liveness'))
    return [
      draftOf(
        name,
        { verb: 'restart-unit', unit },
        { ...rest, summary: `Restart the unit ${unit}, within ${graceMs / 1000} s of grace`, resolves: ['liveness'] },
      ),
    ]
  return []
}
