/** What the rules of `alerts` can compare, by name. Pure. */

export type AlertUnit = 'count' | 'percent' | 'duration' | 'size'

export interface AlertMetric {
  readonly unit: AlertUnit
  readonly help: string
  /** What a person does about it. */
  readonly next: string
  /** The view of the dashboard that shows it. */
  readonly page: string
}

const metric = (unit: AlertUnit, help: string, next: string, page: string): AlertMetric => ({ unit, help, next, page })

const see = (severity: string) =>
  metric('count', `Open differences of ${severity} severity.`, 'Look at `trueup drift`.', 'resources')

export const alertMetrics = {
  errorPercent: metric(
    'percent',
    'Share of the repairs of the last hour that failed.',
    'Look at `trueup status` and, for what fails, at `trueup why RESOURCE`.',
    'timeline',
  ),
  backupAge: metric(
    'duration',
    'Age of the newest verified set of a backup, for each backup.',
    'Look at `trueup backup list`, then make one with `trueup backup create`.',
    'backups',
  ),
  backupsUnverified: metric(
    'count',
    'Declared backups of which no set was found sound.',
    'Look at `trueup backup list` and `trueup health`.',
    'backups',
  ),
  'drift.critical': see('critical'),
  'drift.high': see('high'),
  'drift.medium': see('medium'),
  'drift.low': see('low'),
  drift: metric('count', 'Open differences of any severity.', 'Look at `trueup drift`.', 'resources'),
  approvals: metric('count', 'Repairs that wait for a person.', 'Look at `trueup approvals`.', 'queue'),
  conflicts: metric(
    'count',
    'Conflicts with Airtable that wait for a choice.',
    'Look at `trueup conflicts`.',
    'conflicts',
  ),
  syncLag: metric(
    'duration',
    'How long ago Airtable was last asked for changes with success, for each table.',
    'Look at `trueup sync status`.',
    'resources',
  ),
  airtablePercent: metric(
    'percent',
    'Calls to Airtable in this month, as a share of `airtable.monthlyCalls`.',
    'Poll less often (`pull.every`), or raise the plan.',
    'resources',
  ),
  servicesDown: metric(
    'count',
    'Managed services that do not run although they should.',
    'Look at `trueup service list`, then at `trueup service logs NAME`.',
    'services',
  ),
  jobsLate: metric('count', 'Jobs that failed or are late.', 'Look at `trueup service list`.', 'services'),
  databasesDamaged: metric(
    'count',
    'Databases in which a check found damage.',
    'Look at `trueup health` and docs/recovery.md; nothing is written to such a database.',
    'resources',
  ),
  suppressionViolations: metric(
    'count',
    'Records of erased people that are in a table again.',
    'Approve their erasure: `trueup approvals`.',
    'queue',
  ),
  qualityScore: metric('percent', 'Quality of a table, for each table.', 'Look at `trueup quality`.', 'quality'),
  duplicateGroups: metric(
    'count',
    'Groups of duplicates that are not merged, for each table.',
    'Look at `trueup leads duplicates`.',
    'duplicates',
  ),
  longestOperation: metric(
    'duration',
    'How long the longest look or repair under way has taken.',
    'Look at `trueup status`.',
    'timeline',
  ),
  diskFree: metric(
    'size',
    'Free disk of the workspace.',
    'Free space, or move the workspace to a larger disk.',
    'resources',
  ),
  diskFreePercent: metric(
    'percent',
    'Free disk of the workspace, as a share of it.',
    'Free space, or move the workspace to a larger disk.',
    'resources',
  ),
} as const satisfies Readonly<Record<string, AlertMetric>>

export type AlertMetricName = keyof typeof alertMetrics

export const alertMetricNames: readonly AlertMetricName[] = Object.keys(alertMetrics).filter(isAlertMetric)

export function isAlertMetric(name: string): name is AlertMetricName {
  return Object.hasOwn(alertMetrics, name)
}

export const operators = ['>=', '<=', '==', '>', '<'] as const
export type Operator = (typeof operators)[number]

export interface Comparison {
  readonly metric: AlertMetricName
  readonly operator: Operator
  /** In seconds, bytes, percent or pieces. */
  readonly threshold: number
  /** As it was written. */
  readonly thresholdText: string
}

const seconds: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }
const bytes: Readonly<Record<string, number>> = {
  ...{ B: 1, KB: 1e3, MB: 1e6, GB: 1e9 },
  ...{ KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
}
const unitWords: Readonly<Record<AlertUnit, string>> = {
  count: 'a number, such as 0',
  percent: 'a percentage, such as 5 or 5%',
  duration: 'a duration, such as 26h',
  size: 'a size, such as 1GB',
}

/** Reads `errorPercent > 5`, or says what is wrong with it after its place. */
export function comparisonOf(
  text: string,
):
  | { readonly is: 'comparison'; readonly comparison: Comparison }
  | { readonly is: 'wrong'; readonly problem: string; readonly name: string } {
  const [, name = '', operatorText = '', amount = '', unit = ''] =
    /^([A-Za-z][A-Za-z0-9_.]*)\s*(>=|<=|>|<|==)\s*(\d+(?:\.\d+)?)([A-Za-z%]*)$/.exec(text) ?? []
  const operator = operators.find((one) => one === operatorText)
  if (operator === undefined || !isAlertMetric(name))
    return {
      is: 'wrong',
      name,
      problem: `compares ${name === '' ? 'nothing' : name}, which is no metric of alerts; known are ${alertMetricNames.join(', ')}`,
    }
  const wanted = alertMetrics[name].unit
  const scale = scaleOf(wanted, unit)
  if (scale === undefined)
    return { is: 'wrong', name, problem: `compares ${name} with ${amount}${unit}; it must be ${unitWords[wanted]}` }
  return {
    is: 'comparison',
    comparison: { metric: name, operator, threshold: Number(amount) * scale, thresholdText: `${amount}${unit}` },
  }
}

function scaleOf(wanted: AlertUnit, unit: string): number | undefined {
  switch (wanted) {
    case 'count':
      return unit === '' ? 1 : undefined
    case 'percent':
      return unit === '' || unit === '%' ? 1 : undefined
    case 'duration':
      return seconds[unit]
    case 'size':
      return bytes[unit]
  }
}
