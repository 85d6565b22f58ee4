/**
 * Which sets are kept. Pure. Never fewer than two verified sets are left, the newest set stays whatever it is, and a set
 * from the future, which only a wrong clock can have made, is left to a person.
 */

export interface Aged {
  readonly id: string
  readonly createdAtMs: number
  readonly isVerified: boolean
}

/** How many of which period are kept. */
export interface Keep {
  readonly hourly: number
  readonly daily: number
  readonly weekly: number
  readonly monthly: number
}

/** So many verified sets are there at least after a prune, if there were so many before. */
export const verifiedFloor = 2

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** 1970-01-01 was a Thursday; weeks begin on Monday. Periods are those of UTC. */
const periods: Readonly<Record<keyof Keep, (atMs: number) => string | number>> = {
  hourly: (atMs) => Math.floor(atMs / hourMs),
  daily: (atMs) => Math.floor(atMs / dayMs),
  weekly: (atMs) => Math.floor((atMs / dayMs + 3) / 7),
  monthly: (atMs) => new Date(atMs).toISOString().slice(0, 7),
}

/** The ids of the sets that may go, oldest first. Of each period the newest verified set stands for it, else the newest. */
export function prunable(sets: readonly Aged[], keep: Keep, nowMs: number): readonly string[] {
  const newestFirst = [...sets].sort((one, other) => other.createdAtMs - one.createdAtMs)
  const past = newestFirst.filter(({ createdAtMs }) => createdAtMs <= nowMs)
  const kept = new Set(newestFirst.filter(({ createdAtMs }) => createdAtMs > nowMs).map(({ id }) => id))
  for (const name of ['hourly', 'daily', 'weekly', 'monthly'] as const) {
    const standing = new Map<string | number, Aged>()
    for (const set of past) {
      const period = periods[name](set.createdAtMs)
      const before = standing.get(period)
      if (before === undefined) {
        if (standing.size < keep[name]) standing.set(period, set)
      } else if (!before.isVerified && set.isVerified) standing.set(period, set)
    }
    for (const { id } of standing.values()) kept.add(id)
  }
  for (const { id } of past.slice(0, 1)) kept.add(id)
  for (const { id } of past.filter(({ isVerified }) => isVerified).slice(0, verifiedFloor)) kept.add(id)
  return past
    .filter(({ id }) => !kept.has(id))
    .map(({ id }) => id)
    .reverse()
}
