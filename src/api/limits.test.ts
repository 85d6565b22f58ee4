/** How often, how long and how many at once; what a role does not give away. One server whose limits are small. */
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../clock.ts'
import { testingDesiredState } from '../leads/testing-table.ts'
import { openLog } from '../log.ts'
import { createBuckets } from './http/rate-limits.ts'
import { startTestingServer, type TestingServer } from './testing-server.ts'

const state = testingDesiredState({
  access: {
    roles: {
      granter: { can: ['leads.read', 'tokens.manage'], unmasked: ['email'] },
      peeker: { can: ['leads.read'], unmasked: ['phone'] },
      reader: { can: ['leads.read'], unmasked: ['email'] },
      steward: { can: ['state.*'] },
    },
  },
})

let server: TestingServer
const logged: string[] = []
beforeAll(async () => {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      logged.push(String(chunk))
      done()
    },
  })
  server = await startTestingServer(state, {
    log: openLog('trace', stream),
    limits: {
      stranger: { perSecond: 0.01, burst: 40 },
      signIn: { perSecond: 0.01, burst: 5 },
      token: { perSecond: 0.01, burst: 400 },
      streamsOfToken: 2,
      streams: 5,
      queryMs: 300,
    },
  })
})
afterAll(() => server.close())

const get = (path: string, token: string) =>
  server.send({ path, headers: { authorization: `Bearer ${token}`, accept: 'application/json' } })
const asked = (text: string) => `/graphql?query=${encodeURIComponent(text)}`

describe('a bucket', () => {
  test('gives what it holds at once, then as much as flows into it, to each key its own', () => {
    let nowMs = 0
    const buckets = createBuckets({ perSecond: 2, burst: 4 }, { ...systemClock, monotonicMs: () => nowMs })
    expect([1, 2, 3, 4].map(() => buckets.take('a'))).toEqual([0, 0, 0, 0])
    expect(buckets.take('a')).toBe(1)
    expect(buckets.take('b', 4)).toBe(0)
    nowMs = 500
    expect([buckets.take('a'), buckets.take('a')]).toEqual([0, 1])
    nowMs = 1_000_000
    expect([buckets.take('a', 4), buckets.take('a', 4)]).toEqual([0, 2])
  })
})

describe('tokens that are none', () => {
  test.each([
    ['forged', () => `${server.admin.token.slice(0, -4)}AAAA`],
    ['of another id', () => server.admin.token.replace(/_[0-9a-f]{12}_/, '_000000000000_')],
    ['a JWT signed by nobody', () => 'eyJhbGciOiJub25lIn0.eyJyb2xlIjoiYWRtaW4ifQ.x'],
    ['revoked', () => revoked('admin')],
    ['expired', () => server.auth.tokens.create({ subject: 'ann', role: 'admin', expiresInMs: -1 }).token],
  ])('%s: 401', async (_name, token) => {
    const answer = await get(asked('{ viewer { subject } }'), token())
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer'])
  })

  test('of the wrong scope or role: 403, with what is missing', async () => {
    const { token } = server.auth.tokens.create({ subject: 'ann', role: 'admin', scope: ['leads.*'] })
    expect((await get(asked('{ leads { totalCount } }'), token)).status).toBe(200)
    for (const query of ['{ controller { name } }', '{ tokens { id } }', '{ auditLog { hasMore } }']) {
      const answer = await get(asked(query), token)
      expect([answer.status, JSON.parse(answer.text).errors[0].extensions.code]).toEqual([403, 'FORBIDDEN'])
    }
    expect((await get('/metrics', token)).status).toBe(403)
    const seen = await server.query('{ viewer { permissions } }', {}, token)
    expect(seen.data?.viewer?.permissions).toEqual(['leads.read', 'leads.write'])
  })
})

function revoked(role: string): string {
  const { token, record } = server.auth.tokens.create({ subject: 'bob', role })
  server.auth.tokens.revoke(record.id)
  return token
}

describe('giving rights away', () => {
  const create = (token: string, role: string, scope?: readonly string[]) =>
    server.query(
      `mutation ($scope: [String!]) { result: createToken(input: { subject: "eve", role: "${role}", scope: $scope }) {
        __typename ... on UserError { message } ... on TokenCreated { record { scope } } } }`,
      { scope },
      token,
    )

  test('nobody makes a token that may do or see more than the maker', async () => {
    const granter = server.tokenOf('granter')
    for (const role of ['admin', 'viewer', 'editor', 'peeker', 'steward'])
      expect((await create(granter, role)).data?.result?.__typename, role).toBe('Forbidden')
    expect((await create(granter, 'reader')).data?.result?.__typename).toBe('TokenCreated')
    const scoped = await create(granter, 'viewer', ['leads.read'])
    expect(scoped.data?.result).toEqual({ __typename: 'TokenCreated', record: { scope: ['leads.read'] } })
  })

  test('a scope that names no right is refused', async () => {
    const { data } = await create(server.admin.token, 'viewer', ['leads.fly'])
    expect(data?.result).toEqual({ __typename: 'InputInvalid', message: expect.stringContaining('leads.fly') })
  })

  test('nobody rotates a token that may do more than oneself', async () => {
    const { record } = server.auth.tokens.create({ subject: 'ann', role: 'admin' })
    const rotate = `mutation { result: rotateToken(input: { id: "${record.id}" }) { __typename } }`
    expect((await server.query(rotate, {}, server.tokenOf('granter'))).data?.result?.__typename).toBe('Forbidden')
    expect((await server.query(rotate)).data?.result?.__typename).toBe('TokenRotated')
  })

  test('who may replace the desired state, but not grant, is told so to the controller', async () => {
    const apply = 'mutation { applyDesiredState(input: { yaml: "x" }) { __typename } }'
    await server.query(apply, {}, server.tokenOf('steward'))
    expect(server.engine.calls.at(-1)).toMatchObject({ method: 'applyDesiredState', request: { mayGrant: false } })
    await server.query(apply)
    expect(server.engine.calls.at(-1)).toMatchObject({ request: { mayGrant: true } })
  })
})

