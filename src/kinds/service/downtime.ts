/**
 * What follows from a service being down: how it ended, how often in a row it has failed, and when it is started again. Pure,
 * and derived anew at each look from what is recorded, so that nothing needs to be written when a program dies.
 */
import { exitText, spanText } from '../../targets/process/supervision/exit-text.ts'
import type { Exit, Finding } from '../../targets/process/supervision/ports.ts'
import type { ServiceRecord } from './record.ts'
import type { ServiceDeclaration } from './spec.ts'

/** Exit status by which a program says that its configuration is wrong (EX_CONFIG of sysexits.h). */
const configurationExit = 78
/** A clean exit so soon after the start counts as a failure, or a program that does nothing would be started without end. */
const tooSoonMs = 10_000
/** The share by which each pause varies, so that services that died together do not come back together. */
const jitterShare = 0.1

export interface Downtime {
  /** `due`: to be started now. `backoff`: at `dueAtMs`. The others are not started by themselves. */
  readonly is: 'due' | 'backoff' | 'configuration' | 'done' | 'held'
  /** When it is started again; undefined where it is not. */
  readonly dueAtMs: number | undefined
  /** Failures in a row, this end included. */
  readonly failures: number
  readonly exit: Exit | undefined
  /** How long it ran; undefined where that is not known. */
  readonly ranMs: number | undefined
  /** A phrase: `exit 1 after 3 s`, `SIGKILL after 5 min`, `never started`. */
  readonly reason: string
}

/** Why and for how long a service that does not run is down. */
export function downtimeOf(
  spec: Pick<ServiceDeclaration, 'restart' | 'backoff'> & {
    readonly launchHash: string | undefined
    /** Whether a secret is another than the one that it was started with. */
    readonly secretsChanged: boolean
  },
  record: ServiceRecord | undefined,
  finding: Finding | undefined,
  now: { readonly ms: number; readonly session: string; readonly noticedAtMs: number },
): Downtime {
  const nothing = { dueAtMs: undefined, failures: 0, exit: undefined, ranMs: undefined }
  if (record === undefined) return { ...nothing, is: 'due', dueAtMs: now.ms, reason: 'never started' }
  if (record.held !== null && record.held.session === now.session)
    return { ...nothing, is: 'held', reason: `stopped by ${record.held.by}` }
  const end = endOf(record, finding, now.noticedAtMs)
  const isOther = record.launchHash !== null && spec.launchHash !== undefined && record.launchHash !== spec.launchHash
  // Another declaration or secret is another try: what the earlier one did counts no more.
  if (isOther || spec.secretsChanged) return { ...end, is: 'due', dueAtMs: now.ms, failures: 0 }
  const failed = isFailure(record, end)
  const past = end.ranMs !== undefined && end.ranMs >= spec.backoff.resetMs ? 0 : record.failures
  const failures = failed ? past + 1 : end.seen ? 0 : record.failures
  const told = { exit: end.exit, ranMs: end.ranMs, reason: end.reason, failures }
  if (end.exit?.code === configurationExit && record.stop === null)
    return { ...told, is: 'configuration', dueAtMs: undefined }
  const asksAgain = spec.restart === 'always' || (spec.restart === 'on-failure' && failed)
  const wasStopped = record.stop !== null || !end.seen
  if (!asksAgain && !wasStopped) return { ...told, is: 'done', dueAtMs: undefined }
  if (!failed) return { ...told, is: 'due', dueAtMs: now.ms }
  const dueAtMs = end.atMs + pauseMsOf(failures, spec.backoff, record.instance.uuid)
  // An end in the future means that the clock was set back since: to wait for it again could take days.
  const isDue = dueAtMs <= now.ms || end.atMs > now.ms + 1000
  return isDue ? { ...told, is: 'due', dueAtMs: now.ms } : { ...told, is: 'backoff', dueAtMs }
}

interface End {
  /** Whether anybody saw it end; after a restart of the machine nobody did. */
  readonly seen: boolean
  readonly atMs: number
  readonly exit: Exit | undefined
  readonly ranMs: number | undefined
  readonly reason: string
}

function endOf(record: ServiceRecord, finding: Finding | undefined, noticedAtMs: number): End {
  if (finding?.is !== 'ended')
    return { seen: false, atMs: noticedAtMs, exit: undefined, ranMs: undefined, reason: 'gone without a trace' }
  const { exit } = finding
  const atMs = exit.atMs ?? noticedAtMs
  const ranMs = Math.max(0, atMs - (record.startedAtMs ?? record.intendedAtMs))
  const how = record.stop?.message ?? exitText(exit.code)
  return { seen: true, atMs, exit, ranMs, reason: `${how} after ${spanText(ranMs)}` }
}

function isFailure(record: ServiceRecord, end: End): boolean {
  if (!end.seen) return false
  if (record.stop !== null) return record.stop.cause === 'liveness' || record.stop.cause === 'limit'
  return end.exit?.code !== 0 || (end.ranMs ?? 0) < tooSoonMs
}

/**
 * The pause after so many failures in a row: 10 s, doubled each time up to 5 minutes where nothing else is declared, as the
 * kubelet does. Varied by ±10 %, always the same for one instance.
 */
export function pauseMsOf(
  failures: number,
  { fromMs, toMs }: Pick<ServiceDeclaration['backoff'], 'fromMs' | 'toMs'>,
  uuid: string,
): number {
  const pauseMs = Math.min(toMs, fromMs * 2 ** Math.min(40, Math.max(0, failures - 1)))
  const chance = Number.parseInt(uuid.replaceAll('-', '').slice(0, 8), 16) / 2 ** 32
  const share = Number.isFinite(chance) ? chance * 2 * jitterShare - jitterShare : 0
  return Math.round(pauseMs * (1 + share))
}
