/** Looks at a service. Changes nothing; probes it once where no prober does so over and over. */
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { OperationalError } from '../../errors.ts'
import { probe } from '../../targets/process/probes/probe.ts'
import { notProbed, type ProbeState, stepProbe } from '../../targets/process/probes/probe-state.ts'
import { spanText } from '../../targets/process/supervision/exit-text.ts'
import { type Instance, markPrefixOf } from '../../targets/process/supervision/instance.ts'
import type { Launch } from '../../targets/process/supervision/launch-declaration.ts'
import type { Finding } from '../../targets/process/supervision/ports.ts'
import { redactor } from '../../targets/process/supervision/program-environment.ts'
import { type Downtime, downtimeOf } from './downtime.ts'
import type { ServicePorts, SharedServicePorts } from './ports.ts'
import { recordedServices, recordOf, type ServiceRecord } from './record.ts'
import { compareSecrets, sameSecrets } from './secrets.ts'
import type { ServiceDeclaration } from './spec.ts'
import { evidenceOf, fingerprintOf, overLimit, type Phase, type ServiceState } from './state.ts'

/** How much of a log is looked at for the last words of a program, and how many lines of it are shown. */
const outputBytesMax = 4000
const outputLinesMax = 5

/** When an end was noticed whose moment nobody recorded, by uuid: kept for this life of Trueup. */
export type Noticed = Map<string, number>

export async function observeService(
  { spec, observeOnly }: Declared<ServiceDeclaration>,
  ports: SharedServicePorts,
  noticed: Noticed,
  signal: AbortSignal,
): Promise<Observation<ServiceState>> {
  const { driver } = spec
  const base = driver.is === 'command' ? await observeCommand(spec, ports, noticed) : await observeForeign(spec, ports)
  if (base === undefined)
    return { is: 'unreadable', error: new OperationalError('PROCESS_NOT_STARTED', ports.host.unsupported ?? '') }
  const { phase, record } = base
  const probed = phase.is === 'running' ? await probeOnce(spec, phase, ports, signal) : undefined
  const isWell = phase.is === 'running' && (probed === undefined || probed.phase === 'ready')
  const state: ServiceState = {
    ...base,
    observedAtMs: ports.clock.nowMs(),
    probe: probed,
    waitsFor: observeOnly ? [] : spec.services.filter((name) => !isReady(name, ports)),
    rolling: ports.rollout.other(spec.name) ?? rollingOther(spec.name, ports),
    over: phase.is === 'running' ? overLimit(spec.limits, phase.usage) : undefined,
    output: isWell || driver.is !== 'command' ? '' : await lastWords(spec.log.path, driver.launch, phase, ports),
    log: driver.is === 'command' ? logOf(spec, ports) : undefined,
    record,
  }
  return { is: 'present', state, fingerprint: fingerprintOf(state) }
}

type Base = Pick<ServiceState, 'record' | 'phase' | 'leftovers' | 'secrets' | 'evidence'>

async function observeCommand(
  spec: ServiceDeclaration,
  ports: ServicePorts,
  noticed: Noticed,
): Promise<Base | undefined> {
  const { store } = ports
  if (ports.host.unsupported !== undefined || spec.driver.is !== 'command') return undefined
  const secrets = await compareSecrets(spec.driver.launch.environment, recordOf(store, spec.name), ports)
  return { ...lookAtProcesses(spec, spec.driver, secrets.changed.length > 0, ports, noticed), secrets }
}

