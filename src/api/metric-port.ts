/** What the API needs of figures and their past. The composition root implements it. */
import type { Figure, MetricName } from '../metrics/catalogue.ts'
import type { Forecast } from '../metrics/forecast.ts'
import type { Series } from '../metrics/history.ts'
import type { Awaitable } from './ports.ts'

/** What is expected of one series. */
export interface ForecastView {
  readonly name: MetricName
  readonly labels: Readonly<Record<string, string>>
  /** The newest value; null where there is none. */
  readonly now: number | null
  /** What its reaching is asked for, with its name: `the disk is full`. */
  readonly limit: { readonly value: number; readonly what: string } | null
  readonly forecast: Forecast
  /** All of it as one sentence. */
  readonly sentence: string
}

export interface MetricPort {
  /** Of the last looks and of the loop. */
  figures(): Awaitable<readonly Figure[]>
  /** Empty where nothing was noted yet. */
  history(query: {
    readonly name: MetricName
    readonly sinceMs: number
    readonly stepMs: number
  }): Awaitable<readonly Series[]>
  /** Of each series of that name; with a reason where nothing can be said. */
  forecast(query: { readonly name: MetricName; readonly untilMs: number }): Awaitable<readonly ForecastView[]>
}