describe('the schema', () => {
  test('is not told to who may not see it, by introspection, GraphiQL or an error', async () => {
    const reader = server.tokenOf('reader')
    for (const query of ['{ __schema { types { name } } }', '{ __type(name: "Lead") { name } }']) {
      // The same text was asked by somebody who may: the answer is not theirs.
      expect((await server.query(query)).data).toBeDefined()
      const { data, errors } = await server.query(query, {}, reader)
      expect([data, errors?.[0]?.message]).toEqual([undefined, expect.stringMatching(/introspection/i)])
    }
    const page = { path: '/graphql', headers: { accept: 'text/html', authorization: `Bearer ${reader}` } }
    expect((await server.send(page)).status).toBe(403)
    for (const typo of [
      '{ leeds { totalCount } }',
      '{ leads(frst: 1) { totalCount } }',
      '{ leads { nodes { emall } } }',
    ])
      expect(JSON.stringify(await server.query(typo, {}, reader))).not.toMatch(/did you mean|"leads|email/i)
  })
})

describe('limits', () => {
  test('what takes too long is answered all the same, and says what may go on', async () => {
    const { resources } = server.engine
    server.engine.resources = () => new Promise(() => undefined)
    const answer = await get(asked('{ resources { name } }'), server.admin.token)
    server.engine.resources = resources
    expect([answer.status, JSON.parse(answer.text).errors[0].extensions.code]).toEqual([408, 'TIMEOUT'])
  })

  test('event streams are counted, and end with their token', async () => {
    const { token, record } = server.auth.tokens.create({ subject: 'ann', role: 'viewer' })
    const text = 'subscription { events { cursor } }'
    const first = await server.subscribe(text, token)
    const second = await server.subscribe(text, token)
    expect([first.status, second.status, (await server.subscribe(text, token)).status]).toEqual([200, 200, 429])
    second.close()
    server.auth.tokens.revoke(record.id)
    const startedMs = performance.now()
    await expect(first.next().catch(() => 'ended')).resolves.toSatisfy((end) => end === undefined || end === 'ended')
    expect(performance.now() - startedMs).toBeLessThan(5000)
  })

  test('signing in is tried a few times, whatever is tried', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded', origin: server.url }
    const tried: number[] = []
    for (let at = 0; at < 7; at += 1)
      tried.push((await server.send({ method: 'POST', path: '/sign-in', headers: form, body: 'token=x' })).status)
    expect(tried).toEqual([401, 401, 401, 401, 401, 429, 429])
    const link = await server.send({ path: server.auth.signInPath(server.admin.record.id) })
    expect([link.status, Number(link.headers['retry-after']) > 0]).toEqual([429, true])
    expect(server.engine.notes.filter((one) => one.is === 'sign-in-refused')).toHaveLength(1)
  })

  test('an address without a valid token is answered so often, and the others go on', async () => {
    const statuses = new Set<number>()
    for (let at = 0; at < 45; at += 1) statuses.add((await get('/graphql', 'nonsense-nonsense')).status)
    expect([...statuses]).toEqual([401, 429])
    expect((await get(asked('{ viewer { subject } }'), server.admin.token)).status).toBe(200)
    expect((await server.send({ path: '/livez' })).status).toBe(200)
  })

  test('a token that asks without end is told when to come again, and another one is not held up', async () => {
    const greedy = server.tokenOf('viewer')
    const statuses: number[] = []
    for (let at = 0; at < 90; at += 1) statuses.push((await get(asked('{ viewer { subject } }'), greedy)).status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(80)
    expect(statuses.at(-1)).toBe(429)
    expect((await get(asked('{ viewer { subject } }'), server.tokenOf('viewer'))).status).toBe(200)
  })

  test('no answer lets another page in', async () => {
    const { headers } = await server.send({ path: '/sign-in' })
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()'),
      'cache-control': 'no-store',
    })
  })

  test('nothing of all that is in the log', () => {
    expect(logged.join('')).not.toMatch(/trueup_[0-9a-f]{12}_|nonsense/)
  })
})
