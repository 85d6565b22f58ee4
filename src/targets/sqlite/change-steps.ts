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
export function makeStep(db: Database, tableOf: (record: RecordChange) => TableAccess, step: Step): StepOutcome {
  const marker = stepOf(db, step.actionId, step.step)
  if (marker !== undefined) return outcomeOfNote(marker.note)
  const skipped: number[] = []
  const failed: [number, string][] = []
  const rowIds: [number, number][] = []
  const refused = (places: readonly number[], at: number, error: unknown) => {
    if (!isRefusal(error) && !(error instanceof RefusedError)) throw error
    if (!db.inTransaction) throw new TransactionLost(at, messageOf(error))
    for (const place of places) failed.push([place, messageOf(error)])
  }
  for (const places of unitsOf(step.records)) {
    const reason = places.map((place) => step.barred.get(place)).find((barred) => barred !== undefined)
    if (reason !== undefined) {
      for (const place of places) failed.push([place, reason])
      continue
    }
    let at = places[0] ?? 0
    const made: [number, number][] = []
    const make = () => {
      for (const place of places) {
        const record = step.records[place]
        if (record === undefined) continue
        at = place
        const touched = tableOf(record).make(record)
        if (touched.is === 'skipped') return false
        if (record.is === 'insert' && touched.rowId !== record.rowId) made.push([place, touched.rowId])
      }
      return true
    }
    try {
      if (places.length === 1 ? make() : together(db, make)) rowIds.push(...made)
      else skipped.push(...places)
    } catch (error) {
      refused(places, at, error)
    }
  }
  const outcome = { skipped, failed, rowIds }
  markStep(db, step.actionId, step.step, step.at, noteOf(outcome))
  return outcome
}

/** The places of the records, those of one unit together. */
function unitsOf(records: readonly RecordChange[]): readonly (readonly number[])[] {
  const units: number[][] = []
  records.forEach(({ unit }, place) => {
    const open = units.at(-1)
    if (unit !== undefined && open !== undefined && records[place - 1]?.unit === unit) open.push(place)
    else units.push([place])
  })
  return units
}

/** All of it or nothing: what was made is taken back where one record is no longer what it was. */
function together(db: Database, make: () => boolean): boolean {
  try {
    return db.transaction(() => {
      if (!make()) throw new UnitSkipped()
      return true
    })()
  } catch (error) {
    if (error instanceof UnitSkipped) return false
    throw error
  }
}

/** Ends the savepoint of a unit. */
class UnitSkipped extends Error {
  override readonly name = 'UnitSkipped'
}
