/** Figures of a table's duplicates for metrics. Pure. */
import type { Observation } from '../../engine/observation.ts'
import { type Figure, figure } from '../../metrics/catalogue.ts'
import type { DuplicatesState } from './state.ts'

export function duplicateFigures(table: string, observation: Observation<DuplicatesState>): readonly Figure[] {
  if (observation.is !== 'present' || observation.state.look.is !== 'looked') return []
  const { automatic, waiting } = observation.state.look
  const found = [...automatic, waiting]
  return [
    ...figure(
      'duplicate_groups',
      found.reduce((sum, { groups }) => sum + groups, 0),
      { table },
    ),
    ...figure(
      'duplicate_records',
      found.reduce((sum, { losers }) => sum + losers, 0),
      { table },
    ),
  ]
}
