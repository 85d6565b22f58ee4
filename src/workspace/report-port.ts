/** Gathers what a report says: from the journal, the last looks, the past of figures and the schedules. */
import type { AlertPort } from '../api/alert-port.ts'
import { type Health, healthOf } from '../api/health-report.ts'
import type { MetricPort } from '../api/metric-port.ts'
import type { EnginePort, ResourceView } from '../api/ports.ts'
import { checksSection, type HealthReport, issuesSection, type ReportLine, type ReportSection } from '../api/report.ts'
import type { ReportPort } from '../api/report-port.ts'
import { needsApproval } from '../api/resource-status.ts'
import { type Clock, isoOf } from '../clock.ts'
import { nextMoment } from '../engine/schedule.ts'
import type { ActionState } from '../journal/entry.ts'
import type { MetricName } from '../metrics/catalogue.ts'
import type { Workspace } from './workspace.ts'

export interface ReportPortOptions {
  readonly workspace: Workspace
  readonly engine: EnginePort
  readonly metrics: MetricPort
  readonly alerts: AlertPort
  readonly clock: Clock
}

const linesMax = 25
const dayMs = 86_400_000
const hourMs = 3_600_000

export function createReportPort(options: ReportPortOptions): ReportPort {
  const open: ReportPort['open'] = async (sinceMs) => {
    const resources = await options.engine.resources()
    const health = healthOf(resources)
    return { health, whole: () => wholeReport(health, resources, sinceMs, options) }
  }
  return { open, report: async (sinceMs) => (await open(sinceMs)).whole() }
}

async function wholeReport(
  health: Health,
  resources: readonly ResourceView[],
  sinceMs: number,
  options: ReportPortOptions,
): Promise<HealthReport> {
  const { workspace, engine, clock } = options
  const toMs = clock.nowMs()
  const fromMs = Math.min(sinceMs, toMs)
  const controller = await engine.controller()
  const change = changesSince(options.metrics, fromMs, toMs)
  return {
    ...health,
    workspace: controller.name,
    fromMs,
    toMs,
    verdict: controller.verdict,
    sections: [
      await needsPerson(health, resources, options),
      bounded(issuesSection(health.issues)),
      checksSection(health.components),
      done(workspace, fromMs),
      await quality(change),
      await data(change),
      await programs(change),
      await forecasts(options.metrics, toMs),
      await alertsTold(options.alerts, fromMs),
      next(workspace, toMs),
    ],
  }
}

async function needsPerson(
  { issues }: Health,
  resources: readonly ResourceView[],
  { alerts, metrics }: ReportPortOptions,
): Promise<ReportSection> {
  const waiting = resources.flatMap(({ actions }) => actions).filter(needsApproval)
  const byHand = resources.flatMap(({ drift }) => drift).filter((one) => one.byHand !== null && one.severity !== 'low')
  const unreadable = issues.filter(({ id }) => id.startsWith('unreadable:'))
  const conflicts = (await metrics.figures())
    .filter(({ name, value }) => name === 'sync_conflicts_open' && value > 0)
    .map(({ labels, value }) => ({
      about: labels.table ?? 'sync',
      text: `${value} conflicts with Airtable; \`trueup conflicts\``,
    }))
  const firing = (await alerts.alerts()).filter(({ state }) => state === 'firing')
  const lines: ReportLine[] = [
    ...firing.map(({ rule, instance, valueText, next: step }) => ({
      about: `alert ${instance === '' ? rule : `${rule} (${instance})`}`,
      text: `is ${valueText}. ${step}`,
    })),
    ...waiting.map(({ id, summary, risk }) => ({ about: `approve ${id}`, text: `${summary} (${risk} risk)` })),
    ...conflicts,
    ...unreadable.map(({ component, message, suggestion }) => ({
      about: component,
      text: sentences(message, suggestion),
    })),
    ...byHand.map(({ resource, message, byHand: step }) => ({
      about: `${resource.kind}/${resource.name}`,
      text: sentences(message, step ?? ''),
    })),
  ]
  return bounded({ title: 'Needs a person', empty: 'Nothing needs a person.', lines })
}

const doneStates: readonly { readonly states: readonly ActionState[]; readonly about: string }[] = [
  { states: ['succeeded', 'verified'], about: 'repaired' },
  { states: ['failed', 'unknown'], about: 'failed' },
  { states: ['undone'], about: 'undone' },
  { states: ['rejected'], about: 'rejected' },
]

/** What was done, by what and how often; counted in the journal, so that it does not matter how much there is. */
function done({ journal }: Workspace, fromMs: number): ReportSection {
  const count = journal.db.prepare<
    [string, number],
    { kind: string; verb: string; times: number; records: number | null }
  >(
    `SELECT substr(resource, 1, instr(resource, '/') - 1) AS kind, json_extract(body, '$.verb') AS verb, count(*) AS times,
       sum(json_extract(result, '$.changed')) AS records
     FROM actions WHERE state IN (SELECT value FROM json_each(?)) AND changed_at_ms >= ? GROUP BY 1, 2 ORDER BY times DESC`,
  )
  const lines = doneStates.flatMap(({ states, about }) =>
    count.all(JSON.stringify(states), fromMs).map(({ kind, verb, times, records }) => ({
      about,
      text: `${kind} ${verb}: ${times} ${times === 1 ? 'time' : 'times'}${records !== null && records > 0 ? `, ${records} records` : ''}`,
    })),
  )
  return bounded({ title: 'What was done', empty: 'Nothing had to be repaired.', lines })
}

interface Change {
  readonly labels: string
  readonly first: number
  readonly last: number
}
type ChangesOf = (name: MetricName) => Promise<readonly Change[]>

