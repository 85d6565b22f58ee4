/** What the API and the command line ask of the sync, answered by its desk, the engine, and the repositories of leads. */
import type { ConflictView, LeadSyncView, ResolveOutcome, SyncPort, SyncReportView } from '../api/sync-port.ts'
import { type Clock, isoOf } from '../clock.ts'
import { keyText, type ResourceKey } from '../engine/resource.ts'
import { readKeptViews } from '../engine/status-store.ts'
import { type StatusView, viewOf } from '../engine/view.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import type { Conflict } from '../kinds/sync/index.ts'
import type { WriteResult } from '../leads/editor.ts'
import type { Leads } from './leads.ts'
import { createSyncRuns, mirrorOf } from './sync-runs.ts'
import { conflictView, moveView, type ViewContext } from './sync-views.ts'
import type { Workspace } from './workspace.ts'

export interface SyncPortOptions {
  readonly workspace: Workspace
  readonly clock: Clock
  /** Has a resource looked at soon; does nothing where the caller looks itself. */
  readonly wake: (key: ResourceKey) => void
  /** The repositories of the generation in force, for values that a person gives. */
  readonly leads: () => Leads
}

export function createSyncPort(options: SyncPortOptions): SyncPort {
  const { workspace, clock } = options
  const { engine, journal } = workspace
  const runs = createSyncRuns(engine, clock)
  const views = viewsOver(workspace)

  return {
    tables: () => workspace.sync.tables(),
    report: (table) => reportOf(table, workspace),
    leads: (table, keys) => views.leads(table, keys),

    async history({ table, key, before, limit }) {
      const found = await Promise.all(
        wanted(table, workspace).map(async (name) => {
          const moves = await workspace.sync.history(name, {
            ...(key === undefined ? {} : { key }),
            ...(before === undefined ? {} : { beforeId: before }),
            limit,
          })
          if (moves.length === 0) return []
          const fieldsById = await workspace.sync.fieldsById(name)
          const actionOf = cached((id: string) => {
            const record = engine.ledger.record(id)
            return record === undefined ? null : { id, runId: record.runId ?? null }
          })
          return moves.map((move) =>
            moveView(move, { ...contextOf(name, workspace), fieldsById, action: actionOf(move.actionId) }),
          )
        }),
      )
      return found
        .flat()
        .sort((one, other) => other.id - one.id)
        .slice(0, limit)
    },

    async conflicts({ table, state, after, limit }) {
      const found = await Promise.all(
        wanted(table, workspace).map(async (name) => {
          const conflicts = await workspace.sync.conflicts(name, {
            state,
            ...(after === undefined ? {} : { after }),
            limit,
          })
          return Promise.all(conflicts.map((conflict) => views.conflict(conflict, name)))
        }),
      )
      return found
        .flat()
        .sort((one, other) => other.foundMs - one.foundMs || (one.id < other.id ? -1 : 1))
        .slice(0, limit)
    },

    async conflict(id) {
      const found = await workspace.sync.conflict(id)
      return found === undefined ? undefined : views.conflict(found.conflict, found.table)
    },

    resolve: (request) => resolve(request, options, views),

    async ask({ table, what, actor }) {
      if (!workspace.sync.tables().includes(table)) return undefined
      journal.append([{ type: 'sync.asked', actor, resource: keyText(mirrorOf(table)), body: { what } }])
      const mark = await workspace.sync.ask(table, what)
      engine.gating.reset(mirrorOf(table))
      const run = runs.follow({ table, what }, () => workspace.sync.isAsked(table, mark))
      options.wake(mirrorOf(table))
      return run
    },
    run: (id) => runs.get(id),
  }
}

/** The named table, mirrored or not: the desk says what is wrong with the name. Or all. */
function wanted(table: string | undefined, workspace: Workspace): readonly string[] {
  const tables = workspace.sync.tables()
  return table === undefined ? tables : tables.filter((one) => one === table)
}

function contextOf(table: string, { generations }: Workspace): ViewContext {
  return { table, spec: generations.inForce().state.tables[table] }
}

type Views = ReturnType<typeof viewsOver>

