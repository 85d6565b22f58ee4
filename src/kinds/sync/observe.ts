/**
 * One look at a mirrored table: what changed here, what changed in Airtable, and what would have to be moved. Asks
 * Airtable only when a pull is due or before something there would be overwritten.
 */
import { Cron } from 'croner'
import type { EffectContext } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import { OperationalError } from '../../errors.ts'
import { hashOf } from '../../json.ts'
import { askedOf, takeAsked } from './asked.ts'
import { takeLocal } from './intake-local.ts'
import { type RemoteIntake, scannedAt, takeRemote } from './intake-remote.ts'
import { openLocalTable } from './local-table.ts'
import { mappingMark, type OpenParts, openParts, type SyncPorts, type SyncResource, surveyParts } from './parts.ts'
import { pollEveryMs } from './poll-pace.ts'
import type { SyncState } from './state.ts'
import type { TableStore } from './store/store.ts'
import { type GroupSort, type Survey, survey } from './survey.ts'

const dayMs = 86_400_000

/** `isKnown`: whether a group of this fingerprint was found by an earlier look. */
export async function observeSync(
  resource: SyncResource,
  ports: SyncPorts,
  context: EffectContext,
  isKnown: (fingerprint: string) => boolean,
): Promise<Observation<SyncState>> {
  try {
    const reading = await openParts({ name: resource.key.name, spec: resource.spec }, ports, context.signal)
    if (reading.is === 'unready') return present({ is: 'unready', message: reading.message })
    return await look(reading.parts, ports, context, isKnown)
  } catch (error) {
    if (!(error instanceof OperationalError) || context.signal.aborted) throw error
    return error.code === 'DATABASE_MISSING' ? { is: 'absent' } : { is: 'unreadable', error }
  }
}

async function look(
  parts: OpenParts,
  ports: SyncPorts,
  context: EffectContext,
  isKnown: (fingerprint: string) => boolean,
): Promise<Observation<SyncState>> {
  const beganMs = ports.clock.nowMs()
  const { spec, store, target, mapping } = parts
  const { signal } = context
  const asked = askedOf(store)
  // What was pushed meanwhile is seen with the rows as they are at this moment: the view is opened anew after each wait.
  const local = await takeRows(parts, ports, signal)
  if (local !== undefined) return present({ is: 'unready', message: local })
  const intake: RemoteIntake = {
    target,
    mapping,
    store,
    baseId: spec.airtable.base,
    nowMs: () => ports.clock.nowMs(),
    signal,
    progress: context.progress,
  }
  const askEveryMs = pollEveryMs(spec.pull.everyMs, target.base.usage(), beganMs)
  const maxAgeMs = asked.pull ? 0 : Math.max(0, askEveryMs - pollSlackMs)
  const scan = asked.full ? 'it was asked for' : isFullDue(parts, ports.clock.nowMs()) ? 'its schedule' : undefined
  let news = await takeRemote(intake, { maxAgeMs, scan })
  // Only now: what was asked for and failed is still asked for.
  takeAsked(store, asked)
  let found = await surveyNow(parts, ports, signal)
  // What waits for a person is not asked about at every look; its checkpoint asks when it is let through.
  const isNew = found.groups.some(({ sort, fingerprint }) => needsNews.has(sort) && !isKnown(fingerprint))
  if (isNew && !wasAskedSince(beganMs, parts)) {
    news = await takeRemote(intake, { maxAgeMs: ports.clock.nowMs() - beganMs, scan: undefined })
    await takeRows(parts, ports, signal)
    found = await surveyNow(parts, ports, signal)
  }
  const nowMs = ports.clock.nowMs()
  expireDaily(store, nowMs, spec.keepMs)
  const pushHeldUntilMs = pushHeld(parts, asked.push, nowMs)
  const lastPollMs = target.feed.webhook()?.lastPollMs ?? nowMs
  return present({
    is: 'surveyed',
    survey: pushHeldUntilMs === undefined ? found : withoutPushes(found),
    localCount: store.pairs.localCount(),
    remoteCount: store.pairs.remoteCount(),
    statuses: store.pairs.statusCounts(),
    withoutWebhook: news.withoutWebhook,
    scannedMs: scannedAt(store),
    pushHeldUntilMs,
    usage: target.base.usage(),
    askEveryMs,
    lookAgainAfterMs: Math.min(lastPollMs + askEveryMs, pushHeldUntilMs ?? Number.POSITIVE_INFINITY) - nowMs,
  })
}

