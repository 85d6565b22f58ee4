/** When a disk will be full if it goes on filling as it did. Pure. */

/** Free bytes at a moment, in milliseconds since the epoch. */
export type Sample = readonly [atMs: number, freeBytes: number]

/** Less than this says nothing about days to come. */
const spanMinMs = 6 * 3_600_000
/** Beyond this nobody plans. */
const horizonMs = 365 * 86_400_000

/**
 * The moment at which nothing is free, by the straight line through the samples that has the least squares of errors;
 * undefined while they cover too little time, or when the disk does not fill within a year.
 */
export function fullAtMs(samples: readonly Sample[], nowMs: number): number | undefined {
  const first = samples[0]
  const last = samples.at(-1)
  if (first === undefined || last === undefined || last[0] - first[0] < spanMinMs) return undefined
  const meanAt = mean(samples.map(([atMs]) => atMs))
  const meanFree = mean(samples.map(([, free]) => free))
  const covariance = mean(samples.map(([atMs, free]) => (atMs - meanAt) * (free - meanFree)))
  const variance = mean(samples.map(([atMs]) => (atMs - meanAt) ** 2))
  const bytesPerMs = covariance / variance
  if (!(bytesPerMs < 0)) return undefined
  const emptyAtMs = meanAt - meanFree / bytesPerMs
  return emptyAtMs > nowMs && emptyAtMs - nowMs <= horizonMs ? Math.round(emptyAtMs) : undefined
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length
}
