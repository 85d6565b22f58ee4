import { durationSchema } from '../desired/schema/scalars.ts'
import { OperationalError } from '../errors.ts'

/**
 * A moment as a person writes it: a date, a moment of ISO 8601, or how long ago it was. In milliseconds since the epoch; throws
 * USAGE for anything else.
 */
export function momentOf(option: string, text: string, nowMs: number): number {
  const ago = durationSchema.safeParse(text)
  if (ago.success) return nowMs - ago.data
  const atMs = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(atMs))
    throw new OperationalError('USAGE', `${option} ${text} is no moment`, {
      hint: 'Write it as 2026-11-01, 2026-11-01T09:30:00Z, or how long ago it was: 2h.',
    })
  return atMs
}