function lookAtProcesses(
  spec: ServiceDeclaration,
  driver: Extract<ServiceDeclaration['driver'], { is: 'command' }>,
  secretsChanged: boolean,
  ports: ServicePorts,
  noticed: Noticed,
): Omit<Base, 'secrets'> {
  const { host, store, clock } = ports
  const record = recordOf(store, spec.name)
  const prefix = markPrefixOf(host.workspaceId, 'service', spec.name)
  // What was forked a moment ago may be missing from a brief look: before a start all is looked at anew.
  const isUp = record !== undefined && host.find(record.instance).is === 'running'
  const live = isUp ? host.liveWith(prefix) : host.liveWith(prefix, 'now')
  const finding = record === undefined ? undefined : host.find(record.instance)
  const evidence = evidenceOf(record?.instance.uuid ?? null, live)
  const others = live.filter((uuid) => uuid !== record?.instance.uuid)
  const strays = others.map((uuid) => ({ uuid, found: host.find({ uuid, mark: `${prefix}${uuid}`, main: null }) }))
  const leftovers = strays.map(({ uuid, found }) => ({ uuid, pids: pidsOf(found) }))
  if (record !== undefined && finding?.is === 'running')
    return { record, evidence, leftovers, phase: running(finding, record.launchHash, record.startedAtMs === null) }
  if (finding?.is === 'starting') return { record, evidence, leftovers, phase: { is: 'turning' } }
  const [stray] = strays
  // Without a record whatever runs is this service: the record was lost, not the program.
  if (record === undefined && stray?.found.is === 'running')
    return { record, evidence, leftovers: leftovers.slice(1), phase: running(stray.found, null, true) }
  const uuid = record?.instance.uuid ?? ''
  const noticedAtMs = noticed.get(uuid) ?? clock.nowMs()
  if (uuid !== '') noticed.set(uuid, noticedAtMs)
  const { launchHash } = driver
  const now = { ms: clock.nowMs(), session: ports.session, noticedAtMs }
  const downtime = downtimeOf({ ...spec, launchHash, secretsChanged }, record, finding, now)
  const own = finding?.is === 'ended' && finding.leftovers.length > 0 ? [{ uuid, pids: finding.leftovers }] : []
  return { record, evidence, leftovers: [...own, ...leftovers], phase: { is: 'down', downtime } }
}

function pidsOf(found: Finding): readonly number[] {
  if (found.is === 'ended') return found.leftovers
  return found.is === 'running' && found.instance.main !== null ? [found.instance.main.pid] : []
}

function running(finding: Extract<Finding, { is: 'running' }>, launchHash: string | null, unrecorded: boolean): Phase {
  const { instance, startedAtMs, usage } = finding
  return {
    is: 'running',
    uuid: instance.uuid,
    pid: instance.main?.pid ?? 0,
    startedAtMs,
    usage,
    launchHash,
    unrecorded,
  }
}

async function observeForeign(spec: ServiceDeclaration, ports: ServicePorts): Promise<Base> {
  const phase = await foreignPhase(spec, ports)
  const live = phase.is === 'running' ? [phase.uuid] : [phase.is]
  return { record: undefined, leftovers: [], phase, secrets: sameSecrets, evidence: evidenceOf(null, live) }
}

async function foreignPhase({ driver }: ServiceDeclaration, { systemd, foreign, clock }: ServicePorts): Promise<Phase> {
  const nowMs = clock.nowMs()
  if (driver.is === 'systemd') {
    const unit = await systemd.show(driver.unit)
    if (unit.is === 'unknown') return unit
    if (unit.is === 'absent') return down(`there is no unit ${driver.unit}`)
    if (unit.active === 'activating' || unit.active === 'deactivating') return { is: 'turning' }
    if (unit.active !== 'active' && unit.active !== 'reloading')
      return down(`systemd says ${unit.active} (${unit.result})`)
    const usage = { processes: 1, memoryBytes: unit.memoryBytes ?? 0, cpuMs: 0, descriptors: undefined }
    return runningForeign(`unit-${unit.mainPid}`, unit.mainPid, nowMs, usage)
  }
  if (driver.is === 'command') return { is: 'unknown', why: 'it is started by Trueup' }
  const found = driver.is === 'pid-file' ? foreign.byPidFile(driver.path, nowMs) : foreign.byPattern(driver.text, nowMs)
  if (found.is === 'unknown') return found
  if (found.is === 'stopped') return down(found.why)
  const { pids, memoryBytes, cpuMs, startedAtMs } = found
  const usage = { processes: pids.length, memoryBytes, cpuMs, descriptors: undefined }
  return runningForeign(`pid-${pids.join('-')}`, pids[0] ?? 0, startedAtMs, usage)
}

