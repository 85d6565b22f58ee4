/**
 * From failed checks to a score. A score is the weighted share of checks that pass, from 0 to 100: of one row, of a field
 * over all rows, of a table. It is linear, so that the score of a table is the mean of those of its rows. Pure.
 */
import type { Severity } from '../../engine/drift.ts'

const weights: Readonly<Record<Severity, number>> = { low: 1, medium: 2, high: 3, critical: 4 }

export interface Weighed {
  readonly severity: Severity
  /** Rows that fail. */
  readonly failing: number
  /** Of its field beside others; 1 where nothing is declared. */
  readonly weight: number
}

/** With one decimal, and 100 only where nothing fails; 100 for no rows or no checks. */
export function scoreOf(checks: readonly Weighed[], rows: number): number {
  const all = checks.reduce((sum, { severity, weight }) => sum + weights[severity] * weight, 0) * rows
  if (all === 0) return 100
  const failed = checks.reduce((sum, { severity, weight, failing }) => sum + weights[severity] * weight * failing, 0)
  const score = Math.round((1 - failed / all) * 1000) / 10
  return failed > 0 ? Math.min(99.9, score) : score
}

/** The score of one field, whose weight beside others is of no matter here. */
export function fieldScoreOf(checks: readonly Weighed[], rows: number): number {
  return scoreOf(
    checks.map((check) => ({ ...check, weight: 1 })),
    rows,
  )
}
