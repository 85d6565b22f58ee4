/** From what was found to drift. What a check tells is mended by a person, or by another resource that it names. Pure. */
import type { DriftDraft } from '../../engine/drift.ts'
import { type CheckResult, figure, filledPercent, isIssue, type QualityState, severityOf } from './state.ts'

export function qualityDrift(state: QualityState): readonly DriftDraft[] {
  return [
    ...state.checks.filter((result) => isIssue(result, state.rows)).map((result) => checkDrift(result, state.rows)),
    ...state.table.map(
      ({ id, severity, desired, observed, message, remedy, affected }): DriftDraft => ({
        path: id,
        severity,
        category: 'data',
        desired,
        observed,
        affected,
        message,
        byHand: remedy,
      }),
    ),
  ]
}

function checkDrift(result: CheckResult, rows: number): DriftDraft {
  return {
    path: result.id,
    severity: severityOf(result, rows),
    category: 'data',
    desired: { check: result.title, ...(result.target === null ? {} : { percent: result.target }) },
    observed: { failing: result.failing, of: rows, ...(result.groups === null ? {} : { groups: result.groups }) },
    affected: { count: result.failing, sample: result.sample },
    message: messageOf(result, rows),
    byHand: result.suggests ? `${result.remedy} ${seeSuggestions}` : result.remedy,
  }
}

const seeSuggestions = 'What would mend single rows: `trueup quality --suggestions`.'

/** One sentence for a person, with figures. */
export function messageOf({ field, fault, failing, groups, target }: CheckResult, rows: number): string {
  if (target !== null)
    return `${field}: ${Math.floor(filledPercent(failing, rows) * 10) / 10} % of ${figure(rows)} rows are filled, ${target} % are asked for`
  const among = groups === null ? '' : `, in ${figure(groups)} ${groups === 1 ? 'group' : 'groups'}`
  return `${figure(failing)} of ${figure(rows)} rows${among}: ${field ?? 'the row'} ${fault}`
}
