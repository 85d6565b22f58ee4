/** Months of the quota: calendar months in UTC, as far as is known (Airtable names no time zone). */

/** For example `2026-11`. */
export function monthOf(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 7)
}

/** First moment of a month and of the next, in milliseconds since the epoch. */
export function boundsOf(month: string): { readonly startMs: number; readonly endMs: number } {
  const startMs = Date.parse(`${month}-01T00:00:00.000Z`)
  const start = new Date(startMs)
  return { startMs, endMs: Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1) }
}

/** Less than a day tells nothing about a month, in milliseconds. */
const judgedFromMs = 86_400_000

/**
 * Calls by the end of the month if they go on as they did since counting began, which may be within the month; undefined
 * before there is a day to judge by.
 */
export function forecastOf(
  usage: { readonly month: string; readonly calls: number; readonly countedSinceMs: number },
  nowMs: number,
): number | undefined {
  const { startMs, endMs } = boundsOf(usage.month)
  const elapsedMs = nowMs - Math.max(startMs, usage.countedSinceMs)
  if (elapsedMs < judgedFromMs) return undefined
  return Math.round(usage.calls + (usage.calls / elapsedMs) * Math.max(0, endMs - nowMs))
}
