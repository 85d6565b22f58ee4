/**
 * Removes old entries of the journal, as far as the desired state lets them go, and leaves an anchor from which the chain can
 * still be checked. The derived tables stay: what was planned, approved and accepted is known further on. Entries of an
 * action that is open stay, and all after them.
 */
import { isoOf } from '../clock.ts'
import { retainedType, signAnchor } from './anchor.ts'
import type { JournalStore } from './store.ts'

export interface Retained {
  readonly removed: number
  /** The last entry that was removed. */
  readonly upTo: number
}

/** More than this at once would keep who appends waiting. */
const removedMax = 20_000
/** Old entries go once a day, not one by one, since each time leaves an entry of its own. */
const dayMs = 86_400_000

const openStates = `('planned', 'approved', 'intended', 'checkpointed', 'dispatched', 'unknown')`

/**
 * Removes entries that are older than `keepMs`, some thousands at once. Undefined where there are none, or not a day's worth
 * yet, or an open action holds on to them. Throws JOURNAL_UNWRITABLE.
 * @param key what the anchor is signed with.
 */
export function retainEntries(
  journal: JournalStore,
  { keepMs, nowMs, key }: { readonly keepMs: number; readonly nowMs: number; readonly key: string },
): Retained | undefined {
  const beforeMs = nowMs - keepMs
  const oldest = journal.db
    .prepare<[], { seq: number; at_ms: number }>('SELECT seq, at_ms FROM entries ORDER BY seq LIMIT 1')
    .get()
  if (oldest === undefined || oldest.at_ms > beforeMs - dayMs) return undefined
  const upTo = Math.min(lastBefore(journal, beforeMs), firstOfOpen(journal) - 1, oldest.seq + removedMax - 1)
  if (upTo < oldest.seq) return undefined
  const removed = upTo - oldest.seq + 1
  const last = journal.db.prepare<[number], { hash: string }>('SELECT hash FROM entries WHERE seq = ?').get(upTo)
  if (last === undefined) return undefined
  const body = signAnchor(key, { upTo, hash: last.hash, removed, before: isoOf(beforeMs) })
  journal.append([{ type: retainedType, actor: 'controller', body }], (db) => {
    db.prepare('DELETE FROM entries WHERE seq <= ?').run(upTo)
  })
  return { removed, upTo }
}

/** The last of the entries that are all older; whatever the clock did, none is removed that a newer one precedes. */
function lastBefore({ db }: JournalStore, beforeMs: number): number {
  const next = db
    .prepare<[number], { seq: number }>('SELECT seq FROM entries WHERE at_ms >= ? ORDER BY seq LIMIT 1')
    .get(beforeMs)
  // The newest one stays: the next entry follows it.
  return next === undefined
    ? (db.prepare<[], number>('SELECT max(seq) FROM entries').pluck().get() ?? 0) - 1
    : next.seq - 1
}

function firstOfOpen({ db }: JournalStore): number {
  const first = db
    .prepare<[], number | null>(
      `SELECT min(e.seq) FROM actions a JOIN entries e ON e.action_id = a.id WHERE a.state IN ${openStates}`,
    )
    .pluck()
    .get()
  return first ?? Number.POSITIVE_INFINITY
}
