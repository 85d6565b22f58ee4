import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testingDesiredState } from '../leads/testing-table.ts'
import { testingEvent } from './testing-engine.ts'
import { startTestingServer, type TestingServer } from './testing-server.ts'

let server: TestingServer
beforeAll(async () => {
  server = await startTestingServer()
})
afterAll(() => server.close())
beforeEach(() => {
  server.db.exec('DELETE FROM leads')
})

const insert = (count: number) => {
  const statement = server.db.prepare(
    'INSERT INTO leads (id, full_name, email, company, status, verified, employees, tags) VALUES (?, ?, ?, ?, ?, ?, ?, \'["vip"]\')',
  )
  for (let at = 0; at < count; at++) {
    statement.run(
      `k${String(at).padStart(3, '0')}`,
      `Person ${at}`,
      `p${at}@acme.com`,
      at % 3 === 0 ? null : `c${at % 3}`,
      'contacted',
      at % 2,
      at,
    )
  }
}

describe('reading leads through GraphQL', () => {
  test('a lead has the fields that the table declares, with their types', async () => {
    insert(1)
    const { data, errors } = await server.query(
      `{ lead(id: "k000") { id recordKey full_name email company status tags verified employees score raw_data __typename } }`,
    )
    expect(errors).toBeUndefined()
    expect(data?.lead).toEqual({
      __typename: 'Lead',
      id: 'k000',
      recordKey: 'k000',
      full_name: 'Person 0',
      email: 'p0@acme.com',
      company: null,
      status: 'contacted',
      tags: ['vip'],
      verified: false,
      employees: 0,
      score: null,
      raw_data: null,
    })
  })

  test('a value that its type cannot express is null and listed as unreadable, and fails nothing else', async () => {
    server.db.exec(
      "INSERT INTO leads (id, status, verified, date_messaged, raw_data) VALUES ('odd', 'who knows', 'yes', 'monday', '{')",
    )
    const { data, errors } = await server.query(
      '{ lead(id: "odd") { status verified unreadableValues { field text } } }',
    )
    expect(errors).toBeUndefined()
    expect(data?.lead).toEqual({
      status: null,
      verified: null,
      unreadableValues: [
        { field: 'status', text: 'who knows' },
        { field: 'verified', text: 'yes' },
        { field: 'date_messaged', text: 'monday' },
        { field: 'raw_data', text: '{' },
      ],
    })
  })

  test('a list is paged in both directions with an exact count', async () => {
    insert(7)
    const forwards = `query ($after: String) { leads(first: 3, after: $after, orderBy: { field: company, direction: DESC }) {
      totalCount edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }`
    const ids: string[] = []
    let after: string | undefined
    do {
      const { data } = await server.query(forwards, { after })
      expect(data?.leads?.totalCount).toBe(7)
      ids.push(...(data?.leads?.edges ?? []).map((edge) => String(edge.node?.id)))
      after = data?.leads?.pageInfo?.hasNextPage ? String(data?.leads?.pageInfo?.endCursor) : undefined
    } while (after !== undefined)
    expect(ids).toEqual(['k005', 'k002', 'k004', 'k001', 'k006', 'k003', 'k000'])
    const jump = await server.query(
      '{ leads(first: 2, skip: 4, orderBy: { field: company, direction: DESC }) { nodes { id } pageInfo { hasNextPage hasPreviousPage } } }',
    )
    expect(jump.data?.leads).toEqual({
      nodes: [{ id: 'k006' }, { id: 'k003' }],
      pageInfo: { hasNextPage: true, hasPreviousPage: true },
    })
    const both = await server.query('{ leads(last: 2, skip: 4) { nodes { id } } }')
    expect(both.errors?.[0]?.message).toContain('goes with first alone')
    const { data } = await server.query(
      '{ leads(last: 2, orderBy: { field: company, direction: DESC }) { nodes { id } pageInfo { hasPreviousPage } } }',
    )
    expect(data?.leads).toEqual({ nodes: [{ id: 'k003' }, { id: 'k000' }], pageInfo: { hasPreviousPage: true } })
  })

  test('filters nest, and choices are enums', async () => {
    insert(6)
    const { data, errors } = await server.query(
      `query ($filter: LeadFilter) { leads(filter: $filter) { totalCount nodes { id } } }`,
      {
        filter: {
          status: { eq: 'contacted' },
          or: [{ employees: { gte: 4 } }, { not: { company: { ne: null } } }],
          id: { ne: 'k005' },
        },
      },
    )
    expect(errors).toBeUndefined()
    expect(data?.leads).toEqual({ totalCount: 3, nodes: [{ id: 'k000' }, { id: 'k003' }, { id: 'k004' }] })
    const choices = await server.query('{ __type(name: "LeadStatus") { enumValues { name } } }')
    expect(choices.data?.__type?.enumValues?.map((one) => one.name)).toEqual([
      'auto_send',
      'MANUAL_REVIEW',
      'contacted',
    ])
  })

  test('a search gives the best matches', async () => {
    insert(12)
    const { data, errors } = await server.query(
      '{ leads(search: "\\"person 7\\"") { totalCount nodes { full_name } } }',
    )
    expect(errors).toBeUndefined()
    expect(data?.leads).toEqual({ totalCount: 1, nodes: [{ full_name: 'Person 7' }] })
  })

  test('only requested columns are read', async () => {
    insert(1)
    server.db.exec('ALTER TABLE leads RENAME COLUMN company TO other')
    const { errors, data } = await server.query('{ leads { nodes { email } } }')
    server.db.exec('ALTER TABLE leads RENAME COLUMN other TO company')
    expect(errors).toBeUndefined()
    expect(data?.leads?.nodes).toEqual([{ email: 'p0@acme.com' }])
  })

  test('a node is found by its id', async () => {
    insert(1)
    const { data } = await server.query(
      '{ lead: node(id: "k000") { __typename id ... on Lead { full_name } } resource: node(id: "Resource:table/leads") { id } none: node(id: "Resource:table/none") { id } }',
    )
    expect(data).toEqual({
      lead: { __typename: 'Lead', id: 'k000', full_name: 'Person 0' },
      resource: { id: 'Resource:table/leads' },
      none: null,
    })
  })

  test.each([
    ['first: 0', 'first'],
    ['first: 501', 'first'],
    ['first: 1, last: 1', 'last'],
    ['filter: { updated_at: { gt: "yesterday" } }', 'filter.updated_at.gt'],
    ['before: "x"', 'before'],
  ])('leads(%s) is refused with the path of what is wrong', async (args, path) => {
    const { errors } = await server.query(`{ leads(${args}) { nodes { id } } }`)
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      issues: [{ path: path.split('.') }],
    })
  })

  test('a cursor that is none is refused with a next step', async () => {
    const { errors } = await server.query('{ leads(after: "nonsense") { nodes { id } } }')
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'USAGE', hint: expect.any(String) })
  })

  test('statistics count records, filled fields and choices', async () => {
    insert(4)
    const { data } = await server.query(
      '{ statistics { table total filled { field count percent } values { field value count } } }',
    )
    expect(data?.statistics?.[0]).toMatchObject({ table: 'leads', total: 4 })
    expect(data?.statistics?.[0]?.filled).toContainEqual({ field: 'company', count: 2, percent: 50 })
    expect(data?.statistics?.[0]?.values).toContainEqual({ field: 'status', value: 'contacted', count: 4 })
  })
})

