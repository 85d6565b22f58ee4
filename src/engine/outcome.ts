/**
 * What a look at a resource ended with, and the one place that says what follows from it: when the key is taken again
 * and which conditions hold. Pure.
 *
 * Keeps true: nothing that fails or waits is left without a next look, within an hour at most, nor looked at so often
 * that it spins. The same failure five times in a row is `Stalled`; it is still probed every hour.
 */
import { z } from 'zod'
import { unreachable } from '../errors.ts'
import { type Condition, reasonOf } from './conditions.ts'
import { templateOf } from './events.ts'
import type { QueueOutcome } from './queue.ts'

/** What a failure says of itself; an OperationalError is one. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly hint: string
  /** When trying again makes sense, in milliseconds since the epoch, where that is known. */
  readonly retryAtMs: number | undefined
}

/** What is waited for. */
export interface WaitReason {
  /** For example `window`, `approval-needed`: becomes the condition's reason. */
  readonly code: string
  readonly message: string
  readonly nextStep?: string
  /** Whether it is as declared cannot be told, rather than that it is not. */
  readonly isUnknown?: boolean
}

/** `repair` unless told. What fails while it is looked at is of unknown state; what was seen and not mended is not ready. */
export type FailedDuring = 'look' | 'repair'

export type Outcome =
  | { readonly is: 'converged'; readonly lookAgainAfterMs?: number }
  | { readonly is: 'waiting'; readonly reason: WaitReason; readonly untilMs?: number }
  | { readonly is: 'retry'; readonly error: Failure; readonly during?: FailedDuring }
  | { readonly is: 'terminal'; readonly error: Failure; readonly during?: FailedDuring }

/** Reads a journaled streak back. */
export const failureStreakSchema = z.object({
  /** Code and message without figures; null after anything but a failure. */
  signature: z.string().nullable(),
  /** How often it happened in a row. */
  count: z.int(),
})
export type FailureStreak = z.infer<typeof failureStreakSchema>

export const noFailures: FailureStreak = { signature: null, count: 0 }

/** From this many identical failures in a row on a resource is `Stalled`. */
export const stalledFrom = 5
/** How often what is stalled, or waits without a known end, is looked at; also the longest time without a look. */
export const probeEveryMs = 3_600_000
/** A moment that has passed already is not looked at at once, lest a look that cannot help spins. */
export const waitMinMs = 1000

export interface SettleContext {
  readonly nowMs: number
  readonly generation: number
  /** As `settle` gave it the last time; `noFailures` for a new generation or on request. */
  readonly streak: FailureStreak
}

export interface Settled {
  /** For `Queue.done`. */
  readonly queue: QueueOutcome
  /** Ready, Progressing, Waiting and Stalled, each once; to be merged with those before. */
  readonly conditions: readonly Condition[]
  /** To be kept until the next time. */
  readonly streak: FailureStreak
}

/** What follows from an outcome. */
export function settle(outcome: Outcome, context: SettleContext): Settled {
  switch (outcome.is) {
    case 'converged':
      return settleConverged(outcome.lookAgainAfterMs, context)
    case 'waiting':
      return settleWaiting(outcome.reason, outcome.untilMs, context)
    case 'retry':
      return settleFailed(outcome.error, outcome.during ?? 'repair', false, context)
    case 'terminal':
      return settleFailed(outcome.error, outcome.during ?? 'repair', true, context)
    default:
      return unreachable(outcome)
  }
}

/** A status with its words, for one condition. */
type Said = Pick<Condition, 'status' | 'reason' | 'message' | 'nextStep' | 'wakeUpMs'>
type MainType = 'Ready' | 'Progressing' | 'Waiting' | 'Stalled'

/** All four conditions. Those not said are false with a reason that never changes, so that they keep their moment. */
function conditionsOf(said: Readonly<Partial<Record<MainType, Said>>>, context: SettleContext): readonly Condition[] {
  const types: readonly MainType[] = ['Ready', 'Progressing', 'Waiting', 'Stalled']
  return types.map((type) => ({
    type,
    ...(said[type] ?? { status: 'false' as const, reason: `Not${type}`, message: `it is not ${type.toLowerCase()}` }),
    sinceMs: context.nowMs,
    generation: context.generation,
  }))
}

function settleConverged(lookAgainAfterMs: number | undefined, context: SettleContext): Settled {
  const ready: Said = { status: 'true', reason: 'Converged', message: 'it is as declared' }
  return {
    queue:
      lookAgainAfterMs === undefined ? { is: 'ok' } : { is: 'again', afterMs: Math.max(waitMinMs, lookAgainAfterMs) },
    conditions: conditionsOf({ Ready: ready }, context),
    streak: noFailures,
  }
}

function settleWaiting(reason: WaitReason, untilMs: number | undefined, context: SettleContext): Settled {
  const { code, message, nextStep } = reason
  const words = { reason: reasonOf(code), message }
  const wakeUpMs = Math.max(context.nowMs + waitMinMs, untilMs ?? context.nowMs + probeEveryMs)
  const waiting: Said = { ...words, status: 'true', wakeUpMs, ...(nextStep === undefined ? {} : { nextStep }) }
  return {
    queue: lookAt(wakeUpMs, context),
    conditions: conditionsOf(
      { Ready: { ...words, status: reason.isUnknown === true ? 'unknown' : 'false' }, Waiting: waiting },
      context,
    ),
    streak: noFailures,
  }
}

function settleFailed(error: Failure, during: FailedDuring, isTerminal: boolean, context: SettleContext): Settled {
  const { nowMs } = context
  const signature = `${error.code}: ${templateOf(error.message)}`
  const count = context.streak.signature === signature ? context.streak.count + 1 : 1
  const isStalled = isTerminal || count >= stalledFrom
  const words = { reason: reasonOf(error.code), message: error.message }
  // A moment that has passed tells nothing: the queue's backoff decides, which grows with failures of any sort.
  const isKnown = error.retryAtMs !== undefined && error.retryAtMs > nowMs
  const wakeUpMs = isStalled ? nowMs + probeEveryMs : isKnown ? error.retryAtMs : undefined
  const failing: Said = {
    ...words,
    status: 'true',
    nextStep: error.hint,
    ...(wakeUpMs === undefined ? {} : { wakeUpMs }),
  }
  const ready: Said = { ...words, status: during === 'look' ? 'unknown' : 'false' }
  return {
    queue: wakeUpMs === undefined ? { is: 'retry' } : lookAt(wakeUpMs, context),
    conditions: conditionsOf({ Ready: ready, [isStalled ? 'Stalled' : 'Progressing']: failing }, context),
    streak: { signature, count },
  }
}

/** A look at a wall-clock moment, no sooner than in a second and no later than in an hour, as the wall clock may be set. */
function lookAt(atMs: number, { nowMs }: SettleContext): QueueOutcome {
  return { is: 'again', afterMs: Math.min(probeEveryMs, Math.max(waitMinMs, atMs - nowMs)) }
}
