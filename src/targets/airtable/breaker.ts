/**
 * Stops asking a base that cannot be reached, so that a dead network costs one call a pause instead of one for every piece
 * of work. A pure machine: closed, open until a moment, half-open with one probe out.
 */

/** Failures in a row that open it. */
const failuresMax = 5
/** First pause; it doubles with each failed probe up to the longest, in milliseconds. */
const pauseFirstMs = 10_000
const pauseMostMs = 300_000
/** A probe that never tells its end is forgotten after this, in milliseconds. */
const probeMs = 90_000

export interface Breaker {
  readonly failures: number
  /** Calls wait until then; undefined while it is closed. */
  readonly openUntilMs: number | undefined
  readonly pauseMs: number
  /** When the one probe was let out; undefined when none is. */
  readonly probingSinceMs: number | undefined
}

export const closedBreaker: Breaker = {
  failures: 0,
  openUntilMs: undefined,
  pauseMs: pauseFirstMs,
  probingSinceMs: undefined,
}

export type Admission =
  | { readonly is: 'admitted'; readonly breaker: Breaker }
  | { readonly is: 'refused'; readonly untilMs: number }

/** Whether a call may go out at a moment of a clock that never goes back. */
export function admit(breaker: Breaker, nowMs: number): Admission {
  const { openUntilMs, probingSinceMs } = breaker
  if (openUntilMs === undefined) return { is: 'admitted', breaker }
  if (nowMs < openUntilMs) return { is: 'refused', untilMs: openUntilMs }
  if (probingSinceMs !== undefined && nowMs < probingSinceMs + probeMs)
    return { is: 'refused', untilMs: probingSinceMs + probeMs }
  return { is: 'admitted', breaker: { ...breaker, probingSinceMs: nowMs } }
}

/** After an answer of any kind that came from the service itself. */
export function afterAnswer(): Breaker {
  return closedBreaker
}

/** After a call that did not get through. */
export function afterFailure(breaker: Breaker, nowMs: number): Breaker {
  const failures = breaker.failures + 1
  if (failures < failuresMax) return { ...breaker, failures }
  const wasProbe = breaker.openUntilMs !== undefined && breaker.probingSinceMs !== undefined
  // Calls that were under way when it opened fail after it; they prolong nothing.
  if (breaker.openUntilMs !== undefined && !wasProbe) return { ...breaker, failures }
  const pauseMs = wasProbe ? Math.min(breaker.pauseMs * 2, pauseMostMs) : breaker.pauseMs
  return { failures, openUntilMs: nowMs + pauseMs, pauseMs, probingSinceMs: undefined }
}

/** After a call that was ended by its caller, which tells nothing: a probe is given back. */
export function afterNothing(breaker: Breaker): Breaker {
  return { ...breaker, probingSinceMs: undefined }
}
