/** Undo as a person asks for it: of one action, or of everything a run did, newest first. */
import { OperationalError } from '../errors.ts'
import type { Action } from './action.ts'
import { carryOutUndo } from './carry-out-undo.ts'
import type { Engine } from './engine.ts'
import type { ExecuteContext } from './executor.ts'
import type { GateResult } from './gate.ts'
import { recoverResource } from './recovery.ts'
import { keyText } from './resource.ts'
import { planUndoOf, type UndoSelection, undoTargets } from './undo.ts'
import { type PreviewedUndo, previewUndo } from './undo-preview.ts'
import { namedKeys, rowsOfChoice, type UndoChoice, type UndoConflict, wholeUndo } from './undo-rows.ts'

export interface UndoRequest {
  readonly of: UndoSelection
  /** Which records, and what becomes of those that were changed since; all of them, and these stay, when left out. */
  readonly choice?: UndoChoice
  /** The person. */
  readonly actor: string
  readonly signal: AbortSignal
}

export type UndoResult =
  | {
      readonly is: 'undone'
      readonly actionId: string
      readonly undoId: string
      readonly changed: number
      /** Keys of records that were changed since and stay; 20 at most. */
      readonly conflicts: readonly string[]
      /** Records that were changed since, with what was done about each; 200 at most. */
      readonly details: readonly UndoConflict[]
      /** Records that the choice left out and that can still be taken back. */
      readonly left: number
    }
  /** There are records that were changed since, and the choice was to take nothing back then. */
  | { readonly is: 'stopped'; readonly actionId: string; readonly conflicts: readonly UndoConflict[] }
  /** It has to wait (a window, a suspension, a second person): the undo is planned under `undoId`. */
  | { readonly is: 'waiting'; readonly actionId: string; readonly undoId: string; readonly gate: GateResult }
  /** Only a person can take it back. Older actions are taken back all the same: it added something empty. */
  | { readonly is: 'by-hand'; readonly actionId: string; readonly steps: string }
  /** It cannot be taken back, an erasure say; the others of the run are all the same. */
  | {
      readonly is: 'kept'
      readonly actionId: string
      readonly message: string
      readonly details: readonly UndoConflict[]
    }
  | { readonly is: 'failed'; readonly actionId: string; readonly message: string; readonly hint: string }

/**
 * Undoes. Asking for it approves it once, as far as one person may. Stops at the first that does not succeed, so that older
 * actions are never taken back from under newer ones. Throws ACTION_NOT_FOUND, and ACTION_NOT_UNDOABLE for one that is asked
 * for by itself, and for keys of records that were not touched.
 */
export async function requestUndo(request: UndoRequest, engine: Engine): Promise<readonly UndoResult[]> {
  const { of, choice = wholeUndo, actor, signal } = request
  const targets = undoTargets(of, engine.ledger, choice)
  if (namedKeys(rowsOfChoice(choice)).length > 0 || choice.onConflict === 'stop') {
    const previews = await previewUndo({ of, choice, actor, signal }, engine)
    const stopped = stoppedBy(previews, choice)
    if (stopped.length > 0) return stopped
  }
  const results: UndoResult[] = []
  for (const { action } of targets) {
    const result = await engine.alone(action.resource, () =>
      undoOne(action.id, { ...request, choice, isSole: targets.length === 1 }, engine),
    )
    if (result === undefined) continue
    results.push(result)
    if (result.is === 'waiting' || result.is === 'failed' || result.is === 'stopped') break
  }
  return results
}

/** Records that were changed since and that nobody decided on, action by action, where nothing is to be done then. */
function stoppedBy(
  previews: readonly Pick<PreviewedUndo, 'original' | 'conflicts'>[],
  choice: UndoChoice,
): readonly UndoResult[] {
  if (choice.onConflict !== 'stop') return []
  return previews.flatMap(({ original, conflicts }): UndoResult[] => {
    const open = conflicts.filter(({ isChosen, key }) => !isChosen && !choice.keepTheirs.includes(key))
    return open.length === 0 ? [] : [{ is: 'stopped', actionId: original.action.id, conflicts: open }]
  })
}

