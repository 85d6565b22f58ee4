/** What the API asks of the controller, answered by the engine. */
import type { AccessNote } from '../api/access-notes.ts'
import type { ActionRecordView, ApproveOutcome, EnginePort, EventView, ProgressView } from '../api/ports.ts'
import type { Clock } from '../clock.ts'
import type { StoredEvent } from '../engine/event-store.ts'
import type { ActionRecord } from '../engine/ledger.ts'
import { liveStream } from '../engine/live.ts'
import type { Loop } from '../engine/loop.ts'
import { isSamePerson } from '../engine/person.ts'
import { planIdOf } from '../engine/planner.ts'
import type { RunProgress } from '../engine/reconcile.ts'
import { keyText, parseKey, type ResourceKey } from '../engine/resource.ts'
import { previewUndo } from '../engine/undo-preview.ts'
import { requestUndo } from '../engine/undo-request.ts'
import { wholeUndo } from '../engine/undo-rows.ts'
import { verdictOf } from '../engine/verdict.ts'
import { actionViewOf, viewOf } from '../engine/view.ts'
import { OperationalError } from '../errors.ts'
import { type ActionState, actionStates, type NewEntry } from '../journal/entry.ts'
import type { Random } from '../random.ts'
import { allowContact } from './allow-contact.ts'
import { contactAnswers } from './contactable.ts'
import { desiredStatePort } from './desired-state-port.ts'
import { liftSuppression } from './lift-suppression.ts'
import { previewOutcome, undoOutcome } from './undo-outcome.ts'
import type { Workspace } from './workspace.ts'

export interface EnginePortOptions {
  readonly workspace: Workspace
  readonly loop: Loop
  readonly clock: Clock
  readonly random: Random
  readonly version: string
  readonly startedAtMs: number
  readonly signal: AbortSignal
}

