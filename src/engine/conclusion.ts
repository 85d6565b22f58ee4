/** What a reconcile ends with, from what stands after it or from the error that ended it. Pure. */
import type { OperationalError } from '../errors.ts'
import type { Drift } from './drift.ts'
import type { Waits } from './kind.ts'
import type { FailedDuring, Outcome } from './outcome.ts'
import type { GatedAction } from './status.ts'

/** The reason of a resource that only a person can bring to what is declared. */
export const byHandCode = 'by-hand'

/** What is known of a resource once all has been done that may be done now. */
export interface Standing {
  readonly gated: readonly GatedAction[]
  readonly drift: readonly Drift[]
  /** What the kind itself waits for. */
  readonly waits?: Waits | undefined
  /** False for who only looks. */
  readonly mayRepair: boolean
}

/** What an error of the world means for the resource: try again, or wait for a person. */
export function outcomeOf(error: OperationalError, during: FailedDuring): Outcome {
  const { code, message, hint, retryAtMs } = error
  const failure = { code, message, hint, retryAtMs }
  const passes = error.retry === 'backoff' || error.retry === 'after'
  return passes ? { is: 'retry', error: failure, during } : { is: 'terminal', error: failure, during }
}

/** Who only looks leaves repairs undone that nothing holds: the resource is not as declared then, and `apply` makes it so. */
export function standingOutcome({ gated, drift, waits, mayRepair }: Standing): Outcome {
  const outcome = waitingOrConverged(gated, drift, waits)
  const runnable = gated.filter(({ gate }) => gate.runnable)
  const [first] = runnable
  if (outcome.is !== 'converged' || mayRepair || first === undefined) return outcome
  const message =
    runnable.length === 1
      ? `a repair can be made at once: ${first.action.summary}`
      : `${runnable.length} repairs can be made at once`
  return {
    is: 'waiting',
    reason: { code: 'repairs-planned', message, nextStep: 'see `trueup plan`, then carry it out with `trueup apply`' },
  }
}

function waitingOrConverged(gated: readonly GatedAction[], drift: readonly Drift[], waits?: Waits): Outcome {
  const waiting = gated.filter((one) => !one.gate.runnable)
  if (waiting.length === 0) return waits === undefined ? byHandOrConverged(drift) : { is: 'waiting', ...waits }
  const wakeUps = waiting.flatMap(({ gate }) => (gate.wakeUpMs === undefined ? [] : [gate.wakeUpMs]))
  const untilMs = wakeUps.length === 0 ? {} : { untilMs: Math.min(...wakeUps) }
  const forPerson = waiting.filter(({ gate }) => gate.decision === 'approve' || gate.decision === 'approve-twice')
  const [first] = forPerson
  if (first !== undefined) {
    const message =
      forPerson.length === 1
        ? `a repair waits for approval: ${first.action.summary}`
        : `${forPerson.length} repairs wait for approval`
    return {
      is: 'waiting',
      reason: { code: 'approval-needed', message, nextStep: 'see `trueup approvals`, then approve or reject' },
      ...untilMs,
    }
  }
  const reason = waiting[0]?.gate.reasons[0]
  return {
    is: 'waiting',
    reason: {
      code: reason?.code ?? 'held',
      message: reason?.message ?? 'a repair has to wait',
      ...(reason?.nextStep === undefined ? {} : { nextStep: reason.nextStep }),
    },
    ...untilMs,
  }
}

/** What no repair mends and is severe: the resource is not as declared, however little there is to do here. */
function byHandOrConverged(drift: readonly Drift[]): Outcome {
  const severe = drift.filter(
    ({ byHand, severity }) => byHand !== undefined && (severity === 'high' || severity === 'critical'),
  )
  const worst = severe.find(({ severity }) => severity === 'critical') ?? severe[0]
  if (worst?.byHand === undefined) return { is: 'converged' }
  const more = severe.length > 1 ? ` (and ${severe.length - 1} more)` : ''
  return {
    is: 'waiting',
    reason: { code: byHandCode, message: `${worst.message}${more}`, nextStep: worst.byHand },
  }
}
