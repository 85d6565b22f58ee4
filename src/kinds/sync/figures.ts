/** Figures of a mirror for metrics. Pure. */
import { type Figure, figure } from '../../metrics/catalogue.ts'
import type { SyncObservation } from './state.ts'

export function syncFigures(table: string, observation: SyncObservation): readonly Figure[] {
  if (observation.is !== 'present' || observation.state.is !== 'surveyed') return []
  const { statuses, survey, usage } = observation.state
  return [
    ...figure('sync_pending_records', statuses.pending ?? 0, { table }),
    ...figure('sync_conflicts_open', survey.openConflicts, { table }),
    ...figure('airtable_calls_month', usage.calls),
    ...figure('airtable_calls_budget', usage.limit),
  ]
}
