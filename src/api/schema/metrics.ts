/** The past of figures, and where they are heading. */
import { type Clock, isoOf } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { definitionOf, isMetricName, type MetricName, metricNames } from '../../metrics/catalogue.ts'
import type { ForecastPoint, Reach } from '../../metrics/forecast.ts'
import type { Series } from '../../metrics/history.ts'
import { type Bucket, pointValue } from '../../metrics/levels.ts'
import type { ForecastView, MetricPort } from '../metric-port.ts'
import { type Builder, requires } from './builder.ts'
import { isoOrNull } from './scalars.ts'

interface Point extends Bucket {
  readonly type: 'gauge' | 'counter'
}

const dayMs = 86_400_000
const stepSecondsMax = 2_592_000
const untilDaysDefault = 30
/** Of the finest step that the time asked for is worth: so many points are drawn. */
const pointsWished = 300

export function addMetrics(builder: Builder, metrics: MetricPort, clock: Clock): void {
  const Label = builder.objectRef<{ name: string; value: string }>('MetricLabel').implement({
    description: 'What tells one series of a figure from another.',
    fields: (t) => ({ name: t.exposeString('name'), value: t.exposeString('value') }),
  })
  const labelsOf = ({ labels }: { readonly labels: Readonly<Record<string, string>> }) =>
    Object.entries(labels).map(([name, value]) => ({ name, value }))

  const MetricPoint = builder.objectRef<Point>('MetricPoint').implement({
    description: 'The values of one step as one. A step in which nothing was noted has no point.',
    fields: (t) => ({
      at: t.field({ type: 'DateTime', description: 'Where the step begins.', resolve: ({ atMs }) => isoOf(atMs) }),
      value: t.float({
        description: 'The mean; of a counter the last value.',
        resolve: (point) => pointValue(point, point.type),
      }),
      min: t.exposeFloat('min'),
      max: t.exposeFloat('max'),
      last: t.exposeFloat('last'),
      samples: t.int({ description: 'How many values it stands for.', resolve: ({ count }) => count }),
    }),
  })
  const MetricSeries = builder.objectRef<Series>('MetricSeries').implement({
    description: 'The past of one figure with its labels.',
    fields: (t) => ({
      name: t.exposeString('name'),
      labels: t.field({ type: [Label], resolve: labelsOf }),
      unit: t.string({
        description: 'count, bytes, seconds, percent, moment, flag or ratio.',
        resolve: ({ name }) => definitionOf(name).unit,
      }),
      type: t.string({ description: 'gauge or counter.', resolve: ({ name }) => definitionOf(name).type }),
      stepSeconds: t.int({ resolve: ({ stepMs }) => Math.round(stepMs / 1000) }),
      points: t.field({
        type: [MetricPoint],
        description: 'Oldest first.',
        resolve: ({ name, buckets }) => {
          const { type } = definitionOf(name)
          return buckets.map((bucket) => ({ ...bucket, type }))
        },
      }),
    }),
  })

  const ForecastPointRef = builder.objectRef<ForecastPoint>('ForecastPoint').implement({
    description: 'Nine of ten values are expected between `low` and `high`.',
    fields: (t) => ({
      at: t.field({ type: 'DateTime', resolve: ({ atMs }) => isoOf(atMs) }),
      value: t.exposeFloat('value'),
      low: t.exposeFloat('low'),
      high: t.exposeFloat('high'),
    }),
  })
  const ReachRef = builder.objectRef<Reach>('ForecastReach').implement({
    description: 'When the limit is reached as it goes now.',
    fields: (t) => ({
      at: t.field({ type: 'DateTime', resolve: ({ atMs }) => isoOf(atMs) }),
      earliest: t.field({ type: 'DateTime', resolve: ({ earliestMs }) => isoOf(earliestMs) }),
      latest: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'Null where it may well not be reached at all.',
        resolve: ({ latestMs }) => isoOrNull(latestMs),
      }),
    }),
  })
  const trendOf = ({ forecast }: ForecastView) => (forecast.is === 'trend' ? forecast : undefined)
  const Forecast = builder.objectRef<ForecastView>('MetricForecast').implement({
    description: 'Where a figure is heading: a robust line with an interval, or why nothing can be said.',
    fields: (t) => ({
      name: t.exposeString('name'),
      labels: t.field({ type: [Label], resolve: labelsOf }),
      sentence: t.exposeString('sentence'),
      reason: t.string({
        nullable: true,
        description: 'Why nothing can be said; null where something can.',
        resolve: ({ forecast }) => (forecast.is === 'none' ? forecast.reason : null),
      }),
      now: t.exposeFloat('now', { nullable: true, description: 'The newest value.' }),
      perDay: t.float({ nullable: true, resolve: (one) => trendOf(one)?.perDay ?? null }),
      perDayLow: t.float({ nullable: true, resolve: (one) => trendOf(one)?.perDayLow ?? null }),
      perDayHigh: t.float({ nullable: true, resolve: (one) => trendOf(one)?.perDayHigh ?? null }),
      samples: t.int({ description: 'How many values it rests on.', resolve: (one) => trendOf(one)?.samples ?? 0 }),
      spanSeconds: t.float({
        description: 'Over how long these were noted.',
        resolve: (one) => (trendOf(one)?.spanMs ?? 0) / 1000,
      }),
      points: t.field({ type: [ForecastPointRef], resolve: (one) => [...(trendOf(one)?.points ?? [])] }),
      limit: t.float({ nullable: true, resolve: ({ limit }) => limit?.value ?? null }),
      limitMeans: t.string({ nullable: true, resolve: ({ limit }) => limit?.what ?? null }),
      reach: t.field({ type: ReachRef, nullable: true, resolve: (one) => trendOf(one)?.reach ?? null }),
    }),
  })

  builder.queryFields((t) => ({
    metricHistory: t.field({
      ...requires('state.read'),
      type: [MetricSeries],
      description:
        'The past of a figure, by its labels: 15 s steps for an hour, 5 min for two days, hours for 90 days, days for two years. Without `since` of a day; without `step` about 300 points.',
      args: {
        name: t.arg.string({ required: true }),
        since: t.arg({ type: 'DateTime' }),
        step: t.arg.int({ description: 'Seconds.', validate: { min: 1, max: stepSecondsMax } }),
      },
      complexity: 50,
      resolve: async (_root, { name, since, step }) => {
        const nowMs = clock.nowMs()
        const sinceMs = momentOf(since) ?? nowMs - dayMs
        const stepMs = step == null ? Math.max(0, nowMs - sinceMs) / pointsWished : step * 1000
        return [...(await metrics.history({ name: keptName(name), sinceMs, stepMs }))]
      },
    }),
    forecast: t.field({
      ...requires('state.read'),
      type: [Forecast],
      description: 'Where each series of a figure is heading; without `until` for 30 days.',
      args: { name: t.arg.string({ required: true }), until: t.arg({ type: 'DateTime' }) },
      complexity: 50,
      resolve: async (_root, { name, until }) => {
        const untilMs = momentOf(until) ?? clock.nowMs() + untilDaysDefault * dayMs
        return [...(await metrics.forecast({ name: keptName(name), untilMs }))]
      },
    }),
  }))
}

/** Throws USAGE for what is no moment. */
function momentOf(text: string | null | undefined): number | undefined {
  if (text == null) return undefined
  const atMs = Date.parse(text)
  if (Number.isNaN(atMs)) throw new OperationalError('USAGE', 'a moment is written as 2026-11-23T08:30:00.000Z')
  return atMs
}

/** With or without `trueup_` before it. Throws NOT_FOUND. */
function keptName(given: string): MetricName {
  const name = given.replace(/^trueup_/, '')
  if (isMetricName(name) && definitionOf(name).isKept) return name
  const kept = metricNames.filter((one) => definitionOf(one).isKept)
  throw new OperationalError('NOT_FOUND', 'the past of no figure of that name is kept', {
    hint: `Kept are: ${kept.join(', ')}.`,
  })
}
