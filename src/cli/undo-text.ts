/** Records that were changed after what is undone, for people: what each was, was made and is, who changed it, and what is done. */
import type { UndoConflictView } from '../engine/undo-conflict-view.ts'
import type { JsonValue } from '../json.ts'
import type { Terminal } from './terminal.ts'

const shownMax = 20
const cellsMax = 6

/** Prints the conflicts, the first ones with their values. */
export function printConflicts(conflicts: readonly UndoConflictView[], { line, colour }: Terminal): void {
  if (conflicts.length === 0) return
  line(colour.yellow(`${conflicts.length} ${conflicts.length === 1 ? 'record was' : 'records were'} changed since:`))
  for (const conflict of conflicts.slice(0, shownMax)) {
    const { table, key, actionId, outcome, changedBy } = conflict
    line(`  ${table} ${key} (${actionId}): ${outcome === 'taken' ? 'taken back all the same' : 'stays as it is'}`)
    if (conflict.is === 'gone') line('    it was deleted since')
    for (const { field, before, made, now } of conflict.cells.slice(0, cellsMax))
      line(`    ${field}: was ${shown(before)}, was made ${shown(made)}, is now ${shown(now)}`)
    if (conflict.cells.length > cellsMax) line(`    and ${conflict.cells.length - cellsMax} more fields`)
    line(
      changedBy === null
        ? colour.dim('    changed by another program, or by somebody who is not known')
        : colour.dim(
            `    changed by ${changedBy.actor} at ${changedBy.at}: ${changedBy.summary} (${changedBy.actionId})`,
          ),
    )
  }
  if (conflicts.length > shownMax) line(colour.dim(`  and ${conflicts.length - shownMax} more; see --json`))
}

/** How one decides on them. */
export const chooseHint =
  'Decide with --take KEY (taken back over the later change), --keep-theirs KEY, and --on-conflict skip|force|stop for the rest.'

function shown(value: JsonValue): string {
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
