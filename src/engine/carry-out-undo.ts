import { OperationalError } from '../errors.ts'
import type { Action } from './action.ts'
import { type Execution, execute } from './executor.ts'
import type { Ledger } from './ledger.ts'
import type { ReconcilePorts } from './reconcile.ts'
import type { PlannedUndo } from './undo.ts'
import { isPartial } from './undo-rows.ts'

/**
 * Executes a planned undo that the gate let through, marks what it took back, and quarantines the declaration for those
 * paths, so that it is not applied again until a person approves it or edits it.
 */
export async function carryOutUndo(
  undo: PlannedUndo,
  run: { readonly runId: string; readonly actor: string; readonly signal: AbortSignal },
  ports: ReconcilePorts,
): Promise<Execution> {
  const { ledger, lease } = ports
  if (lease === undefined) throw new OperationalError('LEASE_HELD', 'undo needs the lease of the workspace')
  const { action } = undo
  const state = ledger.record(action.id)?.state
  if (state === undefined || state === 'superseded') ledger.plan(action)
  const execution = await execute(action, run, {
    ledger,
    lease,
    clock: ports.clock,
    log: ports.log,
    kindOf: ports.kindOf,
    deadlineMs: ports.deadlineMs,
    safeguard: ports.safeguard,
    work: ports.work,
  })
  if (execution.is !== 'succeeded') return execution
  ledger.move('action.verified', action, run, { remaining: [] })
  completeUndo(action, ledger, run, undo.conflicts.length)
  return execution
}

/**
 * What follows once an undo took effect, now or before a crash: its original is undone, and held back. One that left out
 * records holds it back too, but the original can still be undone.
 */
export function completeUndo(
  undo: Action,
  ledger: Ledger,
  run: { readonly runId: string; readonly actor: string },
  conflicts: number,
): void {
  const original = undo.undoes === undefined ? undefined : ledger.record(undo.undoes)
  if (original === undefined || (original.state !== 'succeeded' && original.state !== 'verified')) return
  // Without the run: the original stays a part of the run that did it.
  if (!isPartial(undo)) ledger.move('action.undone', original.action, { actor: run.actor }, { by: undo.id, conflicts })
  ledger.quarantine(original.action, run.actor)
}