export function createEnginePort(options: EnginePortOptions): EnginePort {
  const { workspace, loop, clock, signal } = options
  const { engine, generations, journal, events } = workspace
  const views = () => engine.statuses.all().map(viewOf)
  const planOf = () => {
    const { generation } = engine.declaration()
    const actions = engine.statuses.all().flatMap((status) => status.actions)
    return {
      id: planIdOf(
        actions.map(({ action }) => action),
        generation,
      ),
      generation,
      observedAtMs: clock.nowMs(),
      actions: actions.map(actionViewOf),
    }
  }
  const recordView = (record: ActionRecord): ActionRecordView => actionRecordView(record, workspace)

  return {
    controller() {
      const all = views()
      const looked = all.map((view) => view.fullLookAtMs).filter((moment) => moment !== null)
      return {
        name: generations.inForce().state.name,
        version: options.version,
        verdict: verdictOf(all, clock.nowMs(), workspace.serves).sentence,
        generation: generations.inForce().number,
        mode: engine.declaration().policy.mode,
        startedAtMs: options.startedAtMs,
        lease:
          workspace.lease === undefined
            ? null
            : { number: workspace.lease.number, holder: 'controller', sinceMs: options.startedAtMs },
        lastFullLookAtMs: looked.length === 0 ? null : Math.min(...looked),
      }
    },
    readiness() {
      try {
        workspace.lease?.assertHeld()
        return { ready: true, reason: 'the journal is writable and a generation is in force' }
      } catch (error) {
        return { ready: false, reason: error instanceof Error ? error.message : String(error) }
      }
    },
    ...desiredStatePort(options),
    resources: views,
    plan: planOf,
    action(id) {
      const record = engine.ledger.record(id)
      return record === undefined ? undefined : recordView(record)
    },
    actions: ({ states, resource, runId, before, limit }) =>
      engine.ledger
        .records({
          ...(states === undefined ? {} : { states: states.filter(isActionState) }),
          ...(resource === undefined ? {} : { resource: keyText(resource) }),
          ...(runId === undefined ? {} : { runId }),
          ...(before === undefined ? {} : { before }),
          limit,
        })
        .map(recordView),
    approve: (request) => approveAll(request, options),
    reject({ actionIds, actor, reason }) {
      const rejected = actionIds.filter((actionId) => engine.reject({ actionId, actor, reason }))
      for (const id of rejected) wakeResourceOf(id, options)
      return { rejected, notPending: actionIds.filter((id) => !rejected.includes(id)) }
    },
    async undo({ of, actor, choice = wholeUndo, dryRun = false }) {
      try {
        if (dryRun) return previewOutcome(await previewUndo({ of, choice, actor, signal }, engine), engine.ledger)
        const results = await requestUndo({ of, choice, actor, signal }, engine)
        for (const { actionId } of results) wakeResourceOf(actionId, options)
        return undoOutcome(results, engine.ledger)
      } catch (error) {
        if (!(error instanceof OperationalError)) throw error
        if (error.code === 'ACTION_NOT_FOUND') return { is: 'not-found' }
        if (error.code === 'ACTION_NOT_UNDOABLE')
          return { is: 'not-undoable', message: error.message, hint: error.hint }
        throw error
      }
    },
    reconcile({ resource }) {
      const keys = engine.statuses.all().map((status) => status.declared.key)
      const wanted = resource === undefined ? keys : keys.filter((key) => keyText(key) === keyText(resource))
      if (wanted.length === 0) return undefined
      for (const key of wanted) {
        engine.gating.reset(key)
        const declared = engine.statuses.get(key)?.declared
        if (declared !== undefined) workspace.kinds.find(({ name }) => name === key.kind)?.refresh?.(declared)
        loop.wake(key, { full: true })
      }
      return { runId: engine.newRunId() }
    },
    suspend({ resource, reason, actor }) {
      if (engine.statuses.get(resource) === undefined) return false
      journal.append([{ type: 'resource.suspended', actor, resource: keyText(resource), body: { reason } }])
      loop.wake(resource)
      return true
    },
    resume({ resource, actor }) {
      if (engine.statuses.get(resource) === undefined) return false
      journal.append([{ type: 'resource.resumed', actor, resource: keyText(resource), body: {} }])
      loop.wake(resource, { full: true })
      return true
    },
    events({ after, limit }) {
      const page = events.page(after === undefined ? undefined : Number(after), limit + 1)
      return { events: page.slice(0, limit).map(eventView), more: page.length > limit }
    },
    watchEvents: (after, watching) => watchEvents(after, watching, workspace),
    watchProgress: (runId, watching) => watchProgress(runId, watching, workspace),
    watchResources: (watching) =>
      mapped(
        liveStream<Parameters<Parameters<typeof engine.statuses.onChange>[0]>[0]>(
          (listener) => engine.statuses.onChange(listener),
          watching,
        ),
        viewOf,
      ),
    auditLog({ before, actor, resource, limit }) {
      const entries = journal.newest({ before, actor, resource, limit: limit + 1 })
      return { entries: entries.slice(0, limit), more: entries.length > limit }
    },
    suppressions: () => workspace.suppressions.list(),
    liftSuppression({ id, reason, actor }) {
      if (!liftSuppression(workspace, { id, reason, actor, atMs: clock.nowMs() })) return undefined
      // Who was held back may come now.
      for (const { declared } of engine.declaration().resources) loop.wake(declared.key, { full: true })
      return workspace.suppressions.list().find((one) => one.id === id)
    },
    contactable: (addresses) => contactAnswers(workspace, addresses),
    async allowContact(request) {
      const outcome = await allowContact(workspace, request, { clock, random: options.random })
      for (const { declared } of engine.declaration().resources)
        if (['contact', 'sync'].includes(declared.key.kind)) loop.wake(declared.key, { full: true })
      return outcome
    },
    recordTokenChange({ is, tokenId, subject, role, actor }) {
      journal.append([{ type: `token.${is}`, actor, body: { tokenId, subject, role } }])
    },
    recordAccess(note) {
      journal.append([accessEntry(note)])
    },
  }
}

function accessEntry(note: AccessNote): NewEntry {
  if (note.is === 'sign-in-refused') return { type: 'access.sign-in-refused', actor: 'nobody', body: {} }
  const { is, actor, ...body } = note
  return { type: is === 'exported' ? 'leads.exported' : `access.${is}`, actor, body: { ...body } }
}

function isActionState(text: string): text is ActionState {
  return actionStates.some((state) => state === text)
}

function wakeResourceOf(actionId: string, { workspace, loop }: EnginePortOptions): void {
  const record = workspace.engine.ledger.record(actionId)
  if (record !== undefined) loop.wake(record.action.resource, { full: true })
}

