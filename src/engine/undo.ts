/**
 * Undo is a plan like any other: its own evidence, gate and journal entries, last in first out. What it took back is
 * quarantined, so that the same declaration does not do it again behind the person's back.
 */
import { type Clock, isoOf } from '../clock.ts'
import type { Policy } from '../desired/schema.ts'
import { OperationalError, unreachable } from '../errors.ts'
import type { Action } from './action.ts'
import type { EffectContext, Kind } from './kind.ts'
import type { ActionRecord, Ledger } from './ledger.ts'
import { makeActions } from './planner.ts'
import { keyText } from './resource.ts'
import { rowsOfChoice, type UndoChoice, type UndoneRows, wholeUndo, withRows } from './undo-rows.ts'

export interface UndoOptions {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly kindOf: (name: string) => Kind
}

export interface PlannedUndo {
  readonly is: 'planned'
  readonly action: Action
  readonly original: Action
  /** Keys of records that were changed since and stay as they are; 20 at most. */
  readonly conflicts: readonly string[]
  /** Record by record; undefined of a kind that does not tell records apart. */
  readonly rows: UndoneRows | undefined
}

/** What only a person can take back. */
export interface UndoByHand {
  readonly is: 'by-hand'
  readonly original: Action
  /** What the person does. */
  readonly steps: string
}

/** What stays, and why. */
export interface UndoKept {
  readonly is: 'kept'
  readonly original: Action
  readonly error: OperationalError
  readonly rows: UndoneRows | undefined
}

/** None of the chosen records is its doing. */
export interface UndoUntouched {
  readonly is: 'untouched'
  readonly original: Action
  /** Whether it tells records apart at all. */
  readonly knowsRows: boolean
}

export type UndoPlanned = PlannedUndo | UndoByHand | UndoKept | UndoUntouched

/** What is to be taken back: an action or a run by its id, or all that was carried out since a moment. */
export type UndoSelection =
  | {
      readonly is: 'id'
      readonly id: string
      /** kind/name: of a run, what it did to this resource alone. */
      readonly resource?: string | undefined
    }
  | {
      readonly is: 'since'
      readonly sinceMs: number
      /** kind/name; undefined: of all resources. */
      readonly resource: string | undefined
    }

const targetsMax = 10_000

/**
 * The records to take back, newest first. With records to be taken over later changes also what was undone already without
 * them. Throws ACTION_NOT_FOUND, ACTION_NOT_UNDOABLE.
 */
export function undoTargets(
  selection: UndoSelection,
  ledger: Ledger,
  choice: UndoChoice = wholeUndo,
): readonly ActionRecord[] {
  return selection.is === 'id' ? targetsById(selection, ledger, choice) : targetsSince(selection, ledger)
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

function targetsById(
  { id, resource }: Extract<UndoSelection, { is: 'id' }>,
  ledger: Ledger,
  choice: UndoChoice,
): readonly ActionRecord[] {
  const single = ledger.record(id)
  const all = single !== undefined ? [single] : ledger.records({ runId: id, limit: targetsMax })
  if (all.length === 0) throw new OperationalError('ACTION_NOT_FOUND', `no action and no run has the id ${id}`)
  const found = resource === undefined ? all : all.filter(({ action }) => keyText(action.resource) === resource)
  if (found.length === 0) {
    const resources = [...new Set(all.map(({ action }) => keyText(action.resource)))]
    throw new OperationalError('ACTION_NOT_UNDOABLE', `${id} did nothing to ${resource ?? ''}`, {
      hint: `It worked on ${resources.join(', ')}.`,
    })
  }
  const done = found.filter(
    (record) => isDone(record) || (choice.take.length > 0 && ledger.leftByUndo(record.action.id) > 0),
  )
  if (done.length === 0) {
    throw new OperationalError(
      'ACTION_NOT_UNDOABLE',
      `${id} is ${[...new Set(found.map((record) => record.state))].join(', ')}; only what was carried out can be undone`,
      found.some(({ action }) => ledger.leftByUndo(action.id) > 0)
        ? { hint: 'Name with --take which of the records it left alone are taken back too.' }
        : {},
    )
  }
  return done
}

function isDone({ state }: ActionRecord): boolean {
  return state === 'succeeded' || state === 'verified'
}

export interface UndoAsk {
  readonly record: ActionRecord
  readonly requestedBy: string
  readonly choice: UndoChoice
  /** How long and up to which size what undo needs is kept. */
  readonly checkpoints: Policy['checkpoints']
}

/** How one action would be taken back now. Changes nothing. */
export async function planUndoOf(ask: UndoAsk, context: EffectContext, options: UndoOptions): Promise<UndoPlanned> {
  const { record, choice } = ask
  const original = record.action
  const rows = rowsOfChoice(choice)
  const plan = await options.kindOf(original.resource.kind).planUndo(original, context, rows)
  const kept = (reason: string, undone: UndoneRows | undefined, hint?: string): UndoKept => ({
    is: 'kept',
    original,
    rows: undone,
    error: new OperationalError(
      'ACTION_NOT_UNDOABLE',
      `${keyText(original.resource)}: ${original.summary}: ${reason}`,
      hint === undefined ? {} : { hint },
    ),
  })
  switch (plan.is) {
    case 'by-hand':
      return { is: 'by-hand', original, steps: plan.steps }
    case 'untouched':
      return { is: 'untouched', original, knowsRows: true }
    case 'not-undoable':
      return kept(plan.reason, plan.rows, plan.rows === undefined ? undefined : takeHint)
    case 'expired':
      return kept(expiredReason(ask), undefined, expiredHint)
    case 'undo':
      break
    default:
      return unreachable(plan)
  }
  if (choice.keys !== null && plan.rows === undefined) return { is: 'untouched', original, knowsRows: false }
  const [planned] = makeActions({
    resource: original.resource,
    // What it takes back is what it leaves open again: undoing the undo lifts the same quarantine.
    drafts: [
      {
        ...plan.draft,
        input: withRows(plan.draft.input, plan.rows === undefined ? undefined : rows, plan.rows?.left ?? 0),
        resolves: original.resolves,
      },
    ],
    cause: 'undo',
    specHash: original.specHash,
    nowMs: options.clock.nowMs(),
    requestedBy: ask.requestedBy,
    undoes: original.id,
    occurrenceOf: (contentId) => options.ledger.endedOccurrences(contentId),
  })
  if (planned === undefined) return kept('the kind gave no undo', undefined)
  return { is: 'planned', action: planned, original, conflicts: plan.conflicts, rows: plan.rows }
}

const takeHint = 'Look at them with --dry-run; --take KEY takes one back over what was changed since.'
const expiredHint =
  'Restore the records from a backup: `trueup backup restore ID --database NAME --table NAME --key KEY`.'

function expiredReason({ record, checkpoints }: UndoAsk): string {
  const days = Math.round(checkpoints.keep / 8_640_000) / 10
  return `too old to undo: it was carried out on ${isoOf(record.changedAtMs)}, and what undo needs is kept for ${days} days, up to ${Math.round(checkpoints.sizeMax / 1e6)} MB (policy.checkpoints)`
}