function changesSince(metrics: MetricPort, fromMs: number, toMs: number): ChangesOf {
  const stepMs = toMs - fromMs > 2 * dayMs ? hourMs : 300_000
  return async (name) =>
    (await metrics.history({ name, sinceMs: fromMs, stepMs })).flatMap(({ labels, buckets }) => {
      const [first, last] = [buckets[0], buckets.at(-1)]
      if (first === undefined || last === undefined) return []
      return [{ labels: Object.values(labels).join(' '), first: first.min, last: last.last }]
    })
}

async function quality(changes: ChangesOf): Promise<ReportSection> {
  const scores = (await changes('quality_score')).map(({ labels, first, last }) => ({
    about: `quality of ${labels}`,
    text: `${rounded(last)} of 100, ${trendText(last - first)}`,
  }))
  const complete = (await changes('field_completeness_percent'))
    .filter(({ first, last }) => Math.abs(last - first) >= 0.1)
    .map(({ labels, first, last }) => ({
      about: `${labels} filled`,
      text: `${rounded(last)} %, ${trendText(last - first)}`,
    }))
  return bounded({
    title: 'Quality',
    empty: 'No figures of quality were noted in this time.',
    lines: [...scores, ...complete],
  })
}

async function data(changes: ChangesOf): Promise<ReportSection> {
  const of = async (name: MetricName, about: string, text: (change: Change) => string) =>
    (await changes(name)).map((change) => ({ about: [about, change.labels].join(' ').trim(), text: text(change) }))
  return bounded({
    title: 'Data, sync and backups',
    empty: 'No figures of data were noted in this time.',
    lines: [
      ...(await of('table_rows', 'rows of', ({ first, last }) => `${last}, ${trendText(last - first)}`)),
      ...(await of('duplicate_groups', 'duplicates of', ({ last }) => `${last} groups are not merged`)),
      ...(await of(
        'duplicates_merged_total',
        'merged in',
        ({ first, last }) => `${Math.max(0, last - first)} records`,
      )),
      ...(await of('sync_pending_records', 'to be moved of', ({ last }) => `${last} records`)),
      ...(await of('airtable_calls_month', 'calls to Airtable', ({ last }) => `${last} in this month`)),
      ...(await of('backup_age_seconds', 'newest verified set of', ({ last }) => `${rounded(last / 3600)} h old`)),
      ...(await of('backups_unverified', 'backups without a verified set', ({ last }) => String(last))).filter(
        ({ text }) => text !== '0',
      ),
    ],
  })
}

async function programs(changes: ChangesOf): Promise<ReportSection> {
  const lines = (await changes('service_restarts_total'))
    .filter(({ first, last }) => last > first)
    .map(({ labels, first, last }) => ({
      about: labels,
      text: `restarted ${last - first} ${last - first === 1 ? 'time' : 'times'}`,
    }))
  return bounded({ title: 'Services', empty: 'No service was restarted.', lines })
}

async function forecasts(metrics: MetricPort, nowMs: number): Promise<ReportSection> {
  const asked = await Promise.all(
    (['machine_disk_free_bytes', 'airtable_calls_month'] as const).map((name) =>
      metrics.forecast({ name, untilMs: nowMs + 90 * dayMs }),
    ),
  )
  const lines = asked
    .flat()
    .map(({ name, sentence }) => ({ about: name === 'airtable_calls_month' ? 'Airtable' : 'disk', text: sentence }))
  return bounded({ title: 'Ahead', empty: 'Nothing was noted yet from which something would follow.', lines })
}

async function alertsTold(alerts: AlertPort, fromMs: number): Promise<ReportSection> {
  const lines = (await alerts.deliveries(200))
    .filter(({ atMs }) => atMs >= fromMs)
    .map(({ atMs, channel, outcome, detail }) => ({
      about: `${isoOf(atMs).slice(0, 16)} ${channel}`,
      text: `${outcome}: ${detail}`,
    }))
  return bounded({ title: 'Alerts', empty: 'Nobody was told anything.', lines })
}

/** The next moments of what is scheduled. */
function next({ generations }: Workspace, nowMs: number): ReportSection {
  const { backups, jobs, alerts } = generations.inForce().state
  const moments = [
    ...Object.entries(backups).map(([name, { schedule, timezone }]) => ({
      about: `backup ${name}`,
      schedule,
      timezone,
    })),
    ...Object.entries(jobs).flatMap(([name, { schedule, timezone }]) =>
      schedule === undefined ? [] : [{ about: `job ${name}`, schedule, timezone }],
    ),
    ...(alerts?.reports ?? []).map(({ schedule, timezone, to }) => ({ about: `report to ${to}`, schedule, timezone })),
  ]
  const lines = moments
    .flatMap(({ about, schedule, timezone }) => {
      const atMs = nextMoment({ cron: schedule, timezone }, nowMs)
      return atMs === undefined ? [] : [{ about, atMs }]
    })
    .sort((one, other) => one.atMs - other.atMs)
    .map(({ about, atMs }) => ({ about, text: isoOf(atMs) }))
  return bounded({ title: 'Next', empty: 'Nothing is scheduled.', lines })
}

function bounded(section: ReportSection): ReportSection {
  const left = section.lines.length - linesMax
  if (left <= 0) return section
  return { ...section, lines: [...section.lines.slice(0, linesMax), { about: 'and', text: `${left} more` }] }
}

function trendText(change: number): string {
  if (Math.abs(change) < 0.05) return 'as before'
  return `${change > 0 ? '+' : ''}${rounded(change)}`
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}

function sentences(first: string, second: string): string {
  return `${first.trim()}${/[.!?]$/.test(first.trim()) ? '' : '.'} ${second}`.trim()
}
