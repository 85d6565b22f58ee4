/** How the past of figures is thinned out: what is kept how finely for how long, and how values become one. Pure. */

export interface Level {
  readonly id: number
  readonly stepMs: number
  /** So many steps with values are kept. */
  readonly stepsKept: number
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** An hour of 15 s, two days of 5 min, 90 days of hours, two years of days; the finest first. */
export const levels: readonly Level[] = [
  { id: 0, stepMs: 15_000, stepsKept: 240 },
  { id: 1, stepMs: 5 * minuteMs, stepsKept: 576 },
  { id: 2, stepMs: hourMs, stepsKept: 90 * 24 },
  { id: 3, stepMs: dayMs, stepsKept: 730 },
]

/** The values of one span of time as one. */
export interface Bucket {
  /** Where the span begins, in milliseconds since the epoch. */
  readonly atMs: number
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
  /** The last value in it. */
  readonly last: number
}

/** Where the span that a moment falls into begins. */
export function bucketStart(stepMs: number, atMs: number): number {
  return Math.floor(atMs / stepMs) * stepMs
}

/** The finest level that reaches back to a moment and is no finer than asked; else the one that reaches back furthest. */
export function levelFor(sinceMs: number, stepMs: number, nowMs: number): Level {
  const reaching = levels.filter((level) => nowMs - sinceMs <= level.stepMs * level.stepsKept)
  const candidates = reaching.length === 0 ? levels.slice(-1) : reaching
  const coarseEnough = candidates.filter((level) => level.stepMs <= stepMs)
  const chosen = coarseEnough.at(-1) ?? candidates[0] ?? levels[0]
  if (chosen === undefined) throw new RangeError('there is a level')
  return chosen
}

/** Neighbouring buckets, oldest first, as buckets of a longer step. Nothing is made up for spans without values. */
export function resample(buckets: readonly Bucket[], stepMs: number): readonly Bucket[] {
  const joined: Bucket[] = []
  for (const bucket of buckets) {
    const atMs = bucketStart(stepMs, bucket.atMs)
    const before = joined.at(-1)
    if (before?.atMs === atMs) joined[joined.length - 1] = join(before, bucket)
    else joined.push({ ...bucket, atMs })
  }
  return joined
}

function join(earlier: Bucket, later: Bucket): Bucket {
  return {
    atMs: earlier.atMs,
    count: earlier.count + later.count,
    sum: earlier.sum + later.sum,
    min: Math.min(earlier.min, later.min),
    max: Math.max(earlier.max, later.max),
    last: later.last,
  }
}

/** The mean; of a counter the last value, since a mean of it says nothing. */
export function pointValue(bucket: Bucket, type: 'gauge' | 'counter'): number {
  return type === 'counter' ? bucket.last : bucket.sum / bucket.count
}
