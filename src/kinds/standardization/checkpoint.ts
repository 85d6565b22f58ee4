/** The exact changes of an action, recomputed from the rows as they are now and kept before anything is written. */
import type { Database } from 'better-sqlite3'
import { createChangeFingerprint } from '../../targets/sqlite/change-fingerprint.ts'
import { stepsOf } from '../../targets/sqlite/markers.ts'
import type { ChangeSets } from '../../targets/sqlite/ports.ts'
import { isoDate, isoDateTime } from '../../values/calendar.ts'
import { rulesAreCurrent, type StandardizeInput } from './action-input.ts'
import { readLayout } from './layout.ts'
import { narrowed } from './look.ts'
import { type ScanOptions, scan } from './scan.ts'

export interface CheckpointOrder {
  readonly actionId: string
  /** Fingerprint that the changes must have to be kept. */
  readonly precondition: string
  readonly input: StandardizeInput
  /** The database file itself, absolute, even where a copy of it is read. */
  readonly path: string
  /** Wall clock: the moment that changed records are stamped with, one for all of the action. */
  readonly atMs: number
}

export interface Evidence {
  readonly evidence: string
  readonly images: number
}

/** Said instead of a fingerprint where the action cannot be recomputed at all. */
const gone: Evidence = { evidence: 'rules, table or columns are no longer those of the plan', images: 0 }

/**
 * Computes the changes and keeps them as a finished set exactly when they are those of the plan: a set that is finished
 * is what the action does. Repeatable; gives the evidence either way.
 */
export async function keepChanges(
  db: Database,
  changeSets: ChangeSets,
  order: CheckpointOrder,
  options: Omit<ScanOptions, 'rowIds'>,
): Promise<Evidence> {
  const { actionId, input, path, precondition, atMs } = order
  const kept = changeSets.summary(actionId)
  if (kept !== undefined) {
    // What was begun is completed as it is kept; what was not is worked out anew, since stamps may be others by now.
    if (stepsOf(db, actionId).length > 0) return { evidence: kept.fingerprint, images: kept.count }
    changeSets.discard(actionId)
  }
  const reading = rulesAreCurrent(input) ? readLayout(db, input.spec) : undefined
  const layout = reading?.is === 'layout' ? narrowed(reading.layout, input.column, input.keyColumn) : undefined
  if (layout === undefined || layout.table !== input.table) return gone
  const writer = changeSets.begin(actionId, { path, table: input.table, keyColumn: input.keyColumn })
  const fingerprint = createChangeFingerprint()
  try {
    await scan(
      db,
      layout,
      {
        filled: () => undefined,
        changed(_, change, stamped) {
          fingerprint.add(change)
          writer.add(change)
          for (const { column, type, before } of stamped) {
            const after = type === 'date' ? isoDate(atMs) : isoDateTime(atMs)
            const { rowId, key } = change
            writer.add({ is: 'cell', rowId, key, column, before, after, follows: true })
          }
        },
        unmendable: () => undefined,
      },
      { ...options, rowIds: input.rowIds ?? undefined },
    )
  } catch (error) {
    writer.abandon()
    throw error
  }
  const evidence = fingerprint.digest()
  if (evidence === precondition) writer.finish()
  else writer.abandon()
  return { evidence, images: fingerprint.count }
}
