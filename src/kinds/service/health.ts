/** The checks of a health report about one service, its short description, and what lists show of it. Pure. */
import { isoOf } from '../../clock.ts'
import type { Drift } from '../../engine/drift.ts'
import type { HealthCheck } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { spanText } from '../../targets/process/supervision/exit-text.ts'
import { crashLoopFrom } from './diff.ts'
import { uptimeText } from './observe.ts'
import type { ServiceDeclaration } from './spec.ts'
import { megabytes, type ServiceState } from './state.ts'

/** Drift that is shown as a check of its own. */
const reportedPaths = new Set(['declaration', 'secrets', 'secrets-unreadable', 'leftovers'])
/** So full of output that all its log files together hold less than this is a flood. */
const floodSpanMs = 60_000

export function serviceHealth(
  spec: ServiceDeclaration,
  observation: Observation<ServiceState>,
  drift: readonly Drift[],
): readonly HealthCheck[] {
  if (observation.is === 'unreadable')
    return [{ name: 'running', status: 'unknown', message: observation.error.message }]
  if (observation.is === 'absent') return []
  const { state } = observation
  return [
    runningCheck(state),
    ...probeCheck(spec, state),
    ...limitChecks(spec, state),
    ...logCheck(state),
    ...drift
      .filter(({ path }) => reportedPaths.has(path))
      .map(({ path, message }): HealthCheck => ({ name: path, status: 'warning', message })),
  ]
}

function runningCheck(state: ServiceState): HealthCheck {
  const name = 'running'
  const { phase } = state
  switch (phase.is) {
    case 'running': {
      const { usage } = phase
      const parts = [
        `process ${phase.pid}`,
        uptimeText(phase.startedAtMs, state.observedAtMs),
        `${usage.processes} ${usage.processes === 1 ? 'process' : 'processes'}`,
        megabytes(usage.memoryBytes),
        `${spanText(usage.cpuMs)} of CPU`,
      ]
      return { name, status: 'ok', message: parts.join(', ') }
    }
    case 'turning':
      return { name, status: 'warning', message: 'it starts or ends this moment' }
    case 'unknown':
      return { name, status: 'unknown', message: phase.why }
    case 'down': {
      const { is, failures, reason } = phase.downtime
      if (is === 'done' && failures === 0) return { name, status: 'ok', message: `it has done its work: ${reason}` }
      const isSerious = is === 'configuration' || failures >= crashLoopFrom
      return { name, status: isSerious ? 'failed' : 'warning', message: `it does not run: ${reason}` }
    }
  }
}

function probeCheck({ probe }: ServiceDeclaration, { probe: state }: ServiceState): HealthCheck[] {
  if (probe === null || state === undefined) return []
  const statuses = { startup: 'warning', ready: 'ok', failing: 'warning', dead: 'failed', unknown: 'unknown' } as const
  return [{ name: 'probe', status: statuses[state.phase], message: state.last?.message ?? 'not probed yet' }]
}

/** Says which limits the system itself enforces and which are watched. */
function limitChecks({ limits, driver }: ServiceDeclaration, { phase, over }: ServiceState): HealthCheck[] {
  const watched = [
    ...(limits.memoryBytes === null ? [] : [`${megabytes(limits.memoryBytes)} of memory`]),
    ...(limits.processes === null ? [] : [`${limits.processes} processes`]),
  ]
  const descriptors = driver.is === 'command' ? driver.launch.descriptors : null
  const parts = [
    ...(watched.length === 0 ? [] : [`${watched.join(' and ')}, watched every two seconds: it is restarted beyond`]),
    ...(descriptors === null ? [] : [`${descriptors} open files of each process, enforced by the system`]),
  ]
  if (parts.length === 0) return []
  const open = phase.is === 'running' ? phase.usage.descriptors : undefined
  const isNear = descriptors !== null && open !== undefined && open > descriptors * 0.9
  const message = over ?? `${parts.join('; ')}${isNear ? `; ${open} files are open now` : ''}`
  return [{ name: 'limits', status: over === undefined ? (isNear ? 'warning' : 'ok') : 'failed', message }]
}

