/**
 * Carries out what was planned on a service. Before a program is started its intent is on the disk; after, its identity.
 * Called again for the same action, it finds what it began by the mark of the intent and never starts a second copy.
 */
import type { Action } from '../../engine/action.ts'
import type { Applied, Checkpoint, EffectContext } from '../../engine/kind.ts'
import { OperationalError } from '../../errors.ts'
import { noteSecrets } from '../../targets/process/supervision/earlier-secrets.ts'
import { exitText } from '../../targets/process/supervision/exit-text.ts'
import { type Instance, markPrefixOf } from '../../targets/process/supervision/instance.ts'
import { environmentWith } from '../../targets/process/supervision/program-environment.ts'
import { instanceOf, rollingOther } from './observe.ts'
import { type Order, orderOf } from './orders.ts'
import type { ServicePorts, SharedServicePorts } from './ports.ts'
import { exitsMax, type PastExit, recordOf, type ServiceRecord, saveRecord } from './record.ts'
import { hashesOf } from './secrets.ts'
import { evidenceOf, overLimit, probeFailedText } from './state.ts'

const done: Applied = { changed: 1, skipped: [], skippedCount: 0, failed: [] }

/** What is found now, and, for undo, what a restart replaces. */
export async function checkpointService(action: Action, ports: SharedServicePorts): Promise<Checkpoint> {
  const order = orderOf(action)
  const { name } = action.resource
  if (order.verb === 'start-unit' || order.verb === 'restart-unit' || order.verb === 'stop-unit')
    return { evidence: await unitEvidence(order.unit, ports), images: 0 }
  const record = recordOf(ports.store, name)
  if (order.verb === 'restart' && order.why === 'changed' && action.cause !== 'undo' && !mayRoll(name, order, ports))
    return { evidence: 'another service is being restarted', images: 0 }
  if (order.verb === 'restart' && record?.launch != null) {
    ports.store.set('kept', action.id, { launch: record.launch, launchHash: record.launchHash })
  }
  const live = ports.host.liveWith(markPrefixOf(ports.host.workspaceId, 'service', name), 'now')
  return { evidence: evidenceOf(record?.instance.uuid ?? null, live), images: order.verb === 'restart' ? 1 : 0 }
}

/** How long a turn may take beside the grace of the old instance. */
const turnMs = 60_000

function mayRoll(name: string, order: Extract<Order, { verb: 'restart' }>, ports: SharedServicePorts): boolean {
  return rollingOther(name, ports) === undefined && ports.rollout.claim(name, order.graceMs + turnMs)
}

/** Whether a unit runs, as evidence. */
export async function unitEvidence(unit: string, { systemd }: ServicePorts): Promise<string> {
  const found = await systemd.show(unit)
  const isUp = found.is === 'known' && (found.active === 'active' || found.active === 'reloading')
  return evidenceOf(null, [isUp ? `unit-${found.mainPid}` : found.is === 'unknown' ? 'unknown' : 'down'])
}

export async function applyService(
  action: Action,
  ports: SharedServicePorts,
  context: EffectContext,
): Promise<Applied> {
  const order = orderOf(action)
  const { name } = action.resource
  switch (order.verb) {
    case 'start':
      await startInstance(action, order, ports, context)
      return done
    case 'restart':
      try {
        await restartInstance(action, order, ports, context)
      } finally {
        ports.rollout.release(name)
      }
      return done
    case 'end':
      await endInstance(name, order, ports, context)
      return done
    case 'end-leftovers':
      for (const uuid of order.instances) await endByUuid(name, uuid, order.graceMs, ports, context)
      return done
    case 'adopt':
      adoptInstance(name, order.instance, ports)
      return done
    case 'start-unit':
      await ports.systemd.start(order.unit)
      return done
    case 'restart-unit':
      await ports.systemd.restart(order.unit)
      return done
    case 'stop-unit':
      await ports.systemd.stop(order.unit)
      return done
  }
}

type Start = Extract<Order, { verb: 'start' }>
type Restart = Extract<Order, { verb: 'restart' }>

