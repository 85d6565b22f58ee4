/**
 * What becomes of one cell that both sides hold: the three-way merge against what each side held when they last agreed.
 * Pure. A change of one side alone wins; equal changes agree; where both changed differently, the declared policy decides
 * and the losing value is named, so that it can be kept.
 */
import { unreachable } from '../../errors.ts'
import { type Mark, markOf, type Plain, type Reading, sameMark } from './reading.ts'
import type { ConflictPolicy, SyncField } from './spec.ts'

/** What each side held when they were last settled. The two differ where they were left apart on purpose. */
export interface Base {
  readonly local: Mark
  readonly remote: Mark
}

/** Stands for "whatever is there has changed since": equal to no reading. A resolution or an undo writes it into a base. */
export const neverSeen: Mark = { unfit: '\u0000never' }

export interface FieldInput {
  readonly field: Pick<SyncField, 'direction' | 'policy'> & Partial<Pick<SyncField, 'doNotContact'>>
  /** Undefined before the two sides have ever met. */
  readonly base: Base | undefined
  readonly local: Reading
  readonly remote: Reading
  /** Whether both readings mean the same; see `sameMeaning`. */
  readonly same: boolean
  /** When each side's record last changed, in milliseconds since the epoch; undefined where nobody knows. */
  readonly localAtMs: number | undefined
  readonly remoteAtMs: number | undefined
  /** For `highest_quality`: which value is the better one, or undefined for a draw. */
  readonly better: () => 'local' | 'remote' | undefined
  /** Whether a person said that whom the record is of may be contacted again. Asked for fields of type `doNotContact` alone. */
  readonly isAllowed?: () => boolean
}

export type FieldDecision =
  /** Nothing to do; both sides are settled as they are. */
  | { readonly is: 'settled' }
  /** The value goes to the other side. `lost` is a change of that side which it overrules. */
  | { readonly is: 'push' | 'pull'; readonly value: Plain; readonly lost: boolean; readonly reason: FieldReason }
  /** A person has to choose. */
  | { readonly is: 'conflict' }
  /** The changed value cannot be taken to the other side. */
  | { readonly is: 'unfit'; readonly side: 'local' | 'remote'; readonly reason: string; readonly shown: string }

/** Why a value goes to the other side: what history and previews say. */
export type FieldReason = 'changed' | 'filled' | 'restored' | 'kept' | ConflictPolicy

export function mergeField(input: FieldInput): FieldDecision {
  if (input.same) return { is: 'settled' }
  if (input.field.doNotContact === true) return mergeDoNotContact(input)
  switch (input.field.direction) {
    case 'push':
      return oneWay(input, 'local')
    case 'pull':
      return oneWay(input, 'remote')
    case 'both':
      return bothWays(input)
    default:
      return unreachable(input.field.direction)
  }
}

/**
 * "Do not contact" goes to the other side at once, whichever said it, whatever direction and policy are declared. No program
 * takes it back: cleared here it is set again from Airtable, unless a person allowed the contact; cleared in Airtable, where
 * it may have been a person, it stays set here until one decides.
 */
function mergeDoNotContact(input: FieldInput): FieldDecision {
  const { base, local, remote } = input
  const pulls = input.field.direction === 'pull'
  if (isSet(local)) {
    if (base?.remote === marked) return { is: 'conflict' }
    const isLeftApart = base?.local === marked && sameMark(base.remote, markOf(remote))
    if (pulls || isLeftApart) return { is: 'settled' }
    return take(input, 'local', false, base === undefined ? 'filled' : 'changed')
  }
  if (!isSet(remote)) return take(input, local.is === 'unfit' ? 'local' : 'remote', false, 'changed')
  if (base?.remote !== marked || input.isAllowed?.() !== true)
    return take(input, 'remote', false, base?.local === marked ? 'kept' : 'changed')
  return pulls ? { is: 'settled' } : take(input, 'local', false, 'changed')
}

/** A ticked box; one that is not ticked is an empty cell. */
const marked = 1

function isSet(reading: Reading): boolean {
  return markOf(reading) === marked
}

function bothWays(input: FieldInput): FieldDecision {
  const { base, local, remote } = input
  if (base === undefined) return firstMeeting(input)
  const localChanged = !sameMark(base.local, markOf(local))
  const remoteChanged = !sameMark(base.remote, markOf(remote))
  if (!localChanged && !remoteChanged) return { is: 'settled' }
  if (localChanged && remoteChanged) return byPolicy(input)
  return localChanged ? take(input, 'local', false, 'changed') : take(input, 'remote', false, 'changed')
}

/** Two records that never met: what one side lacks is filled, and where both hold something else nobody "changed" it. */
function firstMeeting(input: FieldInput): FieldDecision {
  if (isEmpty(input.local)) return take(input, 'remote', false, 'filled')
  if (isEmpty(input.remote)) return take(input, 'local', false, 'filled')
  return byPolicy(input)
}

/**
 * One side rules. The other's edits are overruled and named as lost; but before the two have ever agreed, an empty value
 * of the ruling side does not wipe out what the other holds.
 */
function oneWay(input: FieldInput, ruling: 'local' | 'remote'): FieldDecision {
  const { base } = input
  const other = ruling === 'local' ? 'remote' : 'local'
  if (base === undefined)
    return isEmpty(input[ruling]) ? { is: 'settled' } : take(input, ruling, !isEmpty(input[other]), 'filled')
  const hasChanged = (side: 'local' | 'remote') => !sameMark(base[side], markOf(input[side]))
  if (hasChanged(ruling)) return take(input, ruling, hasChanged(other), 'changed')
  return hasChanged(other) ? take(input, ruling, true, 'restored') : { is: 'settled' }
}

/** Both sides hold something else, or both have changed it: whichever wins, a value of the other is lost. */
function byPolicy(input: FieldInput): FieldDecision {
  const { policy } = input.field
  const winner = winnerOf(policy, input)
  // What cannot be taken over wins nothing: the other side's value stays where it is, and a person is told.
  return winner === undefined ? { is: 'conflict' } : take(input, winner, true, policy)
}

function winnerOf(policy: ConflictPolicy, input: FieldInput): 'local' | 'remote' | undefined {
  switch (policy) {
    case 'manual':
      return undefined
    case 'local_wins':
      return 'local'
    case 'airtable_wins':
      return 'remote'
    case 'highest_quality':
      return input.better() ?? newer(input)
    case 'most_recent':
      return newer(input)
    default:
      return unreachable(policy)
  }
}

/** The side that changed last. On a draw, or where nobody knows, Airtable: there, a person made the edit. */
function newer({ localAtMs, remoteAtMs }: FieldInput): 'local' | 'remote' {
  const latest = Number.POSITIVE_INFINITY
  return (localAtMs ?? -latest) > (remoteAtMs ?? latest) ? 'local' : 'remote'
}

function take(input: FieldInput, side: 'local' | 'remote', lost: boolean, reason: FieldReason): FieldDecision {
  const reading = input[side]
  if (reading.is === 'unfit') return { is: 'unfit', side, reason: reading.reason, shown: reading.shown }
  return { is: side === 'local' ? 'push' : 'pull', value: reading.value, lost, reason }
}

function isEmpty(reading: Reading): boolean {
  return markOf(reading) === null
}
