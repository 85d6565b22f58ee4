/**
 * One step of a change set: the records of one block, made in one transaction together with the marker that says so. What
 * did not go as planned is noted in the marker, so that a later call knows the outcome of steps it did not make itself.
 */
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { messageOf } from '../../errors.ts'
import type { RecordChange } from './change-codec.ts'
import { isRefusal } from './database-error.ts'
import { markStep, stepOf } from './markers.ts'
import { RefusedError, type TableAccess } from './table-access.ts'

/** The outcome of a step, by the places of its records in the block. */
export interface StepOutcome {
  readonly skipped: readonly number[]
  readonly failed: readonly (readonly [place: number, reason: string])[]
  /** Rowids that SQLite chose for inserted records. */
  readonly rowIds: readonly (readonly [place: number, rowId: number])[]
}

const noteSchema = z.strictObject({
  s: z.array(z.number()).default([]),
  f: z.array(z.tuple([z.number(), z.string()])).default([]),
  r: z.array(z.tuple([z.number(), z.number()])).default([]),
})

/** Reads the note of a marker. */
export function outcomeOfNote(note: string | null): StepOutcome {
  const { s, f, r } = noteSchema.parse(note === null ? {} : JSON.parse(note))
  return { skipped: s, failed: f, rowIds: r }
}

function noteOf(outcome: StepOutcome): string | null {
  const { skipped, failed, rowIds } = outcome
  if (skipped.length + failed.length + rowIds.length === 0) return null
  return JSON.stringify({
    ...(skipped.length > 0 ? { s: skipped } : {}),
    ...(failed.length > 0 ? { f: failed } : {}),
    ...(rowIds.length > 0 ? { r: rowIds } : {}),
  })
}

/** A record's refusal took the whole transaction with it (RAISE(ROLLBACK) in a trigger): it must begin anew without it. */
export class TransactionLost extends Error {
  override readonly name = 'TransactionLost'
  readonly place: number

  constructor(place: number, reason: string) {
    super(reason)
    this.place = place
  }
}

export interface Step {
  readonly actionId: string
  readonly step: number
  /** ISO 8601 stamp of now, for the marker. */
  readonly at: string
  readonly records: readonly RecordChange[]
  /** Records that are known to fail, with the reason: they are not tried. */
  readonly barred: ReadonlyMap<number, string>
}

/**
 * Makes the step inside the open transaction, unless its marker says that it was made. A record that SQLite refuses is
 * noted as failed and the others go on: a refused statement leaves nothing behind (https://www.sqlite.org/lang_conflict.html,
 * ABORT). Throws {@link TransactionLost}, and whatever is no refusal.
 */
export function makeStep(db: Database, table: () => TableAccess, step: Step): StepOutcome {
  const marker = stepOf(db, step.actionId, step.step)
  if (marker !== undefined) return outcomeOfNote(marker.note)
  const access = table()
  const skipped: number[] = []
  const failed: [number, string][] = []
  const rowIds: [number, number][] = []
  step.records.forEach((record, place) => {
    const reason = step.barred.get(place)
    if (reason !== undefined) {
      failed.push([place, reason])
      return
    }
    try {
      const touched = access.make(record)
      if (touched.is === 'skipped') skipped.push(place)
      else if (record.is === 'insert' && touched.rowId !== record.rowId) rowIds.push([place, touched.rowId])
    } catch (error) {
      if (!isRefusal(error) && !(error instanceof RefusedError)) throw error
      if (!db.inTransaction) throw new TransactionLost(place, messageOf(error))
      failed.push([place, messageOf(error)])
    }
  })
  const outcome = { skipped, failed, rowIds }
  markStep(db, step.actionId, step.step, step.at, noteOf(outcome))
  return outcome
}
