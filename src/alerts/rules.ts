/** The rules in force: those of the desired state, or where channels are declared without a rule, the usual ones. Pure. */
import { type Comparison, comparisonOf } from '../desired/alert-metrics.ts'
import type { DesiredState } from '../desired/schema.ts'

export type Severity = 'low' | 'medium' | 'high' | 'critical'

export interface AlertRule extends Comparison {
  /** The comparison as it was written; with the channel it is what the rule is known by. */
  readonly when: string
  readonly forMs: number
  readonly severity: Severity
  readonly to: string
}

/**
 * Of the requirements of those for whom Trueup was made: error share over 5 %, backup failed, data integrity, long operation;
 * and what a person has to know besides.
 */
export const usualRules: readonly { readonly when: string; readonly forMs: number; readonly severity: Severity }[] = [
  { when: 'errorPercent > 5', forMs: 600_000, severity: 'high' },
  { when: 'backupAge > 26h', forMs: 0, severity: 'high' },
  { when: 'databasesDamaged > 0', forMs: 0, severity: 'critical' },
  { when: 'drift.critical > 0', forMs: 0, severity: 'critical' },
  { when: 'suppressionViolations > 0', forMs: 0, severity: 'critical' },
  { when: 'servicesDown > 0', forMs: 300_000, severity: 'high' },
  { when: 'jobsLate > 0', forMs: 0, severity: 'medium' },
  { when: 'longestOperation > 1h', forMs: 0, severity: 'medium' },
  { when: 'syncLag > 6h', forMs: 0, severity: 'medium' },
  { when: 'diskFreePercent < 5', forMs: 600_000, severity: 'high' },
]

/** Severity of a rule that does not say: what cannot wait until morning is critical. */
const severityWhereUnsaid: Readonly<Partial<Record<string, Severity>>> = {
  'drift.critical': 'critical',
  databasesDamaged: 'critical',
  suppressionViolations: 'critical',
}

export function rulesOf({ alerts }: Pick<DesiredState, 'alerts'>): readonly AlertRule[] {
  if (alerts === undefined) return []
  const declared = alerts.rules.map(({ when, for: forMs, severity, to }) => ({ when, forMs: forMs ?? 0, severity, to }))
  const usual = Object.keys(alerts.channels).flatMap((to) => usualRules.map((rule) => ({ ...rule, to })))
  return (declared.length > 0 ? declared : usual).flatMap(({ severity, ...rule }) => {
    const read = comparisonOf(rule.when)
    // What cannot be compared was refused when the file was read.
    if (read.is === 'wrong') return []
    const { comparison } = read
    return [{ ...comparison, ...rule, severity: severity ?? severityWhereUnsaid[comparison.metric] ?? 'high' }]
  })
}
