/** What people ask for of a service beside its declaration: restart, stop, start. Each becomes an action like any other. */
import type { ActionDraft } from '../../engine/action.ts'
import type { Declared } from '../../engine/resource.ts'
import { OperationalError } from '../../errors.ts'
import { markPrefixOf } from '../../targets/process/supervision/instance.ts'
import { unitEvidence } from './apply.ts'
import { draftOf } from './orders.ts'
import { end, restart, start } from './plan.ts'
import type { ServicePorts } from './ports.ts'
import { recordedServices, recordOf } from './record.ts'
import type { ServiceDeclaration } from './spec.ts'
import { evidenceOf } from './state.ts'

export type ServiceRequest = 'restart' | 'start' | 'stop'

const undeclaredGraceMs = 30_000

/**
 * The action for a request, on what is there now; undefined where it is so already. A service that is no longer declared
 * can be stopped. Throws NOT_FOUND, and USAGE where Trueup is not who starts it.
 */
export async function requestedAction(
  name: string,
  request: ServiceRequest,
  declared: Declared<ServiceDeclaration> | undefined,
  by: string,
  ports: ServicePorts,
): Promise<ActionDraft | undefined> {
  const record = recordOf(ports.store, name)
  const prefix = markPrefixOf(ports.host.workspaceId, 'service', name)
  const live = ports.host.liveWith(prefix)
  if (declared === undefined && record === undefined && live.length === 0)
    throw new OperationalError('NOT_FOUND', `no service is named ${name}`, { hint: 'See `trueup service list`.' })
  const evidence = evidenceOf(record?.instance.uuid ?? null, live)
  const uuid = live.find((one) => one === record?.instance.uuid) ?? live[0]
  const message = `stopped by ${by}`
  const driver = declared?.spec.driver
  if (driver?.is === 'systemd') return unitAction(name, driver.unit, request, ports)
  if (request === 'stop') {
    const spec = declared?.spec ?? { name, graceMs: undeclaredGraceMs }
    // What is down and would be started again soon is held down too: ending what is gone is done at once.
    const ended = uuid ?? record?.instance.uuid
    return ended === undefined
      ? undefined
      : end(spec, { evidence }, { uuid: ended, cause: 'asked', message, path: undefined, heldBy: by })
  }
  if (declared === undefined || driver?.is !== 'command')
    throw new OperationalError('USAGE', `Trueup does not start ${name}`, {
      hint: 'Declare its command, or use the means of whoever runs it.',
    })
  if (declared.observeOnly)
    throw new OperationalError('USAGE', `${name} is declared to be observed only`, {
      hint: 'Change `manage` in the desired state when Trueup shall start it.',
    })
  const { spec } = declared
  if (uuid === undefined) return start(spec, driver, { record, evidence }, 0, true)
  return request === 'start' ? undefined : restart(spec, driver, { evidence, uuid }, 'asked')
}

/** Ends what runs without holding it down; undefined where nothing runs, or others start it. */
export async function pauseAction(
  { spec, observeOnly }: Declared<ServiceDeclaration>,
  why: string,
  ports: ServicePorts,
): Promise<ActionDraft | undefined> {
  const { name, driver } = spec
  if (observeOnly) return undefined
  if (driver.is === 'systemd') {
    const found = await ports.systemd.show(driver.unit)
    const isUp = found.is === 'known' && (found.active === 'active' || found.active === 'reloading')
    return isUp ? unitAction(name, driver.unit, 'stop', ports) : undefined
  }
  if (driver.is !== 'command') return undefined
  const record = recordOf(ports.store, name)
  const live = ports.host.liveWith(markPrefixOf(ports.host.workspaceId, 'service', name), 'now')
  const uuid = live.find((one) => one === record?.instance.uuid) ?? live[0]
  if (uuid === undefined) return undefined
  const evidence = evidenceOf(record?.instance.uuid ?? null, live)
  return end(spec, { evidence }, { uuid, cause: 'asked', message: `stopped while ${why}`, path: undefined })
}

async function unitAction(
  name: string,
  unit: string,
  request: ServiceRequest,
  ports: ServicePorts,
): Promise<ActionDraft> {
  const verb = ({ restart: 'restart-unit', start: 'start-unit', stop: 'stop-unit' } as const)[request]
  return draftOf(
    name,
    { verb, unit },
    {
      summary: `${request} the unit ${unit}`,
      risk: 'low',
      precondition: await unitEvidence(unit, ports),
      resolves: [],
      order: 0,
    },
  )
}

/** Names of services that run or ran, and that the desired state does not declare. */
export function undeclaredServices(declared: ReadonlySet<string>, ports: ServicePorts): readonly string[] {
  return recordedServices(ports.store).filter(
    (name) =>
      !declared.has(name) && ports.host.liveWith(markPrefixOf(ports.host.workspaceId, 'service', name)).length > 0,
  )
}
