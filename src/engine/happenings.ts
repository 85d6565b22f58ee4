/** What a reconcile is worth telling: actions that ended, and conditions that changed. Pure. */
import type { Condition } from './conditions.ts'
import type { EventDraft } from './events.ts'
import type { Reconciled } from './reconcile.ts'
import type { ResourceStatus } from './status.ts'

/** The events that follow from a reconcile. */
export function happeningsOf(
  before: ResourceStatus,
  after: ResourceStatus,
  reconciled: Reconciled,
  rolledBack: number,
  atMs: number,
): readonly EventDraft[] {
  const resource = after.declared.key
  const actions = reconciled.executed.map(({ action, execution }): EventDraft => {
    switch (execution.is) {
      case 'succeeded': {
        const left = execution.applied.skippedCount + execution.applied.failed.length
        return {
          resource,
          level: 'info',
          reason: 'Repaired',
          message: `${action.summary}${left > 0 ? `; ${left} left alone` : ''}`,
          atMs,
        }
      }
      case 'stale':
        return { resource, level: 'info', reason: 'Stale', message: `${action.summary}: ${execution.message}`, atMs }
      default:
        return {
          resource,
          level: 'warning',
          reason: 'RepairFailed',
          message: `${action.summary}: ${execution.error.message}`,
          atMs,
        }
    }
  })
  const rollback: EventDraft[] =
    rolledBack === 0
      ? []
      : [
          {
            resource,
            level: 'error',
            reason: 'RolledBack',
            message: `too much failed: ${rolledBack} repairs were undone`,
            atMs,
          },
        ]
  return [...actions, ...rollback, ...transitions(before, after, atMs)]
}

function transitions(before: ResourceStatus, after: ResourceStatus, atMs: number): readonly EventDraft[] {
  const earlier = new Map(before.conditions.map((condition) => [condition.type, condition]))
  return after.conditions.flatMap((condition) => {
    const known = earlier.get(condition.type)
    if (known?.status === condition.status && known.reason === condition.reason) return []
    const isNews = condition.type === 'Ready' || condition.status === 'true' || known?.status === 'true'
    return isNews && condition.type !== 'Progressing' ? [tell(after, condition, atMs)] : []
  })
}

function tell(after: ResourceStatus, condition: Condition, atMs: number): EventDraft {
  const isGood = condition.type === 'Ready' ? condition.status === 'true' : condition.status === 'false'
  return {
    resource: after.declared.key,
    level: isGood ? 'info' : 'warning',
    reason: condition.reason,
    message: condition.message,
    atMs,
  }
}
