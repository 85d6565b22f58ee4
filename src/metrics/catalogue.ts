/**
 * Every figure that Trueup gives, by name: what it means, its unit and labels, and whether its past is kept. `/metrics` puts
 * `trueup_` before the names. Labels name what is declared, never records, people or paths.
 */

export interface MetricDefinition {
  /** A counter only grows, but for a restart. */
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly unit: 'count' | 'bytes' | 'seconds' | 'percent' | 'moment' | 'flag' | 'ratio'
  readonly labels: readonly string[]
  /** Whether `metricHistory` knows its past. */
  readonly isKept: boolean
  /** What several resources give under the same labels is added up, or is the same thing told twice. */
  readonly joined: 'sum' | 'max'
}

type Options = { readonly labels?: readonly string[]; readonly kept?: true; readonly joined?: 'sum' | 'max' }

const define = (
  type: MetricDefinition['type'],
  unit: MetricDefinition['unit'],
  help: string,
  { labels = [], kept, joined = 'sum' }: Options = {},
): MetricDefinition => ({ type, unit, help, labels, isKept: kept === true, joined })

const gauge = (unit: MetricDefinition['unit'], help: string, options?: Options) => define('gauge', unit, help, options)
const counter = (unit: MetricDefinition['unit'], help: string, options?: Options) =>
  define('counter', unit, help, options)

export const metricCatalogue = {
  // The controller.
  generation: gauge('count', 'Generation of the desired state in force.'),
  uptime_seconds: gauge('seconds', 'Seconds since the controller started.'),
  resources: gauge('count', 'Declared resources by kind and status.', { labels: ['kind', 'status'] }),
  drift_items: gauge('count', 'Differences by kind and severity.', { labels: ['kind', 'severity'] }),
  drift_open_items: gauge('count', 'Differences by severity, of all kinds together.', {
    labels: ['severity'],
    kept: true,
  }),
  drift_affected_records: gauge('count', 'Records touched by differences.', { kept: true }),
  actions_pending: gauge('count', 'Planned actions.', { kept: true }),
  approval_pending: gauge('count', 'Actions that wait for a person.', { kept: true }),
  last_full_look_timestamp_seconds: gauge('moment', 'When all was last looked at.'),
  last_success_timestamp_seconds: gauge('moment', 'When a look at the resource last succeeded.', {
    labels: ['resource'],
  }),
  error_percent: gauge('percent', 'Share of the repairs of the last hour that failed; absent where none ended.', {
    kept: true,
  }),
  suppression_violations: gauge('count', 'Records of erased people that are in a table again.', { kept: true }),
  suppression_violations_total: counter('count', 'Records of erased people that had come back and were erased again.'),

  // The loop.
  reconcile_total: counter('count', 'Reconciles by kind and result.', { labels: ['kind', 'result'] }),
  reconcile_errors_total: counter('count', 'Reconciles that failed, by kind.', { labels: ['kind'] }),
  reconcile_time_seconds_sum: counter('seconds', 'Time that reconciles took together, by kind.', { labels: ['kind'] }),
  reconcile_time_seconds_count: counter('count', 'Reconciles that were timed, by kind.', { labels: ['kind'] }),
  reconcile_last_seconds: gauge('seconds', 'How long the last reconcile of a kind took.', {
    labels: ['kind'],
    kept: true,
  }),
  workqueue_depth: gauge('count', 'Resources that are due for a look.', { kept: true }),
  workqueue_unfinished_work_seconds: gauge('seconds', 'How long the looks under way have taken together.'),
  workqueue_longest_running_processor_seconds: gauge('seconds', 'How long the longest look under way has taken.', {
    kept: true,
  }),
  sqlite_busy_total: counter('count', 'Reconciles that found a database locked by another program for too long.'),

  // Databases and leads.
  database_bytes: gauge('bytes', 'Size of each database file.', { labels: ['database'], kept: true }),
  databases_damaged: gauge('count', 'Databases in which a check found damage.', { kept: true }),
  table_rows: gauge('count', 'Rows of each table.', { labels: ['table'], kept: true }),
  quality_score: gauge('percent', 'Quality of each table, from 0 to 100.', { labels: ['table'], kept: true }),
  field_completeness_percent: gauge('percent', 'Share of rows in which a field is filled, where that is declared.', {
    labels: ['table', 'field'],
    kept: true,
  }),
  duplicate_groups: gauge('count', 'Groups of duplicates that were found and are not merged.', {
    labels: ['table'],
    kept: true,
  }),
  duplicate_records: gauge('count', 'Records that would go if these were merged.', { labels: ['table'], kept: true }),
  duplicates_merged_total: counter('count', 'Records changed by merges since the workspace began.', {
    labels: ['table'],
    kept: true,
  }),

  // Airtable.
  sync_lag_seconds: gauge('seconds', 'How long ago changes of Airtable were last asked for with success.', {
    labels: ['table'],
    kept: true,
  }),
  sync_pending_records: gauge('count', 'Records that are to be moved.', { labels: ['table'], kept: true }),
  sync_conflicts_open: gauge('count', 'Conflicts that a person has to choose in.', { labels: ['table'], kept: true }),
  airtable_calls_month: gauge('count', 'Calls to Airtable in this month, in UTC.', { kept: true, joined: 'max' }),
  airtable_calls_budget: gauge('count', 'Calls that `airtable.monthlyCalls` allows in a month.', {
    kept: true,
    joined: 'max',
  }),

  // Services and jobs.
  service_up: gauge('flag', 'Whether the service runs and is ready.', { labels: ['service'] }),
  service_memory_bytes: gauge('bytes', 'Resident memory of all its processes.', { labels: ['service'] }),
  service_cpu_seconds_total: counter('seconds', 'CPU time of its live processes.', { labels: ['service'] }),
  service_processes: gauge('count', 'Its live processes.', { labels: ['service'] }),
  service_starts_total: counter('count', 'How often it was started.', { labels: ['service'] }),
  service_crashes_total: counter('count', 'How often it ended with a failure.', { labels: ['service'] }),
  service_restarts_total: counter('count', 'How often it was started after its first start.', {
    labels: ['service'],
    kept: true,
  }),
  services_down: gauge('count', 'Managed services that do not run although they should.', { kept: true }),
  job_state: gauge('flag', 'The state of each job.', { labels: ['job', 'state'] }),
  job_last_success_timestamp_seconds: gauge('moment', 'When each job last succeeded.', { labels: ['job'] }),
  jobs_late: gauge('count', 'Jobs that failed or did not succeed in time.', { kept: true }),

  // Backups.
  backup_timestamp_seconds: gauge('moment', 'When the newest set of each backup was made.', { labels: ['backup'] }),
  backup_verified_timestamp_seconds: gauge('moment', 'When the newest verified set of each backup was made.', {
    labels: ['backup'],
  }),
  backup_sets: gauge('count', 'Sets of each backup.', { labels: ['backup'] }),
  backup_age_seconds: gauge('seconds', 'Age of the newest verified set of each backup; absent where there is none.', {
    labels: ['backup'],
    kept: true,
  }),
  backups_unverified: gauge('count', 'Declared backups without a verified set.', { kept: true }),

  // The machine.
  machine_disk_free_bytes: gauge('bytes', 'Free disk of the workspace.', { kept: true }),
  machine_disk_total_bytes: gauge('bytes', 'Size of the disk of the workspace.'),
  machine_disk_full_timestamp_seconds: gauge('moment', 'When the disk will be full, as it fills now.'),
  machine_memory_available_bytes: gauge('bytes', 'Memory that programs can still have.', { kept: true }),
  machine_load_per_core: gauge('ratio', 'Load of the last minute for each core.'),
  event_loop_lag_seconds: gauge('seconds', '99 % of timers ran no later than this.', { kept: true }),
  wal_bytes: gauge('bytes', 'The largest -wal file of a declared database.', { kept: true }),
} as const satisfies Readonly<Record<string, MetricDefinition>>