/**
 * What a crash cut off on the resource is ended first, as a reconcile would: it may be this very undo. Gives the answer where
 * that decides it.
 */
async function endUnfinished(action: Action, context: ExecuteContext, engine: Engine): Promise<UndoResult | undefined> {
  const ports = engine.ports()
  const { lease } = ports
  if (lease === undefined) return undefined
  const recovery = await recoverResource(keyText(action.resource), context, { ...ports, lease })
  if (recovery.is === 'blocked') {
    return { is: 'failed', actionId: action.id, message: recovery.error.message, hint: recovery.error.hint }
  }
  for (const { action: finished } of recovery.finished)
    engine.ledger.move('action.verified', finished, context, { remaining: [] })
  const undo = recovery.finished.find(({ action: finished }) => finished.undoes === action.id)
  if (undo === undefined) return undefined
  return {
    is: 'undone',
    actionId: action.id,
    undoId: undo.action.id,
    changed: undo.action.affected.count,
    conflicts: [],
    details: [],
    left: 0,
  }
}

/** Undefined where none of the chosen records is its doing. */
async function undoOne(
  actionId: string,
  { actor, signal, choice, isSole }: UndoRequest & { readonly choice: UndoChoice; readonly isSole: boolean },
  engine: Engine,
): Promise<UndoResult | undefined> {
  const ports = engine.ports()
  const record = engine.ledger.record(actionId)
  if (record === undefined) throw new OperationalError('ACTION_NOT_FOUND', `no action has the id ${actionId}`)
  const runId = engine.newRunId()
  const ended = await endUnfinished(record.action, { runId, actor, signal }, engine)
  if (ended !== undefined) return ended
  const { policy } = engine.declaration()
  const ask = { record, requestedBy: actor, choice, checkpoints: policy.checkpoints }
  const { resource, summary } = record.action
  const planning = { runId, resource: keyText(resource), verb: 'undo', title: `Plan the undo of: ${summary}` }
  const undo = await ports.work.during(planning, (progress) => planUndoOf(ask, { signal, progress }, ports))
  if (undo.is === 'untouched') return undefined
  if (undo.is === 'by-hand') return { is: 'by-hand', actionId, steps: undo.steps }
  if (undo.is === 'kept') {
    if (isSole) throw undo.error
    return { is: 'kept', actionId, message: undo.error.message, details: undo.rows?.conflicts ?? [] }
  }
  // Since it was previewed somebody changed another one.
  const [stopped] = stoppedBy([{ conflicts: undo.rows?.conflicts ?? [], original: record }], choice)
  if (stopped !== undefined) return stopped
  const { action } = undo
  const state = engine.ledger.record(action.id)?.state
  if (state === undefined || state === 'superseded') engine.ledger.plan(action)
  if (state !== 'approved') {
    const expiresAtMs = ports.clock.nowMs() + engine.declaration().policy.approvals.expireAfter
    engine.ledger.move('action.approved', action, { actor }, { expiresAtMs, comment: 'asked for the undo' })
  }
  const gate = engine.gating.gate(action)
  if (!gate.runnable) return { is: 'waiting', actionId, undoId: action.id, gate }
  const execution = await carryOutUndo(undo, { runId, actor, signal }, ports)
  switch (execution.is) {
    case 'succeeded':
      return {
        is: 'undone',
        actionId,
        undoId: action.id,
        changed: execution.applied.changed,
        conflicts: undo.conflicts,
        details: undo.rows?.conflicts ?? [],
        left: undo.rows?.left ?? 0,
      }
    case 'stale':
      return {
        is: 'failed',
        actionId,
        message: execution.message,
        hint: 'Look at the records again and repeat the undo.',
      }
    default:
      return { is: 'failed', actionId, message: execution.error.message, hint: execution.error.hint }
  }
}
