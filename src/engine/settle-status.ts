/** Turns what a reconcile gave into the next status of its resource and the wake-up that follows from it. */
import type { Clock } from '../clock.ts'
import { type Condition, mergeConditions } from './conditions.ts'
import type { Kind } from './kind.ts'
import type { Ledger } from './ledger.ts'
import { type Settled, settle } from './outcome.ts'
import type { Reconciled } from './reconcile.ts'
import type { GatedAction, ResourceStatus } from './status.ts'

export interface SettleStatusPorts {
  readonly kind: Kind
  readonly clock: Clock
  readonly ledger: Ledger
}

export interface SettledStatus {
  readonly status: ResourceStatus
  readonly settled: Settled
}

/**
 * The status after a reconcile. A look at changed rows alone leaves what the last full look found in place, and adds what is
 * new: how much of it there is in all, and whether it is still there, the full look tells that follows.
 */
export function settleStatus(before: ResourceStatus, reconciled: Reconciled, ports: SettleStatusPorts): SettledStatus {
  const nowMs = ports.clock.nowMs()
  const settled = settle(reconciled.outcome, { nowMs, generation: before.generation, streak: before.streak })
  const conditions = mergeConditions(before.conditions, [
    ...settled.conditions,
    ...personal(before, reconciled, nowMs, ports.ledger),
  ])
  const common = { ...before, conditions, streak: settled.streak, lookedAtMs: nowMs }
  const { look } = reconciled
  if (look === undefined || look.scope === 'nothing')
    return { status: { ...common, actions: reconciled.gated }, settled }
  if (look.scope === 'rows') {
    const known = new Set(before.drift.map(({ path }) => path))
    const drift = [...before.drift, ...look.drift.filter(({ path }) => !known.has(path))]
    return { status: { ...common, drift, actions: stillStanding(before, ports.ledger) }, settled }
  }
  const { declared } = before
  return {
    settled,
    status: {
      ...common,
      observation: look.observation,
      drift: look.drift,
      actions: reconciled.gated,
      summary:
        look.observation.is === 'unreadable' ? look.observation.error.message : ports.kind.describe(look.observation),
      checks: ports.kind.health(declared, look.observation, look.drift),
      fullLookAtMs: nowMs,
    },
  }
}

/** Actions of the last full look that were not carried out or voided meanwhile. */
export function stillStanding(before: ResourceStatus, ledger: Ledger): readonly GatedAction[] {
  return before.actions.filter(({ action }) => {
    const state = ledger.record(action.id)?.state
    return state === undefined || state === 'planned' || state === 'approved' || state === 'rejected'
  })
}

/** Conditions that people set: a suspension, a quarantine after an undo. */
function personal(before: ResourceStatus, reconciled: Reconciled, nowMs: number, ledger: Ledger): readonly Condition[] {
  const { generation, declared, specHash } = before
  const suspended = ledger.suspended(declared.key)
  const paths = reconciled.gated.flatMap(({ action }) => action.resolves)
  const quarantined = ledger.quarantined(declared.key, specHash, paths)
  return [
    {
      type: 'Suspended',
      status: suspended === undefined ? 'false' : 'true',
      reason: suspended === undefined ? 'NotSuspended' : 'SuspendedByPerson',
      message:
        suspended === undefined
          ? 'repairs are not suspended'
          : `${suspended.by} suspended repairs: ${suspended.reason}`,
      sinceMs: suspended?.sinceMs ?? nowMs,
      generation,
      ...(suspended === undefined ? {} : { nextStep: 'resume it when the reason is gone' }),
    },
    {
      type: 'Quarantined',
      status: quarantined === undefined ? 'false' : 'true',
      reason: quarantined === undefined ? 'NotUndone' : 'UndoneBefore',
      message:
        quarantined === undefined
          ? 'nothing of this declaration was undone'
          : `${quarantined.by} undid what this declaration asks for; it is not applied again by itself`,
      sinceMs: quarantined?.sinceMs ?? nowMs,
      generation,
      ...(quarantined === undefined
        ? {}
        : { nextStep: 'approve the repair to apply it again, or edit the declaration' }),
    },
  ]
}
