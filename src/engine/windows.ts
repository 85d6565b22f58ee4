/**
 * When a repair may run by the clock on the wall. Pure. A moment is inside a window when a clock in the window's time
 * zone shows a time in its span on one of its days: an hour that daylight saving repeats is inside both times, one that
 * it skips never comes.
 *
 * A `deny` window stops its level of risk and those above. `allow` windows of a level let that level and those above
 * through only while one of them is open. All levels must agree, and deny beats allow, so more risk never gets more.
 */
import type { Policy } from '../desired/schema.ts'
import { type Severity, severities } from './drift.ts'

/** One window of `policy.windows`. */
export type Window = Policy['windows'][number]

export type WindowState =
  | { readonly is: 'open' }
  | {
      readonly is: 'denied'
      /** The first moment at which it is open, to the millisecond; undefined when that is not within 15 days. */
      readonly untilMs: number | undefined
      /** The window that denies it, or one that would have to be open. */
      readonly window: Window
    }

const minuteMs = 60_000
const dayMs = 86_400_000
const minutesADay = 1440
const horizonDays = 15
/** By the number of days since 1970-01-01, which was a Thursday. */
const weekdays = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'] as const

/** Whether an action of this risk may run at `nowMs` (milliseconds since the epoch), and if not, when. */
export function windowAt(windows: readonly Window[], risk: Severity, nowMs: number): WindowState {
  const offsetOf = createOffsets(windows)
  const window = denying(windows, risk, nowMs, offsetOf)
  if (window === undefined) return { is: 'open' }
  for (let day = 0; day < horizonDays; day += 1) {
    const fromMs = nowMs + day * dayMs
    const edges = windows.flatMap((one) => edgesOf(one, fromMs, fromMs + dayMs, offsetOf)).sort((a, b) => a - b)
    const untilMs = edges.find((edgeMs) => denying(windows, risk, edgeMs, offsetOf) === undefined)
    if (untilMs !== undefined) return { is: 'denied', untilMs, window }
  }
  return { is: 'denied', untilMs: undefined, window }
}

/** `deny high, sat sun 00:00-24:00 (Europe/Berlin)`, for messages. */
export function windowText(window: Window): string {
  const rule = window.deny === undefined ? `allow ${window.allow}` : `deny ${window.deny}`
  return `${rule}, ${window.days?.join(' ') ?? 'every day'} ${window.between} (${window.timezone})`
}

/** Milliseconds that local time in a zone is ahead of UTC at a moment. */
type OffsetOf = (zone: string, atMs: number) => number

/** The first window that denies the risk at a moment; undefined when none does. */
function denying(windows: readonly Window[], risk: Severity, atMs: number, offsetOf: OffsetOf): Window | undefined {
  const applies = (level: Severity | undefined) =>
    level !== undefined && severities.indexOf(level) <= severities.indexOf(risk)
  const isInside = (window: Window) => contains(window, atMs + offsetOf(window.timezone, atMs))
  const denied = windows.find((window) => applies(window.deny) && isInside(window))
  if (denied !== undefined) return denied
  const allows = windows.filter((window) => applies(window.allow))
  return allows.find((window) => !allows.some((other) => other.allow === window.allow && isInside(other)))
}

/** Whether local time, as milliseconds since 1970 on the wall's calendar, is in the span of one of the window's days. */
function contains(window: Window, localMs: number): boolean {
  const day = Math.floor(localMs / dayMs)
  const minute = (localMs - day * dayMs) / minuteMs
  const { start, end } = spanOf(window)
  // A span that began yesterday may go over midnight.
  return [0, 1].some((daysAgo) => {
    const reached = minute + daysAgo * minutesADay
    return isDayOf(window, day - daysAgo) && start <= reached && reached < end
  })
}

function isDayOf(window: Window, day: number): boolean {
  const weekday = weekdays[((day % 7) + 7) % 7]
  return window.days?.some((name) => name === weekday) ?? true
}

/** Minutes since the midnight in which the window's day begins. A span that does not end after its start ends on the next day. */
function spanOf(window: Window): { readonly start: number; readonly end: number } {
  const [start = 0, end = minutesADay] = window.between.split('-').map((time) => {
    const [hours = 0, minutes = 0] = time.split(':').map(Number)
    return hours * 60 + minutes
  })
  return { start, end: end > start ? end : end + minutesADay }
}

/** Every moment in (fromMs, toMs] at which the window may open or close, and perhaps others. */
function edgesOf(window: Window, fromMs: number, toMs: number, offsetOf: OffsetOf): readonly number[] {
  const offsets = [...new Set([offsetOf(window.timezone, fromMs), offsetOf(window.timezone, toMs)])]
  const { start, end } = spanOf(window)
  const edges = [...shiftIn(window.timezone, fromMs, toMs, offsetOf)]
  for (const offset of offsets) {
    const firstDay = Math.floor((fromMs + offset) / dayMs)
    for (let day = firstDay; day <= firstDay + 1; day += 1) {
      for (const minute of [start, end]) {
        const atMs = day * dayMs + (minute % minutesADay) * minuteMs - offset
        if (atMs > fromMs && atMs <= toMs) edges.push(atMs)
      }
    }
  }
  return edges
}

/** The first moment of a new offset, where the zone's offset changes within a span of at most a day. */
function shiftIn(zone: string, fromMs: number, toMs: number, offsetOf: OffsetOf): readonly number[] {
  const before = offsetOf(zone, fromMs)
  if (offsetOf(zone, toMs) === before) return []
  let low = fromMs
  let high = toMs
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetOf(zone, middle) === before) low = middle
    else high = middle
  }
  return [high]
}

/** Reads offsets from the time zone data of the platform; one formatter a zone, for they are costly to make. */
function createOffsets(windows: readonly Window[]): OffsetOf {
  const formats = new Map(
    windows.map(({ timezone }) => [
      timezone,
      new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' }),
    ]),
  )
  return (zone, atMs) => {
    // `GMT+05:30`, and `GMT` alone for none; of whole minutes everywhere since 1972.
    const [, sign, hours = 0, minutes = 0] = /([+-])(\d\d):(\d\d)/.exec(formats.get(zone)?.format(atMs) ?? '') ?? []
    const size = (Number(hours) * 60 + Number(minutes)) * minuteMs
    return sign === '-' ? -size : size
  }
}
