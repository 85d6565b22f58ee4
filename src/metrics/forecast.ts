/**
 * Where a figure is heading, with an interval that is as wide as the data is uncertain, and nothing where there is too little
 * of it. The line is that of Theil and Sen (the median of the slopes of all pairs), which a few outliers do not bend; how sure
 * the slope is follows from Sen's interval, widened where values hang together in time; how far single values lie off the line
 * from the quantiles of those that did. Pure.
 */

export interface Sample {
  readonly atMs: number
  readonly value: number
}

export interface ForecastQuestion {
  readonly nowMs: number
  /** Up to when is asked; shortened to what the data can say. */
  readonly untilMs: number
  /** What the figure cannot go beyond. */
  readonly min?: number
  readonly max?: number
  /** A value whose reaching is asked for: no free disk, a budget that is used up. */
  readonly limit?: number
}

export interface ForecastPoint {
  readonly atMs: number
  readonly value: number
  /** Nine of ten values are expected between these. */
  readonly low: number
  readonly high: number
}

export interface Reach {
  readonly atMs: number
  /** Now, where it may be reached already. */
  readonly earliestMs: number
  /** Null where it may well not be reached at all. */
  readonly latestMs: number | null
}

export type Forecast =
  /** Nothing is said, and why. */
  | { readonly is: 'none'; readonly reason: string }
  | {
      readonly is: 'trend'
      readonly perDay: number
      readonly perDayLow: number
      readonly perDayHigh: number
      /** How much it rests on. */
      readonly samples: number
      readonly spanMs: number
      readonly points: readonly ForecastPoint[]
      /** When the limit is reached; null where that is not to be expected, or was not asked. */
      readonly reach: Reach | null
    }

const dayMs = 86_400_000
const hourMs = 3_600_000
/** Fewer values, or a shorter time, say nothing of days to come. */
export const samplesMin = 12
export const spanMinMs = 6 * hourMs
/** What was seen for a day is thought on for four at most. */
export const horizonFactor = 4
/** More are thinned out: all pairs of them are compared. */
const samplesMax = 240
const pointsMax = 24
/** The normal quantile of an interval of 90 %. */
const z90 = 1.645

/** What is to be expected. */
export function forecastOf(given: readonly Sample[], question: ForecastQuestion): Forecast {
  const samples = thinned(given.filter(({ atMs, value }) => atMs <= question.nowMs && Number.isFinite(value)))
  const first = samples[0]
  const last = samples.at(-1)
  if (first === undefined || last === undefined) return { is: 'none', reason: 'nothing has been noted of it yet' }
  const spanMs = last.atMs - first.atMs
  if (samples.length < samplesMin)
    return { is: 'none', reason: `${samples.length} of the ${samplesMin} values that are needed have been noted` }
  if (spanMs < spanMinMs)
    return {
      is: 'none',
      reason: `it has been noted for ${hoursText(spanMs)} only; ${hoursText(spanMinMs)} are needed`,
    }
  if (question.nowMs - last.atMs > spanMs)
    return { is: 'none', reason: 'the newest value is older than all that was noted of it before' }
  const line = lineThrough(samples)
  const untilMs = Math.min(question.untilMs, question.nowMs + spanMs * horizonFactor)
  return {
    is: 'trend',
    perDay: line.slope * dayMs,
    perDayLow: line.slopeLow * dayMs,
    perDayHigh: line.slopeHigh * dayMs,
    samples: samples.length,
    spanMs,
    points: pointsOf(line, question, untilMs),
    reach: reachOf(line, question, untilMs),
  }
}

interface Line {
  /** The line goes through its middle at this moment. */
  readonly midMs: number
  readonly mid: number
  readonly slope: number
  readonly slopeLow: number
  readonly slopeHigh: number
  /** How far values lie below and above it: five of a hundred lie further. */
  readonly below: number
  readonly above: number
}

function lineThrough(samples: readonly Sample[]): Line {
  const slopes = slopesOf(samples)
  const slope = quantile(slopes, 0.5)
  const midMs = quantile(
    samples.map(({ atMs }) => atMs),
    0.5,
  )
  const mid = quantile(samples.map(({ atMs, value }) => value - slope * (atMs - midMs)).sort(ascending), 0.5)
  const residuals = samples.map(({ atMs, value }) => value - (mid + slope * (atMs - midMs)))
  const [slopeLow, slopeHigh] = slopeInterval(slopes, samples.length, hangingTogether(residuals))
  const sorted = [...residuals].sort(ascending)
  return { midMs, mid, slope, slopeLow, slopeHigh, below: quantile(sorted, 0.05), above: quantile(sorted, 0.95) }
}

