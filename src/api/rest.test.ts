/** REST as a program meets it, over HTTP on a real database; that it may no more than GraphQL is in access-matrix.test.ts. */
import { parse, validate } from 'graphql'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { desiredStateSchema } from '../desired/schema.ts'
import { testingDesiredState } from '../leads/testing-table.ts'
import { createRest } from './rest/rest.ts'
import { startTestingServer, type TestingServer } from './testing-server.ts'

let server: TestingServer
beforeAll(async () => {
  server = await startTestingServer(testingDesiredState({ access: { roles: { sales: { can: ['leads.read'] } } } }))
})
afterAll(() => server.close())
beforeEach(() => {
  server.db.exec('DELETE FROM leads')
  const insert = server.db.prepare(
    "INSERT INTO leads (id, full_name, email, company, status) VALUES (?, ?, ?, ?, 'contacted')",
  )
  for (let at = 0; at < 5; at++)
    insert.run(`k${at}`, `Person ${at}`, `p${at}@acme.com`, at % 2 === 0 ? 'Acme' : 'Other')
})

const call = async (method: string, path: string, body?: unknown, token = server.admin.token) => {
  const answer = await server.send({
    method,
    path,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return {
    status: answer.status,
    headers: answer.headers,
    body: z.record(z.string(), z.json()).parse(JSON.parse(answer.text)),
  }
}
const idsOf = (body: Record<string, unknown>) =>
  z
    .array(z.looseObject({ id: z.string() }))
    .parse(body.items)
    .map(({ id }) => id)

describe('the paths of the internal lead database', () => {
  test('list, get, create, update and delete leads', async () => {
    const list = await call('GET', '/api/leads?first=2')
    expect([list.status, idsOf(list.body)]).toEqual([200, ['k0', 'k1']])
    expect(list.body.pageInfo).toMatchObject({ hasNextPage: true })
    const { endCursor } = z.object({ endCursor: z.string() }).parse(list.body.pageInfo)
    expect(idsOf((await call('GET', `/api/leads?first=2&after=${endCursor}`)).body)).toEqual(['k2', 'k3'])

    expect(await call('GET', '/api/leads/k3')).toMatchObject({ status: 200, body: { id: 'k3', email: 'p3@acme.com' } })
    expect(await call('GET', '/api/leads/none')).toMatchObject({ status: 404, body: { error: { code: 'NOT_FOUND' } } })

    const made = await call('POST', '/api/leads', { full_name: 'Ann Ash', email: 'ann@ash.example' })
    expect(made).toMatchObject({ status: 201, body: { lead: { full_name: 'Ann Ash' } } })
    const { id } = z.looseObject({ id: z.string() }).parse(made.body.lead)
    expect(await call('PUT', `/api/leads/${id}`, { company: 'Ash' })).toMatchObject({
      status: 200,
      body: { lead: { company: 'Ash', full_name: 'Ann Ash' } },
    })
    expect((await call('DELETE', `/api/leads/${id}?changeReason=test`)).status).toBe(200)
    expect(server.db.prepare('SELECT count(*) FROM leads').pluck().get()).toBe(5)
  })

  test('search and filter leads', async () => {
    expect(idsOf((await call('GET', '/api/leads?company=Acme&orderBy=email:desc')).body)).toEqual(['k4', 'k2', 'k0'])
    expect(idsOf((await call('GET', '/api/leads?email=p1@acme.com&email=p2@acme.com')).body)).toEqual(['k1', 'k2'])
    const filter = encodeURIComponent(JSON.stringify({ company: { startsWith: 'O' } }))
    expect(idsOf((await call('GET', `/api/leads?filter=${filter}`)).body)).toEqual(['k1', 'k3'])
    expect(idsOf((await call('GET', '/api/leads/search?q=person&company=Other')).body).sort()).toEqual(['k1', 'k3'])
    expect(await call('GET', '/api/leads/search')).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('q is missing') } },
    })
    expect((await call('GET', '/api/leads/k1?fields=id,company')).body).toEqual({ id: 'k1', company: 'Other' })
  })

  test('sync and statistics', async () => {
    expect((await call('GET', '/api/sync/status')).body).toEqual({ items: expect.any(Array) })
    expect((await call('GET', '/api/stats/sync')).body).toEqual({ items: expect.any(Array) })
    expect((await call('GET', '/api/stats/leads')).body).toMatchObject({ table: 'leads', total: 5 })
    // One table is mirrored, so it need not be named.
    for (const way of ['to', 'from']) expect((await call('POST', `/api/sync/${way}-airtable`)).status).toBe(200)
  })
})

