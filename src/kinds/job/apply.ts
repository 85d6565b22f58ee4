/**
 * Carries out what was planned on a job. That a moment was dealt with is on the disk before its program is started, in one
 * step with the intent: whatever happens after, that moment is not run again.
 */
import { join } from 'node:path'
import type { Action } from '../../engine/action.ts'
import type { Applied, Checkpoint, EffectContext } from '../../engine/kind.ts'
import { noteSecrets } from '../../targets/process/supervision/earlier-secrets.ts'
import { markPrefixOf } from '../../targets/process/supervision/instance.ts'
import { environmentWith } from '../../targets/process/supervision/program-environment.ts'
import { runState } from './observe.ts'
import { type Order, orderOf } from './orders.ts'
import type { JobPorts } from './ports.ts'
import {
  type JobRecord,
  jobRecordOf,
  type RunRecord,
  runKey,
  runsKept,
  runsOf,
  saveJob,
  saveRun,
  skippedKept,
} from './record.ts'
import { evidenceOf, isLive } from './state.ts'

const done: Applied = { changed: 1, skipped: [], skippedCount: 0, failed: [] }

/** How long a run may take to end after SIGTERM. */
const runGraceMs = 10_000
const logBytesMax = 10_000_000
const logFilesMax = 2

export async function checkpointJob(action: Action, ports: JobPorts): Promise<Checkpoint> {
  const { name } = action.resource
  const live = runsOf(ports.store, name)
    .filter((run) => isLive(runState(run, ports)))
    .map(({ instance }) => instance.uuid)
  return { evidence: evidenceOf(jobRecordOf(ports.store, name), live), images: 0 }
}

export async function applyJob(action: Action, ports: JobPorts, context: EffectContext): Promise<Applied> {
  const order = orderOf(action)
  const { name } = action.resource
  const { store, clock } = ports
  switch (order.verb) {
    case 'run':
      await startRun(action, order, ports, context)
      return done
    case 'skip': {
      const record = withSkipped(jobRecordOf(store, name), order.skipped, clock.nowMs())
      saveJob(store, name, {
        ...record,
        watermark: { atMs: order.watermarkMs, scheduleHash: order.scheduleHash },
      })
      return done
    }
    case 'end-run':
      await endRun(name, order.uuid, order.reason, ports, context)
      return done
    case 'take-up-schedule':
      saveJob(store, name, {
        ...jobRecordOf(store, name),
        watermark: { atMs: clock.nowMs(), scheduleHash: order.scheduleHash },
      })
      return done
  }
}

function withSkipped(record: JobRecord, skipped: Extract<Order, { verb: 'run' }>['skipped'], nowMs: number): JobRecord {
  if (skipped === null) return record
  return { ...record, skipped: [{ ...skipped, notedAtMs: nowMs }, ...record.skipped].slice(0, skippedKept) }
}

async function startRun(
  action: Action,
  order: Extract<Order, { verb: 'run' }>,
  ports: JobPorts,
  context: EffectContext,
): Promise<void> {
  const { store, host, clock } = ports
  const { name } = action.resource
  const begun = runsOf(store, name).find((run) => run.actionId === action.id)
  if (begun !== undefined && (await host.settled(begun.instance)).is !== 'never') {
    recordStarted(begun, ports)
    return
  }
  const environment = await environmentWith(ports.environment, order.launch.environment, ports.secrets)
  context.signal.throwIfAborted()
  noteSecrets(order.launch.environment, environment, store)
  const run = begun ?? intend(action, order, ports)
  const instance = await host.launch({
    uuid: run.instance.uuid,
    mark: run.instance.mark,
    command: order.launch.command,
    directory: order.launch.directory,
    environment,
    lockName: order.exclusive ? `job-${name}` : run.instance.uuid,
    logPath: run.logPath,
    logBytesMax,
    logFilesMax,
    descriptorsMax: undefined,
  })
  saveRun(store, { ...run, instance, startedAtMs: clock.nowMs() })
}