/** A timer that fires a moment early must find the pull due. */
const pollSlackMs = 50

/** Notes changed rows; gives what is missing where the table cannot be read as one. */
async function takeRows(parts: OpenParts, ports: SyncPorts, signal: AbortSignal): Promise<string | undefined> {
  const view = await ports.databases.read(parts.path)
  try {
    const reading = openLocalTable(view.db, parts.spec)
    if (reading.is === 'unready') return reading.message
    const nowMs = ports.clock.nowMs()
    const whole = isWholeDue(parts.store, nowMs)
    await takeLocal({
      db: view.db,
      table: reading.table,
      store: parts.store,
      mark: mappingMark(parts.spec, parts.mapping),
      nowMs,
      whole,
      signal,
    })
    if (whole) parts.store.set(wholeName, String(nowMs))
    return undefined
  } finally {
    view.close()
  }
}

async function surveyNow(parts: OpenParts, ports: SyncPorts, signal: AbortSignal): Promise<Survey> {
  const view = await ports.databases.read(parts.path)
  try {
    const reading = openLocalTable(view.db, parts.spec)
    if (reading.is === 'unready') throw new OperationalError('ACTION_STALE', reading.message)
    return await survey(surveyParts(parts, reading.table, ports, signal))
  } finally {
    view.close()
  }
}

/**
 * Before these, what Airtable holds must be known as of now: something there would be overwritten, a lead made that a
 * colleague may have entered a moment ago, or a cell filled that may not be empty any more.
 */
const needsNews: ReadonlySet<GroupSort> = new Set([
  'push-new',
  'push-fill',
  'push-changes',
  'push-deletions',
  'push-erasures',
  'pull-deletions',
])

function wasAskedSince(sinceMs: number, { target }: OpenParts): boolean {
  const last = target.feed.webhook()?.lastPollMs
  return last !== undefined && last >= sinceMs
}

const wholeName = 'local-whole-at'

/** Deletes by INSERT OR REPLACE leave no trace: once a day every row is met with its pair. */
function isWholeDue(store: TableStore, nowMs: number): boolean {
  return nowMs - Number(store.get(wholeName) ?? '0') >= dayMs
}

function isFullDue({ spec, store }: OpenParts, nowMs: number): boolean {
  const last = scannedAt(store)
  if (last === undefined) return false
  const next = new Cron(spec.pull.full, { timezone: 'UTC', paused: true }).nextRun(new Date(last))
  return next !== null && next.getTime() <= nowMs
}

const pushedName = 'pushed-at'

/** With `push.on: interval`, until when pushes wait. */
function pushHeld({ spec, store }: OpenParts, asked: boolean, nowMs: number): number | undefined {
  if (spec.push.onChange || asked) return undefined
  const untilMs = Number(store.get(pushedName) ?? '0') + spec.push.everyMs
  return nowMs < untilMs ? untilMs : undefined
}

export function notePush(store: TableStore, nowMs: number): void {
  store.set(pushedName, String(nowMs))
}

function withoutPushes(found: Survey): Survey {
  return { ...found, groups: found.groups.filter(({ sort }) => !sort.startsWith('push-')) }
}

const expiredName = 'expired-at'

function expireDaily(store: TableStore, nowMs: number, keepMs: number): void {
  if (nowMs - Number(store.get(expiredName) ?? '0') < dayMs) return
  store.moves.expire(nowMs - keepMs)
  store.set(expiredName, String(nowMs))
}

function present(state: SyncState): Observation<SyncState> {
  const evidence =
    state.is === 'unready'
      ? state.message
      : {
          groups: state.survey.groups.map(({ sort, fingerprint }) => [sort, fingerprint]),
          problems: state.survey.problems.map(({ code, key, field, message }) => [code, key, field, message]),
          conflicts: state.survey.openConflicts,
        }
  return { is: 'present', state, fingerprint: hashOf(evidence) }
}
