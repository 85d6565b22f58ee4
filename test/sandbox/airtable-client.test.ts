/** The official client, airtable 0.12.2, against the sandbox: the wire shapes it sends and the answers it understands. */
import Airtable from 'airtable'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/random.ts'
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { baseId, quiet, virtualClock } from './support.ts'

describe('airtable 0.12.2', () => {
  let sandbox: Sandbox
  let endpointUrl: string
  const clock = virtualClock()
  const table = () =>
    new Airtable({ apiKey: 'key123', endpointUrl, noRetryIfRateLimited: true }).base(baseId)('Lead list')
  const base = (id: string) => new Airtable({ apiKey: 'key123', endpointUrl, noRetryIfRateLimited: true }).base(id)

  beforeEach(async () => {
    sandbox = createSandbox({
      path: ':memory:',
      clock,
      random: seededRandom(3),
      log: quiet,
      limits: { requestsPerSecond: 1000 },
    })
    sandbox.control.ensureBase({
      baseId,
      tables: [
        {
          name: 'Lead list',
          fields: [
            { name: 'Full Name', type: 'singleLineText' },
            { name: 'Score', type: 'number', options: { precision: 0 } },
            { name: 'Status', type: 'singleSelect', options: { choices: [{ name: 'New' }] } },
          ],
        },
      ],
    })
    endpointUrl = await sandbox.listen()
  })
  afterEach(() => sandbox.close())

  const paths = () => sandbox.control.requests().map(({ method, path }) => `${method} ${path}`)

  it('creates one and several, with typecast', async () => {
    const one = await table().create({ 'Full Name': 'Ada' })
    expect(one.getId()).toMatch(/^rec/)
    const several = await table().create([{ fields: { Status: 'Lost' } }, { fields: { Score: 0 } }], { typecast: true })
    expect(several.map(({ fields }) => fields)).toEqual([{ Status: 'Lost' }, { Score: 0 }])
    expect(paths()).toEqual(Array(2).fill(`POST /v0/${baseId}/Lead%20list/`))
  })

  it('finds, updates, replaces and destroys', async () => {
    const { id } = await table().create({ 'Full Name': 'Ada', Score: 1 })
    expect((await table().find(id)).get('Full Name')).toBe('Ada')
    expect((await table().update(id, { Score: 2 })).fields).toEqual({ 'Full Name': 'Ada', Score: 2 })
    expect((await table().update([{ id, fields: { Score: 3 } }]))[0]?.fields).toMatchObject({ Score: 3 })
    expect((await table().replace(id, { Score: 4 })).fields).toEqual({ Score: 4 })
    expect((await table().replace([{ id, fields: { 'Full Name': 'Bob' } }]))[0]?.fields).toEqual({ 'Full Name': 'Bob' })
    const other = await table().create({})
    expect((await table().destroy(id)).id).toBe(id)
    expect((await table().destroy([other.id])).map((record) => record.id)).toEqual([other.id])
    await expect(table().find(id)).rejects.toMatchObject({ error: 'NOT_FOUND', statusCode: 404 })
  })

  it('selects everything over several pages, filtered and sorted, and by a forced POST', async () => {
    for (let from = 0; from < 250; from += 10) {
      await table().create(
        Array.from({ length: 10 }, (_, index) => ({
          fields: { 'Full Name': `n ${from + index}`, Score: from + index },
        })),
      )
    }
    const all = await table()
      .select({ sort: [{ field: 'Score', direction: 'desc' }] })
      .all()
    expect(all.map((record) => record.get('Score'))).toEqual(Array.from({ length: 250 }, (_, index) => 249 - index))
    const few = await table()
      .select({ filterByFormula: "{Full Name} = 'n 7'", fields: ['Full Name'] })
      .firstPage()
    expect(few.map(({ fields }) => fields)).toEqual([{ 'Full Name': 'n 7' }])
    const posted = await table()
      .select({
        filterByFormula: '{Score} < 3',
        method: 'post',
        timeZone: 'America/New_York',
        userLocale: 'en-us',
        cellFormat: 'string',
      })
      .all()
    expect(posted.map((record) => record.get('Score')).toSorted()).toEqual(['0', '1', '2'])
    const long = await table()
      .select({
        filterByFormula: `OR(${all
          .slice(0, 100)
          .map(({ id }) => `RECORD_ID()='${id}'`)
          .join(',')}, "${'x'.repeat(17_000)}"="")`,
      })
      .all()
    expect(long).toHaveLength(100)
    expect(paths()).toContain(`POST /v0/${baseId}/Lead%20list/listRecords`)
  })

  it('sees errors with their type and status', async () => {
    await expect(table().create({ Nope: 1 })).rejects.toMatchObject({ error: 'UNKNOWN_FIELD_NAME', statusCode: 422 })
    await expect(base('appUnknown0000001')('x').select().firstPage()).rejects.toMatchObject({ statusCode: 403 })
    sandbox.control.addFault({ kind: 'rate-limit', times: 1 })
    await expect(table().select().firstPage()).rejects.toMatchObject({ error: 'TOO_MANY_REQUESTS', statusCode: 429 })
    sandbox.control.addFault({ kind: 'unavailable', times: 1 })
    await expect(table().select().firstPage()).rejects.toMatchObject({ statusCode: 503 })
  })

  it('by makeRequest reaches upsert, metadata and webhooks', async () => {
    const ada = await table().create({ 'Full Name': 'Ada' })
    const upserted = await base(baseId).makeRequest({
      method: 'PATCH',
      path: '/Lead list',
      body: {
        performUpsert: { fieldsToMergeOn: ['Full Name'] },
        records: [{ fields: { 'Full Name': 'Ada', Score: 9 } }],
      },
    })
    expect(upserted).toMatchObject({ statusCode: 200, body: { updatedRecords: [ada.id], createdRecords: [] } })
    const tables = await base('meta').makeRequest({ path: `/bases/${baseId}/tables` })
    expect(tables).toMatchObject({ body: { tables: [{ name: 'Lead list' }] } })
    const hook = await base('bases').makeRequest({
      method: 'POST',
      path: `/${baseId}/webhooks`,
      body: { specification: { options: { filters: { dataTypes: ['tableData'] } } } },
    })
    expect(hook).toMatchObject({ statusCode: 200, body: { id: expect.stringMatching(/^ach/) } })
  })
})
