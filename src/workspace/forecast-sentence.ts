/** A forecast in words. Pure. */
import type { ForecastView } from '../api/metric-port.ts'
import { definitionOf } from '../metrics/catalogue.ts'

const dayMs = 86_400_000

/** For example `The disk is full in 9 days, between 6 and 14 (from 168 values of 7 days).` */
export function forecastSentence({
  name,
  labels,
  forecast,
  limit,
  nowMs,
}: Pick<ForecastView, 'name' | 'labels' | 'forecast' | 'limit'> & { readonly nowMs: number }): string {
  const what = [name, ...Object.values(labels)].join(' ')
  if (forecast.is === 'none') return `Nothing can be said of ${what}: ${forecast.reason}.`
  const rests = `from ${forecast.samples} values of ${daysText(forecast.spanMs)}`
  const { reach } = forecast
  if (limit !== null && reach !== null) {
    const latest = reach.latestMs === null ? 'perhaps not at all' : `at the latest ${whenText(reach.latestMs, nowMs)}`
    return `${capital(limit.what)} ${whenText(reach.atMs, nowMs)} as it goes now, at the earliest ${whenText(reach.earliestMs, nowMs)}, ${latest} (${rests}).`
  }
  const pace = `${paceText(forecast.perDay, definitionOf(name).unit)} a day (${rests})`
  if (limit !== null) return `It is not to be expected that ${limit.what}: ${pace}.`
  return `${what}: ${pace}.`
}

function whenText(atMs: number, nowMs: number): string {
  const ms = atMs - nowMs
  if (ms < 3_600_000) return 'within the hour'
  return `in ${daysText(ms)}`
}

function daysText(ms: number): string {
  if (ms < 2 * dayMs) return `${Math.max(1, Math.round(ms / 3_600_000))} h`
  return `${Math.round(ms / dayMs)} days`
}

function paceText(perDay: number, unit: string): string {
  const sign = perDay > 0 ? '+' : ''
  if (unit === 'bytes') return `${sign}${(perDay / 1e6).toFixed(1)} MB`
  if (unit === 'percent') return `${sign}${perDay.toFixed(2)} points`
  return `${sign}${Number(perDay.toPrecision(3))}`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