export type MetricName = keyof typeof metricCatalogue

export const metricNames: readonly MetricName[] = Object.keys(metricCatalogue).filter(isMetricName)

/** Whether Trueup gives a figure of that name, which is without `trueup_`. */
export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(metricCatalogue, name)
}

/** What is known of a figure. */
export function definitionOf(name: MetricName): MetricDefinition {
  return metricCatalogue[name]
}

/** One value at a moment. */
export interface Figure {
  readonly name: MetricName
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A figure without labels, or none where there is no value. */
export function figure(
  name: MetricName,
  value: number | undefined,
  labels: Readonly<Record<string, string>> = {},
): readonly Figure[] {
  return value === undefined || !Number.isFinite(value) ? [] : [{ name, labels, value }]
}

/** Figures with each name and labels once. */
export function joinFigures(figures: readonly Figure[]): readonly Figure[] {
  const joined = new Map<string, Figure>()
  for (const one of figures) {
    const key = `${one.name} ${JSON.stringify(Object.entries(one.labels).sort())}`
    const known = joined.get(key)
    if (known === undefined) joined.set(key, one)
    else {
      const isSum = definitionOf(one.name).joined === 'sum'
      joined.set(key, { ...one, value: isSum ? known.value + one.value : Math.max(known.value, one.value) })
    }
  }
  return [...joined.values()]
}
