/** What became of an undo, or would, as the API gives it. */
import type { UndoOutcome } from '../api/ports.ts'
import type { Ledger } from '../engine/ledger.ts'
import { conflictViews } from '../engine/undo-conflict-view.ts'
import type { PreviewedUndo } from '../engine/undo-preview.ts'
import type { UndoResult } from '../engine/undo-request.ts'

type Undoing = Extract<UndoOutcome, { is: 'undoing' }>

export function undoOutcome(results: readonly UndoResult[], ledger: Ledger): UndoOutcome {
  const failed = results.find((result) => result.is === 'failed')
  if (failed?.is === 'failed' && results.length === 1)
    return { is: 'not-undoable', message: failed.message, hint: failed.hint }
  const stopped = results.flatMap((result) =>
    result.is === 'stopped' ? conflictViews(result.conflicts, result.actionId, ledger) : [],
  )
  // What was done before somebody changed a record is told as done.
  if (stopped.length > 0 && results.every((result) => result.is === 'stopped')) {
    const message = `${stopped.length} records were changed since: nothing was taken back`
    return { is: 'conflicts', message, conflicts: stopped }
  }
  return {
    is: 'undoing',
    actions: results.flatMap((result): Undoing['actions'] => {
      if (result.is !== 'undone' && result.is !== 'waiting') return []
      const { undoId: actionId, actionId: undoes } = result
      return result.is === 'undone'
        ? [{ actionId, undoes, state: 'verified', changes: result.changed, remaining: result.left }]
        : [{ actionId, undoes, state: 'approved', changes: 0, remaining: 0 }]
    }),
    conflicts: results.flatMap((result) => (result.is === 'undone' ? result.conflicts : [])),
    conflictDetails: results.flatMap((result) =>
      result.is === 'undone' || result.is === 'kept' ? conflictViews(result.details, result.actionId, ledger) : [],
    ),
    byHand: results.flatMap((result) =>
      result.is === 'by-hand' ? [{ actionId: result.actionId, steps: result.steps }] : [],
    ),
    left: results.flatMap((result) => {
      if (result.is === 'stopped') return [{ actionId: result.actionId, message: 'records were changed since' }]
      return result.is === 'kept' || result.is === 'failed'
        ? [{ actionId: result.actionId, message: result.message }]
        : []
    }),
    runId: null,
  }
}

export function previewOutcome(previews: readonly PreviewedUndo[], ledger: Ledger): UndoOutcome {
  const idOf = ({ original }: PreviewedUndo) => original.action.id
  const of = (is: PreviewedUndo['is']) => previews.filter((preview) => preview.is === is)
  const details = previews.flatMap((preview) => conflictViews(preview.conflicts, idOf(preview), ledger))
  return {
    is: 'undoing',
    actions: of('undo').map((preview) => ({
      actionId: preview.action?.id ?? null,
      undoes: idOf(preview),
      state: 'planned',
      changes: preview.count,
      remaining: 0,
    })),
    conflicts: details.flatMap(({ outcome, key }) => (outcome === 'kept' ? [key] : [])),
    conflictDetails: details,
    byHand: of('by-hand').map((preview) => ({ actionId: idOf(preview), steps: preview.message ?? '' })),
    left: of('kept').map((preview) => ({ actionId: idOf(preview), message: preview.message ?? '' })),
    runId: null,
  }
}
