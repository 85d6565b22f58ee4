/**
 * The kind `machine`: one resource, the machine that Trueup runs on. It is only looked at: what gets short is told while
 * there is time to do something about it.
 */
import { resolve } from 'node:path'
import { z } from 'zod'
import { type Clock, isoOf } from '../../clock.ts'
import type { DesiredState } from '../../desired/schema.ts'
import type { DriftDraft } from '../../engine/drift.ts'
import type { Obstacle } from '../../engine/gate.ts'
import type { HealthCheck, Kind } from '../../engine/kind.ts'
import type { Memory } from '../../engine/memory.ts'
import type { Observation } from '../../engine/observation.ts'
import { hashOf, type JsonObject } from '../../json.ts'
import { type Figure, figure } from '../../metrics/catalogue.ts'
import type { Machine, MachineFacts } from '../../targets/process/machine.ts'
import { fullAtMs, type Sample } from './forecast.ts'

export const machineKindName = 'machine'

type Spec = JsonObject & { readonly folder: string; readonly databases: readonly string[] }

export interface MachineState extends MachineFacts {
  readonly observedAtMs: number
  /** When the disk will be full; undefined where that is not to be expected. */
  readonly diskFullAtMs: number | undefined
  /** What holds back all repairs now. */
  readonly obstacles: readonly Obstacle[]
}

export interface MachineKindPorts {
  readonly machine: Machine
  readonly memory: Memory
  readonly clock: Clock
  /** Folder of the desired state, absolute. */
  readonly workspace: string
  /** What holds back all repairs now; nothing when left out. */
  readonly obstacles?: () => readonly Obstacle[]
}

const lookEveryMs = 60_000
const sampleEveryMs = 3_600_000
/** A week of hours. */
const samplesMax = 168
const samplesSchema = z.array(z.tuple([z.number(), z.number()]))

/** Below these, writes fail soon: SQLite, journal and logs need some room to work in. */
const diskFreeMin = { bytes: 500e6, share: 0.05 } as const
const diskDaysMin = 7
const memoryShareMin = 0.05
/** A machine at this load for a minute answers late; twice the cores is usual for a moment. */
const loadPerCoreMax = 8
const lagMaxMs = 1000
/** SQLite copies a -wal back from 4 MB on; so large a one means that a reader keeps it from that. */
const walBytesMax = 256e6

export function machineKind(ports: MachineKindPorts): Kind<Spec, MachineState> {
  return {
    name: machineKindName,
    category: 'service',
    list: (desired) => [
      {
        key: { kind: machineKindName, name: 'local' },
        spec: { folder: ports.workspace, databases: databasesOf(desired) },
        dependsOn: [],
        observeOnly: true,
      },
    ],
    observe: ({ spec }) => observeMachine(spec, ports),
    diff: (_resource, observation) => (observation.is === 'present' ? driftOf(observation.state) : []),
    plan: () => [],
    checkpoint: async () => ({ evidence: '', images: 0 }),
    apply: async () => ({ changed: 0, skipped: [], skippedCount: 0, failed: [] }),
    probe: async () => 'not-applied',
    planUndo: async () => ({ is: 'not-undoable', reason: 'nothing is ever done to the machine' }),
    lookAgainAfterMs: () => lookEveryMs,
    health: (_resource, observation) => (observation.is === 'present' ? checksOf(observation.state) : []),
    figures: (_resource, observation) => (observation.is === 'present' ? machineFigures(observation.state) : []),
    describe: (observation) =>
      observation.is === 'present'
        ? `${gigabytes(observation.state.disk.freeBytes)} of disk free, ${memoryText(observation.state)}`
        : 'not looked at',
  }
}

function databasesOf(desired: DesiredState): readonly string[] {
  return Object.values(desired.databases).map(({ path }) => path)
}

async function observeMachine(
  spec: Spec,
  { machine, memory, clock, workspace, obstacles }: MachineKindPorts,
): Promise<Observation<MachineState>> {
  const facts = await machine.look(
    workspace,
    spec.databases.map((path) => resolve(workspace, path)),
  )
  const observedAtMs = clock.nowMs()
  const samples = withSample(memory, [observedAtMs, facts.disk.freeBytes])
  const state = {
    ...facts,
    observedAtMs,
    diskFullAtMs: fullAtMs(samples, observedAtMs),
    obstacles: obstacles?.() ?? [],
  }
  const fingerprint = hashOf(driftOf(state).map(({ path, severity }) => [path, severity]))
  return { is: 'present', state, fingerprint }
}

/** The hourly samples of the last week and this one. Samples of a wrong clock, from the future, go. */
function withSample(memory: Memory, now: Sample): readonly Sample[] {
  const parsed = samplesSchema.safeParse(memory.get(machineKindName, 'disk'))
  const kept: readonly Sample[] = parsed.success ? parsed.data.filter(([atMs]) => atMs <= now[0]) : []
  const last = kept.at(-1)
  if (last !== undefined && now[0] - last[0] < sampleEveryMs) return [...kept, now]
  const next = [...kept, now].slice(-samplesMax)
  memory.set(machineKindName, 'disk', next)
  return next
}

