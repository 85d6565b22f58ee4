/** What is true of a resource in one word, and what waits for a person; derived, so that both can never disagree. */
import { keyText } from '../engine/resource.ts'
import { rootsOf } from '../engine/same-trouble.ts'
import type { ActionView, DriftView, ResourceView } from './ports.ts'
import type { ConflictView } from './sync-port.ts'

export type ResourceStatusName = 'converged' | 'drifted' | 'waiting' | 'unreadable' | 'unknown'

export function statusOf(resource: ResourceView): ResourceStatusName {
  if (resource.observation === null) return 'unknown'
  if (resource.observation === 'unreadable') return 'unreadable'
  if (resource.actions.some((action) => !action.gate.runnable)) return 'waiting'
  if (resource.drift.some((drift) => drift.byHand !== null)) return 'waiting'
  return resource.drift.length > 0 || resource.actions.length > 0 ? 'drifted' : 'converged'
}

/** Something that does not go on without a person. */
export type Intervention =
  | { readonly is: 'approval'; readonly action: ActionView }
  | { readonly is: 'by-hand'; readonly drift: DriftView }
  | { readonly is: 'unreadable'; readonly resource: ResourceView }
  | { readonly is: 'conflict'; readonly conflict: ConflictView }

const rank = { critical: 0, high: 1, medium: 2, low: 3 }

/**
 * The manual queue, most severe first: approvals, data that no action can mend, things that cannot be read, and the
 * conflicts, where they are given one by one.
 */
export function interventionsOf(
  resources: readonly ResourceView[],
  conflicts: readonly ConflictView[] = [],
): readonly Intervention[] {
  const roots = rootsOf(resources)
  const found = resources.flatMap((resource): readonly Intervention[] => [
    ...resource.actions.filter(needsApproval).map((action) => ({ is: 'approval' as const, action })),
    ...resource.drift
      .filter((drift) => drift.byHand !== null && !isTold(drift, conflicts))
      .map((drift) => ({ is: 'by-hand' as const, drift })),
    ...(resource.observation === 'unreadable' && !roots.has(keyText(resource.resource))
      ? [{ is: 'unreadable' as const, resource }]
      : []),
  ])
  found.push(...conflicts.map((conflict) => ({ is: 'conflict' as const, conflict })))
  return found.sort((one, other) => rank[severityOf(one)] - rank[severityOf(other)])
}

/** The one drift that stands for all conflicts of a table says nothing new where each of them is told. */
function isTold({ resource, path, affected }: DriftView, conflicts: readonly ConflictView[]): boolean {
  if (resource.kind !== 'sync' || path !== 'conflicts') return false
  return conflicts.filter(({ table }) => table === resource.name).length >= affected.count
}

/** Whether a person's approval would let an action on. */
export function needsApproval({ gate }: ActionView): boolean {
  return (gate.decision === 'approve' || gate.decision === 'approve-twice') && !gate.runnable
}

export function severityOf(intervention: Intervention): DriftView['severity'] {
  switch (intervention.is) {
    case 'approval':
      return intervention.action.risk
    case 'by-hand':
      return intervention.drift.severity
    case 'unreadable':
      return 'high'
    case 'conflict':
      return 'medium'
  }
}
