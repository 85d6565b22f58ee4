import { InvariantViolation } from '../errors.ts'
import type { ActionEntryType, ActionState } from './entry.ts'

type Move = { readonly from: readonly (ActionState | 'none')[]; readonly to: ActionState }

const moves: Readonly<Record<ActionEntryType, Move>> = {
  'action.planned': { from: ['none', 'superseded'], to: 'planned' },
  'action.approved': { from: ['planned', 'approved'], to: 'approved' },
  'action.approval-revoked': { from: ['approved'], to: 'planned' },
  'action.rejected': { from: ['planned', 'approved', 'unknown'], to: 'rejected' },
  'action.reconsidered': { from: ['rejected'], to: 'planned' },
  'action.superseded': { from: ['planned', 'approved', 'rejected', 'intended', 'checkpointed'], to: 'superseded' },
  'action.intended': { from: ['planned', 'approved'], to: 'intended' },
  'action.checkpointed': { from: ['intended'], to: 'checkpointed' },
  'action.dispatched': { from: ['checkpointed'], to: 'dispatched' },
  'action.interrupted': { from: ['intended', 'checkpointed', 'dispatched'], to: 'planned' },
  'action.succeeded': { from: ['dispatched', 'unknown'], to: 'succeeded' },
  'action.failed': { from: ['intended', 'checkpointed', 'dispatched', 'unknown'], to: 'failed' },
  'action.unknown': { from: ['dispatched'], to: 'unknown' },
  'action.verified': { from: ['succeeded'], to: 'verified' },
  'action.undone': { from: ['succeeded', 'verified'], to: 'undone' },
}

/**
 * The state after an entry. Throws InvariantViolation for an entry that may not follow: no effect without a prior
 * `dispatched`, no `dispatched` without a checkpoint, and no second life for an action that ended.
 */
export function stateAfter(state: ActionState | 'none', type: ActionEntryType): ActionState {
  const move = moves[type]
  if (!move.from.includes(state)) throw new InvariantViolation(`${type} cannot follow ${state}`)
  return move.to
}

/** States in which an action has ended and never acts again. */
export function isEnded(state: ActionState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'verified' || state === 'undone'
}