describe('a refusal', () => {
  test('says what is wrong, by status and code', async () => {
    const cases: readonly (readonly [string, string, unknown, number, string])[] = [
      ['POST', '/api/leads', { full_name: 'X', email: 'p1@acme.com' }, 409, 'LEAD_DUPLICATE'],
      ['POST', '/api/leads', { email: 'no address', full_name: 'X' }, 400, 'BAD_USER_INPUT'],
      ['POST', '/api/leads', { nonsense: 1 }, 400, 'BAD_USER_INPUT'],
      ['POST', '/api/leads', [], 400, 'BAD_USER_INPUT'],
      ['PUT', '/api/leads/none', { company: 'X' }, 404, 'NOT_FOUND'],
      ['PUT', '/api/leads/k1', { id: 'k2', company: 'X' }, 400, 'BAD_USER_INPUT'],
      ['PUT', '/api/leads/k1', { company: 'X', expectedVersion: 'old' }, 409, 'VERSION_CONFLICT'],
      ['GET', '/api/leads?first=0', undefined, 400, 'BAD_USER_INPUT'],
      ['GET', '/api/leads?first=many', undefined, 400, 'BAD_USER_INPUT'],
      ['GET', '/api/leads?nonsense=1', undefined, 400, 'BAD_USER_INPUT'],
      ['GET', '/api/leads?status=unknown', undefined, 400, 'BAD_USER_INPUT'],
      ['GET', '/api/leads?fields=nonsense', undefined, 400, 'BAD_USER_INPUT'],
      ['GET', '/api/leads?fields=id%7D', undefined, 400, 'BAD_USER_INPUT'],
      ['GET', '/api/nothing', undefined, 404, 'NOT_FOUND'],
    ]
    for (const [method, path, body, status, code] of cases) {
      const answer = await call(method, path, body)
      expect([path, answer.status, answer.body.error]).toEqual([path, status, expect.objectContaining({ code })])
    }
    const put = await call('PUT', '/api/leads')
    expect([put.status, put.headers.allow]).toEqual([405, 'GET, POST'])
  })

  test('comes before anything is read, without a token, from elsewhere, in another form or too large', async () => {
    const authorization = `Bearer ${server.admin.token}`
    const json = { 'content-type': 'application/json' }
    const sends = async (sent: Parameters<TestingServer['send']>[0]) =>
      (await server.send({ path: '/api/leads', ...sent })).status
    expect(await sends({})).toBe(401)
    expect(await sends({ headers: { authorization, origin: 'https://evil.example' } })).toBe(403)
    expect(await sends({ headers: { authorization, host: 'evil.example' } })).toBe(403)
    expect(await sends({ method: 'POST', headers: { authorization, 'content-type': 'text/plain' }, body: '{}' })).toBe(
      415,
    )
    expect(
      await sends({ method: 'POST', headers: { authorization, ...json }, body: `{"x":"${'x'.repeat(1_100_000)}"}` }),
    ).toBe(413)
    const [, cookie = ''] = /^([^;]+)/.exec(`${(await signedIn()) ?? ''}`) ?? []
    expect(await sends({ headers: { cookie } })).toBe(200)
    expect(await sends({ method: 'POST', headers: { cookie, ...json }, body: '{}' })).toBe(403)
    expect(server.db.prepare('SELECT count(*) FROM leads').pluck().get()).toBe(5)
  })

  async function signedIn(): Promise<string | undefined> {
    const body = new URLSearchParams({ token: server.admin.token }).toString()
    const headers = { origin: server.url, 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await server.send({ method: 'POST', path: '/sign-in', headers, body })
    return [answer.headers['set-cookie']].flat()[0]
  }

  test('comes for who asks too often', async () => {
    const slow = await startTestingServer(testingDesiredState(), { limits: { token: { perSecond: 1, burst: 12 } } })
    const headers = { authorization: `Bearer ${slow.admin.token}` }
    const statuses = []
    for (let at = 0; at < 4; at++) statuses.push((await slow.send({ path: '/api/leads', headers })).status)
    expect(statuses).toEqual([200, 200, 429, 429])
    await slow.close()
  })
})

describe('the description', () => {
  const documentSchema = z.looseObject({
    openapi: z.literal('3.1.0'),
    paths: z.record(z.string(), z.record(z.string(), z.looseObject({ operationId: z.string() }))),
    components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
  })

  test('has every path of the document and every other root field once, and refers to nothing that is not there', async () => {
    const { body } = await call('GET', '/api/openapi.json')
    const { paths, components } = documentSchema.parse(body)
    const all = Object.entries(paths).flatMap(([path, ways]) =>
      Object.keys(ways).map((way) => `${way.toUpperCase()} ${path}`),
    )
    expect(all).toEqual(
      expect.arrayContaining([
        'GET /api/leads',
        'GET /api/leads/{id}',
        'POST /api/leads',
        'PUT /api/leads/{id}',
        'DELETE /api/leads/{id}',
        'GET /api/leads/search',
        'POST /api/sync/to-airtable',
        'POST /api/sync/from-airtable',
        'GET /api/sync/status',
        'GET /api/stats/leads',
        'GET /api/stats/sync',
        'GET /api/health-report',
        'POST /api/approve-actions',
        'GET /api/resource/{kind}/{name}',
      ]),
    )
    const ids = Object.values(paths).flatMap((ways) => Object.values(ways).map(({ operationId }) => operationId))
    expect(new Set(ids).size).toBe(ids.length)
    for (const [, name = ''] of JSON.stringify(body).matchAll(/"#\/components\/schemas\/(\w+)"/g))
      expect(Object.keys(components.schemas)).toContain(name)
  })

  test('is a page without anything from elsewhere, and is for who may see the schema', async () => {
    const headers = { authorization: `Bearer ${server.admin.token}` }
    const page = await server.send({ path: '/api/docs', headers })
    expect(page.text).toContain('/api/leads/{id}')
    expect(page.text).not.toMatch(/<script|(src|href)="https?:/)
    const sales = server.tokenOf('sales')
    for (const path of ['/api/docs', '/api/openapi.json'])
      expect((await server.send({ path, headers: { authorization: `Bearer ${sales}` } })).status).toBe(403)
    expect((await call('GET', '/api/leads/k1', undefined, sales)).body).toMatchObject({
      email: 'p***@***',
      company: 'Other',
    })
  })
})

describe('every path of the checked-in desired state', () => {
  test('is an operation that GraphQL finds valid, and that is not too costly', async () => {
    const { readFileSync } = await import('node:fs')
    const yaml = await import('yaml')
    const state = desiredStateSchema.parse(yaml.parse(readFileSync('desired-state.yaml', 'utf8')))
    const fields = Object.keys(state.tables.leads?.fields ?? {})
    const full = await startTestingServer(state, {
      sql: `CREATE TABLE leads (id TEXT PRIMARY KEY, ${fields.map((field) => `${field} TEXT`).join(', ')})`,
    })
    const schema = full.api.schema()
    const rest = createRest({ schema, lists: full.api.lists() }, () => ['leads'])
    for (const route of rest.routes) {
      const path = route.path.replaceAll(/\{\w+\}/g, 'x')
      const query = new URLSearchParams(route.needs.map((name) => [name, 'x']))
      let text = ''
      await rest.respond({ method: route.method, path, query, body: '' }, async (operation) => {
        text = operation
        return { data: null }
      })
      if (text !== '') expect([route.path, validate(schema, parse(text)).map(String)]).toEqual([route.path, []])
      if (route.kind === 'query') {
        const headers = { authorization: `Bearer ${full.admin.token}` }
        const answer = await full.send({ path: `${path}${query.size === 0 ? '' : `?${query}`}`, headers })
        expect([route.path, answer.status, answer.text]).toEqual([
          route.path,
          expect.toSatisfy((status: number) => status === 200 || status === 404),
          expect.not.stringContaining('QUERY_TOO_COMPLEX'),
        ])
      }
    }
    await full.close()
  })
})
