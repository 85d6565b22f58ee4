/**
 * One reconcile of one resource: end what a crash cut off, look, gate, carry out what may be, look again to verify.
 * Knows no kind. Called for one key at a time; the queue sees to that.
 */
import type { Clock } from '../clock.ts'
import type { OperationalError } from '../errors.ts'
import { isUnwritable } from '../journal/store.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import type { Action } from './action.ts'
import { outcomeOf, standingOutcome } from './conclusion.ts'
import { type Execution, type ExecutorOptions, execute, operational } from './executor.ts'
import type { EffectContext, Kind } from './kind.ts'
import type { Lease } from './lease.ts'
import type { ActionRecord, Ledger } from './ledger.ts'
import type { Limits } from './limits.ts'
import { lookAt } from './look.ts'
import type { Observation } from './observation.ts'
import type { Outcome } from './outcome.ts'
import { diffPlans } from './planner.ts'
import { recoverResource } from './recovery.ts'
import { keyText, type ResourceKey } from './resource.ts'
import type { Safeguard } from './safeguard.ts'
import { stillStanding } from './settle-status.ts'
import type { GatedAction, Look, ResourceStatus } from './status.ts'
import { lookOf, type WorkBook } from './work-book.ts'

export interface RunProgress {
  readonly runId: string
  readonly resource: string
  readonly verb: string
  readonly done: number
  readonly total: number
}

export interface ReconcilePorts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly ledger: Ledger
  readonly limits: Limits
  readonly kindOf: (name: string) => Kind
  /** What the gate says of an action at this moment. */
  readonly gate: (action: Action) => GatedAction['gate']
  /** The lease, or undefined in a run that may only look. */
  readonly lease: Lease | undefined
  readonly deadlineMs: number
  /** What is under way, and how far it is. */
  readonly work: WorkBook
  /** Ids of the only actions that may run; undefined for all. */
  readonly only: ReadonlySet<string> | undefined
  /** What has to be backed up before risky actions; undefined where nothing has. */
  readonly safeguard?: Safeguard | undefined
}

export interface ReconcileRequest {
  readonly status: ResourceStatus
  /** Where the last look ended; undefined for a full look. */
  readonly cursor: string | undefined
  readonly runId: string
  readonly actor: string
  readonly signal: AbortSignal
  /** A full observation that was begun before; only where nothing is carried out. */
  readonly ahead?: Promise<Observation<unknown>> | undefined
  readonly outside?: EffectContext['outside']
}

/** One carried-out action and what it did. */
export interface Executed {
  readonly action: Action
  readonly execution: Execution
}

export interface Reconciled {
  readonly outcome: Outcome
  /** The newest look that saw something; undefined when nothing had changed or nothing could be seen. */
  readonly look: Look | undefined
  readonly gated: readonly GatedAction[]
  readonly executed: readonly Executed[]
  readonly cursor: string | undefined
  /** Actions ran whose effect must be looked at as a whole before more is decided. */
  readonly lookAgain: boolean
}

/** Resources that were changed by what was carried out, besides the reconciled one and its neighbours. */
export function wokenBy({ executed }: Reconciled): readonly ResourceKey[] {
  return executed.flatMap(({ execution }) => (execution.is === 'succeeded' ? (execution.applied.wakes ?? []) : []))
}

/** Runs one reconcile to its end. Throws only InvariantViolation. */
export async function reconcile(request: ReconcileRequest, ports: ReconcilePorts): Promise<Reconciled> {
  try {
    return await reconcileWhole(request, ports)
  } catch (error) {
    if (!isUnwritable(error)) throw error
    // What was begun is ended by recovery, once the journal can be written again.
    return heldUp(error, request)
  }
}

async function reconcileWhole(request: ReconcileRequest, ports: ReconcilePorts): Promise<Reconciled> {
  const recovery = await recover(request, ports)
  if ('outcome' in recovery) return recovery
  const isWhole = recovery.finished.length > 0 || mayRunOneThatStands(request.status, ports)
  const first = await lookNow(request, isWhole ? undefined : request.cursor, ports)
  verifyRecovered(recovery.finished, first, request, ports)
  if (first.scope === 'nothing') return nothingChanged(request, first, ports)
  if (first.observation.is === 'unreadable') return unreadable(first, first.observation.error)
  const gated = plan(first, request.status, ports)
  if (gated === undefined) return conclude(request, first, unjournaled(first, ports), [], false, ports)
  const executed = await carryOut(gated, request, ports)
  if (executed.length === 0) return conclude(request, first, gated, executed, false, ports)
  const verified = await verify(first, executed, request, ports)
  return verified
}

/** Ends what was begun before; gives what took effect by then, or why nothing new may begin. */
async function recover(
  request: ReconcileRequest,
  ports: ReconcilePorts,
): Promise<{ readonly finished: readonly ActionRecord[] } | Reconciled> {
  if (ports.lease === undefined) return { finished: [] }
  const resource = keyText(request.status.declared.key)
  try {
    const recovery = await recoverResource(resource, executeContext(request), executorOptions(ports, ports.lease))
    return recovery.is === 'clear' ? recovery : heldUp(recovery.error, request)
  } catch (error) {
    return heldUp(operational(error, request.signal), request)
  }
}

