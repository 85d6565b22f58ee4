/** Gathers what the gate needs to know of an action at this moment, and keeps a breaker for every resource. */
import type { Clock } from '../clock.ts'
import type { Action } from './action.ts'
import { type BreakerState, closedBreaker, stepBreaker } from './breaker.ts'
import type { Declaration } from './declaration.ts'
import { decideGate, type GateInput, type GateResult, type Obstacle } from './gate.ts'
import type { ActionRecord, Ledger } from './ledger.ts'
import type { Reconciled } from './reconcile.ts'
import { keyText, type ResourceKey } from './resource.ts'
import type { Safeguard } from './safeguard.ts'
import type { ResourceStatus, StatusOf } from './status.ts'

export interface Gating {
  gate(action: Action): GateResult
  /** Steps the breaker of a resource by what a reconcile gave. */
  observeOutcomes(status: ResourceStatus, reconciled: Reconciled): void
  /** Closes a breaker: a new generation of the resource, or a person asked. */
  reset(key: ResourceKey): void
  breaker(key: ResourceKey): BreakerState
}

export interface GatingPorts {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly declaration: () => Declaration
  readonly statusOf: StatusOf
  readonly safeguard?: Safeguard | undefined
  /** What holds back an action now. */
  readonly obstacles: (action: Action) => readonly Obstacle[]
}

export function createGating(ports: GatingPorts): Gating {
  const { ledger, clock, statusOf } = ports
  const breakers = new Map<string, { readonly specHash: string; readonly state: BreakerState }>()

  const breaker = (key: ResourceKey): BreakerState => {
    const kept = breakers.get(keyText(key))
    const status = statusOf(key)
    return kept === undefined || (status !== undefined && kept.specHash !== status.specHash)
      ? closedBreaker
      : kept.state
  }

  return {
    breaker,
    reset: (key) => breakers.delete(keyText(key)),
    gate(action) {
      const record = ledger.record(action.id)
      const status = statusOf(action.resource)
      const { policy } = ports.declaration()
      return decideGate({
        action,
        policy,
        nowMs: clock.nowMs(),
        approvals: record?.approvals ?? [],
        rejected: rejectionFor(action, record, ledger),
        quarantined: ledger.quarantined(action.resource, action.specHash, action.resolves),
        suspended: ledger.suspended(action.resource),
        breaker: breaker(action.resource),
        // An undo and a request have read what they need of the world themselves.
        dependencies: isPlannedByLook(action)
          ? (status?.declared.dependsOn ?? []).map((key) => dependencyOf(key, statusOf))
          : [],
        observeOnly: status?.declared.observeOnly ?? false,
        mode: policy.mode,
        first: ports.safeguard?.ahead(action),
        obstacles: ports.obstacles(action),
      })
    },
    observeOutcomes(status, { executed, look }) {
      const atMs = clock.nowMs()
      let state = breaker(status.declared.key)
      for (const { execution } of executed) {
        if (execution.is === 'stale') continue
        state = stepBreaker(state, { is: 'dispatched', atMs })
        if (execution.is === 'failed')
          state = stepBreaker(state, { is: 'failed', atMs, message: execution.error.message })
      }
      const resolves = executed
        .filter(({ execution }) => execution.is === 'succeeded')
        .flatMap(({ action }) => action.resolves)
      if (resolves.length > 0) state = stepBreaker(state, { is: 'succeeded', atMs, resolves, drift: look?.drift ?? [] })
      breakers.set(keyText(status.declared.key), { specHash: status.specHash, state })
    },
  }
}

function isPlannedByLook(action: Action): boolean {
  return action.cause === 'drift' || action.cause === 'desired-changed'
}

/** What is withheld is so for all that depends on it, however far. */
function dependencyOf(key: ResourceKey, statusOf: StatusOf): GateInput['dependencies'][number] {
  const withheld = withheldBy(key, statusOf)
  return withheld === undefined ? { key, status: usability(statusOf(key)) } : { key, status: 'unusable', why: withheld }
}

function withheldBy(key: ResourceKey, statusOf: StatusOf): string | undefined {
  const status = statusOf(key)
  if (status?.observation?.is === 'present' && status.observation.withheld !== undefined)
    return status.observation.withheld
  for (const one of status?.declared.dependsOn ?? []) {
    const withheld = withheldBy(one, statusOf)
    if (withheld !== undefined) return withheld
  }
  return undefined
}

function usability(status: ResourceStatus | undefined): 'usable' | 'unusable' | 'unknown' {
  if (status?.observation === undefined) return 'unknown'
  return status.observation.is === 'present' ? 'usable' : 'unusable'
}

/**
 * A rejection holds for its drift, not only for one action: a look at changed rows plans a smaller action on the same drift,
 * which would otherwise rewrite piece by piece what a person refused. A full look voids rejections whose evidence changed.
 */
function rejectionFor(
  action: Action,
  record: ActionRecord | undefined,
  ledger: Ledger,
): { by: string; reason: string } | undefined {
  if (record?.state === 'rejected') return rejectionOf(record.result)
  if (!isPlannedByLook(action)) return undefined
  const rejected = ledger.rejectedOn(action)
  return rejected === undefined ? undefined : rejectionOf(rejected.result)
}

function rejectionOf(result: { readonly [name: string]: unknown } | undefined): { by: string; reason: string } {
  const text = (value: unknown, otherwise: string) => (typeof value === 'string' ? value : otherwise)
  return { by: text(result?.by, 'a person'), reason: text(result?.reason, 'no reason was given') }
}