function slopesOf(samples: readonly Sample[]): readonly number[] {
  const slopes: number[] = []
  for (const [index, one] of samples.entries()) {
    for (const other of samples.slice(index + 1)) {
      if (other.atMs > one.atMs) slopes.push((other.value - one.value) / (other.atMs - one.atMs))
    }
  }
  return slopes.sort(ascending)
}

/** Sen's interval of 90 %, by Kendall's variance; `together` is how many times fewer independent values there are. */
function slopeInterval(slopes: readonly number[], count: number, together: number): readonly [number, number] {
  const spread = z90 * Math.sqrt(((count * (count - 1) * (2 * count + 5)) / 18) * together)
  const share = Math.min(1, spread / slopes.length)
  return [quantile(slopes, (1 - share) / 2), quantile(slopes, (1 + share) / 2)]
}

/** How many values count as one, from how much each is like the one before it. */
function hangingTogether(residuals: readonly number[]): number {
  const squares = residuals.reduce((sum, one) => sum + one * one, 0)
  if (squares === 0) return 1
  const products = residuals.slice(1).reduce((sum, one, index) => sum + one * (residuals[index] ?? 0), 0)
  const alike = Math.min(0.95, Math.max(0, products / squares))
  return (1 + alike) / (1 - alike)
}

function pointsOf(line: Line, question: ForecastQuestion, untilMs: number): readonly ForecastPoint[] {
  const { nowMs } = question
  if (untilMs <= nowMs) return []
  const stepMs = (untilMs - nowMs) / pointsMax
  return Array.from({ length: pointsMax + 1 }, (_, index) => {
    const atMs = Math.round(nowMs + index * stepMs)
    const [low, value, high] = [lowAt(line, atMs), valueAt(line, atMs), highAt(line, atMs)]
    return { atMs, value: bounded(value, question), low: bounded(low, question), high: bounded(high, question) }
  })
}

function valueAt({ mid, midMs, slope }: Line, atMs: number): number {
  return mid + slope * (atMs - midMs)
}

/** After the middle of the data, the least slope gives the least value. */
function lowAt({ mid, midMs, slopeLow, below }: Line, atMs: number): number {
  return mid + slopeLow * (atMs - midMs) + below
}

function highAt({ mid, midMs, slopeHigh, above }: Line, atMs: number): number {
  return mid + slopeHigh * (atMs - midMs) + above
}

function bounded(value: number, { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: ForecastQuestion) {
  return Math.min(max, Math.max(min, value))
}

/** When the line reaches the limit, and the edges of the interval do. */
function reachOf(line: Line, { limit, nowMs }: ForecastQuestion, untilMs: number): Reach | null {
  if (limit === undefined) return null
  const isFalling = valueAt(line, nowMs) > limit
  const [soonEdge, lateEdge] = isFalling
    ? [
        crossing(line.mid + line.below, line.slopeLow, limit, line),
        crossing(line.mid + line.above, line.slopeHigh, limit, line),
      ]
    : [
        crossing(line.mid + line.above, line.slopeHigh, limit, line),
        crossing(line.mid + line.below, line.slopeLow, limit, line),
      ]
  const atMs = crossing(line.mid, line.slope, limit, line)
  if (atMs === undefined || atMs < nowMs || atMs > untilMs) return null
  const earliestMs = Math.min(atMs, Math.max(nowMs, soonEdge ?? nowMs))
  const latestMs = lateEdge === undefined || lateEdge < atMs ? null : lateEdge
  return { atMs, earliestMs, latestMs: latestMs !== null && latestMs - nowMs > 3650 * dayMs ? null : latestMs }
}

function crossing(mid: number, slope: number, limit: number, { midMs }: Line): number | undefined {
  if (slope === 0) return undefined
  const atMs = midMs + (limit - mid) / slope
  return atMs < midMs || !Number.isFinite(atMs) ? undefined : Math.round(atMs)
}

/** Oldest first, and not more than can be compared with one another: every n-th, the newest among them. */
function thinned(samples: readonly Sample[]): readonly Sample[] {
  const sorted = [...samples].sort((one, other) => one.atMs - other.atMs)
  const every = Math.ceil(sorted.length / samplesMax)
  return every <= 1 ? sorted : sorted.filter((_, index) => (sorted.length - 1 - index) % every === 0)
}

/** Of sorted numbers, interpolated. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share
  const low = sorted[Math.floor(place)] ?? 0
  const high = sorted[Math.ceil(place)] ?? low
  return low + (high - low) * (place - Math.floor(place))
}

function ascending(one: number, other: number): number {
  return one - other
}

function hoursText(ms: number): string {
  if (ms < hourMs) return `${Math.max(1, Math.round(ms / 60_000))} min`
  return ms < 48 * hourMs ? `${Math.round(ms / hourMs)} h` : `${Math.round(ms / dayMs)} days`
}
