/**
 * Which scheduled moments of a job are to be dealt with now, and how. Pure. A moment up to the watermark is never looked at
 * again, whatever the clock does: so that none is run twice; and each one after it is either run or named as skipped.
 */
import { Cron } from 'croner'
import type { JobDeclaration } from './spec.ts'

/** A moment that is not older than this counts as in time: a loaded machine or a short restart is no reason to skip. */
export const inTimeMs = 90_000
/** So many missed moments are counted one by one. */
const countedMax = 1000
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
  const last = moments.at(-1)
  const first = moments[0]
  if (last === undefined || first === undefined) return { is: 'nothing' }
  const skip = (of: readonly number[], reason: string): Skipped | undefined => {
    const [from] = of
    return from === undefined ? undefined : { count: of.length, fromMs: from, toMs: of.at(-1) ?? from, reason }
  }
  const all = (reason: string): Due => ({
    is: 'skip',
    skipped: skip(moments, reason) ?? { count: 0, fromMs: first, toMs: last, reason },
    watermarkMs: last,
  })
  if (input.isRunning && input.overlap === 'forbid') return all('the run before had not ended')
  if (nowMs - last <= inTimeMs)
    return {
      is: 'run',
      scheduledForMs: last,
      trigger: 'schedule',
      skipped: skip(moments.slice(0, -1), 'nobody was there to run it, and the next one was due'),
    }
  if (input.catchUp === 'none') return all('nobody was there to run it, and it is not made up for')
  return {
    is: 'run',
    scheduledForMs: last,
    trigger: 'catch-up',
    skipped: skip(moments.slice(0, -1), 'nobody was there to run it; one run makes up for all'),
  }
}

/** The next scheduled moment after one; undefined when the schedule has none. */
export function nextMoment({ cron, timezone }: DueInput['schedule'], afterMs: number): number | undefined {
  return new Cron(cron, { timezone, paused: true }).nextRun(new Date(afterMs))?.getTime()
}

/** The scheduled moments after `afterMs` up to and with `untilMs`, in order: of very many the latest. */
function momentsBetween(schedule: DueInput['schedule'], afterMs: number, untilMs: number): readonly number[] {
  const cron = new Cron(schedule.cron, { timezone: schedule.timezone, paused: true })
  const found: number[] = []
  let at: Date | null = new Date(afterMs)
  for (;;) {
    at = cron.nextRun(at)
    if (at === null || at.getTime() > untilMs) return found
    found.push(at.getTime())
    if (found.length > countedMax) found.shift()
  }
}