describe('writing leads through GraphQL', () => {
  const create = `mutation ($input: CreateLeadInput!) { createLead(input: $input) { __typename
    ... on LeadSaved { actionId lead { id email status created_at rowVersion } }
    ... on UserError { message code } ... on InputInvalid { fieldErrors { path field message } }
    ... on DuplicateValue { field existingId } } }`
  const update = `mutation ($input: UpdateLeadInput!) { updateLead(input: $input) { __typename
    ... on LeadSaved { actionId lead { company rowVersion } } ... on UserError { message code }
    ... on VersionConflict { currentVersion } ... on InputInvalid { fieldErrors { field message } } } }`

  test('creates, updates and deletes, each as an action that can be undone', async () => {
    const created = await server.query(create, {
      input: { full_name: 'Ann', email: 'ann@acme.com', status: 'contacted' },
    })
    expect(created.errors).toBeUndefined()
    expect(created.data?.createLead).toMatchObject({ __typename: 'LeadSaved', actionId: expect.any(String) })
    const id = created.data?.createLead?.lead?.id
    const rowVersion = created.data?.createLead?.lead?.rowVersion
    const updated = await server.query(update, { input: { id, company: 'Acme', expectedVersion: rowVersion } })
    expect(updated.data?.updateLead).toMatchObject({ __typename: 'LeadSaved', lead: { company: 'Acme' } })
    const late = await server.query(update, { input: { id, company: 'Beta', expectedVersion: rowVersion } })
    expect(late.data?.updateLead).toEqual({
      __typename: 'VersionConflict',
      code: 'VERSION_CONFLICT',
      message: expect.any(String),
      currentVersion: updated.data?.updateLead?.lead?.rowVersion,
    })
    const remove =
      'mutation ($id: ID!) { deleteLead(input: { id: $id }) { __typename ... on RecordDeleted { id actionId } } }'
    const removed = await server.query(remove, { id })
    expect(removed.data?.deleteLead).toMatchObject({ __typename: 'RecordDeleted', id })
    expect((await server.query(remove, { id })).data?.deleteLead).toEqual({ __typename: 'NotFound' })
    expect((await server.query(`{ lead(id: "${id}") { id } }`)).data?.lead).toBeNull()
  })

  test('every invalid value is named with its path', async () => {
    const { data } = await server.query(create, { input: { email: 'nobody', employees: 1, date_messaged: 'monday' } })
    expect(data?.createLead).toMatchObject({ __typename: 'InputInvalid', code: 'BAD_USER_INPUT' })
    expect(data?.createLead?.fieldErrors?.map((error) => error.field).sort()).toEqual([
      'date_messaged',
      'email',
      'full_name',
    ])
    expect(data?.createLead?.fieldErrors?.[0]?.path?.[0]).toBe('input')
  })

  test('a rule of the schema itself is named in the same way', async () => {
    const { data } = await server.query(create, { input: { full_name: 'Ann', changeReason: 'x'.repeat(1001) } })
    expect(data?.createLead).toMatchObject({
      __typename: 'InputInvalid',
      fieldErrors: [{ path: ['input', 'changeReason'], field: 'changeReason' }],
    })
  })

  test('a duplicate names the record that has the value', async () => {
    const first = await server.query(create, { input: { full_name: 'Ann', email: 'ann@acme.com' } })
    const second = await server.query(create, { input: { full_name: 'Bob', email: 'ann@acme.com' } })
    expect(second.data?.createLead).toMatchObject({
      __typename: 'DuplicateValue',
      code: 'LEAD_DUPLICATE',
      field: 'email',
      existingId: first.data?.createLead?.lead?.id,
    })
  })
})

