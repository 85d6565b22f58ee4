/**
 * What change sets hold about one record. Sets are kept by action and not by record, so this searches their texts, newest
 * first, in portions that leave the event loop free, and stops after so much.
 */
import { setImmediate } from 'node:timers/promises'
import type { Database } from 'better-sqlite3'
import { decodeChanges, keyTextOf } from './change-codec.ts'
import type { Change, RecordTrail, TrailStep } from './ports.ts'

/** Blocks that are searched in one go: some milliseconds. */
const portion = 40
/** Blocks that are searched in all: a block holds 500 records at most. */
const blocksMax = 4000

interface SetRow {
  readonly setId: number
  readonly actionId: string
  readonly finishedAtMs: number
  readonly blocks: number
  readonly table: string
}

/** Newest first. `isComplete` is false where older sets were left unsearched. */
export async function trailOf(
  db: Database,
  record: { readonly path: string; readonly table: string; readonly key: string },
): Promise<RecordTrail> {
  const sets = db
    .prepare<[string], SetRow>(
      `SELECT set_id AS setId, action_id AS actionId, finished_at_ms AS finishedAtMs, blocks, table_name AS "table"
         FROM sets WHERE path = ? AND finished_at_ms IS NOT NULL ORDER BY set_id DESC`,
    )
    .all(record.path)
  const search = db
    .prepare<[number, number, number, string], string>(
      'SELECT json FROM blocks WHERE set_id = ? AND block >= ? AND block < ? AND instr(json, ?) > 0 ORDER BY block',
    )
    .pluck()
  // The text of a key as it stands in JSON, without quotes: a number has none.
  const needle = JSON.stringify(record.key).slice(1, -1)
  const steps: TrailStep[] = []
  let searched = 0
  for (const set of sets) {
    for (let block = 0; block < set.blocks; block += portion) {
      if (searched >= blocksMax) return { steps, isComplete: false }
      const changes = search
        .all(set.setId, block, block + portion, needle)
        .flatMap(decodeChanges)
        .filter((change) => isOf(change, set.table, record))
      if (changes.length > 0) steps.push({ actionId: set.actionId, atMs: set.finishedAtMs, changes })
      searched += Math.min(portion, set.blocks - block)
      await setImmediate()
    }
  }
  return { steps, isComplete: true }
}

function isOf(change: Change, tableOfSet: string, record: { readonly table: string; readonly key: string }): boolean {
  return (change.of?.table ?? tableOfSet) === record.table && keyTextOf(change) === record.key
}