function viewsOver(workspace: Workspace) {
  const linkOf = async (table: string, recordId: string | null): Promise<string | null> =>
    recordId === null ? null : ((await workspace.sync.linkOf(table, recordId)) ?? null)
  return {
    async leads(table: string, keys: readonly string[]): Promise<ReadonlyMap<string, LeadSyncView>> {
      if (!workspace.sync.tables().includes(table)) return new Map()
      const pairs = await workspace.sync.some(table, keys)
      // All links of a table begin alike: asked for once, not for each record.
      const link = await linkOf(table, '')
      return new Map(
        pairs.map(({ key, rec, status, detail, localAtMs, remoteAtMs }) => [
          key,
          {
            table,
            key,
            recordId: rec,
            state: status,
            detail,
            localChangedMs: localAtMs,
            remoteChangedMs: remoteAtMs,
            url: rec === null || link === null ? null : `${link}${rec}`,
          },
        ]),
      )
    },
    async conflict(conflict: Conflict, table: string): Promise<ConflictView> {
      const pair = await workspace.sync.lead(table, conflict.key)
      const recordId = pair?.rec ?? null
      return conflictView(conflict, {
        ...contextOf(table, workspace),
        recordId,
        url: await linkOf(table, recordId),
      })
    },
  }
}

async function reportOf(table: string, workspace: Workspace): Promise<SyncReportView> {
  const report = await workspace.sync.report(table)
  const { usage } = report
  const view = lastView(table, workspace)
  return {
    table,
    summary: view?.summary ?? 'not looked at yet',
    localCount: report.localCount,
    remoteCount: report.remoteCount,
    counts: report.statuses,
    openConflicts: report.openConflicts,
    waiting: view?.actions.filter(({ gate }) => !gate.runnable).length ?? 0,
    lastPullMs: report.lastPullMs ?? null,
    lastFullMs: report.lastFullMs ?? null,
    webhook: report.webhook,
    calls:
      usage === undefined
        ? null
        : {
            month: usage.month,
            made: usage.calls,
            limit: usage.limit ?? null,
            forecast: usage.forecast ?? null,
            exhaustedSinceMs: usage.exhaustedSinceMs ?? null,
          },
    error: view?.error ?? null,
  }
}

/** The last look at a mirror: of this process, or the one that was kept by another. */
function lastView(table: string, { engine, journal }: Workspace): StatusView | undefined {
  const status = engine.statuses.get(mirrorOf(table))
  return status?.lookedAtMs === undefined ? readKeptViews(journal, [mirrorOf(table)])[0] : viewOf(status)
}

type ResolveRequest = Parameters<SyncPort['resolve']>[0]

async function resolve(request: ResolveRequest, options: SyncPortOptions, views: Views): Promise<ResolveOutcome> {
  const { id, choice } = request
  const found = await options.workspace.sync.conflict(id)
  if (found === undefined) return { is: 'not-found', message: `There is no conflict ${id}.` }
  const { conflict, table } = found
  if (conflict.state !== 'open') return stale(conflict, table, views)
  if (choice.is === 'value') return resolveByValue(conflict, table, choice.value, request, options, views)
  return settle({ id, take: choice.take, noted: choice.take, actionId: null }, request, options, views)
}

/**
 * Writes the value as any write of a lead, so that it is journaled and can be undone, and lets it win. A look between the
 * write and the choice finds another conflict, of the new value: then that one is decided.
 */
