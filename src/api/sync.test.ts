import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testingDesiredState } from '../leads/testing-table.ts'
import { startTestingServer, type TestingServer } from './testing-server.ts'
import { testingConflict, testingMove } from './testing-sync.ts'

const state = testingDesiredState({
  access: {
    roles: {
      sales: { can: ['leads.read', 'sync.read'], unmasked: ['phone'] },
      ops: { can: ['sync.*'] },
      chooser: { can: ['leads.read', 'conflict.resolve'] },
    },
  },
})

let server: TestingServer
beforeAll(async () => {
  server = await startTestingServer(state)
  server.db.exec("INSERT INTO leads (id, full_name, email) VALUES ('a', 'Ann', 'ann@acme.com')")
})
afterAll(() => server.close())
beforeEach(() => {
  server.sync.calls.length = 0
})

const conflictFields = 'id field localValue airtableValue baseValue leadId lead { id ... on Lead { full_name } }'

describe('who sees which values', () => {
  const query = `{ conflicts { nodes { ${conflictFields} } }
    syncHistory { nodes { note cells { field before after lost } } }
    syncStatus { lead(id: "a") { status detail } } lead(id: "a") { syncStatus { status detail } } }`

  beforeAll(() => {
    server.sync.known.leads = [
      {
        table: 'leads',
        key: 'a',
        recordId: 'rec1',
        state: 'blocked',
        detail: '"ann@acme.com" is refused',
        localChangedMs: 1,
        remoteChangedMs: null,
        url: null,
      },
    ]
    server.sync.known.conflicts = [
      testingConflict(),
      testingConflict({
        id: 'c0',
        field: 'phone',
        local: '+14155552671',
        remote: '+14155552672',
        base: null,
        foundMs: 2000,
      }),
    ]
    server.sync.known.moves = [
      testingMove(2, { note: 'ann@acme.com is taken' }),
      testingMove(1, {
        cells: [{ field: 'fldUnknown', before: 'secret', after: null, lost: false, reason: 'deleted' }],
      }),
    ]
  })

  test('a built-in role sees them all', async () => {
    const { data, errors } = await server.query(query)
    expect(errors).toBeUndefined()
    expect(data?.conflicts?.nodes?.[0]).toEqual({
      id: 'c1',
      field: 'email',
      localValue: 'ann@acme.com',
      airtableValue: 'ann@acme.example',
      baseValue: 'a@acme.com',
      leadId: 'a',
      lead: { id: 'a', full_name: 'Ann' },
    })
    expect(data?.syncHistory?.nodes?.[0]).toMatchObject({
      note: 'ann@acme.com is taken',
      cells: [{ before: 'ann@acme.example', after: 'ann@acme.com', lost: true }],
    })
    expect(data?.syncHistory?.nodes?.[1]?.cells).toMatchObject([{ before: 'secret' }])
    expect(data?.lead?.syncStatus).toEqual({ status: 'BLOCKED', detail: '"ann@acme.com" is refused' })
    expect(data?.syncStatus?.[0]?.lead).toEqual(data?.lead?.syncStatus)
  })

  test('a declared role sees personal ones masked, and no sentence that may quote one', async () => {
    const { data, errors } = await server.query(query, {}, server.tokenOf('sales'))
    expect(errors).toBeUndefined()
    expect(data?.conflicts?.nodes?.[0]).toMatchObject({ localValue: 'a***@***', airtableValue: 'a***@***' })
    // Its role unmasks phone.
    expect(data?.conflicts?.nodes?.[1]).toMatchObject({ field: 'phone', localValue: '+14155552671' })
    expect(data?.syncHistory?.nodes?.[0]).toMatchObject({
      note: null,
      cells: [{ before: 'a***@***', after: 'a***@***' }],
    })
    // What no declared field stands for may be anything.
    expect(data?.syncHistory?.nodes?.[1]?.cells).toMatchObject([{ field: 'fldUnknown', before: null }])
    expect(data?.lead?.syncStatus).toEqual({ status: 'BLOCKED', detail: null })
    expect(JSON.stringify(data)).not.toMatch(/acme\.example|secret/)
  })

  test('a role that may not read records sees no value at all', async () => {
    const { data } = await server.query(
      '{ conflicts { nodes { localValue airtableValue baseValue } } syncHistory { nodes { note cells { before after } } } }',
      {},
      server.tokenOf('ops'),
    )
    expect(JSON.stringify(data)).not.toMatch(/acme|secret/)
    expect(data?.conflicts?.nodes?.[0]).toEqual({ localValue: null, airtableValue: null, baseValue: null })
    const { errors } = await server.query('{ conflicts { nodes { lead { id } } } }', {}, server.tokenOf('ops'))
    expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN')
  })

  test('how a lead stands takes sync.read', async () => {
    const { errors } = await server.query('{ lead(id: "a") { syncStatus { status } } }', {}, server.tokenOf('chooser'))
    expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN')
  })

  test('the queue shows conflicts one by one to those who may see them', async () => {
    const queue = '{ interventionQueue { reason message conflict { id } } }'
    const { data } = await server.query(queue)
    const found = data?.interventionQueue?.filter((one) => String(one.reason) === 'conflict')
    expect(found).toContainEqual({
      reason: 'conflict',
      message: 'email of a (leads) was changed here and in Airtable',
      conflict: { id: 'c1' },
    })
  })
})