function approveAll(
  request: { readonly actionIds: readonly string[]; readonly approver: string; readonly comment: string | undefined },
  options: EnginePortOptions,
): ApproveOutcome {
  const { engine } = options.workspace
  const { actionIds, approver, comment } = request
  // All or none: nothing is recorded before each of them is known to stand.
  const gone = actionIds.filter((id) => engine.pending(id) === undefined)
  if (gone.length > 0)
    return { is: 'plan-stale', actionIds: gone, whatChanged: gone.map((id) => whatBecameOf(id, options)) }
  const own = actionIds.filter((id) => {
    const action = engine.pending(id)?.action
    return action?.risk === 'critical' && isSamePerson(action.requestedBy, approver)
  })
  if (own.length > 0)
    return {
      is: 'self-approval',
      actionIds: own,
      message: 'who asked for a critical action cannot approve it; another person must',
    }
  const results = actionIds.map((actionId) =>
    engine.approve({ actionId, approver, ...(comment === undefined ? {} : { comment }) }),
  )
  const stale = results.flatMap((result) => (result.is === 'stale' ? [result] : []))
  if (stale.length > 0)
    return {
      is: 'plan-stale',
      actionIds: stale.map((one) => one.actionId),
      whatChanged: stale.map((one) => one.message),
    }
  for (const id of actionIds) wakeResourceOf(id, options)
  const approved = results.flatMap((result) => (result.is === 'approved' ? [result] : []))
  return {
    is: 'approved',
    actions: approved.map(({ actionId, given, needed }) => ({ actionId, given, needed })),
    runId: null,
  }
}

function whatBecameOf(id: string, { workspace }: EnginePortOptions): string {
  const record = workspace.engine.ledger.record(id)
  if (record === undefined) return `${id}: no repair has that id`
  const message = record.result?.message
  return typeof message === 'string' ? message : `${id} is ${record.state} already`
}

function actionRecordView(record: ActionRecord, { engine }: Workspace): ActionRecordView {
  const { action, state } = record
  const living = state === 'planned' || state === 'approved' || state === 'rejected'
  return {
    ...actionViewOf({
      action: { ...action, preview: engine.ledger.preview(action.id) },
      gate: engine.gating.gate(action),
    }),
    state,
    approvals: record.approvals.map(({ approver, atMs, expiresAtMs, comment }) => ({
      approver,
      atMs,
      expiresAtMs,
      comment: comment ?? null,
    })),
    runId: record.runId ?? null,
    changedAtMs: record.changedAtMs,
    result: record.result ?? null,
    expiresAtMs:
      living && record.approvals.length > 0
        ? Math.min(...record.approvals.map((approval) => approval.expiresAtMs))
        : null,
  }
}

function eventView(event: StoredEvent): EventView {
  return {
    cursor: String(event.seq),
    atMs: event.lastAtMs,
    type: event.reason,
    severity: event.level,
    message: event.message,
    resource: event.resource,
    actionId: null,
    runId: null,
    actor: null,
    count: event.count,
  }
}

async function* watchEvents(
  after: string | undefined,
  signal: AbortSignal,
  { events }: Workspace,
): AsyncIterable<EventView> {
  const live = liveStream<StoredEvent>((listener) => events.onEvent(listener), signal)
  let last = after === undefined ? undefined : Number(after)
  const iterator = live[Symbol.asyncIterator]()
  // Listening begins before the page is read, so that nothing falls between the two.
  let next = iterator.next()
  if (last !== undefined) {
    for (const event of events.page(last, 1000)) {
      last = event.seq
      yield eventView(event)
    }
  }
  for (;;) {
    const { value, done } = await next
    if (done === true) return
    next = iterator.next()
    if (last !== undefined && value.seq <= last) continue
    yield eventView(value)
  }
}

async function* watchProgress(runId: string, signal: AbortSignal, { engine }: Workspace): AsyncIterable<ProgressView> {
  for await (const progress of liveStream<RunProgress>((listener) => engine.onProgress(listener), signal)) {
    if (progress.runId !== runId) continue
    yield {
      runId,
      state: 'running',
      resource: addressOf(progress.resource),
      verb: progress.verb,
      done: progress.done,
      total: progress.total,
      message: `${progress.verb} ${progress.resource}: ${progress.done} of ${progress.total}`,
    }
  }
}

function addressOf(text: string): ResourceKey | null {
  return parseKey(text) ?? null
}

async function* mapped<From, To>(values: AsyncIterable<From>, change: (value: From) => To): AsyncIterable<To> {
  for await (const value of values) yield change(value)
}
