/** The checks of a health report. Pure. */
import type { HealthCheck } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import { messageOf } from './diff.ts'
import { figure, isIssue, type QualityState, severityOf } from './state.ts'

export function qualityHealth(observation: Observation<QualityState>): readonly HealthCheck[] {
  switch (observation.is) {
    case 'unreadable':
      return [{ name: 'quality', status: 'unknown', message: observation.error.message }]
    case 'absent':
      return [{ name: 'quality', status: 'unknown', message: 'The table is not there yet.' }]
    case 'present': {
      const { state } = observation
      return [
        scoreCheck(state),
        ...state.checks.map((result): HealthCheck => {
          if (!isIssue(result, state.rows))
            return {
              name: result.id,
              status: 'ok',
              message:
                result.failing === 0
                  ? `every row ${result.title}`
                  : `${figure(state.rows - result.failing)} of ${figure(state.rows)} rows are filled, as many as asked for`,
            }
          return {
            name: result.id,
            status: severityOf(result, state.rows) === 'high' ? 'failed' : 'warning',
            message: messageOf(result, state.rows),
          }
        }),
        ...state.table.map(
          (finding): HealthCheck => ({
            name: finding.id,
            status: finding.severity === 'high' ? 'failed' : 'warning',
            message: finding.message,
          }),
        ),
        ...state.holds.map((message): HealthCheck => ({ name: 'table', status: 'ok', message })),
      ]
    }
  }
}

function scoreCheck({ score, rows, before }: QualityState): HealthCheck {
  const then = before === undefined ? '' : `; ${before.score} on ${new Date(before.atMs).toISOString().slice(0, 10)}`
  return {
    name: 'score',
    status: score >= 80 ? 'ok' : 'warning',
    message: `${score} of 100 over ${figure(rows)} rows${then}`,
  }
}
