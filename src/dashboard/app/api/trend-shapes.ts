/** What is asked and answered about the past of figures and where they are heading. */
import * as z from 'zod/mini'

export interface Trend {
  readonly metric: string
  readonly title: string
  /** What is good, and what to think of when it is not. */
  readonly about: string
}

/** In the order of the page. */
export const trends: readonly Trend[] = [
  { metric: 'quality_score', title: 'Quality', about: 'The weighted share of declared checks that rows pass.' },
  { metric: 'drift_open_items', title: 'Drift', about: 'Differences between what is declared and what is there.' },
  { metric: 'field_completeness_percent', title: 'Completeness', about: 'Share of rows in which a field is filled.' },
  {
    metric: 'duplicate_groups',
    title: 'Duplicates found',
    about: 'Groups of records that may be one, not merged yet.',
  },
  { metric: 'duplicates_merged_total', title: 'Duplicates merged', about: 'Records changed by merges, added up.' },
  {
    metric: 'sync_lag_seconds',
    title: 'Sync lag',
    about: 'Since changes of Airtable were last asked for with success.',
  },
  { metric: 'airtable_calls_month', title: 'Airtable calls', about: 'Of this month, against what the budget allows.' },
  { metric: 'service_restarts_total', title: 'Restarts', about: 'Starts of services after their first, added up.' },
  { metric: 'machine_disk_free_bytes', title: 'Free disk', about: 'What is left of the disk of the workspace.' },
]

const labels = z.array(z.object({ name: z.string(), value: z.string() }))
const series = z.object({
  labels,
  unit: z.string(),
  points: z.array(z.object({ at: z.string(), value: z.number(), samples: z.number() })),
})
const forecast = z.object({
  labels,
  sentence: z.string(),
  reason: z.nullable(z.string()),
  limit: z.nullable(z.number()),
  limitMeans: z.nullable(z.string()),
  points: z.array(z.object({ at: z.string(), value: z.number(), low: z.number(), high: z.number() })),
})
export const pastShape = z.array(series)
export const forecastShape = z.array(forecast)
export type Past = z.output<typeof series>
export type Forecast = z.output<typeof forecast>

const pastParts = 'labels { name value } unit points { at value samples }'
const forecastParts = 'labels { name value } sentence reason limit limitMeans points { at value low high }'

/** All figures of the page in one document. */
export const trendsDocument = `query Trends($since: DateTime!, $until: DateTime!) {
  ${trends
    .map(
      ({ metric }) =>
        `${metric}: metricHistory(name: "${metric}", since: $since) { ${pastParts} } ${metric}__next: forecast(name: "${metric}", until: $until) { ${forecastParts} }`,
    )
    .join('\n  ')} }`