async function startInstance(
  action: Action,
  order: Start | Restart,
  ports: ServicePorts,
  context: EffectContext,
): Promise<void> {
  const { store, host, clock } = ports
  const { name } = action.resource
  const before = recordOf(store, name)
  const begun = before?.actionId === action.id ? before : undefined
  if (begun !== undefined && (await host.settled(begun.instance)).is !== 'never')
    return recordStarted(name, begun, ports)
  const environment = await environmentWith(ports.environment, order.launch.environment, ports.secrets)
  context.signal.throwIfAborted()
  const secrets = hashesOf(order.launch.environment, environment, ports)
  noteSecrets(order.launch.environment, environment, store)
  // An intent that nothing came of is used again: were its program about to appear after all, the lock would decide.
  const record = { ...(begun ?? intentOf(action, order, before, ports)), secrets }
  saveRecord(store, name, record)
  const instance = await host.launch({
    uuid: record.instance.uuid,
    mark: record.instance.mark,
    command: order.launch.command,
    directory: order.launch.directory,
    environment,
    lockName: `service-${name}`,
    logPath: order.log.path,
    logBytesMax: order.log.bytesMax,
    logFilesMax: order.log.filesMax,
    descriptorsMax: order.launch.descriptors ?? undefined,
  })
  saveRecord(store, name, { ...record, instance, startedAtMs: clock.nowMs() })
  if (before !== undefined && before.instance.uuid !== instance.uuid) host.forget(before.instance.uuid)
}

function intentOf(
  action: Action,
  order: Start | Restart,
  before: ServiceRecord | undefined,
  ports: ServicePorts,
): ServiceRecord {
  const uuid = ports.random.uuid()
  const mark = `${markPrefixOf(ports.host.workspaceId, 'service', action.resource.name)}${uuid}`
  const past = before === undefined ? [] : pastOf(before, ports)
  return {
    instance: { uuid, mark, main: null },
    actionId: action.id,
    why: whyOf(order, before, past[0]),
    launch: order.launch,
    launchHash: order.launchHash,
    secrets: {},
    intendedAtMs: ports.clock.nowMs(),
    startedAtMs: null,
    failures: order.verb === 'start' ? order.failures : 0,
    starts: (before?.starts ?? 0) + 1,
    crashes: order.verb === 'start' ? order.crashes : (before?.crashes ?? 0),
    stop: null,
    held: null,
    exits: past,
  }
}

/** How soon after a changed start a failure still counts as one of the change. */
const rolloutMs = 60_000

function whyOf(order: Start | Restart, before: ServiceRecord | undefined, last: PastExit | undefined) {
  if (order.verb === 'restart') return order.why
  if (order.asked) return 'asked'
  // One that never came about is tried again for the same reason.
  if (before?.startedAtMs === null) return before.why
  return before?.why === 'changed' && last !== undefined && last.ranMs < rolloutMs ? 'changed' : 'start'
}

/** The past ends with that of the instance before, newest first. */
function pastOf(before: ServiceRecord, { host }: ServicePorts): readonly PastExit[] & PastExit[] {
  const found = host.find(before.instance)
  if (found.is !== 'ended') return before.exits
  const atMs = found.exit.atMs ?? before.stop?.atMs ?? before.intendedAtMs
  const ranMs = Math.max(0, atMs - (before.startedAtMs ?? before.intendedAtMs))
  const reason = before.stop?.message ?? exitText(found.exit.code)
  return [{ atMs, code: found.exit.code ?? null, ranMs, reason }, ...before.exits].slice(0, exitsMax)
}

/** Completes the record of an instance that was launched before a crash cut the launch off. */
function recordStarted(name: string, begun: ServiceRecord, { store, host, clock }: ServicePorts): void {
  const found = host.find(begun.instance)
  if (found.is === 'starting')
    throw new OperationalError('PROCESS_NOT_STARTED', `${name} is about to run for longer than ten seconds`)
  const instance: Instance = found.is === 'running' ? found.instance : begun.instance
  const startedAtMs = begun.startedAtMs ?? (found.is === 'running' ? found.startedAtMs : clock.nowMs())
  saveRecord(store, name, { ...begun, instance, startedAtMs })
}

async function restartInstance(
  action: Action,
  order: Restart,
  ports: ServicePorts,
  context: EffectContext,
): Promise<void> {
  const { name } = action.resource
  const record = recordOf(ports.store, name)
  // Called again after a crash: what was begun of the new instance is not ended with the old one.
  if (order.instance !== null && record?.actionId !== action.id) {
    // A secret that cannot be read is found out while what runs still runs.
    await environmentWith(ports.environment, order.launch.environment, ports.secrets)
    await endByUuid(name, order.instance, order.graceMs, ports, context)
    noteStop(name, order.instance, order.why === 'changed' ? 'changed' : 'asked', 'restarted', ports)
  }
  await startInstance(action, order, ports, context)
}

async function endInstance(
  name: string,
  order: Extract<Order, { verb: 'end' }>,
  ports: ServicePorts,
  context: EffectContext,
): Promise<void> {
  const message = whyEnded(name, order, ports)
  await endByUuid(name, order.instance, order.graceMs, ports, context)
  noteStop(name, order.instance, order.cause, message, ports)
  const record = recordOf(ports.store, name)
  if (record !== undefined && order.heldBy !== null)
    saveRecord(ports.store, name, { ...record, held: { by: order.heldBy, session: ports.session } })
}