function heldUp(error: OperationalError, { cursor }: ReconcileRequest): Reconciled {
  return { outcome: outcomeOf(error, 'repair'), look: undefined, gated: [], executed: [], cursor, lookAgain: false }
}

function verifyRecovered(
  finished: readonly ActionRecord[],
  look: Look,
  request: ReconcileRequest,
  ports: ReconcilePorts,
): void {
  const left = new Set(look.drift.map((one) => one.path))
  for (const { action } of finished) {
    const remaining = action.resolves.filter((path) => left.has(path))
    ports.ledger.move('action.verified', action, { actor: request.actor, runId: request.runId }, { remaining })
  }
}

function lookNow(request: ReconcileRequest, cursor: string | undefined, ports: ReconcilePorts): Promise<Look> {
  const { declared, specHash } = request.status
  return ports.work.during(lookOf(declared.key, request.runId), (progress) =>
    lookAt(declared, {
      kind: ports.kindOf(declared.key.kind),
      ledger: ports.ledger,
      specHash,
      cursor,
      nowMs: ports.clock.nowMs(),
      context: { signal: request.signal, progress },
      ahead: request.ahead,
    }),
  )
}

/**
 * Journals what is new, voids what no longer follows from the evidence, and asks the gate. Undefined where the journal
 * cannot be written: what it does not know must not be carried out.
 */
function plan(look: Look, status: ResourceStatus, ports: ReconcilePorts): readonly GatedAction[] | undefined {
  try {
    journalPlan(look, status, ports)
  } catch (error) {
    if (!isUnwritable(error)) throw error
    return undefined
  }
  return look.actions.map((action) => ({ action, gate: ports.gate(action) }))
}

/** The actions of a look that the journal does not know: all of them wait for it. */
function unjournaled(look: Look, ports: ReconcilePorts): readonly GatedAction[] {
  const message = 'the journal cannot be written, and nothing is done without it'
  return look.actions.map((action) => {
    const gate = ports.gate(action)
    if (gate.reasons.some(({ code }) => code === 'journal-unwritable')) return { action, gate }
    const reasons = [{ code: 'journal-unwritable' as const, asks: 'wait' as const, message }, ...gate.reasons]
    return { action, gate: { ...gate, decision: 'wait', runnable: false, reasons } }
  })
}

function journalPlan(look: Look, status: ResourceStatus, ports: ReconcilePorts): void {
  const { ledger, lease } = ports
  if (lease !== undefined) {
    // Read first: an action that is new to the journal is what may stand in for one that vanished.
    const before = look.scope === 'full' ? pendingOf(status, ports) : []
    for (const action of look.actions) {
      const state = ledger.record(action.id)?.state
      if (state === undefined || state === 'superseded') ledger.plan(action)
    }
    supersede(before, look, ports)
  }
}

function pendingOf(status: ResourceStatus, ports: ReconcilePorts): readonly Action[] {
  return ports.ledger
    .records({ states: ['planned', 'approved', 'rejected'], resource: keyText(status.declared.key), limit: 1000 })
    .map((record) => record.action)
    .filter((action) => action.cause !== 'undo' && action.cause !== 'request')
}

function supersede(before: readonly Action[], look: Look, ports: ReconcilePorts): void {
  for (const { action, nearest, message } of diffPlans(before, look.actions).vanished) {
    ports.ledger.move(
      'action.superseded',
      action,
      { actor: 'controller' },
      {
        reason: nearest === undefined ? 'drift-gone' : 'evidence-changed',
        message,
        successor: nearest?.id ?? null,
      },
    )
  }
}

/**
 * Whether what the last look at all of it found may be carried out now: it was let through meanwhile (a window opened, an
 * approval came), or its last try failed. What changed since then tells nothing of it, so that all has to be looked at.
 */
function mayRunOneThatStands(status: ResourceStatus, ports: ReconcilePorts): boolean {
  if (ports.lease === undefined) return false
  const allowed: number[] = []
  let blockedAfter = Number.POSITIVE_INFINITY
  for (const { action } of stillStanding(status, ports.ledger)) {
    if (isAllowed(action, ports)) allowed.push(action.order)
    else blockedAfter = Math.min(blockedAfter, action.order)
  }
  return allowed.some((order) => order <= blockedAfter)
}

function isAllowed(action: Action, ports: ReconcilePorts): boolean {
  return (ports.only === undefined || ports.only.has(action.id)) && ports.gate(action).runnable
}

