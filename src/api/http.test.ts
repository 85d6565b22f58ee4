import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestingServer, type TestingServer } from './testing-server.ts'

let server: TestingServer
let session: string
beforeAll(async () => {
  server = await startTestingServer()
  session = cookieOf(await server.send({ path: server.auth.signInPath(server.admin.record.id) }))
})
afterAll(() => server.close())

function cookieOf({ headers }: { headers: Readonly<Record<string, string | string[] | undefined>> }): string {
  return String(headers['set-cookie']).split(';')[0] ?? ''
}

const bearer = () => ({ authorization: `Bearer ${server.admin.token}` })
const json = { 'content-type': 'application/json' }
const viewerQuery = JSON.stringify({ query: '{ viewer { subject } }' })

describe('what a stranger reaches', () => {
  test.each([
    ['/livez', 200],
    ['/readyz', 200],
    ['/sign-in', 200],
    ['/', 401],
    ['/graphql', 401],
    ['/graphql?query=%7B__typename%7D', 401],
    ['/metrics', 401],
    ['/queue', 401],
    ['/app/app.js', 401],
    ['/graphql/none', 401],
    ['/../../etc/passwd', 401],
    ['/none', 401],
  ])('%s answers %i', async (path, status) => {
    expect((await server.send({ path })).status).toBe(status)
  })

  test('introspection needs a token', async () => {
    const body = JSON.stringify({ query: '{ __schema { types { name } } }' })
    expect((await server.send({ method: 'POST', path: '/graphql', headers: json, body })).status).toBe(401)
    const { data } = await server.query('{ __schema { queryType { name } } }')
    expect(data?.__schema?.queryType?.name).toBe('Query')
  })

  test.each(['Bearer nonsense', 'Basic YTpi', 'Bearer', `Bearer ${'x'.repeat(5000)}`])(
    'the header %s opens nothing, not even beside a valid cookie',
    async (authorization) => {
      const headers = { ...json, authorization: authorization.slice(0, 4000), cookie: session, origin: server.url }
      expect((await server.send({ method: 'POST', path: '/graphql', headers, body: viewerQuery })).status).toBe(401)
    },
  )

  test('a browser is led to the sign-in page', async () => {
    const answer = await server.send({ path: '/', headers: { accept: 'text/html' } })
    expect([answer.status, answer.headers.location]).toEqual([303, '/sign-in'])
  })
})

describe('other sites', () => {
  test.each([
    ['another Host', { host: 'evil.com' }],
    ['a Host that ends like ours', { host: 'evil127.0.0.1' }],
    ['our name with another port', { host: '127.0.0.1:1' }],
    ['a null Origin', { origin: 'null' }],
    ['another Origin', { origin: 'http://evil.com' }],
    ['our Origin with another scheme', { origin: 'https://127.0.0.1' }],
  ])('%s is refused with 403, with token or cookie', async (_name, given) => {
    for (const credentials of [bearer(), { cookie: session }]) {
      const headers = { ...json, ...credentials, ...given }
      const answer = await server.send({ method: 'POST', path: '/graphql', headers, body: viewerQuery })
      expect(answer.status).toBe(403)
    }
  })

  test.each(['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x', ''])(
    'a POST of type %j is refused with 403',
    async (type) => {
      const headers = { 'content-type': type, cookie: session, origin: server.url }
      const answer = await server.send({ method: 'POST', path: '/graphql', headers, body: viewerQuery })
      expect(answer.status).toBe(403)
    },
  )

  test('a POST with the cookie needs an Origin, one with a token does not', async () => {
    const post = { method: 'POST', path: '/graphql', body: viewerQuery }
    expect((await server.send({ ...post, headers: { ...json, cookie: session } })).status).toBe(403)
    const own = await server.send({ ...post, headers: { ...json, cookie: session, origin: server.url } })
    expect(JSON.parse(own.text)).toEqual({ data: { viewer: { subject: 'admin' } } })
    expect((await server.send({ ...post, headers: { ...json, ...bearer() } })).status).toBe(200)
  })

  test('a mutation cannot be sent by GET', async () => {
    const query = encodeURIComponent('mutation { reconcile(input: {}) { __typename } }')
    const headers = { cookie: session, accept: 'application/json' }
    const answer = await server.send({ path: `/graphql?query=${query}`, headers })
    expect(answer.status).toBe(405)
    expect(server.engine.calls).toEqual([])
  })

  test('no answer allows another site to read it', async () => {
    const answer = await server.send({ path: '/graphql', method: 'OPTIONS', headers: bearer() })
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  })
})

