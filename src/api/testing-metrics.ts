/** A metric port for the tests of the API: one series, and what is expected of it. */
import type { MetricPort } from './metric-port.ts'

export const testingBucket = { atMs: 0, count: 2, sum: 6, min: 2, max: 4, last: 4 } as const

export function createTestingMetrics(): MetricPort {
  return {
    figures: () => [{ name: 'table_rows', labels: { table: 'leads' }, value: 5 }],
    history: ({ name, stepMs }) => [{ name, labels: { severity: 'high' }, stepMs, buckets: [testingBucket] }],
    forecast: ({ name }) => [
      {
        name,
        labels: {},
        now: 4,
        limit: { value: 0, what: 'the disk is full' },
        sentence: 'Nothing can be said yet.',
        forecast: {
          is: 'trend',
          ...{ perDay: -1, perDayLow: -2, perDayHigh: -0.5, samples: 24, spanMs: 86_400_000 },
          points: [{ atMs: 0, value: 4, low: 3, high: 5 }],
          reach: { atMs: 345_600_000, earliestMs: 172_800_000, latestMs: null },
        },
      },
    ],
  }
}