async function carryOut(
  gated: readonly GatedAction[],
  request: ReconcileRequest,
  ports: ReconcilePorts,
): Promise<readonly Executed[]> {
  const { lease } = ports
  if (lease === undefined) return []
  const executed: Executed[] = []
  let blockedAfter = Number.POSITIVE_INFINITY
  for (const { action } of [...gated].sort((a, b) => a.action.order - b.action.order)) {
    // An action that did not run, or failed, holds back those planned to come after it.
    if (action.order > blockedAfter) break
    if (!isAllowed(action, ports)) {
      blockedAfter = action.order
      continue
    }
    const execution = await ports.limits.run(
      action.cost.bucket,
      // It may have waited for its turn: a person may have rejected or paused it meanwhile, or a window have begun.
      async () =>
        ports.gate(action).runnable
          ? execute(action, executeContext(request), executorOptions(ports, lease))
          : undefined,
      { tokens: action.cost.tokens },
    )
    if (execution === undefined) {
      blockedAfter = action.order
      continue
    }
    executed.push({ action, execution })
    // A person let it through although it was undone before, so it is no longer held back.
    if (
      execution.is === 'succeeded' &&
      ports.ledger.quarantined(action.resource, action.specHash, action.resolves) !== undefined
    ) {
      ports.ledger.liftQuarantine(action, request.actor)
    }
    if (execution.is !== 'succeeded') blockedAfter = action.order
    if (execution.is === 'interrupted' || request.signal.aborted) break
  }
  return executed
}

/** Looks once more with the same scope and journals for each action what of its drift is left. */
async function verify(
  first: Look,
  executed: readonly Executed[],
  request: ReconcileRequest,
  ports: ReconcilePorts,
): Promise<Reconciled> {
  const cursor = first.scope === 'rows' ? request.cursor : undefined
  const second = await lookNow(request, cursor, ports)
  if (second.observation.is === 'unreadable') return { ...unreadable(second, second.observation.error), executed }
  const look = second.scope === 'nothing' ? { ...first, drift: [], actions: [] } : second
  const left = new Set(look.drift.map((one) => one.path))
  for (const { action, execution } of executed) {
    if (execution.is !== 'succeeded') continue
    const remaining = action.resolves.filter((path) => left.has(path))
    ports.ledger.move('action.verified', action, { actor: request.actor, runId: request.runId }, { remaining })
  }
  const gated = plan(look, request.status, ports)
  if (gated === undefined) return conclude(request, look, unjournaled(look, ports), executed, false, ports)
  // What was refused a moment ago is not tried again at once: its pause is the outcome's to give.
  const failed = new Set(
    executed.flatMap(({ action, execution }) => (execution.is === 'failed' ? action.resolves : [])),
  )
  const runnable = gated.some(
    ({ action, gate }) =>
      gate.runnable &&
      (ports.only === undefined || ports.only.has(action.id)) &&
      !action.resolves.some((path) => failed.has(path)),
  )
  return conclude(request, look, gated, executed, runnable, ports)
}

function conclude(
  request: ReconcileRequest,
  look: Look,
  gated: readonly GatedAction[],
  executed: readonly Executed[],
  lookAgain: boolean,
  ports: ReconcilePorts,
): Reconciled {
  const failure = executed
    .map(({ execution }) => execution)
    .flatMap((execution) => (execution.is === 'failed' || execution.is === 'interrupted' ? [execution.error] : []))[0]
  const isWhole = look.scope === 'full'
  // A look at changed rows alone leaves standing what the last look at all of it found.
  const standing = isWhole ? gated : [...stillStanding(request.status, ports.ledger), ...gated]
  const drift = isWhole ? look.drift : [...request.status.drift, ...look.drift]
  const kind = ports.kindOf(request.status.declared.key.kind)
  const waits = isWhole ? kind.waits?.(request.status.declared, look.observation) : undefined
  const outcome =
    failure === undefined
      ? standingOutcome({ gated: standing, drift, waits, mayRepair: ports.lease !== undefined })
      : outcomeOf(failure, 'repair')
  const stale = executed.some(({ execution }) => execution.is === 'stale')
  return { outcome, look, gated, executed, cursor: look.cursor, lookAgain: lookAgain || stale }
}

function nothingChanged(request: ReconcileRequest, look: Look, ports: ReconcilePorts): Reconciled {
  const gated = request.status.actions.map(({ action }) => ({ action, gate: ports.gate(action) }))
  const { drift } = request.status
  return {
    outcome: standingOutcome({ gated, drift, mayRepair: ports.lease !== undefined }),
    look: undefined,
    gated,
    executed: [],
    cursor: look.cursor ?? request.cursor,
    lookAgain: false,
  }
}

function unreadable(look: Look, error: OperationalError): Reconciled {
  return { outcome: outcomeOf(error, 'look'), look, gated: [], executed: [], cursor: undefined, lookAgain: false }
}

function executeContext(request: ReconcileRequest) {
  return {
    runId: request.runId,
    actor: request.actor,
    signal: request.signal,
    ...(request.outside === undefined ? {} : { outside: request.outside }),
  }
}

function executorOptions(ports: ReconcilePorts, lease: Lease): ExecutorOptions {
  return {
    ledger: ports.ledger,
    clock: ports.clock,
    log: ports.log,
    lease,
    kindOf: ports.kindOf,
    deadlineMs: ports.deadlineMs,
    safeguard: ports.safeguard,
    work: ports.work,
  }
}
