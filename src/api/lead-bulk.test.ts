import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestingServer, type TestingServer } from './testing-server.ts'

let server: TestingServer

beforeAll(async () => {
  server = await startTestingServer()
  server.db.exec(`INSERT INTO leads (id, full_name, email, status, verified) VALUES
    ('a', 'Ann Lee', 'ann@acme.com', 'auto_send', 0), ('b', 'Bob', 'bob@acme.com', 'auto_send', 0)`)
})
afterAll(() => server.close())

const refusals =
  '... on VersionConflict { currentVersion } ... on DuplicateValue { field existingId } ... on UserError { code message }'
const carriedOut = {
  createLeads: '... on LeadSaved { actionId lead { id company } }',
  updateLeads: '... on LeadSaved { actionId lead { id company } }',
  deleteLeads: '... on RecordDeleted { id actionId }',
}

async function bulk(mutation: keyof typeof carriedOut, input: string, items: unknown) {
  const done = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Done`
  const { data, errors } = await server.query(
    `mutation ($items: [${input}!]!) { done: ${mutation}(input: { items: $items }) { __typename
       ... on ${done} { done refused results { __typename ${carriedOut[mutation]} ${refusals} } } ... on UserError { message } } }`,
    { items },
  )
  expect(errors).toBeUndefined()
  if (data?.done === undefined) throw new Error('there is no answer')
  return data.done
}

describe('many writes in one request', () => {
  test('have a result each, in their order; what is refused of one does not hold up the others', async () => {
    const { done, refused, results } = await bulk('createLeads', 'CreateLeadInput', [
      { recordKey: 'c', full_name: 'Cid', email: 'cid@acme.com' },
      { full_name: 'Doe', email: 'ann@acme.com' },
      { full_name: 'Eve', email: 'nobody' },
      { recordKey: 'f', full_name: 'Fay', email: 'fay@acme.com' },
    ])
    expect([done, refused]).toEqual([2, 2])
    expect(results?.map((one) => one.__typename)).toEqual(['LeadSaved', 'DuplicateValue', 'ItemInvalid', 'LeadSaved'])
    expect(results?.[1]).toMatchObject({ field: 'email' })
    expect(results?.[2]?.message).toContain('email')
    expect(server.db.prepare('SELECT count(*) FROM leads').pluck().get()).toBe(4)
  })

  test('are refused where the record is another than the caller saw', async () => {
    const { data } = await server.query('{ leads(first: 2) { nodes { id recordKey rowVersion } } }')
    const [ann, bob] = data?.leads?.nodes ?? []
    server.db.exec("UPDATE leads SET company = 'Elsewhere' WHERE id = 'a'")
    const { results } = await bulk('updateLeads', 'UpdateLeadInput', [
      { id: ann?.id, company: 'Acme', expectedVersion: ann?.rowVersion },
      { id: bob?.id, company: 'Acme', expectedVersion: bob?.rowVersion },
    ])
    expect(results?.map((one) => one.__typename)).toEqual(['VersionConflict', 'LeadSaved'])
    const again = await bulk('updateLeads', 'UpdateLeadInput', [
      { id: ann?.id, company: 'Acme', expectedVersion: results?.[0]?.currentVersion },
    ])
    expect(again).toMatchObject({ done: 1, refused: 0 })
  })

  test('delete what is there and say what is not', async () => {
    const { results } = await bulk('deleteLeads', 'DeleteLeadInput', [{ id: 'f' }, { id: 'none' }])
    expect(results?.map((one) => one.__typename)).toEqual(['RecordDeleted', 'NotFound'])
  })

  test('are 200 at most, and at least one', async () => {
    for (const items of [[], Array.from({ length: 201 }, () => ({ id: 'none' }))]) {
      const { data } = await server.query(
        'mutation ($items: [DeleteLeadInput!]!) { done: deleteLeads(input: { items: $items }) { __typename } }',
        { items },
      )
      expect(data?.done?.__typename).toBe('InputInvalid')
    }
  })
})

describe('the quality of records', () => {
  test('of a page is asked for once, and the short cut for lists leaves it to the schema', async () => {
    const before = server.quality.readings.length
    const { data } = await server.query(
      '{ leads(first: 10) { nodes { recordKey dataQuality { score issues { check reason } } } } }',
    )
    expect(data?.leads?.nodes?.length).toBeGreaterThan(2)
    expect(data?.leads?.nodes?.[0]?.dataQuality).toEqual({
      score: 90,
      issues: [{ check: 'email.format', reason: 'is not an e-mail address' }],
    })
    expect(server.quality.readings.slice(before)).toHaveLength(1)
  })

  test('of a table is told with issues and trend', async () => {
    const { data } = await server.query(
      `{ quality(table: "leads") { table score rows fields { field score } issues(severity: MEDIUM) { id affected sample suggestion }
         none: issues(severity: HIGH) { id } trend { at score failing { check count } } } }`,
    )
    expect(data?.quality).toEqual([
      {
        table: 'leads',
        score: 87.5,
        rows: 4,
        fields: [{ field: 'email', score: 75 }],
        issues: [{ id: 'email.completeness', affected: 2, sample: ['a', 'b'], suggestion: 'Fill email.' }],
        none: [],
        trend: [{ at: '1970-01-01T00:00:01.000Z', score: 80, failing: [{ check: 'email.completeness', count: 3 }] }],
      },
    ])
    const unknown = await server.query('{ quality(table: "none") { score } }')
    expect(unknown.errors?.[0]?.extensions?.code).toBe('NOT_FOUND')
  })
})
