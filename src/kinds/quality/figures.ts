/** Figures of the quality of a table for metrics. Pure. */
import type { Observation } from '../../engine/observation.ts'
import { type Figure, figure } from '../../metrics/catalogue.ts'
import { filledPercent, type QualityState } from './state.ts'

export function qualityFigures(table: string, observation: Observation<QualityState>): readonly Figure[] {
  if (observation.is !== 'present') return []
  const { score, checks, rows } = observation.state
  return [
    ...figure('quality_score', score, { table }),
    ...checks.flatMap(({ id, field, failing }) =>
      field !== null && id === `${field}.completeness`
        ? figure('field_completeness_percent', filledPercent(failing, rows), { table, field })
        : [],
    ),
  ]
}