describe('pages', () => {
  test('of the history go on by a keyset, with no entry twice', async () => {
    server.sync.known.moves = [5, 4, 3, 2, 1].map((id) => testingMove(id))
    const seen: string[] = []
    let after: string | null = null
    for (;;) {
      const { data } = await server.query(
        'query ($after: String) { syncHistory(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor } } }',
        { after },
      )
      expect(data?.syncHistory?.pageInfo?.hasPreviousPage).toBe(after !== null)
      seen.push(...(data?.syncHistory?.nodes ?? []).map((node) => String(node.id)))
      if (!data?.syncHistory?.pageInfo?.hasNextPage) break
      after = String(data?.syncHistory?.pageInfo?.endCursor)
    }
    expect(seen).toEqual(['5', '4', '3', '2', '1'])
  })

  test('of conflicts go on after the moment and id of the last one', async () => {
    const { data } = await server.query('{ conflicts(state: OPEN, first: 1) { edges { cursor } } }')
    const edge = data?.conflicts?.edges?.[0]
    await server.query('query ($after: String) { conflicts(after: $after) { nodes { id } } }', { after: edge?.cursor })
    expect(server.sync.calls.at(-1)).toMatchObject({
      request: { after: { foundMs: 3000, id: 'c1' }, state: undefined },
    })
  })

  test.each([
    ['{ syncHistory(after: "x") { nodes { id } } }', 'after'],
    ['{ conflicts(last: 2) { nodes { id } } }', 'last'],
    ['{ syncHistory(leadId: "Contact:1") { nodes { id } } }', 'leadId'],
  ])('%s is refused with the argument named', async (query, argument) => {
    const { errors } = await server.query(query)
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } })
    expect(errors?.[0]?.message).toContain(argument)
  })

  test('of one record are asked for by its key', async () => {
    await server.query('{ syncHistory(leadId: "a", first: 3) { nodes { id } } }')
    expect(server.sync.calls.at(-1)).toMatchObject({ request: { table: 'leads', key: 'a', limit: 4 } })
  })
})

describe('choosing', () => {
  const mutation = `mutation ($input: ResolveConflictInput!) { resolveConflict(input: $input) { __typename
    ... on Resolved { conflict { state } actionId } ... on UserError { message code } ... on ConflictStale { conflict { id } } } }`
  const resolve = async (input: object, token?: string) =>
    (await server.query(mutation, { input }, token)).data?.resolveConflict

  test('names the person, the side and the reason', async () => {
    expect(await resolve({ id: 'c1', take: 'AIRTABLE', comment: 'asked Ann' })).toMatchObject({
      __typename: 'Resolved',
    })
    expect(server.sync.calls.at(-1)).toEqual({
      method: 'resolve',
      request: { id: 'c1', choice: { is: 'take', take: 'airtable' }, actor: 'token:admin', comment: 'asked Ann' },
    })
  })

  test('null is a value, which empties the field', async () => {
    await resolve({ id: 'c1', value: null })
    expect(server.sync.calls.at(-1)).toMatchObject({ request: { choice: { is: 'value', value: null } } })
  })

  test('another value takes the right to write records', async () => {
    const token = server.tokenOf('chooser')
    expect(await resolve({ id: 'c1', value: 'x' }, token)).toMatchObject({ __typename: 'Forbidden' })
    expect(await resolve({ id: 'c1', take: 'LOCAL' }, token)).toMatchObject({ __typename: 'Resolved' })
  })

  test('neither or both of take and value is refused', async () => {
    expect(await resolve({ id: 'c1' })).toMatchObject({ __typename: 'InputInvalid' })
    expect(await resolve({ id: 'c1', take: 'LOCAL', value: 'x' })).toMatchObject({ __typename: 'InputInvalid' })
    expect(server.sync.calls).toEqual([])
  })

  test.each([
    [{ is: 'stale', conflict: testingConflict({ state: 'gone' }), message: 'changed' }, 'ConflictStale'],
    [{ is: 'not-found', message: 'none' }, 'NotFound'],
    [{ is: 'invalid', problems: [{ path: ['value'], message: 'is required' }] }, 'InputInvalid'],
    [{ is: 'waiting', actionId: 'a1', reasons: ['suspended'] }, 'WriteWaiting'],
    [{ is: 'failed', actionId: 'a1', message: 'locked' }, 'WriteFailed'],
  ] as const)('%o is a type of its own', async (outcome, typename) => {
    const before = server.sync.known.resolve
    server.sync.known.resolve = outcome
    expect(await resolve({ id: 'c1', take: 'LOCAL' })).toMatchObject({ __typename: typename })
    server.sync.known.resolve = before
  })
})

describe('push and pull', () => {
  test('give a receipt that can be followed', async () => {
    const { data } = await server.query(
      'mutation { push(input: { table: "leads" }) { ... on SyncReceipt { id run { what state } } } }',
    )
    expect(data?.push).toEqual({ id: 'run1', run: { what: 'push', state: 'RUNNING' } })
    expect(server.sync.calls).toContainEqual({
      method: 'ask',
      request: { table: 'leads', what: 'push', actor: 'token:admin' },
    })
    const followed = await server.query(
      '{ syncStatus(table: "leads") { run(id: "run1") { state } other: run(id: "none") { state } } }',
    )
    expect(followed.data?.syncStatus).toEqual([{ run: { state: 'RUNNING' }, other: null }])
  })

  test('a full pull compares all records', async () => {
    await server.query('mutation { pull(input: { table: "leads", full: true }) { __typename } }')
    expect(server.sync.calls.at(-1)).toMatchObject({ request: { what: 'full' } })
  })

  test('of a table without a mirror find nothing', async () => {
    const { data } = await server.query(
      'mutation { pull(input: { table: "none" }) { __typename ... on UserError { message } } }',
    )
    expect(data?.pull).toEqual({ __typename: 'NotFound', message: 'No table none is mirrored in Airtable.' })
  })
})
