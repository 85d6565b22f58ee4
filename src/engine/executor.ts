/**
 * Carries out one action: intended → backed up where that is asked for → checkpointed, evidence compared → dispatched →
 * applied → outcome. No effect begins without the lease, a durable `dispatched`, a restorable checkpoint and matching evidence.
 */
import type { Clock } from '../clock.ts'
import { InvariantViolation, messageOf, OperationalError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import type { Log } from '../log.ts'
import { joinedSignal } from '../signals.ts'
import type { Action } from './action.ts'
import { ratedAnew } from './action-schema.ts'
import type { Applied, EffectContext, Kind } from './kind.ts'
import type { Lease } from './lease.ts'
import type { Ledger } from './ledger.ts'
import { keyText } from './resource.ts'
import type { Safeguard } from './safeguard.ts'
import type { ReportProgress, WorkBook, WorkOf } from './work-book.ts'

/** What became of an attempt. */
export type Execution =
  | { readonly is: 'succeeded'; readonly applied: Applied }
  /** The evidence had changed: nothing was done. */
  | { readonly is: 'stale'; readonly message: string }
  | { readonly is: 'failed'; readonly error: OperationalError }
  /** Stopped before it ended (shutdown, lease lost, disk full half-way): recovery goes on with it. */
  | { readonly is: 'interrupted'; readonly error: OperationalError }

export interface ExecutorOptions {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly log: Log
  readonly lease: Lease
  readonly kindOf: (name: string) => Kind
  /** How long an action may take after it was dispatched, in milliseconds. */
  readonly deadlineMs: number
  /** Undefined where what is carried out needs none: an undo that the controller decides on, or a backup itself. */
  readonly safeguard?: Safeguard | undefined
  /** Where it is told that the action is under way. */
  readonly work: WorkBook
}

export interface ExecuteContext {
  readonly runId: string
  readonly actor: string
  readonly signal: AbortSignal
  readonly outside?: EffectContext['outside']
}

/** Runs `action`, which the gate has let through, and journals every step before it is taken. */
export function execute(action: Action, context: ExecuteContext, options: ExecutorOptions): Promise<Execution> {
  return options.work.during(workOf(action, context), (progress) => executeNow(action, context, progress, options))
}

function workOf({ id, resource, verb, summary }: Action, { runId }: ExecuteContext): WorkOf {
  return { runId, resource: keyText(resource), verb, title: summary, actionId: id }
}

async function executeNow(
  action: Action,
  context: ExecuteContext,
  progress: ReportProgress,
  options: ExecutorOptions,
): Promise<Execution> {
  const { ledger, lease, log } = options
  const by = { actor: context.actor, runId: context.runId }
  const kind = options.kindOf(action.resource.kind)
  lease.beforeEffect()
  const rated = ratedAnew(ledger.record(action.id)?.action, action)
  ledger.move('action.intended', action, by, { lease: lease.number, ...rated })
  // After what may throw, so that nothing listens that nobody ends.
  const { effect, end } = effectOf(context, progress, options)
  let dispatched = false
  try {
    const backup = await options.safeguard?.ensure(action, { ...context, signal: effect.signal })
    const checkpoint = await kind.checkpoint(action, effect)
    if (checkpoint.evidence !== action.precondition) {
      const message = 'what it was planned on has changed since'
      ledger.move('action.superseded', action, by, {
        reason: 'evidence-changed',
        planned: action.precondition,
        found: checkpoint.evidence,
      })
      return { is: 'stale', message }
    }
    ledger.move('action.checkpointed', action, by, {
      images: checkpoint.images,
      ...(backup === undefined ? {} : { backup }),
    })
    lease.assertHeld()
    effect.signal.throwIfAborted()
    ledger.move('action.dispatched', action, by, { lease: lease.number })
    dispatched = true
    const applied = await kind.apply(action, effect)
    ledger.move('action.succeeded', action, by, appliedBody(applied))
    log.info(
      { action: action.id, resource: keyText(action.resource), verb: action.verb, changed: applied.changed },
      'action succeeded',
    )
    return { is: 'succeeded', applied }
  } catch (error) {
    return await settleFailure(error, action, { by, dispatched, effect, kind }, options)
  } finally {
    end()
  }
}

/** Goes on with an action that a crash left dispatched and that `probe` called partly done: its effects are guarded one by one. */
export function resume(action: Action, context: ExecuteContext, options: ExecutorOptions): Promise<Execution> {
  return options.work.during(workOf(action, context), (progress) => resumeNow(action, context, progress, options))
}

async function resumeNow(
  action: Action,
  context: ExecuteContext,
  progress: ReportProgress,
  options: ExecutorOptions,
): Promise<Execution> {
  const by = { actor: context.actor, runId: context.runId }
  const kind = options.kindOf(action.resource.kind)
  options.lease.beforeEffect()
  const { effect, end } = effectOf(context, progress, options)
  try {
    const applied = await kind.apply(action, effect)
    options.ledger.move('action.succeeded', action, by, { ...appliedBody(applied), recovered: true })
    return { is: 'succeeded', applied }
  } catch (error) {
    return await settleFailure(error, action, { by, dispatched: true, effect, kind }, options)
  } finally {
    end()
  }
}

interface FailureContext {
  readonly by: { readonly actor: string; readonly runId: string }
  readonly dispatched: boolean
  readonly effect: EffectContext
  readonly kind: Kind
}

async function settleFailure(
  error: unknown,
  action: Action,
  failure: FailureContext,
  options: ExecutorOptions,
): Promise<Execution> {
  if (error instanceof InvariantViolation) throw error
  const { ledger, log } = options
  const cause = operational(error, failure.effect.signal)
  log.warn(
    { action: action.id, resource: keyText(action.resource), verb: action.verb, code: cause.code, err: cause.message },
    'action failed',
  )
  if (!failure.dispatched) {
    // Without the lease nothing may be written, not even that; the one who took over finds it so.
    if (cause.code === 'LEASE_LOST') return { is: 'interrupted', error: cause }
    if (failure.effect.signal.aborted) {
      ledger.move('action.interrupted', action, failure.by, { ...failedBody(cause), effect: 'none' })
      return { is: 'interrupted', error: cause }
    }
    settleWithoutEffect(cause, action, failure, options)
    return { is: 'failed', error: cause }
  }
  if (cause.code === 'LEASE_LOST') return { is: 'interrupted', error: cause }
  const found = await probeQuietly(action, failure.kind, options)
  if (found === 'applied') {
    ledger.move('action.succeeded', action, failure.by, {
      changed: action.affected.count,
      skipped: 0,
      failed: 0,
      recovered: true,
    })
    return { is: 'succeeded', applied: { changed: action.affected.count, skipped: [], skippedCount: 0, failed: [] } }
  }
  // What is begun is ended later by recovery rather than left half done under a new plan.
  if (found === 'partly') return { is: 'interrupted', error: cause }
  if (found === 'unknown') {
    ledger.move('action.unknown', action, failure.by, failedBody(cause))
    return {
      is: 'failed',
      error: new OperationalError('ACTION_UNKNOWN', `${action.summary}: ${cause.message}`, { cause }),
    }
  }
  settleWithoutEffect(cause, action, failure, options)
  return { is: 'failed', error: cause }
}

/** Nothing took effect. Where waiting may help, the action goes back to being planned and its approvals stand. */
function settleWithoutEffect(
  cause: OperationalError,
  action: Action,
  failure: FailureContext,
  options: ExecutorOptions,
): void {
  const passes = cause.retry === 'backoff' || cause.retry === 'after'
  options.ledger.move(passes ? 'action.interrupted' : 'action.failed', action, failure.by, {
    ...failedBody(cause),
    effect: 'none',
  })
}

async function probeQuietly(
  action: Action,
  kind: Kind,
  options: ExecutorOptions,
): Promise<'applied' | 'partly' | 'not-applied' | 'unknown'> {
  const deadline = deadlineOf(options)
  try {
    return await kind.probe(action, { signal: deadline.signal, progress: () => undefined })
  } catch (error) {
    // The target cannot be asked now; a transactional action has left whole marked steps at most, which recovery finds.
    options.log.warn({ action: action.id, err: messageOf(error) }, 'the outcome of an action cannot be probed yet')
    return action.recovery === 'blind' ? 'unknown' : 'partly'
  } finally {
    deadline.end()
  }
}

/** Aborts when the time of an action is over, by the monotonic clock; `end` takes the timer back. */
function deadlineOf({ clock, deadlineMs }: ExecutorOptions): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const timer = clock.after(deadlineMs, () =>
    controller.abort(
      new OperationalError('ACTION_DEADLINE', `it did not end within ${Math.round(deadlineMs / 1000)} s`),
    ),
  )
  return { signal: controller.signal, end: () => timer.cancel() }
}

