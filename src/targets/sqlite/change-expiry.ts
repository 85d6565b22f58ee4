/** What of the kept change sets goes: what is older than is kept, then the oldest ones where all take too much room. */
import type { Database } from 'better-sqlite3'
import type { Expired, ExpiryBounds } from './ports.ts'

interface Candidate {
  readonly setId: number
  readonly actionId: string
  readonly finishedAtMs: number
}

/** Bytes of the file that hold something. */
export function bytesOf(db: Database): number {
  const number = (name: string) => Number(db.pragma(name, { simple: true }))
  return (number('page_count') - number('freelist_count')) * number('page_size')
}

/** Drops sets, in one transaction, and gives their room back to the disk. */
export function expireSets(db: Database, { beforeMs, bytesMax, needed }: ExpiryBounds): Expired {
  const expired = db.transaction((): Expired => {
    db.prepare('DELETE FROM sets WHERE finished_at_ms IS NULL AND begun_at_ms < ?').run(beforeMs)
    const free = candidates(db, needed)
    const old = free.filter(({ finishedAtMs }) => finishedAtMs < beforeMs)
    const drop = db.prepare('DELETE FROM sets WHERE set_id = ?')
    for (const { setId } of old) drop.run(setId)
    noteMarkersUnused(db, beforeMs)
    let large = 0
    let largeBeforeMs: number | undefined
    // The newest one stays whatever it takes: it is what somebody is about to regret.
    for (const { setId, finishedAtMs } of free.slice(old.length, -1)) {
      if (bytesOf(db) <= bytesMax) break
      drop.run(setId)
      large += 1
      largeBeforeMs = finishedAtMs
    }
    return { old: old.length, large, largeBeforeMs }
  })
  const result = expired.immediate()
  if (result.old + result.large > 0) db.pragma('incremental_vacuum')
  return result
}

/** Finished sets that no action needs any more, oldest first. */
function candidates(db: Database, needed: ReadonlySet<string>): readonly Candidate[] {
  return db
    .prepare<[], Candidate>(
      `SELECT set_id AS setId, action_id AS actionId, finished_at_ms AS finishedAtMs
         FROM sets WHERE finished_at_ms IS NOT NULL ORDER BY finished_at_ms, set_id`,
    )
    .all()
    .filter(({ actionId }) => !needed.has(actionOf(actionId)))
}

/** The action that a set belongs to: some keep more than one, under its id with a suffix. */
export function actionOf(setName: string): string {
  return setName.replace(/[+:].*$/, '')
}

/** Notes up to which moment the markers of steps serve no kept set any more: they may go. */
function noteMarkersUnused(db: Database, beforeMs: number): void {
  const oldest = db.prepare<[], number>('SELECT min(finished_at_ms) FROM sets').pluck().get() ?? beforeMs
  const known = db.prepare<[], string>(`SELECT value FROM notes WHERE name = 'expired_before_ms'`).pluck().get()
  const latest = Math.max(Math.min(beforeMs, oldest), Number(known ?? 0))
  db.prepare(`INSERT OR REPLACE INTO notes VALUES ('expired_before_ms', ?)`).run(String(latest))
}
