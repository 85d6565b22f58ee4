/** Figures of the last looks, of the loop and the journal; their past; and where they are heading. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ForecastView, MetricPort } from '../api/metric-port.ts'
import type { Clock } from '../clock.ts'
import type { Loop } from '../engine/loop.ts'
import type { JournalStore } from '../journal/store.ts'
import { definitionOf, type Figure, figure, joinFigures, type MetricName } from '../metrics/catalogue.ts'
import { forecastOf } from '../metrics/forecast.ts'
import { type HistoryQuery, historyOver, type MetricHistory, type Series } from '../metrics/history.ts'
import { pointValue } from '../metrics/levels.ts'
import { forecastSentence } from './forecast-sentence.ts'
import type { Workspace } from './workspace.ts'

export const metricsFile = 'metrics.db'

export interface MetricPortOptions {
  readonly workspace: Workspace
  readonly loop: Pick<Loop, 'figures'>
  readonly clock: Clock
  readonly startedAtMs: number
  /** The one that is written; undefined where another process writes it, or none. */
  readonly history: MetricHistory | undefined
}

const dayMs = 86_400_000
const hourMs = 3_600_000
/** A trend is that of the last month, by hours; of what is younger by minutes. */
const trendMs = 30 * dayMs
const youngMs = 2 * dayMs

export function createMetricPort(options: MetricPortOptions): MetricPort {
  const { workspace, loop, clock } = options
  const counts = journalCounts(workspace.journal)
  const read = async (query: HistoryQuery): Promise<readonly Series[]> => {
    if (options.history !== undefined) return options.history.read(query)
    const path = join(workspace.ownFolder, metricsFile)
    if (!existsSync(path)) return []
    const view = await workspace.databases.read(path)
    try {
      return historyOver(view.db).read(query)
    } finally {
      view.close()
    }
  }
  return {
    figures() {
      const nowMs = clock.nowMs()
      const ofLoop = loop.figures()
      return joinFigures([
        ...kindFigures(workspace, nowMs),
        ...ofLoop,
        ...syncLags(workspace, ofLoop, options.startedAtMs, nowMs),
        ...counts(),
      ])
    },
    history: (query) => read({ ...query, nowMs: clock.nowMs() }),
    async forecast({ name, untilMs }) {
      const nowMs = clock.nowMs()
      const long = await read({ name, nowMs, sinceMs: nowMs - trendMs, stepMs: hourMs })
      const short = await read({ name, nowMs, sinceMs: nowMs - youngMs + hourMs, stepMs: 0 })
      const keys = [...new Map([...long, ...short].map((one) => [labelText(one), one.labels])).entries()]
      return keys.map(([key, labels]) => {
        const hours = long.find((one) => labelText(one) === key)
        const minutes = short.find((one) => labelText(one) === key)
        const first = hours?.buckets[0]?.atMs ?? nowMs
        const series = nowMs - first > youngMs ? hours : (minutes ?? hours)
        return forecastView({ name, labels, series, nowMs, untilMs, budget: budgetOf(workspace) })
      })
    },
  }
}

function labelText({ labels }: Series): string {
  return JSON.stringify(labels)
}

interface ForecastRequest {
  readonly name: MetricName
  readonly labels: Readonly<Record<string, string>>
  readonly series: Series | undefined
  readonly nowMs: number
  readonly untilMs: number
  readonly budget: number | undefined
}

function forecastView({ name, labels, series, nowMs, untilMs, budget }: ForecastRequest): ForecastView {
  const { type, unit } = definitionOf(name)
  // The calls of the last month say nothing of those of this one.
  const sinceMs = name === 'airtable_calls_month' ? monthStart(nowMs) : 0
  const samples = (series?.buckets ?? [])
    .filter(({ atMs }) => atMs >= sinceMs)
    .map((bucket) => ({ atMs: bucket.atMs, value: type === 'counter' ? bucket.last : pointValue(bucket, type) }))
  const limit = limitOf(name, budget)
  const forecast = forecastOf(samples, {
    nowMs,
    untilMs: name === 'airtable_calls_month' ? Math.min(untilMs, nextMonthStart(nowMs)) : untilMs,
    min: 0,
    ...(unit === 'percent' ? { max: 100 } : {}),
    ...(limit === null ? {} : { limit: limit.value }),
  })
  const now = series?.buckets.at(-1)?.last ?? null
  return { name, labels, now, limit, forecast, sentence: forecastSentence({ name, labels, forecast, limit, nowMs }) }
}

function limitOf(name: MetricName, budget: number | undefined): ForecastView['limit'] {
  if (name === 'machine_disk_free_bytes') return { value: 0, what: 'the disk is full' }
  if (name === 'airtable_calls_month' && budget !== undefined)
    return { value: budget, what: 'the calls to Airtable of this month are used up' }
  return null
}

function budgetOf({ generations }: Workspace): number | undefined {
  return generations.inForce().state.airtable?.monthlyCalls
}

function monthStart(nowMs: number): number {
  const now = new Date(nowMs)
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1)
}

function nextMonthStart(nowMs: number): number {
  const now = new Date(nowMs)
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)
}

function kindFigures({ engine, kinds }: Workspace, nowMs: number): readonly Figure[] {
  const byName = new Map(kinds.map((kind) => [kind.name, kind]))
  return engine.statuses.all().flatMap(({ declared, observation }) => {
    const kind = byName.get(declared.key.kind)
    return observation === undefined ? [] : (kind?.figures?.(declared, observation, nowMs) ?? [])
  })
}

/** A mirror that was never looked at with success counts from the start of the controller on. */
function syncLags(
  { engine }: Workspace,
  ofLoop: readonly Figure[],
  startedAtMs: number,
  nowMs: number,
): readonly Figure[] {
  return engine.statuses
    .all()
    .filter(({ declared }) => declared.key.kind === 'sync')
    .flatMap(({ declared: { key } }) => {
      const seen = ofLoop.find(
        ({ name, labels }) => name === 'last_success_timestamp_seconds' && labels.resource === `sync/${key.name}`,
      )
      const sinceMs = seen === undefined ? startedAtMs : seen.value * 1000
      return figure('sync_lag_seconds', Math.max(0, nowMs - sinceMs) / 1000, { table: key.name })
    })
}

/** Sums over the journal, made anew only when something was appended. */
function journalCounts(journal: JournalStore): () => readonly Figure[] {
  const last = journal.db.prepare<[], number | null>('SELECT max(seq) FROM entries').pluck()
  const changed = journal.db.prepare<[string, string], { name: string; changed: number | null }>(
    `SELECT substr(resource, instr(resource, '/') + 1) AS name, sum(json_extract(result, '$.changed')) AS changed
     FROM actions WHERE resource >= ? AND resource < ? AND state IN ('succeeded', 'verified') GROUP BY resource`,
  )
  // `0` follows `/`: all names of the kind lie between.
  const of = (kind: string) => changed.all(`${kind}/`, `${kind}0`)
  let known: { readonly seq: number; readonly figures: readonly Figure[] } | undefined
  return () => {
    const seq = last.get() ?? 0
    if (known?.seq === seq) return known.figures
    const figures = [
      ...of('duplicates').flatMap(({ name, changed: count }) =>
        figure('duplicates_merged_total', count ?? 0, { table: name }),
      ),
      ...figure(
        'suppression_violations_total',
        of('suppression').reduce((sum, { changed: count }) => sum + (count ?? 0), 0),
      ),
    ]
    known = { seq, figures }
    return figures
  }
}
