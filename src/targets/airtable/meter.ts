/**
 * The calls of a base by month. Counting happens where permits are given out, by every process; here the counts are added
 * up, each exactly once, because it is remembered how far each count was taken over.
 */
import type { Database } from 'better-sqlite3'
import type { Clock } from '../../clock.ts'
import type { QuotaNote } from './caller.ts'
import { forecastOf, monthOf } from './month.ts'
import type { Pace } from './pace.ts'
import type { CallUsage } from './ports.ts'

export interface Meter extends QuotaNote {
  /** Adds what was counted since the last time. */
  collect(counted: ReturnType<Pace['counted']>): void
  usage(limit: number | undefined): CallUsage
}

/** The meter of one base over an open store. */
export function createMeter(db: Database, base: string, clock: Clock): Meter {
  const known = db
    .prepare<[string, string, string], number>('SELECT calls FROM counted WHERE base = ? AND file_id = ? AND month = ?')
    .pluck()
  const remember = db.prepare('INSERT OR REPLACE INTO counted VALUES (?, ?, ?, ?)')
  const add = db.prepare(
    `INSERT INTO usage (base, month, calls, since_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (base, month) DO UPDATE SET calls = calls + excluded.calls`,
  )
  const note = db.prepare(
    `INSERT INTO usage (base, month, calls, since_ms, exhausted_ms) VALUES (@base, @month, 0, @atMs, @atMs)
     ON CONFLICT (base, month) DO UPDATE SET exhausted_ms = coalesce(exhausted_ms, @atMs)`,
  )
  const clear = db.prepare('UPDATE usage SET exhausted_ms = NULL WHERE base = ? AND exhausted_ms IS NOT NULL')
  const used = db.prepare<[string, string], { calls: number; sinceMs: number; exhaustedMs: number | null }>(
    'SELECT calls, since_ms AS sinceMs, exhausted_ms AS exhaustedMs FROM usage WHERE base = ? AND month = ?',
  )
  const thisMonth = () => used.get(base, monthOf(clock.nowMs()))
  // Asked before every call, so it is not read from the disk each time; the month it belongs to ends it.
  let exhausted = thisMonth()?.exhaustedMs ?? undefined

  const collect = db.transaction(({ fileId, months }: ReturnType<Pace['counted']>) => {
    for (const { month, calls } of months) {
      const more = calls - (known.get(base, fileId, month) ?? 0)
      if (more <= 0) continue
      add.run(base, month, more, clock.nowMs())
      remember.run(base, fileId, month, calls)
    }
  })

  return {
    collect: (counted) => collect.immediate(counted),
    usage(limit) {
      const month = monthOf(clock.nowMs())
      const { calls, sinceMs } = thisMonth() ?? { calls: 0, sinceMs: clock.nowMs() }
      const forecast = forecastOf({ month, calls, countedSinceMs: sinceMs }, clock.nowMs())
      return { month, calls, limit, forecast, exhaustedSinceMs: this.exhaustedSinceMs() }
    },
    exhaustedSinceMs() {
      if (exhausted !== undefined && monthOf(exhausted) !== monthOf(clock.nowMs())) exhausted = undefined
      return exhausted
    },
    exhausted(atMs) {
      if (this.exhaustedSinceMs() !== undefined) return
      exhausted = atMs
      note.run({ base, month: monthOf(atMs), atMs })
    },
    available() {
      if (exhausted === undefined) return
      exhausted = undefined
      clear.run(base)
    },
  }
}
