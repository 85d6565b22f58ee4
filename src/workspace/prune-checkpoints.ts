/** Removes what undo would need where it is older than is kept, or all of it takes more room than is allowed. */
import { type Clock, isoOf } from '../clock.ts'
import type { Policy } from '../desired/schema.ts'
import type { ActionState } from '../journal/entry.ts'
import type { JournalStore } from '../journal/store.ts'
import type { ChangeSets, Expired } from '../targets/sqlite/ports.ts'

/** An action in one of these may still need what was kept for it. */
const open: readonly ActionState[] = ['planned', 'approved', 'intended', 'checkpointed', 'dispatched', 'unknown']

/** Prunes, and journals that it did: what went can no longer be undone. */
export function pruneCheckpoints(ports: {
  readonly changeSets: ChangeSets
  readonly journal: JournalStore
  readonly policy: Policy
  readonly clock: Clock
}): Expired {
  const { changeSets, journal, policy, clock } = ports
  const { keep, sizeMax } = policy.checkpoints
  const beforeMs = clock.nowMs() - keep
  const expired = changeSets.expire({ beforeMs, bytesMax: sizeMax, needed: neededBy(journal) })
  const { old, large, largeBeforeMs } = expired
  if (old + large > 0) {
    const before = isoOf(Math.max(beforeMs, largeBeforeMs ?? 0))
    journal.append([
      { type: 'checkpoints.expired', actor: 'controller', body: { expired: old + large, large, before } },
    ])
  }
  return expired
}

/** Actions that have not ended, and those that they are about to take back. */
function neededBy({ db }: JournalStore): ReadonlySet<string> {
  const rows = db
    .prepare<[string], { id: string; undoes: string | null }>(
      `SELECT id, json_extract(body, '$.undoes') AS undoes FROM actions WHERE state IN (SELECT value FROM json_each(?))`,
    )
    .all(JSON.stringify(open))
  return new Set(rows.flatMap(({ id, undoes }) => (undoes === null ? [id] : [id, undoes])))
}
