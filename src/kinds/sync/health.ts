/** The mirror of a table in a health report: that it is reached, that both sides agree, and what the month allows. Pure. */
import type { Drift } from '../../engine/drift.ts'
import type { HealthCheck } from '../../engine/kind.ts'
import { ageText } from '../../engine/verdict.ts'
import type { SyncSpec } from './spec.ts'
import type { SyncObservation } from './state.ts'

export function healthOfSync(
  spec: SyncSpec,
  observation: SyncObservation,
  drift: readonly Drift[],
): readonly HealthCheck[] {
  if (observation.is === 'absent') {
    return [{ name: 'airtable-sync', status: 'unknown', message: 'the database is not there yet' }]
  }
  if (observation.is === 'unreadable') {
    const { code, message, hint } = observation.error
    return [{ name: 'airtable-sync', status: 'failed', message: `${code}: ${message} ${hint}` }]
  }
  const { state } = observation
  if (state.is === 'unready') return [{ name: 'airtable-sync', status: 'warning', message: state.message }]
  const { localCount, remoteCount, statuses, usage } = state
  const apart = (statuses.conflict ?? 0) + (statuses.blocked ?? 0) + (statuses.pending ?? 0)
  const checks: HealthCheck[] = [
    {
      name: 'airtable-sync',
      status: apart === 0 ? 'ok' : 'warning',
      message:
        apart === 0
          ? `both sides agree on ${(statuses.synced ?? 0).toLocaleString('en')} leads`
          : `${statuses.pending ?? 0} to be moved, ${statuses.conflict ?? 0} in conflict, ${statuses.blocked ?? 0} held back`,
    },
    {
      name: 'airtable-counts',
      status: localCount === remoteCount ? 'ok' : 'warning',
      message: `${localCount.toLocaleString('en')} leads here, ${remoteCount.toLocaleString('en')} in ${spec.remoteTable}`,
    },
    usageCheck(usage),
  ]
  if (state.withoutWebhook !== undefined) {
    checks.push({
      name: 'airtable-webhook',
      status: 'warning',
      message: `changes are asked for by time: ${state.withoutWebhook}`,
    })
  }
  if (state.askEveryMs > spec.pull.everyMs) {
    checks.push({
      name: 'airtable-pace',
      status: 'warning',
      message: `changes are asked for every ${ageText(state.askEveryMs)} instead of every ${ageText(spec.pull.everyMs)}, so that the calls of the month last`,
    })
  }
  const severe = drift.filter(({ severity }) => severity === 'high' || severity === 'critical')
  if (severe.length > 0) {
    checks.push({
      name: 'airtable-deletions',
      status: 'warning',
      message: severe.map(({ message }) => message).join('; '),
    })
  }
  return checks
}

function usageCheck(usage: {
  calls: number
  limit: number | undefined
  forecast: number | undefined
  exhaustedSinceMs: number | undefined
}): HealthCheck {
  const { calls, limit, forecast, exhaustedSinceMs } = usage
  const made = calls.toLocaleString('en')
  if (exhaustedSinceMs !== undefined) {
    return { name: 'airtable-calls', status: 'failed', message: `the month's calls are used up (${made} made)` }
  }
  if (limit === undefined) return { name: 'airtable-calls', status: 'ok', message: `${made} calls this month` }
  const expected = forecast === undefined ? '' : `, ${forecast.toLocaleString('en')} expected by its end`
  return {
    name: 'airtable-calls',
    status: calls >= limit ? 'failed' : (forecast ?? 0) > limit ? 'warning' : 'ok',
    message: `${made} of ${limit.toLocaleString('en')} calls this month${expected}`,
  }
}

export function describeSync(observation: SyncObservation): string {
  switch (observation.is) {
    case 'absent':
      return 'no database yet'
    case 'unreadable':
      return `cannot be compared: ${observation.error.code}`
    case 'present': {
      const { state } = observation
      if (state.is === 'unready') return state.message
      const { statuses, localCount, remoteCount } = state
      const left = (statuses.pending ?? 0) + (statuses.blocked ?? 0) + (statuses.conflict ?? 0)
      const counts = `${localCount.toLocaleString('en')} leads here, ${remoteCount.toLocaleString('en')} in Airtable`
      return left === 0 ? `${counts}, in step` : `${counts}, ${left.toLocaleString('en')} not in step`
    }
  }
}