/** What a kind is given for one action; `end` lets go of all that listens to it, since the lease outlives many actions. */
function effectOf(
  context: ExecuteContext,
  progress: ReportProgress,
  options: ExecutorOptions,
): { readonly effect: EffectContext; end(): void } {
  const deadline = deadlineOf(options)
  const { signal, end } = joinedSignal([context.signal, options.lease.signal, deadline.signal])
  return {
    effect: { signal, progress, ...(context.outside === undefined ? {} : { outside: context.outside }) },
    end() {
      deadline.end()
      end()
    },
  }
}

function appliedBody(applied: Applied): JsonObject {
  return {
    changed: applied.changed,
    skipped: applied.skippedCount,
    skippedSample: [...applied.skipped],
    failed: applied.failed.length,
    failures: applied.failed.slice(0, 20).map(({ key, reason }) => ({ key, reason })),
  }
}

function failedBody(error: OperationalError): JsonObject {
  return { code: error.code, message: error.message, hint: error.hint }
}

/** Every throw becomes an operational error; what is none by itself is a defect of a kind and needs a person. */
export function operational(error: unknown, signal: AbortSignal): OperationalError {
  if (error instanceof OperationalError) return error
  if (error instanceof InvariantViolation) throw error
  if (signal.aborted) {
    if (signal.reason instanceof OperationalError) return signal.reason
    return new OperationalError('ACTION_DEADLINE', `stopped: ${messageOf(signal.reason)}`, { cause: error })
  }
  return new OperationalError('ACTION_FAILED', messageOf(error), { cause: error })
}
