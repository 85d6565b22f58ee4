/** Signing in through a reverse proxy: real HTTP, real keys, a provider that shows its key set. */

import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testingDesiredState } from '../leads/testing-table.ts'
import { type Answer, startTestingServer, type TestingServer } from './testing-server.ts'

const issuer = 'https://login.example.com/'
const header = 'x-id-token'
const first = await keyOf('first')
const second = await keyOf('second')
const strange = await keyOf('first')

async function keyOf(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } }
}

/** What a provider shows, how often it was asked, and whether it answers. */
const provider = { keys: [first.jwk], asked: 0, status: 200 }
const server = createServer((_request, response) => {
  provider.asked += 1
  response.statusCode = provider.status
  response.setHeader('location', 'http://169.254.169.254/')
  response.end(JSON.stringify({ keys: provider.keys }))
})

let api: TestingServer
const stateWith = (proxy: object, more: object = {}) =>
  testingDesiredState({ access: { roles: { sales: { can: ['leads.read'], unmasked: [] } }, proxy, ...more } })
const roles = [
  { subject: 'ann@example.com', role: 'admin' },
  { group: 'sales', role: 'sales' },
  { group: 'ghosts', role: 'nothing-like-it' },
]
const jwtProxy = (keys: object, more: object = {}) => ({
  jwt: { header, keys, issuer, audience: 'trueup', subject: 'email', groups: 'realm.roles', ...more },
  roles,
})