/** With the figures of this moment, which are found once more; of what is gone already nobody knows them. */
function whyEnded(name: string, order: Extract<Order, { verb: 'end' }>, { host, store, prober }: ServicePorts): string {
  const { instance: uuid, cause, limits, message } = order
  if (cause === 'liveness') return probeFailedText(prober.state(name, uuid))
  if (cause !== 'limit' || limits === null) return message
  const found = host.find(instanceOf(recordOf(store, name), uuid, markPrefixOf(host.workspaceId, 'service', name)))
  return (found.is === 'running' ? overLimit(limits, found.usage) : undefined) ?? message
}

function noteStop(
  name: string,
  uuid: string,
  cause: NonNullable<ServiceRecord['stop']>['cause'],
  message: string,
  { store, clock }: ServicePorts,
): void {
  const record = recordOf(store, name)
  if (record === undefined || record.instance.uuid !== uuid) return
  saveRecord(store, name, { ...record, stop: { cause, message, atMs: clock.nowMs() } })
}

async function endByUuid(
  name: string,
  uuid: string,
  graceMs: number,
  ports: ServicePorts,
  context: EffectContext,
): Promise<void> {
  const prefix = markPrefixOf(ports.host.workspaceId, 'service', name)
  const instance = instanceOf(recordOf(ports.store, name), uuid, prefix)
  const ending = () => ports.host.end(instance, graceMs, context.signal)
  await (context.outside === undefined ? ending() : context.outside(ending))
}

function adoptInstance(name: string, uuid: string, ports: ServicePorts): void {
  const before = recordOf(ports.store, name)
  const prefix = markPrefixOf(ports.host.workspaceId, 'service', name)
  const found = ports.host.find(instanceOf(before, uuid, prefix))
  if (found.is !== 'running') throw new OperationalError('ACTION_STALE', `${name} does not run any more`)
  const kept = before?.instance.uuid === uuid ? before : undefined
  saveRecord(ports.store, name, {
    instance: found.instance,
    actionId: kept?.actionId ?? null,
    why: kept?.why ?? 'adopted',
    launch: kept?.launch ?? null,
    launchHash: kept?.launchHash ?? null,
    secrets: kept?.secrets ?? {},
    intendedAtMs: kept?.intendedAtMs ?? found.startedAtMs,
    startedAtMs: found.startedAtMs,
    failures: kept?.failures ?? 0,
    starts: kept?.starts ?? 1,
    crashes: kept?.crashes ?? 0,
    stop: null,
    held: null,
    exits: kept?.exits ?? [],
  })
}

/** After a crash: did it take effect? The intent and the marks of processes tell. */
export async function probeService(
  action: Action,
  ports: ServicePorts,
): Promise<'applied' | 'partly' | 'not-applied' | 'unknown'> {
  const order = orderOf(action)
  const { name } = action.resource
  const record = recordOf(ports.store, name)
  const begun = record?.actionId === action.id ? record : undefined
  switch (order.verb) {
    case 'start':
      return begun === undefined ? 'not-applied' : startOf(begun, ports)
    case 'restart':
      if (begun !== undefined) return startOf(begun, ports)
      return order.instance === null || isLive(name, order.instance, ports) ? 'not-applied' : 'partly'
    case 'end':
      // Ended by itself or by us: calling it again notes the cause and does nothing to a process that is gone.
      return isLive(name, order.instance, ports) ? 'not-applied' : 'partly'
    case 'end-leftovers':
      return order.instances.some((uuid) => isLive(name, uuid, ports)) ? 'not-applied' : 'applied'
    case 'adopt':
      return record?.instance.uuid === order.instance && record.startedAtMs !== null ? 'applied' : 'not-applied'
    case 'start-unit':
    case 'restart-unit':
    case 'stop-unit': {
      const found = await ports.systemd.show(order.unit)
      if (found.is === 'unknown') return 'unknown'
      const isUp = found.is === 'known' && found.active === 'active'
      return isUp === (order.verb !== 'stop-unit') ? 'applied' : 'not-applied'
    }
  }
}

/**
 * How far an intended start has come. One that nothing came of, as where a process that an earlier instance left behind holds
 * the lock, is no effect that has to be completed: what stands in its way is seen by the next look and dealt with first.
 */
async function startOf(begun: ServiceRecord, { host }: ServicePorts): Promise<'applied' | 'partly' | 'not-applied'> {
  if (begun.startedAtMs !== null) return 'applied'
  return (await host.settled(begun.instance)).is === 'never' ? 'not-applied' : 'partly'
}

function isLive(name: string, uuid: string, { host }: ServicePorts): boolean {
  return host.liveWith(markPrefixOf(host.workspaceId, 'service', name)).includes(uuid)
}
