/** How often changes are asked for, so that the calls of a month last for all of it. */

/** Of the calls that are left, this share may go into asking; the rest is for what changes. */
const askingShare = 0.5
/** However few calls are left, changes are asked for this often, in milliseconds: an hourly look takes 744 of a month's. */
const slowestMs = 3_600_000

export interface CallBudget {
  /** Of this month so far. */
  readonly calls: number
  /** What the plan allows a month; undefined where nothing is declared. */
  readonly limit: number | undefined
}

/**
 * The pause between two questions, in milliseconds: the declared one where the month's calls allow it, else a longer one,
 * up to an hour. Pure.
 */
export function pollEveryMs(declaredMs: number, { calls, limit }: CallBudget, nowMs: number): number {
  if (limit === undefined) return declaredMs
  const now = new Date(nowMs)
  const leftMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1) - nowMs
  const questions = Math.max(1, (limit - calls) * askingShare)
  return Math.max(declaredMs, Math.min(leftMs / questions, slowestMs))
}