function runningForeign(
  uuid: string,
  pid: number,
  startedAtMs: number,
  usage: Extract<Phase, { is: 'running' }>['usage'],
): Phase {
  return { is: 'running', uuid, pid, startedAtMs, usage, launchHash: null, unrecorded: false }
}

function down(reason: string): Phase {
  const downtime: Downtime = { is: 'due', dueAtMs: undefined, failures: 0, exit: undefined, ranMs: undefined, reason }
  return { is: 'down', downtime }
}

async function probeOnce(
  spec: ServiceDeclaration,
  phase: Extract<Phase, { is: 'running' }>,
  ports: ServicePorts,
  signal: AbortSignal,
): Promise<ProbeState | undefined> {
  if (spec.probe === null) return undefined
  const { prober, clock, environment } = ports
  if (prober.isProbing(spec.name)) return prober.state(spec.name, phase.uuid) ?? notProbed
  const result = await probe(spec.probe.order, { clock, signal, environment })
  const nowMs = clock.nowMs()
  return stepProbe(notProbed, result, spec.probe, { atMs: nowMs, ranMs: Math.max(0, nowMs - phase.startedAtMs) })
}

/** Without a probe nothing else tells whether a new version came up. */
const rolledAfterMs = 5000

/** Whether another service runs, for so long, and its probe, if it is probed in this process, has succeeded. */
function isReady(name: string, ports: ServicePorts, ranMinMs = 0): boolean {
  const record = recordOf(ports.store, name)
  if (record === undefined) return false
  const found = ports.host.find(record.instance)
  if (found.is !== 'running' || ports.clock.nowMs() - found.startedAtMs < ranMinMs) return false
  if (!ports.prober.isProbing(name)) return true
  const phase = ports.prober.state(name, record.instance.uuid)?.phase
  return phase === 'ready' || phase === 'failing'
}

/** A service that was restarted because its declaration changed holds the others back until it is ready. */
export function rollingOther(name: string, ports: ServicePorts): string | undefined {
  return recordedServices(ports.store).find((other) => {
    if (other === name) return false
    const record = recordOf(ports.store, other)
    return record?.why === 'changed' && record.held === null && !isReady(other, ports, rolledAfterMs)
  })
}

async function lastWords(path: string, launch: Launch, phase: Phase, ports: ServicePorts): Promise<string> {
  const lines = ports.host
    .tail(path, outputBytesMax)
    .split('\n')
    .filter((line) => line.trim() !== '')
  const redact = await redactor(
    launch.environment,
    ports.secrets,
    ports.store,
    phase.is === 'running' ? phase.pid : undefined,
  )
  return redact(lines.slice(-outputLinesMax).join('\n'))
}

function logOf({ log }: ServiceDeclaration, { host }: ServicePorts): ServiceState['log'] {
  // At the moment of a rotation the newest is not there.
  const facts = host.logFacts(log.path) ?? host.logFacts(`${log.path}.1`)
  if (facts === undefined) return undefined
  const oldest = log.filesMax > 1 ? host.logFacts(`${log.path}.${log.filesMax - 1}`) : undefined
  return { ...facts, spanMs: oldest === undefined ? undefined : facts.changedAtMs - oldest.changedAtMs }
}

/** `up 3 h`, for the descriptions of people. */
export function uptimeText(startedAtMs: number, nowMs: number): string {
  return `up ${spanText(Math.max(0, nowMs - startedAtMs))}`
}

/** The instance of a record, or of what runs without one. */
export function instanceOf(record: ServiceRecord | undefined, uuid: string, prefix: string): Instance {
  return record?.instance.uuid === uuid ? record.instance : { uuid, mark: `${prefix}${uuid}`, main: null }
}
