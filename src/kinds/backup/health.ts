/** The checks of a health report about one backup, its short description, and what lists show of it. Pure. */
import { isoOf } from '../../clock.ts'
import type { HealthCheck } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import type { BackupSet, BackupState } from './state.ts'
import { isDue } from './state.ts'
import { figure } from './texts.ts'

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000]

/** `5 minutes`, `26 hours`, `3 days`. */
export function ageText(ms: number): string {
  if (ms < minuteMs) return 'less than a minute'
  if (ms < 2 * hourMs) return figure(Math.floor(ms / minuteMs), 'minute')
  return ms < 3 * dayMs ? figure(Math.floor(ms / hourMs), 'hour') : figure(Math.floor(ms / dayMs), 'day')
}

function howText({ verified }: BackupSet): string {
  if (verified === undefined) return 'not verified'
  return verified.how === 'restored'
    ? 'restored and compared'
    : 'checked without the private key: compared before it was encrypted, and its bytes since'
}

/** `the last verified set is 5 hours old (restored and compared)`. */
export function verifiedText({ newestVerified, observedAtMs }: BackupState): string {
  if (newestVerified === undefined) return 'no set is verified'
  return `the last verified set is ${ageText(observedAtMs - newestVerified.createdAtMs)} old (${howText(newestVerified)})`
}

export function backupHealth(observation: Observation<BackupState>): readonly HealthCheck[] {
  if (observation.is !== 'present') return []
  const { state } = observation
  const { newest, sets, unusable } = state
  const damaged = sets.filter(({ problems }) => problems.length > 0)
  return [
    {
      name: 'schedule',
      status: newest === undefined ? 'failed' : isDue(state) ? 'warning' : 'ok',
      message:
        newest === undefined
          ? 'there is no set yet'
          : `the newest set is ${ageText(state.observedAtMs - newest.createdAtMs)} old, the next is due ${
              state.nextAtMs === undefined ? 'never' : isoOf(state.nextAtMs)
            }`,
    },
    {
      name: 'verified',
      status: state.newestVerified === undefined ? 'failed' : state.newestVerified === newest ? 'ok' : 'warning',
      message: verifiedText(state),
    },
    ...unusable.map(
      ({ place, reason }): HealthCheck => ({ name: `place ${place}`, status: 'failed', message: reason }),
    ),
    ...damaged.map(
      ({ id, problems }): HealthCheck => ({ name: `set ${id}`, status: 'failed', message: problems.join('; ') }),
    ),
  ]
}

/** A short phrase: `12 sets, the last verified set is 5 hours old (restored and compared)`. */
export function describeBackup(observation: Observation<BackupState>): string {
  switch (observation.is) {
    case 'present':
      return `${figure(observation.state.sets.length, 'set')}, ${verifiedText(observation.state)}`
    case 'absent':
      return 'no set yet'
    case 'unreadable':
      return `cannot be read: ${observation.error.code}`
  }
}