describe('another desired state', () => {
  test('gives the schema another field at once, takes one away, and a running subscription goes on', async () => {
    const changing = await startTestingServer()
    try {
      changing.db.exec(
        "ALTER TABLE leads ADD COLUMN region TEXT; INSERT INTO leads (id, region, company) VALUES ('r', 'EU', 'Acme')",
      )
      const events = await changing.subscribe('subscription { events { message } }')
      const cached = '{ leads { nodes { company } } }'
      for (let times = 0; times < 2; times++) {
        expect((await changing.query(cached)).data?.leads?.nodes).toEqual([{ company: 'Acme' }])
      }
      expect((await changing.query('{ leads { nodes { region } } }')).errors?.[0]?.message).toContain('region')

      const next = testingDesiredState()
      const table = next.tables.leads
      const fullName = table?.fields.full_name
      if (table === undefined || fullName === undefined) throw new Error('the testing state has leads')
      const { company: _company, ...fields } = table.fields
      changing.swap({
        ...next,
        tables: { leads: { ...table, fields: { ...fields, region: { ...fullName, required: false } } } },
      })

      expect((await changing.query('{ leads { nodes { region } } }')).data?.leads?.nodes).toEqual([{ region: 'EU' }])
      expect((await changing.query(cached)).errors?.[0]?.message).toContain('company')
      changing.engine.happened.put(testingEvent(1, 'after the swap'))
      expect(await events.next()).toEqual({ data: { events: { message: 'after the swap' } } })
      events.close()
    } finally {
      await changing.close()
    }
  })

  test('a desired state from which no schema can be made leaves the old schema in force', async () => {
    const next = testingDesiredState()
    const table = next.tables.leads
    if (table === undefined) throw new Error('the testing state has leads')
    expect(() => server.swap({ ...next, tables: { leads: table, resources: table } })).toThrow()
    insert(1)
    expect((await server.query('{ leads { totalCount } }')).data?.leads?.totalCount).toBe(1)
  })
})
