/** Undoes a run in which more failed than the policy allows. */
import type { Policy } from '../desired/schema.ts'
import { messageOf } from '../errors.ts'
import type { Action } from './action.ts'
import { carryOutUndo } from './carry-out-undo.ts'
import type { Executed, ReconcilePorts } from './reconcile.ts'
import { planUndoOf } from './undo.ts'
import { wholeUndo } from './undo-rows.ts'

export interface FailureShare {
  readonly failed: number
  readonly attempted: number
}

/** Records that failed among those that were tried. Pure. */
export function failureShareOf(executed: readonly Executed[]): FailureShare {
  let failed = 0
  let attempted = 0
  for (const { execution } of executed) {
    if (execution.is !== 'succeeded') continue
    failed += execution.applied.failed.length
    attempted += execution.applied.failed.length + execution.applied.changed
  }
  return { failed, attempted }
}

/** Takes back, newest first, what succeeded in a run whose share of failed records is over `policy.rollback.errorPercent`. */
export async function rollBackWhenFailing(
  executed: readonly Executed[],
  policy: Policy,
  run: { readonly runId: string; readonly signal: AbortSignal },
  ports: ReconcilePorts,
): Promise<readonly Action[]> {
  const { failed, attempted } = failureShareOf(executed)
  if (failed === 0 || (failed / attempted) * 100 <= policy.rollback.errorPercent) return []
  const taken: Action[] = []
  for (const { action } of executed.filter(({ execution }) => execution.is === 'succeeded').reverse()) {
    const record = ports.ledger.record(action.id)
    if (record === undefined || action.reversible === 'irreversible') continue
    try {
      const undo = await planUndoOf(
        { record, requestedBy: 'controller', choice: wholeUndo, checkpoints: policy.checkpoints },
        { signal: run.signal, progress: () => undefined },
        ports,
      )
      if (undo.is === 'kept') throw undo.error
      // By hand: what it added is empty and harms nothing.
      if (undo.is !== 'planned') continue
      // What went wrong a moment ago is not left standing because no backup can be made.
      const execution = await carryOutUndo(undo, { ...run, actor: 'controller' }, { ...ports, safeguard: undefined })
      if (execution.is === 'succeeded') taken.push(action)
    } catch (error) {
      ports.log.error({ action: action.id, err: messageOf(error) }, 'a run with too many failures could not be undone')
    }
  }
  ports.log.warn(
    { runId: run.runId, failed, attempted, undone: taken.length },
    'a run had more failures than allowed and was undone',
  )
  return taken
}
