/** Figures as Prometheus text, and those that follow from what the last looks found. */
import { definitionOf, type Figure, figure, joinFigures, metricNames } from '../metrics/catalogue.ts'
import type { ControllerView, ResourceView } from './ports.ts'
import { needsApproval, statusOf } from './resource-status.ts'

const severities = ['low', 'medium', 'high', 'critical'] as const

/** What the controller and its resources are like. Pure. */
export function stateFigures(
  resources: readonly ResourceView[],
  controller: ControllerView,
  nowMs: number,
): readonly Figure[] {
  const drift = resources.flatMap((resource) => resource.drift)
  const actions = resources.flatMap((resource) => resource.actions)
  const { lastFullLookAtMs } = controller
  return joinFigures([
    ...figure('generation', controller.generation),
    ...figure('uptime_seconds', Math.max(0, Math.floor((nowMs - controller.startedAtMs) / 1000))),
    ...resources.flatMap((one) => figure('resources', 1, { kind: one.resource.kind, status: statusOf(one) })),
    ...drift.flatMap(({ resource, severity }) => figure('drift_items', 1, { kind: resource.kind, severity })),
    ...severities.flatMap((severity) =>
      figure('drift_open_items', drift.filter((one) => one.severity === severity).length, { severity }),
    ),
    ...figure(
      'drift_affected_records',
      drift.reduce((sum, one) => sum + one.affected.count, 0),
    ),
    ...figure('actions_pending', actions.length),
    ...figure('approval_pending', actions.filter(needsApproval).length),
    ...figure('last_full_look_timestamp_seconds', lastFullLookAtMs === null ? undefined : lastFullLookAtMs / 1000),
  ])
}

/** The text exposition format, in the order of the catalogue. */
export function metricsText(figures: readonly Figure[]): string {
  const joined = joinFigures(figures)
  const lines = metricNames.flatMap((name) => {
    const own = joined.filter((one) => one.name === name)
    if (own.length === 0) return []
    const { help, type } = definitionOf(name)
    return [
      `# HELP trueup_${name} ${help}`,
      `# TYPE trueup_${name} ${type}`,
      ...own.map(({ labels, value }) => `trueup_${name}${labelsText(labels)} ${value}`),
    ]
  })
  return `${lines.join('\n')}\n`
}

/** `{service="scraper"}`; what would end the text of a label is escaped. */
function labelsText(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}