function logCheck({ log }: ServiceState): HealthCheck[] {
  if (log === undefined) return []
  const isFlood = log.spanMs !== undefined && log.spanMs < floodSpanMs
  return isFlood
    ? [
        {
          name: 'log',
          status: 'warning',
          message: `it writes so much that its logs hold the last ${spanText(log.spanMs ?? 0)} only`,
        },
      ]
    : [{ name: 'log', status: 'ok', message: megabytes(log.bytes) }]
}

/** A short phrase: `runs since 2026-…, process 4711, 25 MB`. */
export function describeService(observation: Observation<ServiceState>): string {
  if (observation.is !== 'present') return observation.is === 'absent' ? 'not there' : 'cannot be supervised here'
  const { phase, probe } = observation.state
  switch (phase.is) {
    case 'running': {
      const readiness = probe === undefined || probe.phase === 'ready' ? '' : `, ${readinessText[probe.phase]}`
      return `runs since ${isoOf(phase.startedAtMs)}, process ${phase.pid}, ${megabytes(phase.usage.memoryBytes)}${readiness}`
    }
    case 'turning':
      return 'starting or ending'
    case 'unknown':
      return `unknown: ${phase.why}`
    case 'down':
      return `down: ${phase.downtime.reason}`
  }
}

const readinessText = {
  startup: 'not ready yet',
  ready: 'ready',
  failing: 'its probe fails',
  dead: 'its probe fails too often',
  unknown: 'its probe cannot be carried out',
} as const

/** One line of a list of services. Moments in milliseconds since the epoch. */
export interface ServiceView {
  readonly name: string
  /** `command`, `systemd`, `pid-file` or `pattern`. */
  readonly driver: string
  readonly managed: boolean
  /** `running`, `starting`, `not-ready`, `crash-loop`, `backing-off`, `stopped`, `done`, `unknown`. */
  readonly state: string
  readonly summary: string
  readonly pid: number | null
  readonly startedAtMs: number | null
  readonly processes: number
  readonly memoryBytes: number
  readonly cpuMs: number
  readonly starts: number
  readonly crashes: number
  /** In a row. */
  readonly failures: number
  readonly nextTryAtMs: number | null
  readonly lastExits: readonly {
    readonly atMs: number
    readonly code: number | null
    readonly ranMs: number
    readonly reason: string
  }[]
  readonly logPath: string | null
}

export function serviceViewOf(
  { spec, observeOnly }: Declared<ServiceDeclaration>,
  observation: Observation<ServiceState> | undefined,
): ServiceView {
  const state = observation?.is === 'present' ? observation.state : undefined
  const phase = state?.phase
  const running = phase?.is === 'running' ? phase : undefined
  const downtime = phase?.is === 'down' ? phase.downtime : undefined
  return {
    name: spec.name,
    driver: spec.driver.is,
    managed: !observeOnly && (spec.driver.is === 'command' || spec.driver.is === 'systemd'),
    state: stateWord(state),
    summary: observation === undefined ? 'not looked at yet' : describeService(observation),
    pid: running?.pid ?? null,
    startedAtMs: running?.startedAtMs ?? null,
    processes: running?.usage.processes ?? 0,
    memoryBytes: running?.usage.memoryBytes ?? 0,
    cpuMs: running?.usage.cpuMs ?? 0,
    starts: state?.record?.starts ?? 0,
    crashes:
      (state?.record?.crashes ?? 0) +
      (downtime !== undefined && downtime.failures > (state?.record?.failures ?? 0) ? 1 : 0),
    failures: downtime?.failures ?? state?.record?.failures ?? 0,
    nextTryAtMs: downtime?.dueAtMs ?? null,
    lastExits: state?.record?.exits ?? [],
    logPath: spec.driver.is === 'command' ? spec.log.path : null,
  }
}

function stateWord(state: ServiceState | undefined): string {
  if (state === undefined) return 'unknown'
  const { phase, probe } = state
  switch (phase.is) {
    case 'turning':
      return 'starting'
    case 'unknown':
      return 'unknown'
    case 'running':
      if (probe === undefined || probe.phase === 'ready') return 'running'
      return probe.phase === 'startup' ? 'starting' : probe.phase === 'unknown' ? 'unknown' : 'not-ready'
    case 'down': {
      const { is, failures } = phase.downtime
      if (is === 'backoff') return failures >= crashLoopFrom ? 'crash-loop' : 'backing-off'
      return is === 'done' ? 'done' : 'stopped'
    }
  }
}
