/** Compares one pair, field by field and as a whole, and says what would have to be done. Pure. */
import { compareFields } from './compare-fields.ts'
import { deletionConflict, erased, twin, wholeMove } from './compare-whole.ts'
import { type Comparison, resting } from './comparison.ts'
import { type CompareContext, type FieldView, identitiesOfViews, isEmpty, rowMark, viewsOf } from './field-view.ts'
import type { LocalRow } from './local-table.ts'
import { mergeRecord } from './merge-record.ts'
import { markOf, sameMark } from './reading.ts'
import type { Pair } from './store/pair.ts'

/** Compares a pair with the row as it is now. */
export function comparePair(before: Pair, row: LocalRow | undefined, context: CompareContext): Comparison {
  const pair: Pair = {
    ...before,
    local: row === undefined ? (before.local === 'never' ? 'never' : 'gone') : 'there',
    rowId: row?.rowId ?? null,
    localAtMs: row?.changedMs ?? before.localAtMs,
  }
  const views = viewsOf(pair, row, context)
  if (context.isErased(identitiesOfViews(pair, views, context))) return erased(pair)
  if (pair.twinOf !== null) return twin(pair, views)
  const held = pair.held !== null && pair.held === rowMark(views)
  const decision = mergeRecord({
    local: pair.local,
    remote: pair.remote,
    deletions: context.spec.deletions,
    changedSinceAgreed: () => changedSinceAgreed(pair, views),
    verdict: pair.verdict ?? undefined,
    held,
  })
  switch (decision.is) {
    case 'forget':
      return { pair, moves: [], conflicts: [], problems: [], forget: true }
    case 'leave':
      return resting(pair, 'apart', decision.why === 'held' ? 'an undo left it as it is' : 'its deletion is ignored')
    case 'conflict':
      return deletionConflict(pair, decision.deleted)
    case 'compare':
      return compareFields(pair, views, context)
    default:
      return wholeMove(pair, decision.is, views, context)
  }
}

/** What of a local row, or of its absence, decides whether it is still as an undo left it. */
export function heldMark(pair: Pair, row: LocalRow | undefined, context: CompareContext): string {
  return rowMark(viewsOf(pair, row, context))
}

function changedSinceAgreed(pair: Pair, views: readonly FieldView[]): boolean {
  const side = pair.local === 'there' ? 'local' : 'remote'
  return views.some(({ base, ...view }) => {
    if (base === undefined) return !isEmpty(view[side])
    return !sameMark(base[side], markOf(view[side]))
  })
}
