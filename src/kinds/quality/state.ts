/** What was found of the quality of a table: what fails where, and the scores that follow. Pure. */
import type { Severity } from '../../engine/drift.ts'
import { type Check, canSuggest } from './checks/check.ts'
import { weightOf } from './checks.ts'
import { fieldScoreOf, scoreOf } from './score.ts'
import type { QualitySpec } from './spec.ts'

/** One check with the rows that fail it. */
export interface CheckResult {
  readonly id: string
  readonly field: string | null
  readonly title: string
  /** What is so where it fails. */
  readonly fault: string
  /** What the check weighs in scores, and the drift where it does not concern most or few rows. */
  readonly severity: Severity
  /** What its field counts in scores beside others. */
  readonly weight: number
  readonly remedy: string
  readonly failing: number
  /** Rows of which a person said that they are right as they are; not among those that fail. */
  readonly waived: number
  /** Whether values can be suggested that would mend single rows. */
  readonly suggests: boolean
  /** For a check of groups, in how many of them. */
  readonly groups: number | null
  /** Keys of rows that fail, 20 at most. */
  readonly sample: readonly string[]
  /** For completeness the declared share, in percent. */
  readonly target: number | null
  /** The kind of the resource of the same name that mends what can be mended. */
  readonly mendedBy: string | null
}

/** A finding on the table as a whole. */
export interface TableFinding {
  readonly id: string
  readonly severity: Severity
  readonly desired: string
  readonly observed: string
  readonly message: string
  readonly remedy: string
  readonly affected: { readonly count: number; readonly sample: readonly string[] }
}

export interface FieldScore {
  readonly field: string
  readonly score: number
  /** Of the checks on it. */
  readonly failing: number
}

export interface QualityState {
  readonly rows: number
  readonly score: number
  readonly fields: readonly FieldScore[]
  readonly checks: readonly CheckResult[]
  readonly table: readonly TableFinding[]
  /** Checks on the table as a whole that hold. */
  readonly holds: readonly string[]
  /** The score of about a week ago; undefined before. */
  readonly before: { readonly atMs: number; readonly score: number } | undefined
}

export interface Sums {
  readonly rows: number
  /** One for each check. */
  readonly results: readonly {
    readonly failing: number
    readonly waived: number
    readonly groups: number | null
    readonly sample: readonly string[]
  }[]
}

export function stateOf(
  spec: QualitySpec,
  checks: readonly Check[],
  sums: Sums,
  table: { readonly findings: readonly TableFinding[]; readonly holds: readonly string[] },
  before: QualityState['before'],
): QualityState {
  const standardized = new Set(spec.fields.filter((field) => field.standardized).map(({ name }) => name))
  const results = checks.map((check, at): CheckResult => {
    const { id, field, title, fault, severity, remedy } = check
    const found = sums.results[at] ?? { failing: 0, waived: 0, groups: null, sample: [] }
    const isCompleteness = field !== null && id === `${field}.completeness`
    const isForm = field !== null && (id === `${field}.format` || id === `${field}.choice`)
    return {
      ...{ id, field, title, fault, severity, remedy },
      ...found,
      suggests: canSuggest(check),
      weight: weightOf(check, spec),
      target: isCompleteness ? (spec.completeness[field] ?? null) : null,
      mendedBy: isForm && standardized.has(field) ? 'standardization' : null,
    }
  })
  const fields = [...new Set(results.flatMap(({ field }) => field ?? []))]
  return {
    rows: sums.rows,
    score: scoreOf(results, sums.rows),
    fields: fields.map((field) => {
      const own = results.filter((result) => result.field === field)
      return {
        field,
        score: fieldScoreOf(own, sums.rows),
        failing: own.reduce((sum, result) => sum + result.failing, 0),
      }
    }),
    checks: results,
    table: table.findings,
    holds: table.holds,
    before,
  }
}

/** A short phrase: `5,012 rows, score 91.4, 6 of 24 checks fail`. */
export function describeQuality(state: QualityState): string {
  const failing = state.checks.filter((one) => isIssue(one, state.rows)).length + state.table.length
  const all = state.checks.length + state.table.length + state.holds.length
  const rows = `${figure(state.rows)} ${state.rows === 1 ? 'row' : 'rows'}`
  return `${rows}, score ${state.score}, ${failing === 0 ? `all ${all} checks hold` : `${failing} of ${all} checks tell of something`}`
}

/** Whether a result is worth telling: something fails, and for completeness more than the target allows. */
export function isIssue({ failing, target }: CheckResult, rows: number): boolean {
  return failing > 0 && (target === null || filledPercent(failing, rows) < target)
}

/** The share of rows that pass, in percent. */
export function filledPercent(failing: number, rows: number): number {
  return rows === 0 ? 100 : ((rows - failing) / rows) * 100
}

/** How grave it is: little where few rows fail, more where most do. */
export function severityOf(result: CheckResult, rows: number): Severity {
  const { severity, failing, target } = result
  if (severity === 'low' || rows === 0) return 'low'
  if (target !== null) return filledPercent(failing, rows) < target / 2 ? 'high' : 'medium'
  const share = failing / rows
  return share <= 0.01 ? 'low' : share > 0.5 ? 'high' : severity
}

export function figure(count: number): string {
  return count.toLocaleString('en-US')
}
