/** What the metrics of rules are now, from the figures of the last looks. Pure. */
import type { AlertMetricName } from '../desired/alert-metrics.ts'
import type { Figure, MetricName } from '../metrics/catalogue.ts'

export interface Reading {
  readonly metric: AlertMetricName
  /** Which backup, table; empty where there is one value. */
  readonly instance: string
  readonly value: number
}

type Read = (figures: readonly Figure[]) => readonly Omit<Reading, 'metric'>[]

const each =
  (name: MetricName): Read =>
  (figures) =>
    figures
      .filter((figure) => figure.name === name)
      .map(({ labels, value }) => ({ instance: Object.values(labels).join(' '), value }))

const sum =
  (name: MetricName): Read =>
  (figures) => {
    const found = figures.filter((figure) => figure.name === name)
    return found.length === 0 ? [] : [{ instance: '', value: found.reduce((all, { value }) => all + value, 0) }]
  }

const drift =
  (severity: string): Read =>
  (figures) =>
    figures
      .filter(({ name, labels }) => name === 'drift_open_items' && labels.severity === severity)
      .map(({ value }) => ({ instance: '', value }))

const percentOf =
  (part: MetricName, whole: MetricName): Read =>
  (figures) => {
    const of = (name: MetricName) => figures.find((figure) => figure.name === name)?.value
    const [one, all] = [of(part), of(whole)]
    return one === undefined || all === undefined || all <= 0 ? [] : [{ instance: '', value: (one / all) * 100 }]
  }

/** A backup that has no sound set is as old as the controller has waited for one. */
const backupAge: Read = (figures) => {
  const aged = each('backup_age_seconds')(figures)
  const missing = sum('backups_unverified')(figures)[0]?.value ?? 0
  const uptime = sum('uptime_seconds')(figures)[0]?.value ?? 0
  return missing > 0 ? [...aged, { instance: 'without a verified set', value: uptime }] : aged
}

const reads: Readonly<Record<AlertMetricName, Read>> = {
  errorPercent: each('error_percent'),
  backupAge,
  backupsUnverified: sum('backups_unverified'),
  'drift.critical': drift('critical'),
  'drift.high': drift('high'),
  'drift.medium': drift('medium'),
  'drift.low': drift('low'),
  drift: sum('drift_open_items'),
  approvals: each('approval_pending'),
  conflicts: sum('sync_conflicts_open'),
  syncLag: each('sync_lag_seconds'),
  airtablePercent: percentOf('airtable_calls_month', 'airtable_calls_budget'),
  servicesDown: sum('services_down'),
  jobsLate: sum('jobs_late'),
  databasesDamaged: sum('databases_damaged'),
  suppressionViolations: sum('suppression_violations'),
  qualityScore: each('quality_score'),
  duplicateGroups: each('duplicate_groups'),
  longestOperation: each('workqueue_longest_running_processor_seconds'),
  diskFree: each('machine_disk_free_bytes'),
  diskFreePercent: percentOf('machine_disk_free_bytes', 'machine_disk_total_bytes'),
}

export function readingsOf(metric: AlertMetricName, figures: readonly Figure[]): readonly Reading[] {
  return reads[metric](figures).map((reading) => ({ metric, ...reading }))
}
