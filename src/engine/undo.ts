/**
 * Undo is a plan like any other: its own evidence, gate and journal entries, last in first out. What it took back is
 * quarantined, so that the same declaration does not do it again behind the person's back.
 */
import type { Clock } from '../clock.ts'
import { OperationalError } from '../errors.ts'
import type { Action } from './action.ts'
import type { EffectContext, Kind } from './kind.ts'
import type { ActionRecord, Ledger } from './ledger.ts'
import { makeActions } from './planner.ts'
import { keyText } from './resource.ts'

export interface UndoOptions {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly kindOf: (name: string) => Kind
}

export interface PlannedUndo {
  readonly is: 'planned'
  readonly action: Action
  readonly original: Action
  /** Keys of records that were changed since and stay as they are. */
  readonly conflicts: readonly string[]
}

/** What only a person can take back. */
export interface UndoByHand {
  readonly is: 'by-hand'
  readonly original: Action
  /** What the person does. */
  readonly steps: string
}

/** What is to be taken back: an action or a run by its id, or all that was carried out since a moment. */
export type UndoSelection =
  | { readonly is: 'id'; readonly id: string }
  | {
      readonly is: 'since'
      readonly sinceMs: number
      /** kind/name; undefined: of all resources. */
      readonly resource: string | undefined
    }

const targetsMax = 10_000

/** The records to take back, newest first. Throws ACTION_NOT_FOUND, ACTION_NOT_UNDOABLE. */
export function undoTargets(selection: UndoSelection, ledger: Ledger): readonly ActionRecord[] {
  return selection.is === 'id' ? targetsById(selection.id, ledger) : targetsSince(selection, ledger)
}

/** What was undone is not there, and neither are the undoing actions: to take those back would do it all again. */
function targetsSince(
  { sinceMs, resource }: Extract<UndoSelection, { is: 'since' }>,
  ledger: Ledger,
): readonly ActionRecord[] {
  const done = ledger.records({
    states: ['succeeded', 'verified'],
    sinceMs,
    ...(resource === undefined ? {} : { resource }),
    limit: targetsMax + 1,
  })
  if (done.length > targetsMax)
    throw new OperationalError('ACTION_NOT_UNDOABLE', `more than ${targetsMax} actions were carried out since`, {
      hint: 'Name a resource, or a later moment first.',
    })
  return done.filter(({ action }) => action.cause !== 'undo')
}

function targetsById(id: string, ledger: Ledger): readonly ActionRecord[] {
  const single = ledger.record(id)
  const found = single !== undefined ? [single] : ledger.records({ runId: id, limit: targetsMax })
  if (found.length === 0) throw new OperationalError('ACTION_NOT_FOUND', `no action and no run has the id ${id}`)
  const done = found.filter((record) => record.state === 'succeeded' || record.state === 'verified')
  if (done.length === 0) {
    throw new OperationalError(
      'ACTION_NOT_UNDOABLE',
      `${id} is ${found.map((record) => record.state).join(', ')}; only what was carried out can be undone`,
    )
  }
  return done
}

/** How one action would be taken back now. Changes nothing. */
export async function planUndoOf(
  record: ActionRecord,
  requestedBy: string,
  context: EffectContext,
  options: UndoOptions,
): Promise<PlannedUndo | UndoByHand> {
  const original = record.action
  const kind = options.kindOf(original.resource.kind)
  const plan = await kind.planUndo(original, context)
  if (plan.is === 'not-undoable') {
    throw new OperationalError(
      'ACTION_NOT_UNDOABLE',
      `${keyText(original.resource)}: ${original.summary}: ${plan.reason}`,
    )
  }
  if (plan.is === 'by-hand') return { is: 'by-hand', original, steps: plan.steps }
  const [planned] = makeActions({
    resource: original.resource,
    // What it takes back is what it leaves open again: undoing the undo lifts the same quarantine.
    drafts: [{ ...plan.draft, resolves: original.resolves }],
    cause: 'undo',
    specHash: original.specHash,
    nowMs: options.clock.nowMs(),
    requestedBy,
    undoes: original.id,
    occurrenceOf: (contentId) => options.ledger.endedOccurrences(contentId),
  })
  if (planned === undefined) throw new OperationalError('ACTION_NOT_UNDOABLE', `${original.id}: the kind gave no undo`)
  return { is: 'planned', action: planned, original, conflicts: plan.conflicts }
}
