import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestingServer, type TestingServer } from './testing-server.ts'

let server: TestingServer
beforeAll(async () => {
  server = await startTestingServer()
})
afterAll(() => server.close())

describe('the past of figures', () => {
  it('is given by name, with or without its prefix, with labels, unit and points', async () => {
    const { data } = await server.query(
      `{ metricHistory(name: "trueup_drift_open_items", since: "1970-01-01T00:00:00Z", step: 60) {
           name unit type stepSeconds labels { name value } points { at value min max last samples } } }`,
    )
    expect(data?.metricHistory).toEqual([
      {
        name: 'drift_open_items',
        ...{ unit: 'count', type: 'gauge', stepSeconds: 60 },
        labels: [{ name: 'severity', value: 'high' }],
        points: [{ at: '1970-01-01T00:00:00.000Z', value: 3, min: 2, max: 4, last: 4, samples: 2 }],
      },
    ])
  })

  it.each(['none_such', 'generation'])('of %s is not kept, which says what is', async (name) => {
    const { errors } = await server.query('query ($name: String!) { metricHistory(name: $name) { name } }', { name })
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', hint: expect.stringContaining('quality_score') })
  })

  it('of a moment that is none is refused', async () => {
    const { errors } = await server.query('{ metricHistory(name: "table_rows", since: "yesterday") { name } }')
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'USAGE' })
  })

  it('leads to a forecast with its interval, and when the limit is reached', async () => {
    const { data } = await server.query(
      `{ forecast(name: "machine_disk_free_bytes") { reason now perDay perDayLow perDayHigh samples spanSeconds limit limitMeans sentence
           points { at value low high } reach { at earliest latest } } }`,
    )
    expect(data?.forecast).toMatchObject([
      {
        reason: null,
        perDay: -1,
        limitMeans: 'the disk is full',
        points: [{ value: 4, low: 3, high: 5 }],
        reach: { at: '1970-01-05T00:00:00.000Z', earliest: '1970-01-03T00:00:00.000Z', latest: null },
      },
    ])
  })
})