/** Keeps, at once, that the moment was dealt with and which run deals with it; runs that are too many go. */
function intend(action: Action, order: Extract<Order, { verb: 'run' }>, ports: JobPorts): RunRecord {
  const { store, host, random, clock } = ports
  const { name } = action.resource
  const record = jobRecordOf(store, name)
  const uuid = random.uuid()
  const number = record.runs + 1
  const run: RunRecord = {
    job: name,
    number,
    instance: { uuid, mark: `${markPrefixOf(host.workspaceId, 'job', name)}${uuid}`, main: null },
    actionId: action.id,
    trigger: order.trigger,
    scheduledForMs: order.scheduledForMs,
    bootId: host.bootId,
    intendedAtMs: clock.nowMs(),
    startedAtMs: null,
    endedBy: null,
    end: null,
    logPath: join(order.logFolder, `${String(number).padStart(6, '0')}.log`),
  }
  const ended = runsOf(store, name).filter((one) => !isLive(runState(one, ports)))
  const surplus = ended.slice(runsKept - 1)
  store.transaction(() => {
    let next = { ...withSkipped(record, order.skipped, clock.nowMs()), runs: number }
    if (order.scheduledForMs !== null)
      next = { ...next, watermark: { atMs: order.scheduledForMs, scheduleHash: order.scheduleHash } }
    for (const old of surplus) {
      const state = runState(old, ports)
      if (state.is === 'ok' && state.endedAtMs !== undefined)
        next = { ...next, lastSuccessAtMs: Math.max(next.lastSuccessAtMs ?? 0, state.endedAtMs) }
      store.delete('run', runKey(old))
    }
    saveJob(store, name, next)
    saveRun(store, run)
  })
  for (const old of surplus) {
    host.removeLog(old.logPath)
    host.forget(old.instance.uuid)
  }
  return run
}

function recordStarted(run: RunRecord, { store, host, clock }: JobPorts): void {
  const found = host.find(run.instance)
  const instance = found.is === 'running' ? found.instance : run.instance
  const startedAtMs = run.startedAtMs ?? (found.is === 'running' ? found.startedAtMs : clock.nowMs())
  saveRun(store, { ...run, instance, startedAtMs })
}

async function endRun(
  name: string,
  uuid: string,
  reason: string,
  ports: JobPorts,
  { signal, outside }: EffectContext,
): Promise<void> {
  const run = runsOf(ports.store, name).find((one) => one.instance.uuid === uuid)
  if (run === undefined) return
  // What has ended by itself meanwhile was not ended by us.
  if (isLive(runState(run, ports))) saveRun(ports.store, { ...run, endedBy: reason })
  const ending = () => ports.host.end(run.instance, runGraceMs, signal)
  await (outside === undefined ? ending() : outside(ending))
}

/** After a crash: did it take effect? The records and the marks of processes tell. */
export async function probeJob(
  action: Action,
  ports: JobPorts,
): Promise<'applied' | 'partly' | 'not-applied' | 'unknown'> {
  const order = orderOf(action)
  const { name } = action.resource
  const record = jobRecordOf(ports.store, name)
  switch (order.verb) {
    case 'run': {
      const run = runsOf(ports.store, name).find((one) => one.actionId === action.id)
      if (run === undefined) return 'not-applied'
      // The machine was restarted since: it may have run for a while, so it is not run once more.
      return run.startedAtMs !== null || run.bootId !== ports.host.bootId ? 'applied' : 'partly'
    }
    case 'skip':
      return record.watermark?.atMs === order.watermarkMs ? 'applied' : 'not-applied'
    case 'end-run': {
      const run = runsOf(ports.store, name).find((one) => one.instance.uuid === order.uuid)
      return run === undefined || !isLive(runState(run, ports)) ? 'applied' : 'not-applied'
    }
    case 'take-up-schedule':
      return 'not-applied'
  }
}
