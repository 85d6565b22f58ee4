/**
 * Which scheduled moments of a job are to be dealt with now, and how. Pure. A moment up to the watermark is never looked at
 * again, whatever the clock does: so that none is run twice; and each one after it is either run or named as skipped.
 */
import { Cron } from 'croner'
import type { JobDeclaration } from './spec.ts'

/** A moment that is not older than this counts as in time: a loaded machine or a short restart is no reason to skip. */
export const inTimeMs = 90_000
/** So many missed moments are counted one by one: two weeks of every minute, in about a second. Beyond, it is said that it is more. */
const countedMax = 20_000
/** A watermark so far ahead means that the clock was wrong before: the schedule is taken up again from now. */
export const clockTrustMs = 25 * 3_600_000

export interface Skipped {
  readonly count: number
  readonly fromMs: number
  readonly toMs: number
  readonly reason: string
}

/** What is to be done about the moments that are due. */
export type Due =
  | { readonly is: 'nothing' }
  | {
      readonly is: 'run'
      readonly scheduledForMs: number
      readonly trigger: 'schedule' | 'catch-up'
      readonly skipped: Skipped | undefined
    }
  | { readonly is: 'skip'; readonly skipped: Skipped; readonly watermarkMs: number }
  /** The watermark lies too far in the future to be true. */
  | { readonly is: 'clock-set-back' }

export interface DueInput {
  readonly schedule: NonNullable<JobDeclaration['schedule']>
  readonly overlap: JobDeclaration['overlap']
  readonly catchUp: JobDeclaration['catchUp']
  /** Up to here every moment was dealt with. */
  readonly watermarkMs: number
  readonly nowMs: number
  readonly isRunning: boolean
}

export function dueOf(input: DueInput): Due {
  const { watermarkMs, nowMs } = input
  if (watermarkMs > nowMs + clockTrustMs) return { is: 'clock-set-back' }
  const moments = momentsBetween(input.schedule, watermarkMs, nowMs)
  if (moments === undefined) return { is: 'nothing' }
  const { count, firstMs, beforeLastMs, lastMs } = moments
  const why = (reason: string) => (count > countedMax ? `${reason} (there were more, which are not counted)` : reason)
  /** All but the last one. */
  const earlier = (reason: string): Skipped | undefined =>
    count === 1 ? undefined : { count: count - 1, fromMs: firstMs, toMs: beforeLastMs, reason: why(reason) }
  const all = (reason: string): Due => ({
    is: 'skip',
    skipped: { count, fromMs: firstMs, toMs: lastMs, reason: why(reason) },
    watermarkMs: lastMs,
  })
  if (input.isRunning && input.overlap === 'forbid') return all('the run before had not ended')
  if (nowMs - lastMs <= inTimeMs)
    return {
      is: 'run',
      scheduledForMs: lastMs,
      trigger: 'schedule',
      skipped: earlier('nobody was there to run it, and the next one was due'),
    }
  if (input.catchUp === 'none') return all('nobody was there to run it, and it is not made up for')
  return {
    is: 'run',
    scheduledForMs: lastMs,
    trigger: 'catch-up',
    skipped: earlier('nobody was there to run it; one run makes up for all'),
  }
}

interface Moments {
  readonly count: number
  readonly firstMs: number
  /** The same as the last where there is one only. */
  readonly beforeLastMs: number
  readonly lastMs: number
}

/** The scheduled moments after `afterMs` up to and with `untilMs`; undefined where there is none. */
function momentsBetween(schedule: DueInput['schedule'], afterMs: number, untilMs: number): Moments | undefined {
  const cron = new Cron(schedule.cron, { timezone: schedule.timezone, paused: true })
  const next = (fromMs: number): number | undefined => {
    const atMs = cron.nextRun(new Date(fromMs))?.getTime()
    return atMs === undefined || atMs > untilMs ? undefined : atMs
  }
  const firstMs = next(afterMs)
  if (firstMs === undefined) return undefined
  let [count, beforeLastMs, lastMs] = [1, firstMs, firstMs]
  for (let atMs = next(lastMs); atMs !== undefined; atMs = next(lastMs)) {
    count += 1
    beforeLastMs = lastMs
    lastMs = atMs
    // Of more than that, those of the last day are enough to go on from.
    if (count === countedMax) lastMs = Math.max(lastMs, untilMs - 24 * 3_600_000)
  }
  return { count, firstMs, beforeLastMs, lastMs }
}
