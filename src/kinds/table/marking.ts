/**
 * Tells whether an action's effect stands in the database. An action's id is the hash of what it does and of the evidence:
 * when its effect was undone, or somebody undid it by hand, the same action is rightly planned again under the same id. A
 * marker alone is therefore no proof; the schema must differ from what the action was planned on as well.
 */
import type { Database } from 'better-sqlite3'
import { markStep, stepOf } from '../../targets/sqlite/markers.ts'
import { readObjects } from './read-state.ts'
import { currentForm, type Expectation } from './state.ts'

/** Whether the action has still, or again, to be carried out. */
export function standsOpen(db: Database, actionId: string, expect: readonly Expectation[]): boolean {
  if (stepOf(db, actionId, 0) === undefined) return true
  const objects = readObjects(db)
  return expect.length > 0 && expect.every((expected) => currentForm(objects, expected) === expected.form)
}

/** Marks the action within the open transaction, also where it was marked before. */
export function markAgain(db: Database, actionId: string, at: string): void {
  const step = Number(stepOf(db, actionId, 0) !== undefined) * (lastStep(db, actionId) + 1)
  markStep(db, actionId, step, at)
}

function lastStep(db: Database, actionId: string): number {
  let step = 0
  while (stepOf(db, actionId, step + 1) !== undefined) step += 1
  return step
}
