/** Figures of a database for metrics. Pure. */
import type { Observation } from '../../engine/observation.ts'
import { type Figure, figure } from '../../metrics/catalogue.ts'
import { type DatabaseState, problemsOf } from './state.ts'

export function databaseFigures(name: string, observation: Observation<DatabaseState>): readonly Figure[] {
  if (observation.is === 'absent') return []
  if (observation.is === 'unreadable')
    return figure('databases_damaged', observation.error.code === 'DATABASE_CORRUPT' ? 1 : 0)
  const { state } = observation
  return [
    ...figure('database_bytes', state.facts.file.size, { database: name }),
    ...figure('databases_damaged', problemsOf(state).length > 0 ? 1 : 0),
  ]
}
