/** The figures of the last looks as Prometheus text. Labels name kinds, severities, services, jobs and backups, never records or paths. */
import type { Clock } from '../clock.ts'
import type { BackupPort } from './backup-port.ts'
import type { EnginePort } from './ports.ts'
import type { ProgramPort } from './program-port.ts'
import { needsApproval, statusOf } from './resource-status.ts'

interface MetricsPorts {
  readonly engine: EnginePort
  readonly programs: Pick<ProgramPort, 'gauges'>
  readonly backups: Pick<BackupPort, 'gauges'>
}

export async function metricsText({ engine, programs, backups }: MetricsPorts, clock: Clock): Promise<string> {
  const [resources, controller, gauges] = await Promise.all([
    engine.resources(),
    engine.controller(),
    Promise.all([programs.gauges(), backups.gauges()]).then((all) => all.flat()),
  ])
  const lines: string[] = []
  const gauge = (name: string, help: string, samples: readonly (readonly [string, number])[]) => {
    lines.push(`# HELP trueup_${name} ${help}`, `# TYPE trueup_${name} gauge`)
    for (const [labels, value] of samples) lines.push(`trueup_${name}${labels} ${value}`)
  }
  const count = <Item>(items: readonly Item[], labelOf: (item: Item) => string) => {
    const counts = new Map<string, number>()
    for (const item of items) counts.set(labelOf(item), (counts.get(labelOf(item)) ?? 0) + 1)
    return [...counts]
  }
  const drift = resources.flatMap((resource) => resource.drift)
  const actions = resources.flatMap((resource) => resource.actions)
  gauge('generation', 'Generation of the desired state in force.', [['', controller.generation]])
  gauge('uptime_seconds', 'Seconds since the controller started.', [
    ['', Math.max(0, Math.floor((clock.nowMs() - controller.startedAtMs) / 1000))],
  ])
  gauge(
    'resources',
    'Declared resources by kind and status.',
    count(resources, (one) => `{kind="${one.resource.kind}",status="${statusOf(one)}"}`),
  )
  gauge(
    'drift_items',
    'Differences by kind and severity.',
    count(drift, (one) => `{kind="${one.resource.kind}",severity="${one.severity}"}`),
  )
  gauge('drift_affected_records', 'Records touched by differences.', [
    ['', drift.reduce((sum, one) => sum + one.affected.count, 0)],
  ])
  gauge('actions_pending', 'Planned actions.', [['', actions.length]])
  gauge('approval_pending', 'Actions that wait for a person.', [['', actions.filter(needsApproval).length]])
  if (controller.lastFullLookAtMs !== null) {
    gauge('last_full_look_timestamp_seconds', 'When all was last looked at.', [
      ['', controller.lastFullLookAtMs / 1000],
    ])
  }
  for (const { name, help, samples } of gauges)
    gauge(
      name,
      help,
      samples.map(({ labels, value }) => [labelsText(labels), value] as const),
    )
  return `${lines.join('\n')}\n`
}

/** `{service="scraper"}`; names hold nothing that would have to be escaped, databases are named and not their paths. */
function labelsText(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}
