/** When a cron line comes due. Pure. */
import { Cron } from 'croner'

/** A cron line in a time zone. */
export interface Schedule {
  readonly cron: string
  readonly timezone: string
}

/** The next scheduled moment after one, in milliseconds since the epoch; undefined when the schedule has none. */
export function nextMoment({ cron, timezone }: Schedule, afterMs: number): number | undefined {
  return new Cron(cron, { timezone, paused: true }).nextRun(new Date(afterMs))?.getTime()
}

/** The last scheduled moment up to and with one; undefined when there was none. */
export function lastMoment({ cron, timezone }: Schedule, untilMs: number): number | undefined {
  const cronLine = new Cron(cron, { timezone, paused: true })
  // The reference itself is left out, in whole seconds.
  const [first, second] = cronLine.previousRuns(2, new Date(untilMs + 1000)).map((moment) => moment.getTime())
  return first !== undefined && first > untilMs ? second : first
}