async function resolveByValue(
  conflict: Conflict,
  table: string,
  value: JsonValue,
  request: ResolveRequest,
  options: SyncPortOptions,
  views: Views,
): Promise<ResolveOutcome> {
  const { id, key, field, kind } = conflict
  if (kind !== 'values') {
    const message = 'is for a field; here one side deleted the record: take one side'
    return { is: 'invalid', problems: [{ path: ['value'], message }] }
  }
  const repository = options.leads().of(table)
  if (repository === undefined) return { is: 'not-found', message: `There is no table ${table}.` }
  const reason = request.comment ?? `a value for conflict ${id}`
  const written = await repository.update(key, { [field]: value }, { actor: request.actor, reason })
  if (written.is !== 'written') return refusalOf(written, key)
  const actionId = written.actionId ?? null
  const noted = { noted: 'value', actionId }
  // Where nothing had to be written, the value is ours.
  const first = await settle({ id, take: actionId === null ? 'local' : 'apart', ...noted }, request, options, views)
  if (first.is !== 'stale' || actionId === null) return first
  const left = (await options.workspace.sync.conflicts(table, { state: 'open', limit: successorsMax })).find(
    (one) => one.key === key && one.field === field,
  )
  // The value is what Airtable holds, too: a look saw both sides agree.
  if (left === undefined) return { is: 'resolved', conflict: first.conflict, actionId }
  if (sameRemote(left, conflict)) return settle({ id: left.id, take: 'local', ...noted }, request, options, views)
  const message = `The value was written here (undo: ${actionId}), but Airtable's has changed meanwhile: it is conflict ${left.id} now.`
  return { is: 'stale', conflict: await views.conflict(left, table), message }
}

/** Newest first: the one that a write brought about is among the first. */
const successorsMax = 1000

function sameRemote(one: Conflict, other: Conflict): boolean {
  return JSON.stringify(one.remote) === JSON.stringify(other.remote)
}

async function settle(
  choice: {
    readonly id: string
    readonly take: 'local' | 'airtable' | 'apart'
    readonly noted: string
    readonly actionId: string | null
  },
  { actor, comment }: ResolveRequest,
  { workspace, wake }: SyncPortOptions,
  views: Views,
): Promise<ResolveOutcome> {
  const { id, take, noted, actionId } = choice
  const outcome = await workspace.sync.resolve(id, take, actor, ({ key, field, kind }, table) => {
    const body: JsonObject = {
      conflict: id,
      key,
      field,
      kind,
      choice: noted,
      ...(actionId === null ? {} : { actionId }),
      ...(comment === undefined ? {} : { comment }),
    }
    workspace.journal.append([{ type: 'conflict.resolved', actor, resource: keyText(mirrorOf(table)), body }])
  })
  if (outcome.is === 'unknown') return { is: 'not-found', message: `There is no conflict ${id}.` }
  if (outcome.is === 'stale') return stale(outcome.conflict, outcome.table, views)
  wake(mirrorOf(outcome.table))
  return { is: 'resolved', conflict: await views.conflict(outcome.conflict, outcome.table), actionId }
}

async function stale(conflict: Conflict, table: string, views: Views): Promise<ResolveOutcome> {
  const { state, resolvedBy, choice, resolvedMs } = conflict
  const message =
    state === 'resolved'
      ? `${resolvedBy ?? 'Somebody'} has chosen already (${choice ?? 'a side'}${resolvedMs === null ? '' : `, ${isoOf(resolvedMs)}`}).`
      : 'A value has changed since, or both sides agree now; see the conflicts as they are.'
  return { is: 'stale', conflict: await views.conflict(conflict, table), message }
}

function refusalOf(result: Exclude<WriteResult, { is: 'written' }>, key: string): ResolveOutcome {
  switch (result.is) {
    case 'invalid':
      return {
        is: 'invalid',
        problems: result.problems.map(({ message }) => ({ path: ['value'], message })),
      }
    case 'duplicate':
      return {
        is: 'invalid',
        problems: [{ path: ['value'], message: `must be unique; ${result.existingKey} has it` }],
      }
    case 'not-found':
      return { is: 'not-found', message: `There is no record ${key} any more.` }
    case 'conflict':
      return { is: 'invalid', problems: [{ path: ['value'], message: 'the record was changed meanwhile; try again' }] }
    case 'suppressed':
      return {
        is: 'invalid',
        problems: [{ path: ['value'], message: 'belongs to an erased person; an admin can lift the suppression' }],
      }
    case 'waiting':
      return { is: 'waiting', actionId: result.actionId, reasons: result.reasons }
    default:
      return { is: 'failed', actionId: result.actionId, message: result.reason }
  }
}

function cached<Key, Value>(find: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>()
  return (key) => {
    const before = known.get(key)
    if (before !== undefined) return before
    const value = find(key)
    known.set(key, value)
    return value
  }
}