function driftOf(state: MachineState): DriftDraft[] {
  const held = state.obstacles.map(
    ({ code, of, message, nextStep }): DriftDraft => ({
      category: 'service',
      affected: { count: 0, sample: [] },
      path: of === undefined ? code : `${code}.${of}`,
      severity: of === undefined ? 'critical' : 'high',
      desired: 'repairs are made',
      observed: of === undefined ? 'all repairs wait' : `repairs of ${of} wait`,
      message: `${of === undefined ? 'All repairs wait' : `What writes to ${of} waits`}: ${message}.`,
      byHand: nextStep,
    }),
  )
  return [...held, ...diskDrift(state)]
}

function diskDrift(state: MachineState): DriftDraft[] {
  const { disk, diskFullAtMs, observedAtMs } = state
  const isShort = disk.freeBytes < diskFreeMin.bytes || disk.freeBytes < disk.totalBytes * diskFreeMin.share
  const days = diskFullAtMs === undefined ? undefined : (diskFullAtMs - observedAtMs) / 86_400_000
  const common = { category: 'service' as const, affected: { count: 0, sample: [] } }
  const byHand = 'Free space on the disk of the workspace, or move it to a larger one.'
  if (isShort)
    return [
      {
        ...common,
        path: 'disk',
        severity: 'high',
        desired: 'room to work in',
        observed: 'short',
        message: `Only ${gigabytes(disk.freeBytes)} of ${gigabytes(disk.totalBytes)} of disk are free.`,
        byHand,
      },
    ]
  if (days === undefined || days >= diskDaysMin) return []
  return [
    {
      ...common,
      path: 'disk',
      severity: 'medium',
      desired: `room for ${diskDaysMin} days`,
      observed: `room for ${Math.floor(days)} days`,
      message: `The disk is full ${daysText(days)} if it goes on filling as in the last days.`,
      byHand,
    },
  ]
}

function daysText(days: number): string {
  return days < 1 ? `in ${Math.max(1, Math.round(days * 24))} hours` : `in ${Math.round(days)} days`
}

function checksOf(state: MachineState): HealthCheck[] {
  const held = state.obstacles.map(
    ({ code, of, message }): HealthCheck => ({
      name: of === undefined ? code : `${code} of ${of}`,
      status: 'failed',
      message,
    }),
  )
  const { disk, diskFullAtMs, memory, load, loopLagMs, walBytes, observedAtMs } = state
  const [drift] = diskDrift(state)
  const days = diskFullAtMs === undefined ? undefined : (diskFullAtMs - observedAtMs) / 86_400_000
  const forecast =
    days === undefined || diskFullAtMs === undefined ? '' : `; full ${daysText(days)} (${isoOf(diskFullAtMs)})`
  const wal = Object.entries(walBytes).sort(([, one], [, other]) => other - one)[0]
  return [
    ...held,
    {
      name: 'disk',
      status: drift === undefined ? 'ok' : drift.severity === 'high' ? 'failed' : 'warning',
      message: `${gigabytes(disk.freeBytes)} of ${gigabytes(disk.totalBytes)} free${forecast}`,
    },
    {
      name: 'memory',
      status:
        memory === undefined
          ? 'unknown'
          : memory.availableBytes < memory.totalBytes * memoryShareMin
            ? 'warning'
            : 'ok',
      message: memoryText(state),
    },
    {
      name: 'load',
      status: load === undefined ? 'unknown' : load.perCore > loadPerCoreMax ? 'warning' : 'ok',
      message:
        load === undefined ? 'the load cannot be read' : `${load.perCore.toFixed(2)} for each of ${load.cores} cores`,
    },
    {
      name: 'event loop',
      status: loopLagMs.p99 > lagMaxMs ? 'warning' : 'ok',
      message: `timers ran up to ${loopLagMs.max} ms late in the last minute, 99 % within ${loopLagMs.p99} ms`,
    },
    {
      name: 'wal',
      status: wal !== undefined && wal[1] > walBytesMax ? 'warning' : 'ok',
      message:
        wal === undefined || wal[1] === 0
          ? 'no -wal file is waiting to be copied back'
          : `the largest is ${Math.round(wal[1] / 1e6)} MB, of ${wal[0]}`,
    },
  ]
}

function memoryText({ memory }: Pick<MachineState, 'memory'>): string {
  if (memory === undefined) return 'memory cannot be read'
  return `${gigabytes(memory.availableBytes)} of ${gigabytes(memory.totalBytes)} of memory available`
}

function gigabytes(bytes: number): string {
  const amount = bytes / 1e9
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} GB`
}

function machineFigures(state: MachineState): readonly Figure[] {
  const fullAtSeconds = state.diskFullAtMs === undefined ? undefined : state.diskFullAtMs / 1000
  return [
    ...figure('machine_disk_free_bytes', state.disk.freeBytes),
    ...figure('machine_disk_total_bytes', state.disk.totalBytes),
    ...figure('machine_disk_full_timestamp_seconds', fullAtSeconds),
    ...figure('machine_memory_available_bytes', state.memory?.availableBytes),
    ...figure('machine_load_per_core', state.load?.perCore),
    ...figure('event_loop_lag_seconds', state.loopLagMs.p99 / 1000),
    ...figure('wal_bytes', Math.max(0, ...Object.values(state.walBytes))),
  ]
}
