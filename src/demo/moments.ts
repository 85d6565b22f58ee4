/** Moments as the agents write them: SQLite stamps, ISO 8601, day first, month first, seconds since the epoch. */
import type { Random } from '../random.ts'
import { pick } from './stream.ts'

export const dayMs = 86_400_000
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** `2026-03-14 09:26:53`, as CURRENT_TIMESTAMP gives it, in UTC. */
export function stampOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')
}

/** `2026-03-14`. */
export function dateOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10)
}

/** The day in a form that is no ISO 8601 date. */
export function oddDateOf(atMs: number, random: Random): string {
  const date = new Date(atMs)
  const [year = '', month = '', day = ''] = dateOf(atMs).split('-')
  return pick(random, [
    `${month}/${day}/${year}`,
    `${day}.${month}.${year}`,
    `${date.getUTCDate()} ${months[date.getUTCMonth()] ?? ''} ${year}`,
    `${year}/${month}/${day}`,
  ])
}

/** The moment in a form that is neither a SQLite stamp nor ISO 8601 in UTC. */
export function oddStampOf(atMs: number, random: Random): string {
  const iso = new Date(atMs).toISOString()
  const [, month = '', day = ''] = dateOf(atMs).split('-')
  return pick(random, [
    String(Math.floor(atMs / 1000)),
    `${month}/${day}/${iso.slice(0, 4)} ${iso.slice(11, 16)}`,
    `${iso.slice(0, 19)}+00:00`,
    `${iso.slice(0, 23)}000`,
  ])
}
