/** How figures went and where they are heading, with how sure that is. */
import * as z from 'zod/mini'
import { ask } from '../api/client.ts'
import {
  type Forecast,
  forecastShape,
  type Past,
  pastShape,
  type Trend,
  trends,
  trendsDocument,
} from '../api/trend-shapes.ts'
import type { Line } from '../state/chart.ts'
import { useLive } from '../state/live.ts'
import { query, setQuery } from '../state/route.ts'
import { Chart } from '../ui/chart.tsx'
import { Live } from '../ui/parts.tsx'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** How far back, and how far ahead. */
const spans: Readonly<Record<string, readonly [title: string, backMs: number, aheadMs: number]>> = {
  hour: ['the last hour', hourMs, 6 * hourMs],
  day: ['the last day', dayMs, 2 * dayMs],
  week: ['the last week', 7 * dayMs, 14 * dayMs],
  quarter: ['the last 90 days', 90 * dayMs, 30 * dayMs],
}
const day = ['the last day', dayMs, 2 * dayMs] as const

export function Trends() {
  const chosen = query.value.get('span') ?? 'day'
  const [, backMs, aheadMs] = spans[chosen] ?? day
  const loaded = useLive(`trends ${chosen}`, () => {
    const now = Date.now()
    return ask(trendsDocument, z.record(z.string(), z.unknown()), {
      since: new Date(now - backMs).toISOString(),
      until: new Date(now + aheadMs).toISOString(),
    })
  })
  return (
    <>
      <h1>Trends</h1>
      <div class="toolbar">
        <label>
          Show
          <select value={chosen} onChange={(event) => setQuery({ span: event.currentTarget.value })}>
            {Object.entries(spans).map(([name, [title]]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p class="quiet">
        Dashed is what is expected as it goes now; nine of ten values are expected in the shaded part. Where too little
        was noted to say anything, that is said instead.
      </p>
      <Live of={loaded}>
        {(answer) => (
          <div class="charts">
            {trends.map((trend) => (
              <OneTrend
                key={trend.metric}
                trend={trend}
                past={z.parse(pastShape, answer[trend.metric])}
                next={z.parse(forecastShape, answer[`${trend.metric}__next`])}
              />
            ))}
          </div>
        )}
      </Live>
    </>
  )
}

function OneTrend({ trend, past, next }: { trend: Trend; past: readonly Past[]; next: readonly Forecast[] }) {
  const limited = next.find(({ limit }) => limit !== null)
  const lines = past.map((series): Line => {
    const name = nameOf(series.labels)
    const expected = next.find(({ labels }) => nameOf(labels) === name)
    return {
      name,
      past: series.points.map(({ at, value }) => ({ atMs: Date.parse(at), value })),
      expected: (expected?.points ?? []).map(({ at, ...point }) => ({ atMs: Date.parse(at), ...point })),
    }
  })
  return (
    <Chart
      title={trend.title}
      about={trend.about}
      unit={past[0]?.unit ?? 'count'}
      lines={lines}
      limit={
        limited === undefined ? undefined : { value: limited.limit ?? 0, means: limited.limitMeans ?? 'the limit' }
      }
      sentences={sentencesOf(next)}
    />
  )
}

/** The label that tells series apart; the table only where there are several. */
function nameOf(labels: Past['labels']): string {
  return labels
    .map(({ value }) => value)
    .join(' ')
    .trim()
}

/** Each reason once: that too little is noted holds for all series alike. */
function sentencesOf(next: readonly Forecast[]): readonly string[] {
  const said = next.filter(({ reason }) => reason === null).map(({ sentence }) => sentence)
  const reasons = [...new Set(next.flatMap(({ reason }) => reason ?? []))]
  return [...said, ...(said.length === 0 ? reasons.map((reason) => `No forecast: ${reason}.`) : [])]
}
