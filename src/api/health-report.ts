/**
 * How well everything is: overall status, the checks of every component, issues with severity and what to do, and figures.
 * Derived from what the last looks found. Pure.
 */
import type { DriftView, ResourceView } from './ports.ts'

export type CheckStatusName = 'ok' | 'warning' | 'failed' | 'unknown'

export interface HealthComponent {
  /** `kind/name`. */
  readonly name: string
  readonly status: CheckStatusName
  readonly checks: ResourceView['checks']
  readonly checkedAtMs: number | null
}

export interface HealthIssue {
  readonly id: string
  readonly component: string
  readonly severity: DriftView['severity']
  readonly category: DriftView['category']
  readonly message: string
  readonly affected: DriftView['affected']
  /** What mends it: an action's summary, or what a person does. */
  readonly suggestion: string
  /** The action that mends it, where there is one. */
  readonly actionId: string | null
}

/** The part of a health report that the last looks give. */
export interface Health {
  readonly status: CheckStatusName
  readonly components: readonly HealthComponent[]
  readonly issues: readonly HealthIssue[]
  readonly figures: {
    readonly components: number
    readonly checks: number
    readonly checksFailed: number
    readonly issues: number
    readonly affectedRecords: number
  }
}

/** What is looked at of a resource. */
export type HealthSource = Pick<
  ResourceView,
  'resource' | 'drift' | 'actions' | 'observation' | 'error' | 'checks' | 'lookedAtMs'
>

const order: readonly CheckStatusName[] = ['ok', 'unknown', 'warning', 'failed']

function worst(statuses: readonly CheckStatusName[]): CheckStatusName {
  return order[Math.max(0, ...statuses.map((status) => order.indexOf(status)))] ?? 'ok'
}

export function healthOf(resources: readonly HealthSource[]): Health {
  const components = resources.map(componentOf)
  const issues = resources.flatMap(issuesOf)
  const checks = components.flatMap((component) => component.checks)
  return {
    status: worst(components.map((component) => component.status)),
    components,
    issues,
    figures: {
      components: components.length,
      checks: checks.length,
      checksFailed: checks.filter((check) => check.status === 'failed').length,
      issues: issues.length,
      affectedRecords: issues.reduce((sum, issue) => sum + issue.affected.count, 0),
    },
  }
}

function componentOf(resource: HealthSource): HealthComponent {
  const name = `${resource.resource.kind}/${resource.resource.name}`
  const serious = resource.drift.some((drift) => drift.severity === 'high' || drift.severity === 'critical')
  const fromDrift: CheckStatusName = serious ? 'failed' : resource.drift.length > 0 ? 'warning' : 'ok'
  const fromLook: CheckStatusName =
    resource.observation === null ? 'unknown' : resource.observation === 'unreadable' ? 'failed' : 'ok'
  return {
    name,
    status: worst([fromDrift, fromLook, ...resource.checks.map((check) => check.status)]),
    checks: resource.checks,
    checkedAtMs: resource.lookedAtMs,
  }
}

function issuesOf(resource: HealthSource): readonly HealthIssue[] {
  const component = `${resource.resource.kind}/${resource.resource.name}`
  const unreadable: readonly HealthIssue[] =
    resource.error === null
      ? []
      : [
          {
            id: `unreadable:${component}`,
            component,
            severity: 'high',
            category: 'database',
            message: resource.error.message,
            affected: { count: 0, sample: [] },
            suggestion: resource.error.hint,
            actionId: null,
          },
        ]
  return [
    ...unreadable,
    ...resource.drift.map((drift): HealthIssue => {
      const action = resource.actions.find((candidate) => candidate.resolves.includes(drift.path))
      return {
        id: drift.id,
        component,
        severity: drift.severity,
        category: drift.category,
        message: drift.message,
        affected: drift.affected,
        suggestion: action?.summary ?? drift.byHand ?? 'It is mended at the next look.',
        actionId: action?.id ?? null,
      }
    }),
  ]
}