describe('signing in', () => {
  test('a one-time link opens one session whose cookie scripts and other sites cannot use', async () => {
    const path = server.auth.signInPath(server.admin.record.id)
    const first = await server.send({ path })
    expect([first.status, first.headers.location]).toEqual([303, '/'])
    expect(String(first.headers['set-cookie'])).toMatch(/; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/)
    expect((await server.send({ path })).status).toBe(401)
    expect((await server.send({ path: '/sign-in?code=nonsense' })).status).toBe(401)
  })

  test('the form takes a token, only from our own page', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const post = { method: 'POST', path: '/sign-in', body: `token=${server.admin.token}` }
    expect((await server.send({ ...post, headers: { ...form, origin: server.url } })).status).toBe(303)
    expect((await server.send({ ...post, headers: form })).status).toBe(403)
    expect((await server.send({ ...post, headers: { ...form, origin: 'null' } })).status).toBe(403)
    expect((await server.send({ ...post, body: 'token=x', headers: { ...form, origin: server.url } })).status).toBe(401)
    const large = { ...post, body: `token=${'x'.repeat(10_000)}`, headers: { ...form, origin: server.url } }
    expect((await server.send(large)).status).toBe(413)
  })

  test('a session ends with its token, and by signing out', async () => {
    const { record } = server.auth.tokens.create({ subject: 'bob', role: 'viewer' })
    const cookie = cookieOf(await server.send({ path: server.auth.signInPath(record.id) }))
    expect((await server.send({ path: '/', headers: { cookie } })).status).toBe(200)
    server.auth.tokens.revoke(record.id)
    expect((await server.send({ path: '/', headers: { cookie } })).status).toBe(401)
    const mine = cookieOf(await server.send({ path: server.auth.signInPath(server.admin.record.id) }))
    await server.send({ method: 'POST', path: '/sign-out', headers: { cookie: mine, origin: server.url } })
    expect((await server.send({ path: '/', headers: { cookie: mine } })).status).toBe(401)
  })
})

