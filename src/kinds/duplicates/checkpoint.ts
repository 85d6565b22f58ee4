/** The exact changes of a merge, worked out from the records as they are now and kept before anything is written. */
import type { Database } from 'better-sqlite3'
import { stepsOf } from '../../targets/sqlite/markers.ts'
import type { ChangeSets } from '../../targets/sqlite/ports.ts'
import { isoDate, isoDateTime } from '../../values/calendar.ts'
import type { MergeInput } from './action-input.ts'
import { groupId } from './groups.ts'
import { readLayout } from './layout.ts'
import { evidenceOf, fingerprintOf, mergesOf, pagesOf, survivalOf } from './look.ts'
import { stampChanges } from './merge.ts'
import type { DuplicateStore } from './store.ts'

export interface CheckpointOrder {
  readonly actionId: string
  /** Evidence that the merges must have to be kept. */
  readonly precondition: string
  readonly input: MergeInput
  /** The database file itself, absolute, even where a copy of it is read. */
  readonly path: string
  /** Wall clock: the moment that survivors are stamped with, one for all of the action. */
  readonly atMs: number
}

export interface Evidence {
  readonly evidence: string
  readonly images: number
}

const gone: Evidence = { evidence: 'table or columns are no longer those of the plan', images: 0 }

/** Keeps the changes as a finished set exactly when they are those of the plan. Repeatable; gives the evidence either way. */
export function keepMerges(
  db: Database,
  changeSets: ChangeSets,
  store: DuplicateStore,
  { actionId, precondition, input, path, atMs }: CheckpointOrder,
): Evidence {
  const kept = changeSets.summary(actionId)
  if (kept !== undefined) {
    // What was begun is completed as it is kept; a set is finished only where it is that of the plan.
    if (stepsOf(db, actionId).length > 0) return { evidence: precondition, images: kept.count }
    changeSets.discard(actionId)
  }
  db.exec('BEGIN')
  const reading = readLayout(db, input.spec)
  if (reading.is !== 'layout' || reading.layout.table !== input.table || reading.layout.notYet !== undefined) {
    db.exec('COMMIT')
    return gone
  }
  const { layout } = reading
  const merges = mergesOf(db, input.spec, layout)
  const stamp = (type: 'date' | 'datetime') => (type === 'date' ? isoDate(atMs) : isoDateTime(atMs))
  const writer = changeSets.begin(actionId, { path, table: layout.table, keyColumn: layout.keyColumn })
  const fingerprints: string[] = []
  let images = 0
  try {
    let unit = 0
    for (const keys of groupsOf(input, store)) {
      const survival = survivalOf(merges, keys)
      const fingerprint = fingerprintOf(merges, keys, survival)
      fingerprints.push(fingerprint)
      store.keepFingerprint(input.resource, groupId(keys), fingerprint)
      if (survival === undefined) continue
      for (const change of merges.reader.changesOf(survival, unit)) {
        writer.add(change)
        images += 1
      }
      for (const change of stampChanges(layout, survival, unit, stamp)) writer.add(change)
      unit += 1
    }
  } catch (error) {
    writer.abandon()
    throw error
  } finally {
    db.exec('COMMIT')
  }
  const evidence = evidenceOf(fingerprints)
  if (evidence === precondition) writer.finish()
  else writer.abandon()
  return { evidence, images }
}

function groupsOf(input: MergeInput, store: DuplicateStore): readonly (readonly string[])[] {
  if (input.groups !== null) return input.groups
  return [...pagesOf(input.resource, store, input.rule)].map(({ members }) => members.map(({ key }) => key))
}
