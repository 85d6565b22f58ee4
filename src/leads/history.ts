/**
 * The history of one record, as far as it is known: what Trueup wrote is kept with its action, and where a value is another one
 * than it left there, some other program wrote in between. Which program that was, and when exactly, nobody knows.
 */
import { sameCell } from '../targets/sqlite/change-codec.ts'
import type { Cell } from '../values/field-type.ts'

/** What an action did to a record, as it was kept. */
export interface KeptStep {
  readonly actionId: string
  readonly atMs: number
  /** False where the action left records alone that had changed, and this one may be among them. */
  readonly isCertain: boolean
  readonly changes: readonly KeptChange[]
}

export type KeptChange =
  /** `follows`: a stamp that was written along; other writes are stamped by the database itself. */
  | {
      readonly is: 'cell'
      readonly column: string
      readonly before: Cell
      readonly after: Cell
      readonly follows: boolean
    }
  | { readonly is: 'insert' | 'delete'; readonly row: Readonly<Record<string, Cell>> }

export type RecordEvent =
  | { readonly is: 'made' | 'removed'; readonly step: KeptStep }
  | {
      readonly is: 'changed'
      readonly field: string
      readonly before: Cell
      readonly after: Cell
      readonly step: KeptStep
    }
  /** Another program wrote: after the first moment, and before the second, where one is known. */
  | {
      readonly is: 'foreign'
      readonly field: string
      readonly before: Cell
      readonly after: Cell
      readonly afterMs: number
      readonly beforeMs: number | undefined
    }

/** What the repository of a table asks for. */
export interface LeadHistory {
  /** The steps of a record, newest first. */
  steps(key: string): Promise<{ readonly steps: readonly KeptStep[]; readonly isComplete: boolean }>
  readonly keptSinceMs: () => number
}

/** Pure. `steps` are newest first; `current` is the record as it is now, undefined where it is gone. */
export function eventsOf(
  steps: readonly KeptStep[],
  current: Readonly<Record<string, Cell>> | undefined,
): readonly RecordEvent[] {
  const events: RecordEvent[] = []
  const known = new Map<string, { readonly value: Cell; readonly atMs: number }>()
  const stamps = new Set<string>()
  const compare = (field: string, found: Cell, beforeMs: number | undefined): void => {
    const last = known.get(field)
    if (last === undefined || stamps.has(field) || sameCell(last.value, found)) return
    events.push({ is: 'foreign', field, before: last.value, after: found, afterMs: last.atMs, beforeMs })
  }
  for (const step of [...steps].reverse()) {
    const { atMs } = step
    for (const change of step.changes) {
      if (change.is === 'cell') {
        if (change.follows) stamps.add(change.column)
        else {
          compare(change.column, change.before, atMs)
          events.push({ is: 'changed', field: change.column, before: change.before, after: change.after, step })
        }
        known.set(change.column, { value: change.after, atMs })
      } else {
        events.push({ is: change.is === 'insert' ? 'made' : 'removed', step })
        known.clear()
        if (change.is === 'insert')
          for (const [column, value] of Object.entries(change.row)) known.set(column, { value, atMs })
      }
    }
  }
  if (current !== undefined) {
    for (const field of known.keys())
      if (Object.hasOwn(current, field)) compare(field, current[field] ?? null, undefined)
  }
  return events.reverse()
}
