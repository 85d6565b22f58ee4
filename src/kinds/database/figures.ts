/** Figures of a database for metrics. Pure. */
import type { Observation } from '../../engine/observation.ts'
import { type Figure, figure } from '../../metrics/catalogue.ts'
import type { DatabaseState } from './state.ts'

export function databaseFigures(name: string, observation: Observation<DatabaseState>): readonly Figure[] {
  return observation.is === 'present'
    ? figure('database_bytes', observation.state.facts.file.size, { database: name })
    : []
}
