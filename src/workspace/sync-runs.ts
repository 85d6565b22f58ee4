/**
 * Pushes and pulls that people asked for, until they have come to something: a request is taken up by the next look at the
 * table, and has ended when that look's actions have.
 */
import type { SyncRunView } from '../api/sync-port.ts'
import type { Clock } from '../clock.ts'
import type { Engine } from '../engine/engine.ts'
import type { ActionRecord } from '../engine/ledger.ts'
import { keyText, type ResourceKey } from '../engine/resource.ts'
import type { ResourceStatus } from '../engine/status.ts'
import { messageOf } from '../errors.ts'
import type { JsonObject } from '../json.ts'

/** Key of the resource that mirrors a table. */
export function mirrorOf(table: string): ResourceKey {
  return { kind: 'sync', name: table }
}

export interface SyncRuns {
  /** Follows a request. `isAsked` tells whether no look has taken it up yet. */
  follow(
    request: { readonly table: string; readonly what: SyncRunView['what'] },
    isAsked: () => Promise<boolean>,
  ): SyncRunView
  get(id: string): SyncRunView | undefined
}

interface Run extends Pick<SyncRunView, 'id' | 'table' | 'what' | 'askedMs'> {
  state: SyncRunView['state']
  progress: SyncRunView['progress']
  error: SyncRunView['error']
}

/** How many requests are remembered: those of a busy day. */
const keptMax = 200
/** Actions of one request that are told of; a push of a million leads makes some thousands. */
const actionsMax = 10_000

export function createSyncRuns(engine: Engine, clock: Clock): SyncRuns {
  const runs = new Map<string, Run>()

  const viewOf = (run: Run): SyncRunView => {
    const status = engine.statuses.get(mirrorOf(run.table))
    if (status === undefined && run.state === 'running') fail(run, noLongerMirrored(run.table))
    return { ...run, actions: executedSince(engine, run.table, run.askedMs), ...standingOf(status) }
  }

  return {
    follow({ table, what }, isAsked) {
      const run: Run = {
        id: engine.newRunId(),
        table,
        what,
        askedMs: clock.nowMs(),
        state: 'running',
        progress: null,
        error: null,
      }
      runs.set(run.id, run)
      for (const old of runs.keys()) {
        if (runs.size <= keptMax) break
        runs.delete(old)
      }
      const resource = keyText(mirrorOf(table))
      const stopProgress = engine.onProgress(({ resource: of, verb, done, total }) => {
        if (of === resource) run.progress = { verb, done, total }
      })
      const stopStatus = engine.statuses.onChange((status) => {
        if (keyText(status.declared.key) === resource) void endOfTurn(status)
      })
      const endOfTurn = async (status: ResourceStatus): Promise<void> => {
        run.progress = null
        if (run.state !== 'running') return
        if (status.streak.signature !== null) fail(run, failureOf(status))
        else {
          try {
            const asked = await isAsked()
            if (!asked && !status.actions.some(({ gate }) => gate.runnable)) run.state = 'done'
          } catch (error) {
            fail(run, { ...noLongerMirrored(table), message: messageOf(error) })
          }
        }
        if (run.state === 'running') return
        stopProgress()
        stopStatus()
      }
      return viewOf(run)
    },
    get(id) {
      const run = runs.get(id)
      return run === undefined ? undefined : viewOf(run)
    },
  }
}

function fail(run: Run, error: SyncRunView['error']): void {
  run.state = 'failed'
  run.error = error
}

function noLongerMirrored(table: string): NonNullable<SyncRunView['error']> {
  return {
    code: 'NOT_FOUND',
    message: `${table} is not mirrored in Airtable any more`,
    hint: 'See `trueup sync status` for the tables that are.',
  }
}

function failureOf({ observation, conditions }: ResourceStatus): SyncRunView['error'] {
  if (observation?.is === 'unreadable') {
    const { code, message, hint } = observation.error
    return { code, message, hint }
  }
  const failing = conditions.find(
    ({ type, status: truth }) => (type === 'Stalled' || type === 'Progressing') && truth === 'true',
  )
  return {
    code: 'ACTION_FAILED',
    message: failing?.message ?? 'a repair of the table failed',
    hint: failing?.nextStep ?? '',
  }
}

/** What the table's last look left for people. */
export function standingOf(
  status: ResourceStatus | undefined,
): Pick<SyncRunView, 'waiting' | 'openConflicts' | 'byHand'> {
  const byHand = (status?.drift ?? []).filter((drift) => drift.byHand !== undefined)
  return {
    waiting: (status?.actions ?? []).filter(({ gate }) => !gate.runnable).length,
    openConflicts: byHand.find(({ path }) => path === 'conflicts')?.affected.count ?? 0,
    byHand: byHand.filter(({ path }) => path !== 'conflicts').map(({ message }) => message),
  }
}

/** Actions of the mirror that were carried out from a moment on, oldest first. */
export function executedSince(engine: Engine, table: string, sinceMs: number): SyncRunView['actions'] {
  return engine.ledger
    .records({
      states: ['succeeded', 'verified', 'failed', 'unknown'],
      resource: keyText(mirrorOf(table)),
      limit: actionsMax,
    })
    .filter(({ changedAtMs }) => changedAtMs >= sinceMs)
    .map(executedView)
    .reverse()
}

function executedView({ action, state, result }: ActionRecord): SyncRunView['actions'][number] {
  return {
    id: action.id,
    verb: action.verb,
    summary: action.summary,
    state,
    changed: count(result, 'changed'),
    skipped: count(result, 'skipped'),
  }
}

function count(result: JsonObject | undefined, name: string): number {
  const found = result?.[name]
  return typeof found === 'number' ? found : 0
}