describe('limits of a query', () => {
  const codeOf = async (query: string) => (await server.query(query)).errors?.[0]

  test('many aliases are refused', async () => {
    const bomb = Array.from({ length: 40 }, (_, at) => `a${at}: viewer { subject }`).join(' ')
    expect((await codeOf(`{ ${bomb} }`))?.message).toMatch(/alias/i)
  })

  test('deep nesting is refused', async () => {
    const deep = `{ __schema { types ${'{ fields { type '.repeat(12)}{ name } ${'} }'.repeat(12)} } }`
    expect((await codeOf(deep))?.message).toMatch(/depth/i)
  })

  test('many tokens, many directives and fragments in a circle are refused', async () => {
    expect((await codeOf(`{ viewer { ${'subject '.repeat(3000)} } }`))?.message).toMatch(/token/i)
    expect((await codeOf(`{ viewer { subject ${'@include(if: true) '.repeat(30)} } }`))?.message).toMatch(/directive/i)
    const circle = '{ viewer { ...A } } fragment A on Viewer { subject ...B } fragment B on Viewer { ...A }'
    expect((await codeOf(circle))?.message).toMatch(/spread|cycle|fragment/i)
  })

  test('a costly query is refused before it is run', async () => {
    const fields = 'id full_name email company phone website status verified employees score'
    const costly = Array.from({ length: 5 }, (_, at) => `l${at}: leads(first: 500) { nodes { ${fields} } }`).join(' ')
    expect((await codeOf(`{ ${costly} }`))?.extensions?.code).toBe('QUERY_TOO_COMPLEX')
    expect(await codeOf(`{ leads(first: 500) { nodes { ${fields} } } }`)).toBeUndefined()
  })

  test('names that do not exist are not guessed for the asker', async () => {
    expect((await codeOf('{ leads { nodes { full_nam } } }'))?.message).not.toMatch(/full_name/)
  })

  test('batches are refused', async () => {
    const body = `[${viewerQuery},${viewerQuery}]`
    const answer = await server.send({ method: 'POST', path: '/graphql', headers: { ...json, ...bearer() }, body })
    expect(answer.status).toBe(400)
    expect(answer.text).not.toContain('"data"')
  })

  test('a body over one megabyte is refused', async () => {
    const body = JSON.stringify({ query: '{ viewer { subject } }', variables: { x: 'x'.repeat(1_100_000) } })
    const answer = await server.send({ method: 'POST', path: '/graphql', headers: { ...json, ...bearer() }, body })
    expect(answer.status).toBe(413)
  })

  test.each([
    '',
    '{',
    'null',
    '[]',
    '"x"',
    '{"query":1}',
    '{"query":"{"}',
    '{"query":"{ viewer { subject } }","variables":[]}',
  ])('the body %j is a client error, and nothing of the program shows', async (body) => {
    const answer = await server.send({ method: 'POST', path: '/graphql', headers: { ...json, ...bearer() }, body })
    expect(answer.status).toBeGreaterThanOrEqual(body === '{"query":"{"}' ? 200 : 400)
    expect(answer.status).toBeLessThan(500)
    expect(answer.text).toContain('errors')
    expect(answer.text).not.toMatch(/node_modules|src\/|at .*\(/)
  })
})

describe('errors', () => {
  test('of the program are masked, those made for a person are shown with code and hint', async () => {
    const { db } = server
    db.exec('ALTER TABLE leads RENAME TO leads_gone')
    const missing = await server.query('{ leads { totalCount } }')
    db.exec('ALTER TABLE leads_gone RENAME TO leads')
    expect(missing.errors?.[0]).toMatchObject({ extensions: { code: 'NOT_FOUND', hint: expect.any(String) } })
    const { resources } = server.engine
    server.engine.resources = () => {
      throw new Error('secret-canary at /home/someone/src/file.ts')
    }
    const { errors } = await server.query('{ resources { name } }')
    server.engine.resources = resources
    expect(errors).toEqual([
      {
        message: 'Unexpected error.',
        path: ['resources'],
        locations: expect.anything(),
        extensions: { code: 'INTERNAL' },
      },
    ])
  })
})

describe('the pages', () => {
  const html = { accept: 'text/html' }

  test('the dashboard is one page for all its views, without inline script or style', async () => {
    const pages = await Promise.all(
      ['/', '/queue', '/resources/table/leads', '/leads/some%20id'].map((path) =>
        server.send({ path, headers: { ...html, cookie: session } }),
      ),
    )
    const [answer] = pages
    expect(new Set(pages.map(({ text }) => text)).size).toBe(1)
    expect(answer?.status).toBe(200)
    expect(answer?.text).not.toMatch(/<style|style=|<script(?![^>]* src="\/app\/)/)
    expect(answer?.headers['content-security-policy']).toMatch(/script-src 'self'; style-src 'self';/)
    expect(answer?.headers['x-frame-options']).toBe('DENY')
    expect(answer?.headers['cache-control']).toBe('no-store')
    expect((await server.send({ path: '/nonsense', headers: { ...html, cookie: session } })).status).toBe(404)
    expect((await server.send({ method: 'DELETE', path: '/queue', headers: { cookie: session } })).status).toBe(405)
  })

  test('its files are kept for ever under names that change with their content', async () => {
    const { text } = await server.send({ path: '/', headers: { ...html, cookie: session } })
    const files = [...text.matchAll(/"(\/app\/[^"]+)"/g)].map(([, path = '']) => path)
    expect(files.map((path) => path.replace(/-[\w-]{8}\./, '-HASH.')).sort()).toEqual([
      '/app/app-HASH.css',
      '/app/app-HASH.js',
    ])
    for (const path of files) {
      const answer = await server.send({ path, headers: { cookie: session } })
      expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'private, max-age=31536000, immutable'])
      expect(answer.headers['content-type']).toMatch(path.endsWith('.js') ? /^text\/javascript/ : /^text\/css/)
      expect((await server.send({ path })).status).toBe(401)
    }
    const outside = await server.send({ path: '/app/../index.html', headers: { cookie: session } })
    expect(outside.status).toBe(404)
  })

  test('GraphiQL is for who is signed in', async () => {
    const graphiql = await server.send({ path: '/graphql', headers: { ...html, cookie: session } })
    expect(graphiql.status).toBe(200)
    expect(graphiql.text).toContain('<!doctype html>')
    expect((await server.send({ path: '/graphql', headers: html })).headers.location).toBe('/sign-in')
  })

  test('metrics count what waits', async () => {
    const answer = await server.send({ path: '/metrics', headers: bearer() })
    expect(answer.text).toContain('trueup_approval_pending 1')
    expect(answer.text).toContain('trueup_drift_items{kind="table",severity="critical"} 1')
    expect(answer.text).toContain('trueup_drift_open_items{severity="low"} 0')
    expect(answer.text).toContain('# TYPE trueup_table_rows gauge\ntrueup_table_rows{table="leads"} 5')
  })
})