let keysUrl = ''
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  keysUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`
  api = await startTestingServer(stateWith(jwtProxy({ url: keysUrl })), {
    limits: { stranger: { perSecond: 0.01, burst: 500 } },
  })
})
afterAll(async () => {
  await api.close()
  server.close()
})

interface Claims {
  readonly email?: unknown
  readonly [name: string]: unknown
}
const signed = (
  claims: Claims,
  {
    key = first,
    inSeconds = 60,
    audience = 'trueup',
    by = issuer,
  }: { key?: typeof first; inSeconds?: number; audience?: string; by?: string } = {},
) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid: key.kid })
    .setIssuer(by)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + inSeconds)
    .sign(key.privateKey)

const whoAmI = '{ viewer { subject role } }'
const ask = (headers: Record<string, string>, query = whoAmI): Promise<Answer> =>
  api.send({ path: `/graphql?query=${encodeURIComponent(query)}`, headers: { accept: 'application/json', ...headers } })
const viewerIn = (answer: Answer) => JSON.parse(answer.text).data?.viewer
const statusOf = async (token: string) => (await ask({ [header]: token })).status

describe('a signed token that the proxy passes on', () => {
  test('says who it is; the first grant that fits gives the role', async () => {
    const ann = await ask({ [header]: await signed({ email: 'Ann@example.com' }) })
    expect([ann.status, viewerIn(ann)]).toEqual([200, { subject: 'Ann@example.com', role: 'admin' }])
    const bob = await ask({
      [header]: `Bearer ${await signed({ email: 'bob@example.com', realm: { roles: ['x', 'sales'] } })}`,
    })
    expect(viewerIn(bob)).toEqual({ subject: 'bob@example.com', role: 'sales' })
    expect(api.engine.notes).toContainEqual(
      expect.objectContaining({ is: 'signed-in', by: 'proxy', actor: 'proxy:bob@example.com' }),
    )
  })

  test('whom no grant fits, or one to a role that is not declared, is refused', async () => {
    for (const roles of [[], ['ghosts']]) {
      const answer = await ask({ [header]: await signed({ email: 'eve@example.com', realm: { roles } }) })
      expect([answer.status, JSON.parse(answer.text).errors[0].extensions.code]).toEqual([403, 'FORBIDDEN'])
    }
  })

  test.each<[string, () => string | Promise<string>]>([
    ['expired', () => signed({ email: 'ann@example.com' }, { inSeconds: -31 })],
    ['for another audience', () => signed({ email: 'ann@example.com' }, { audience: 'mail' })],
    ['of another issuer', () => signed({ email: 'ann@example.com' }, { by: 'https://evil.example/' })],
    ['signed with another key under the known name', () => signed({ email: 'ann@example.com' }, { key: strange })],
    [
      'changed after it was signed',
      async () =>
        (await signed({ email: 'eve@example.com' })).replace(
          /\.[^.]+\./,
          `.${part({ email: 'ann@example.com', iss: issuer, aud: 'trueup', exp: 9e9 })}.`,
        ),
    ],
    [
      'signed by nobody',
      () => `${part({ alg: 'none' })}.${part({ email: 'ann@example.com', iss: issuer, aud: 'trueup', exp: 9e9 })}.`,
    ],
    ['signed with the public key as a shared secret', hmacByPublicKey],
    [
      'without an end',
      () =>
        new SignJWT({ email: 'ann@example.com' })
          .setProtectedHeader({ alg: 'RS256', kid: 'first' })
          .setIssuer(issuer)
          .setAudience('trueup')
          .sign(first.privateKey),
    ],
    ['without the claim that says who', () => signed({ sub: 'ann@example.com' })],
    ['with a name that holds a line break', () => signed({ email: 'ann@example.com\nbob' })],
    ['of an address that nobody verified', () => signed({ email: 'ann@example.com', email_verified: false })],
    ['that is none', () => 'x.y.z'],
    ['without end', () => 'a'.repeat(15_000)],
  ])('%s: 401', async (_name, token) => {
    expect(await statusOf(await token())).toBe(401)
  })

  test('a little late is late by the clocks alone', async () => {
    expect(await statusOf(await signed({ email: 'ann@example.com' }, { inSeconds: -20 }))).toBe(200)
  })

  test('a key that the provider made new is asked for once, not by each forged token', async () => {
    api.swap(stateWith(jwtProxy({ url: keysUrl })))
    provider.asked = 0
    expect(await statusOf(await signed({ email: 'ann@example.com' }))).toBe(200)
    for (let n = 0; n < 5; n += 1)
      expect(await statusOf(await signed({ email: 'ann@example.com' }, { key: second }))).toBe(401)
    expect(provider.asked).toBe(1)
  })

  test('while the keys are not to be had nobody comes in by it; tokens of Trueup go on', async () => {
    for (const status of [500, 302]) {
      provider.status = status
      api.swap(stateWith(jwtProxy({ url: keysUrl })))
      expect(await statusOf(await signed({ email: 'ann@example.com' }))).toBe(503)
    }
    const token = { authorization: `Bearer ${api.admin.token}`, [header]: 'x.y.z' }
    expect(viewerIn(await ask(token))).toEqual({ subject: 'admin', role: 'admin' })
    provider.status = 200
  })

  test('keys in a file are read anew when it changes', async () => {
    const file = join(api.folder, 'jwks.json')
    api.swap(stateWith(jwtProxy({ file: 'jwks.json' })))
    const token = await signed({ email: 'ann@example.com' }, { key: second })
    expect(await statusOf(token)).toBe(503)
    writeFileSync(file, JSON.stringify({ keys: [first.jwk] }))
    expect(await statusOf(token)).toBe(401)
    writeFileSync(file, JSON.stringify({ keys: [first.jwk, second.jwk] }))
    expect(await statusOf(token)).toBe(200)
    writeFileSync(file, 'no keys')
    expect(await statusOf(token)).toBe(503)
  })

  test('in the Authorization header too; a POST without an Origin is no page of ours', async () => {
    api.swap(stateWith(jwtProxy({ url: keysUrl }, { header: 'Authorization' })))
    const authorization = `Bearer ${await signed({ email: 'ann@example.com' })}`
    expect(viewerIn(await ask({ authorization }))?.role).toBe('admin')
    const post = { method: 'POST', path: '/graphql', body: JSON.stringify({ query: whoAmI }) }
    const headers = { authorization, 'content-type': 'application/json', accept: 'application/json' }
    expect((await api.send({ ...post, headers })).status).toBe(403)
    expect((await api.send({ ...post, headers: { ...headers, origin: api.url } })).status).toBe(200)
    expect((await ask({ authorization: `Bearer ${api.admin.token}` })).status).toBe(200)
    api.swap(stateWith(jwtProxy({ url: keysUrl })))
  })

  test('a stream ends with the token', async () => {
    const token = await signed({ email: 'ann@example.com' }, { inSeconds: -29 })
    const response = await fetch(
      `${api.url}/graphql?query=${encodeURIComponent('subscription { events { cursor } }')}`,
      {
        headers: { accept: 'text/event-stream', [header]: token },
      },
    )
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow()
  })
})

const part = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url')

/** The confusion of algorithms: the public key is known to all, so who took it as a secret would believe everybody. */
function hmacByPublicKey(): Promise<string> {
  return new SignJWT({ email: 'ann@example.com' })
    .setProtectedHeader({ alg: 'HS256', kid: 'first' })
    .setIssuer(issuer)
    .setAudience('trueup')
    .setExpirationTime('1m')
    .sign(Buffer.from(JSON.stringify(first.jwk)))
}

describe('plain headers', () => {
  const headers = { subject: 'X-User', groups: 'X-Groups' }

  test('are believed from the declared addresses, and from nobody else', async () => {
    api.swap(stateWith({ addresses: ['10.0.0.0/8'], headers, roles }))
    expect((await ask({ 'x-user': 'ann@example.com' })).status).toBe(401)
    api.swap(stateWith({ addresses: ['127.0.0.0/8'], headers, roles }))
    expect(viewerIn(await ask({ 'x-user': 'ann@example.com' }))).toEqual({ subject: 'ann@example.com', role: 'admin' })
    expect(viewerIn(await ask({ 'x-user': 'bob', 'x-groups': 'other, sales' }))?.role).toBe('sales')
    expect((await ask({ 'x-user': 'bob' })).status).toBe(403)
    expect((await ask({ 'x-groups': 'sales' })).status).toBe(401)
  })
})

describe('the address that people use', () => {
  const publicUrl = 'https://leads.example.com'

  test('is answered to, by https alone, and its cookie goes no other way', async () => {
    const link = () => api.auth.signInPath(api.admin.record.id)
    const at = { host: 'leads.example.com' }
    api.swap(stateWith({}))
    expect((await api.send({ path: link(), headers: at })).status).toBe(403)
    api.swap(stateWith({}, { publicUrl }))
    const there = await api.send({ path: link(), headers: at })
    expect([there.status, String(there.headers['set-cookie'])]).toEqual([303, expect.stringMatching(/; Secure$/)])
    const here = await api.send({ path: link() })
    expect(String(here.headers['set-cookie'])).not.toContain('Secure')
    const cookie = String(there.headers['set-cookie']).split(';', 1)[0] ?? ''
    const post = (origin: string) =>
      api.send({
        method: 'POST',
        path: '/graphql',
        headers: { ...at, cookie, origin, 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ query: whoAmI }),
      })
    expect((await post(publicUrl)).status).toBe(200)
    for (const origin of ['http://leads.example.com', 'https://leads.example.com.evil.example', 'null'])
      expect((await post(origin)).status, origin).toBe(403)
  })
})

describe('the addresses that rates are counted by', () => {
  const limits = { stranger: { perSecond: 0.001, burst: 2 } }
  const knock = async (one: TestingServer, forwarded?: string) =>
    (await one.send({ path: '/metrics', headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }))
      .status

  test('are those that a declared proxy saw: strangers behind it do not share a rate', async () => {
    const one = await startTestingServer(stateWith({ addresses: ['127.0.0.1', '10.0.0.0/8'] }), { limits })
    for (const stranger of ['203.0.113.1', '203.0.113.2, 10.1.2.3', '203.0.113.3:5555', '[2001:db8::1]:443'])
      expect([await knock(one, stranger), await knock(one, stranger), await knock(one, stranger)], stranger).toEqual([
        401, 401, 429,
      ])
    // What stands before the address that the proxy saw is a stranger's own words.
    expect(await knock(one, '198.51.100.7, 203.0.113.1')).toBe(429)
    expect(await knock(one, '198.51.100.7, nonsense, 203.0.113.1')).toBe(429)
    expect(await knock(one, '2001:db8:0:0:ffff::9')).toBe(429)
    expect(await knock(one, '2001:db8:0:1::1')).toBe(401)
    await one.close()
  })

  test('of nobody else is a header believed', async () => {
    const one = await startTestingServer(stateWith({}), { limits })
    const statuses = []
    for (const n of [1, 2, 3]) statuses.push(await knock(one, `203.0.113.${n}`))
    expect(statuses).toEqual([401, 401, 429])
    await one.close()
  })
})
