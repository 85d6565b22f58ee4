/** Figures of a backup for metrics: those whose past is kept. Pure. */
import type { Observation } from '../../engine/observation.ts'
import { type Figure, figure } from '../../metrics/catalogue.ts'
import type { BackupState } from './state.ts'

export function backupFigures(backup: string, observation: Observation<BackupState>, nowMs: number): readonly Figure[] {
  if (observation.is !== 'present') return []
  const { newestVerified } = observation.state
  const ageMs = newestVerified === undefined ? undefined : Math.max(0, nowMs - newestVerified.createdAtMs)
  return [
    ...figure('backup_age_seconds', ageMs === undefined ? undefined : ageMs / 1000, { backup }),
    ...figure('backups_unverified', newestVerified === undefined ? 1 : 0),
  ]
}
