/** What kinds that keep change sets say where nothing of one can be taken back. */
import type { UndoPlan } from '../engine/kind.ts'
import type { ReversedSet } from '../targets/sqlite/ports.ts'

/** Undefined where there is something to take back. */
export function nothingToUndo(reversed: ReversedSet): UndoPlan | undefined {
  const { count, rows } = reversed
  if (count > 0) return undefined
  if (rows.matched === 0) return { is: 'untouched', unknownKeys: rows.unknownKeys }
  const reason =
    rows.conflictCount === 0
      ? 'what it did was taken back already'
      : 'every record that it changed was changed again or removed since'
  return { is: 'not-undoable', reason, rows }
}
