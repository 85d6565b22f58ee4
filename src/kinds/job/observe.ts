/** Looks at a job: its runs, what is due, when it last succeeded. Changes nothing but what is remembered of the first look. */
import { statSync } from 'node:fs'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { nextMoment } from '../../engine/schedule.ts'
import { messageOf, OperationalError } from '../../errors.ts'
import { hashOf } from '../../json.ts'
import { exitText, spanText } from '../../targets/process/supervision/exit-text.ts'
import { redactor } from '../../targets/process/supervision/program-environment.ts'
import type { JobPorts } from './ports.ts'
import { type JobRecord, jobRecordOf, type RunRecord, runsOf } from './record.ts'
import { dueOf } from './schedule.ts'
import type { JobDeclaration } from './spec.ts'
import { evidenceOf, fingerprintOf, isLive, type JobState, type JobStateName, type RunState } from './state.ts'

const outputBytesMax = 4000
const outputLinesMax = 5

export async function observeJob({ spec }: Declared<JobDeclaration>, ports: JobPorts): Promise<Observation<JobState>> {
  const { host, store, clock } = ports
  if (spec.launch !== null && host.unsupported !== undefined)
    return { is: 'unreadable', error: new OperationalError('PROCESS_NOT_STARTED', host.unsupported) }
  const nowMs = clock.nowMs()
  const record = jobRecordOf(store, spec.name)
  const runs = runsOf(store, spec.name).map((run) => runState(run, ports))
  const seenSinceMs = firstSeen(spec, ports, nowMs)
  const watermarkMs = watermarkOf(spec, record, seenSinceMs)
  const { schedule } = spec
  const isRunning = runs.some(isLive)
  const due =
    schedule === null ? { is: 'nothing' as const } : dueOf({ ...spec, schedule, watermarkMs, nowMs, isRunning })
  const outside = outsideReport(spec, record)
  const successes = [
    ...runs.flatMap((run) => (run.is === 'ok' && run.endedAtMs !== undefined ? [run.endedAtMs] : [])),
    ...(record.lastSuccessAtMs === null ? [] : [record.lastSuccessAtMs]),
    ...(outside.successAtMs === undefined ? [] : [outside.successAtMs]),
  ]
  const lastSuccessAtMs = successes.length === 0 ? undefined : Math.max(...successes)
  const lateFromMs = spec.succeedWithinMs === null ? undefined : (lastSuccessAtMs ?? seenSinceMs) + spec.succeedWithinMs
  const newest = runs[0]
  const state: JobState = {
    observedAtMs: nowMs,
    name: nameOf({ runs, lateFromMs, lastSuccessAtMs, failureAtMs: outside.failureAtMs, nowMs }),
    record,
    runs,
    due,
    nextAtMs: schedule === null ? undefined : nextMoment(schedule, Math.max(nowMs, watermarkMs)),
    lastSuccessAtMs,
    lateFromMs,
    clockBehindMs: Math.max(0, (record.watermark?.atMs ?? 0) - nowMs),
    unknown: outside.unknown,
    output: newest?.is === 'failed' ? await lastWords(spec, newest.run, ports) : '',
    evidence: evidenceOf(
      record,
      runs.filter(isLive).map(({ run }) => run.instance.uuid),
    ),
  }
  return { is: 'present', state, fingerprint: fingerprintOf(state) }
}

export function scheduleHashOf({ schedule }: Pick<JobDeclaration, 'schedule'>): string {
  return hashOf(schedule)
}

/** When this schedule was first seen: what it would have run before is no missed run. */
function firstSeen(spec: JobDeclaration, { memory }: JobPorts, nowMs: number): number {
  const name = `since-${scheduleHashOf(spec).slice(0, 12)}`
  const known = memory.get(`job/${spec.name}`, name)
  if (typeof known === 'number') return known
  memory.set(`job/${spec.name}`, name, nowMs)
  return nowMs
}

function watermarkOf(spec: JobDeclaration, { watermark }: JobRecord, seenSinceMs: number): number {
  return watermark?.scheduleHash === scheduleHashOf(spec) ? watermark.atMs : seenSinceMs
}

/** How one run stands. After a restart of the machine nobody knows how it ended, so it counts as failed. */
export function runState(run: RunRecord, { host }: Pick<JobPorts, 'host'>): RunState {
  const startedAtMs = run.startedAtMs ?? run.intendedAtMs
  const ended = (code: number | undefined, atMs: number | undefined, how: string): RunState => {
    const ranMs = atMs === undefined ? undefined : Math.max(0, atMs - startedAtMs)
    return {
      run,
      is: code === 0 && run.endedBy === null ? 'ok' : 'failed',
      startedAtMs,
      endedAtMs: atMs,
      code,
      reason: `${run.endedBy ?? how}${ranMs === undefined ? '' : ` after ${spanText(ranMs)}`}`,
      usage: undefined,
    }
  }
  if (run.end !== null) {
    const { code, atMs, reason } = run.end
    return ended(code ?? undefined, atMs ?? undefined, reason ?? exitText(code ?? undefined))
  }
  const found = host.find(run.instance)
  switch (found.is) {
    case 'running':
      return {
        run,
        is: 'running',
        startedAtMs,
        endedAtMs: undefined,
        code: undefined,
        reason: '',
        usage: found.usage,
      }
    case 'starting':
      return { run, is: 'starting', startedAtMs, endedAtMs: undefined, code: undefined, reason: '', usage: undefined }
    case 'ended':
      return ended(found.exit.code, found.exit.atMs, exitText(found.exit.code))
    case 'never':
      return ended(undefined, undefined, 'gone without a trace, as after a restart of the machine')
  }
}

interface Outside {
  readonly successAtMs: number | undefined
  readonly failureAtMs: number | undefined
  readonly unknown: string | undefined
}

/** What others report of a job that they run. */
function outsideReport({ ping }: JobDeclaration, { pings }: JobRecord): Outside {
  const nothing = { successAtMs: undefined, failureAtMs: undefined, unknown: undefined }
  if (ping === null) return nothing
  if ('url' in ping)
    return { ...nothing, successAtMs: pings.successAtMs ?? undefined, failureAtMs: pings.failureAtMs ?? undefined }
  try {
    return { ...nothing, successAtMs: statSync(ping.file).mtimeMs }
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    return isAbsent ? nothing : { ...nothing, unknown: `${ping.file} cannot be looked at: ${messageOf(error)}` }
  }
}

function nameOf(facts: {
  readonly runs: readonly RunState[]
  readonly lateFromMs: number | undefined
  readonly lastSuccessAtMs: number | undefined
  readonly failureAtMs: number | undefined
  readonly nowMs: number
}): JobStateName {
  const { runs, lateFromMs, lastSuccessAtMs, failureAtMs, nowMs } = facts
  if (runs.some(isLive)) return 'Running'
  if (lateFromMs !== undefined && lateFromMs < nowMs) return 'Late'
  if (runs[0]?.is === 'failed') return 'Failed'
  if (failureAtMs !== undefined && failureAtMs > (lastSuccessAtMs ?? 0)) return 'Failed'
  return runs.length === 0 && lastSuccessAtMs === undefined ? 'New' : 'Ok'
}

async function lastWords(spec: JobDeclaration, run: RunRecord, ports: JobPorts): Promise<string> {
  const lines = ports.host
    .tail(run.logPath, outputBytesMax)
    .split('\n')
    .filter((line) => line.trim() !== '')
  const redact = await redactor(spec.launch?.environment ?? {}, ports.secrets, ports.store)
  return redact(lines.slice(-outputLinesMax).join('\n'))
}
