import type { Action } from './action.ts'
import type { Condition } from './conditions.ts'
import type { Drift } from './drift.ts'
import type { GateResult } from './gate.ts'
import type { HealthCheck } from './kind.ts'
import type { Observation } from './observation.ts'
import type { FailureStreak } from './outcome.ts'
import type { Declared, ResourceKey } from './resource.ts'

/** An action together with what the gate says of it now. */
export interface GatedAction {
  readonly action: Action
  readonly gate: GateResult
}

/** All that is known of one resource; replaced, never changed. */
export interface ResourceStatus {
  readonly declared: Declared
  readonly specHash: string
  readonly generation: number
  /** Undefined until the first look. */
  readonly observation: Observation<unknown> | undefined
  /** A short phrase of what is there. */
  readonly summary: string
  readonly drift: readonly Drift[]
  readonly actions: readonly GatedAction[]
  readonly conditions: readonly Condition[]
  readonly checks: readonly HealthCheck[]
  readonly lookedAtMs: number | undefined
  /** The last look at all of it, not only at changed rows. */
  readonly fullLookAtMs: number | undefined
  /** Identical failures in a row. */
  readonly streak: FailureStreak
}

/** What one look gave. */
export interface Look {
  readonly observation: Observation<unknown>
  readonly drift: readonly Drift[]
  readonly actions: readonly Action[]
  readonly scope: 'full' | 'rows' | 'nothing'
  /** To be kept once the look has been dealt with. */
  readonly cursor: string | undefined
}

/** Finds a resource's status; undefined for one that the desired state does not declare. */
export type StatusOf = (key: ResourceKey) => ResourceStatus | undefined
