/**
 * The kind `service`: one resource per `services` entry, a program that is kept running. Everything here joins the parts;
 * what each keeps true stands in its module.
 */
import type { ActionDraft } from '../../engine/action.ts'
import type { Kind } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { markPrefixOf } from '../../targets/process/supervision/instance.ts'
import { outputOf, type ProgramOutput } from '../../targets/process/supervision/log-files.ts'
import { environmentOf } from '../../targets/process/supervision/proc.ts'
import { markVariable } from '../../targets/process/supervision/process-table.ts'
import { redactor } from '../../targets/process/supervision/program-environment.ts'
import { applyService, checkpointService, probeService } from './apply.ts'
import { differencesOf } from './diff.ts'
import { describeService, serviceHealth } from './health.ts'
import { observeService } from './observe.ts'
import { planService } from './plan.ts'
import type { ServicePorts } from './ports.ts'
import { recordOf } from './record.ts'
import { pauseAction, requestedAction, type ServiceRequest, undeclaredServices } from './requests.ts'
import { createRollout } from './rollout.ts'
import { listServices, type ServiceDeclaration, serviceKindName } from './spec.ts'
import type { ServiceState } from './state.ts'
import { planServiceUndo } from './undo.ts'
import { foreignEveryMs, turningMs, waitsOf } from './waits.ts'
import { createServiceWatch } from './watch.ts'

export { serviceViewOf } from './health.ts'
export type { ServicePorts } from './ports.ts'
export type { ServiceRequest } from './requests.ts'
export { type ServiceDeclaration, serviceKindName } from './spec.ts'

export interface ServiceKind extends Kind<ServiceDeclaration, ServiceState> {
  /** What a person asks for, as an action; undefined where it is so already. Throws NOT_FOUND and USAGE. */
  request(
    name: string,
    request: ServiceRequest,
    declared: Declared<ServiceDeclaration> | undefined,
    by: string,
  ): Promise<ActionDraft | undefined>
  /** Its log with the secrets of its environment blotted out; undefined for one that others start. */
  output(declared: Declared<ServiceDeclaration>): Promise<ProgramOutput | undefined>
  /** Whether a process of it, started by Trueup, runs. */
  isRunning(name: string): boolean
  /** The action that ends it for a while, without keeping it down; undefined where nothing runs that Trueup may end. */
  requestPause(declared: Declared<ServiceDeclaration>, why: string): Promise<ActionDraft | undefined>
  /** Whether a process is part of what was started as this service. */
  owns(name: string, pid: number): boolean
  /** Names of services that run and are not declared any more. */
  undeclared(declared: ReadonlySet<string>): readonly string[]
}

/** Makes the kind. */
export function serviceKind(settings: ServicePorts): ServiceKind {
  const ports = { ...settings, rollout: createRollout(settings.clock) }
  const noticed = new Map<string, number>()
  const watching = createServiceWatch(ports)
  return {
    name: serviceKindName,
    category: 'service',
    list: (desired) => listServices(desired, ports),
    observe: (resource, _scope, context) => observeService(resource, ports, noticed, context.signal),
    diff: differencesOf,
    plan: planService,
    checkpoint: (action) => checkpointService(action, ports),
    apply: (action, context) => applyService(action, ports, context),
    probe: (action) => probeService(action, ports),
    planUndo: (action) => planServiceUndo(action, ports),
    watch: (resource, notify) => watching.watch(resource, notify),
    lookAgainAfterMs,
    waits: waitsOf,
    health: (resource, observation, drift) => serviceHealth(resource.spec, observation, drift),
    describe: describeService,
    request: (name, request, declared, by) => requestedAction(name, request, declared, by, ports),
    async output({ spec }) {
      if (spec.driver.is !== 'command') return undefined
      const record = recordOf(ports.store, spec.name)
      const found = record === undefined ? undefined : ports.host.find(record.instance)
      const pid = found?.is === 'running' ? found.instance.main?.pid : undefined
      return outputOf(spec.log.path, await redactor(spec.driver.launch.environment, ports.secrets, pid))
    },
    isRunning: (name) => ports.host.liveWith(markPrefixOf(ports.host.workspaceId, 'service', name)).length > 0,
    requestPause: (declared, why) => pauseAction(declared, why, ports),
    owns: (name, pid) =>
      environmentOf(pid, markVariable)?.startsWith(markPrefixOf(ports.host.workspaceId, 'service', name)) === true,
    undeclared: (declared) => undeclaredServices(declared, ports),
  }
}

function lookAgainAfterMs(
  { spec }: Declared<ServiceDeclaration>,
  observation: Observation<ServiceState>,
): number | undefined {
  if (observation.is !== 'present') return undefined
  const { phase, observedAtMs } = observation.state
  if (spec.driver.is !== 'command') return foreignEveryMs
  if (phase.is === 'turning') return turningMs
  if (phase.is !== 'down' || phase.downtime.dueAtMs === undefined) return undefined
  return Math.max(0, phase.downtime.dueAtMs - observedAtMs)
}
