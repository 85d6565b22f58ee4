/**
 * Works out what takes a set back, record by record from the last one, as the records are now: which are taken back, which
 * were changed since, and which of either a person's choice leaves out.
 */
import { setImmediate } from 'node:timers/promises'
import type { Database } from 'better-sqlite3'
import type { Cell } from '../../values/field-type.ts'
import { keyTextOf, placeOfChange, type RecordChange, recordsOf } from './change-codec.ts'
import { type Conflict, reversalOf } from './change-reversal.ts'
import { outcomeOfNote } from './change-steps.ts'
import type { ChangeStore, StoredSet } from './change-store.ts'
import { laterWriters } from './later-writers.ts'
import { stepsOf } from './markers.ts'
import type { Change, ReversedRows, RowChoice, RowConflict } from './ports.ts'
import type { TableAccess } from './table-access.ts'

/** Conflicts that are told with their cells. */
const detailsMax = 200

export interface ReversedRecords {
  readonly conflicts: readonly string[]
  readonly conflictCount: number
  readonly rows: ReversedRows
}

/** Keys of conflicts that stay, where a few name them all. */
const samplesMax = 20

/** All records, and those that were changed since stay: what an undo does unless it is told otherwise. */
const everything: RowChoice = { keys: null, onConflict: 'skip', keep: [], take: [] }

/** @param add takes each change of the reversal, in its order */
export async function reverseSet(
  from: {
    readonly db: Database
    readonly actionId: string
    readonly set: StoredSet
    readonly store: ChangeStore
    readonly tableOf: (db: Database, record: RecordChange) => TableAccess
  },
  choice: RowChoice | undefined,
  add: (change: Change) => void,
): Promise<ReversedRecords> {
  const { db, set, store } = from
  const chosen = chooserOf(choice ?? everything, set.target.keyColumn)
  const details: Omit<RowConflict, 'by' | 'isUnbroken'>[] = []
  const kept: string[] = []
  const tally = { conflicts: 0, kept: 0, left: 0, matched: 0 }
  const steps = new Map(stepsOf(db, from.actionId).map((marker) => [marker.step, outcomeOfNote(marker.note)]))

  const meetConflict = (record: RecordChange, conflict: Conflict) => {
    const key = keyTextOf(record)
    const forced = chosen.isTaken(key) ? conflict.forced() : []
    const isTaken = forced.length > 0
    for (const change of forced) add({ ...change, ...placeOfChange(record) })
    tally.conflicts += 1
    if (!isTaken) {
      tally.kept += 1
      if (kept.length < samplesMax) kept.push(key)
    }
    if (details.length >= detailsMax) return
    const table = record.of?.table ?? set.target.table
    const outcome = isTaken ? 'taken' : 'kept'
    details.push({ table, key, is: conflict.what, cells: conflict.cells(), outcome, isChosen: chosen.isNamed(key) })
  }

  for (let step = set.blocks - 1; step >= 0; step -= 1) {
    const outcome = steps.get(step)
    // Where other steps left markers, a step without one was never made.
    if (outcome === undefined && steps.size > 0) continue
    const untouched = new Set([...(outcome?.skipped ?? []), ...(outcome?.failed ?? []).map(([place]) => place)])
    const rowIds = new Map(outcome?.rowIds ?? [])
    const records = recordsOf(store.block(set, step))
    const isWanted = chosen.of(records, (place, record) =>
      record.key === null ? from.tableOf(db, record).keyAt(rowIds.get(place) ?? record.rowId) : undefined,
    )
    for (let place = records.length - 1; place >= 0; place -= 1) {
      const record = records[place]
      if (record === undefined || untouched.has(place)) continue
      const { keyColumn } = record.of ?? set.target
      const reversal = reversalOf(from.tableOf(db, record), record, keyColumn, rowIds.get(place))
      if (!isWanted(place)) {
        if (reversal.is !== 'nothing') tally.left += 1
        continue
      }
      tally.matched += 1
      if (reversal.is === 'conflict') meetConflict(record, reversal)
      else if (reversal.is === 'changes')
        for (const change of reversal.changes) add({ ...change, ...placeOfChange(record) })
    }
    await setImmediate()
  }
  return {
    conflicts: kept,
    conflictCount: tally.kept,
    rows: {
      conflicts: await laterWriters(details, set, store),
      conflictCount: tally.conflicts,
      unknownKeys: chosen.unknownKeys(),
      left: tally.left,
      matched: tally.matched,
    },
  }
}

type KeyNow = (place: number, record: RecordChange) => Cell | undefined

function chooserOf(choice: RowChoice, setKeyColumn: string) {
  const wanted = choice.keys === null ? undefined : new Set(choice.keys)
  const named = new Set([...(choice.keys ?? []), ...choice.take, ...choice.keep])
  const seen = new Set<string>()
  const take = new Set(choice.take)
  const keep = new Set(choice.keep)
  return {
    isTaken: (key: string) => take.has(key) || (choice.onConflict === 'force' && !keep.has(key)),
    isNamed: (key: string) => take.has(key) || keep.has(key),
    /** Which records of a block are chosen. What was changed together is taken back together. */
    of(records: readonly RecordChange[], keyNow: KeyNow): (place: number) => boolean {
      if (named.size === 0) return () => wanted === undefined
      const places = new Set<number>()
      const units = new Set<number>()
      records.forEach((record, place) => {
        const keyColumn = record.of?.keyColumn ?? setKeyColumn
        const found = keysOf(record, keyColumn, keyNow(place, record)).filter((key) => named.has(key))
        for (const key of found) seen.add(key)
        if (wanted === undefined || !found.some((key) => wanted.has(key))) return
        places.add(place)
        if (record.unit !== undefined) units.add(record.unit)
      })
      if (wanted === undefined) return () => true
      return (place) => {
        const unit = records[place]?.unit
        return places.has(place) || (unit !== undefined && units.has(unit))
      }
    },
    unknownKeys: () => [...named].filter((key) => !seen.has(key)),
  }
}

/** By what a person may name a record: the key it had, the one that it was given, or the one that the table gave it. */
function keysOf(record: RecordChange, keyColumn: string, keyNow: Cell | undefined): readonly string[] {
  const given = record.is === 'update' ? record.cells.find(({ column }) => column === keyColumn)?.after : undefined
  const others = [given, keyNow].flatMap((key) =>
    key === undefined || key === null ? [] : [keyTextOf({ key, rowId: record.rowId })],
  )
  return [keyTextOf(record), ...others]
}
