import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../clock.ts'
import { testingDesiredState } from '../leads/testing-table.ts'
import { permissions, rolesOf } from './auth/permissions.ts'
import { openTokens, sameHash, type TokenStore } from './auth/tokens.ts'
import { startTestingServer, type TestingServer } from './testing-server.ts'

const state = testingDesiredState({
  access: {
    roles: {
      sales: { can: ['leads.read'], unmasked: ['phone'] },
      clerk: { can: ['leads.*'] },
      nobody: { can: ['leads.fly'] },
      admin: { can: ['leads.read'] },
    },
  },
})

let server: TestingServer
beforeAll(async () => {
  server = await startTestingServer(state)
  server.db.exec(
    "INSERT INTO leads (id, full_name, email, phone, raw_data) VALUES ('a', 'Ann', 'ann@acme.com', '+14155552671', '{\"email\":\"ann@acme.com\"}')",
  )
})
afterAll(() => server.close())

describe('roles', () => {
  test('the built-in roles are what they were designed to be', () => {
    const can = (name: string) => [...(rolesOf(state.access).get(name)?.can ?? [])].sort()
    const read = ['leads.read', 'schema.read', 'state.read', 'sync.read']
    const inFull = [...read, 'people.unmask']
    expect(can('viewer')).toEqual(read)
    expect(can('editor')).toEqual(['conflict.resolve', 'leads.write', ...inFull].sort())
    expect(can('operator')).toEqual(
      [
        'audit.read',
        'conflict.resolve',
        'contact.allow',
        'leads.write',
        'people.erase',
        'state.reconcile',
        'sync.run',
        ...inFull,
      ].sort(),
    )
    expect(can('approver')).toEqual(
      ['actions.approve', 'audit.read', 'conflict.resolve', 'contact.allow', ...inFull].sort(),
    )
    expect(can('admin')).toEqual([...permissions].sort())
    expect(can('clerk')).toEqual(['leads.read', 'leads.write'])
    expect(can('nobody')).toEqual([])
  })

  test('a role that a new generation takes away allows nothing any more', async () => {
    const token = server.tokenOf('clerk')
    expect((await server.query('{ leads { totalCount } }', {}, token)).errors).toBeUndefined()
    server.auth.declare(testingDesiredState().access)
    expect((await server.query('{ leads { totalCount } }', {}, token)).errors?.[0]?.extensions?.code).toBe('FORBIDDEN')
    server.auth.declare(state.access)
  })
})

describe('personal data', () => {
  test('is masked for a declared role unless the role unmasks it, on every path', async () => {
    const token = server.tokenOf('sales')
    const wanted = 'full_name email phone raw_data'
    const { data } = await server.query(
      `{ leads { nodes { ${wanted} } edges { node { ${wanted} } } } lead(id: "a") { ${wanted} } node(id: "a") { ... on Lead { ${wanted} } } }`,
      {},
      token,
    )
    const seen = { full_name: 'A***', email: 'a***@***', phone: '+14155552671', raw_data: null }
    expect(data).toEqual({ leads: { nodes: [seen], edges: [{ node: seen }] }, lead: seen, node: seen })
  })

  test.each([
    'leads(filter: { email: { startsWith: "a" } })',
    'leads(filter: { not: { or: [{ raw_data: { isNull: true } }] } })',
    'leads(orderBy: { field: email })',
    'leads(search: "ann")',
  ])('%s is refused for who sees the field masked', async (list) => {
    const { errors } = await server.query(`{ ${list} { totalCount } }`, {}, server.tokenOf('sales'))
    expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN')
  })

  test('previews of actions hold no values for a role that does not see all', async () => {
    server.auth.declare({ ...state.access, roles: { watcher: { can: ['state.read'], unmasked: [] } } })
    const text = '{ plan { actions { preview { key before } } } }'
    expect((await server.query(text, {}, server.tokenOf('watcher'))).data?.plan?.actions?.[0]?.preview).toEqual([
      { key: 'k1', before: null },
    ])
    expect((await server.query(text)).data?.plan?.actions?.[0]?.preview).toEqual([{ key: 'k1', before: '<b>+1</b>' }])
    server.auth.declare(state.access)
  })
})

describe('tokens', () => {
  test('are made once, shown once, and dead at once when revoked', async () => {
    const made = await server.query(
      'mutation { createToken(input: { subject: "bob", role: "viewer", expiresInDays: 1 }) { ... on TokenCreated { token record { id subject role expiresAt } } } }',
    )
    const record = made.data?.createToken?.record
    const token = String(made.data?.createToken?.token)
    expect(record).toMatchObject({ subject: 'bob', role: 'viewer' })
    expect((await server.query('{ viewer { subject role permissions } }', {}, token)).data?.viewer).toEqual({
      subject: 'bob',
      role: 'viewer',
      permissions: ['leads.read', 'state.read', 'sync.read', 'schema.read'],
    })
    await server.query(`mutation { revokeToken(input: { id: "${record?.id}" }) { __typename } }`)
    const answer = await server.query('{ viewer { subject } }', {}, token)
    expect(answer.errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED')
    expect(server.engine.calls.filter((call) => call.method === 'recordTokenChange')).toMatchObject([
      { request: { is: 'created', subject: 'bob', actor: 'token:admin' } },
      { request: { is: 'revoked', tokenId: record?.id } },
    ])
  })

  test('of a role that does not exist are refused with the roles that do', async () => {
    const { data } = await server.query(
      'mutation { createToken(input: { subject: "bob", role: "king" }) { ... on InputInvalid { fieldErrors { field message } } } }',
    )
    expect(data?.createToken?.fieldErrors).toEqual([{ field: 'role', message: expect.stringContaining('viewer') }])
  })
})

describe('the token store', () => {
  let folder: string
  let nowMs: number
  let store: TokenStore
  const open = () => openTokens(join(folder, '.trueup', 'tokens.json'), { ...systemClock, nowMs: () => nowMs })
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tokens-'))
    nowMs = Date.UTC(2026, 10, 23)
    store = open()
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('keeps only hashes, in a file that only its owner can read', () => {
    const { token, record } = store.create({ subject: 'ann', role: 'viewer' })
    const path = join(folder, '.trueup', 'tokens.json')
    // The secret may hold the separator too.
    const secret = token.split('_').slice(2).join('_')
    expect(secret.length).toBeGreaterThan(40)
    expect(readFileSync(path, 'utf8')).not.toContain(secret)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, '.trueup')).mode & 0o777).toBe(0o700)
    expect(open().verify(token)).toEqual(record)
  })

  test.each([
    ['another secret of the same id', (token: string) => `${token.slice(0, -2)}${token.endsWith('xx') ? 'yy' : 'xx'}`],
    ['a cut one', (token: string) => token.slice(0, -1)],
    ['the id alone', (token: string) => token.split('_').slice(0, 2).join('_')],
    ['nothing', () => ''],
    ['a JWT without a signature', () => 'eyJhbGciOiJub25lIn0.eyJyb2xlIjoiYWRtaW4ifQ.'],
    ['a name of the prototype', () => 'trueup___proto___x'],
  ])('%s is no token', (_name, change) => {
    const { token } = store.create({ subject: 'ann', role: 'viewer' })
    expect(store.verify(change(token))).toBeUndefined()
  })

  test('compares whatever comes in the same way: one hash, one comparison of all of its bytes, whoever asks', () => {
    let compared: (readonly [number, number])[] = []
    const path = join(folder, 'compared', 'tokens.json')
    const store = openTokens(path, systemClock, (one, other) => {
      compared = [...compared, [one.length, other.length]]
      return sameHash(one, other)
    })
    const made = () => store.create({ subject: 'ann', role: 'viewer' })
    const valid = made()
    const revoked = made()
    store.revoke(revoked.record.id)
    const expired = store.create({ subject: 'ann', role: 'viewer', expiresInMs: -1 })
    const { token } = valid
    const last = token.endsWith('A') ? 'B' : 'A'
    const other = (at: number) => `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
    const forged = {
      'another first character of the secret': other(`trueup_${valid.record.id}_`.length),
      'another last character': `${token.slice(0, -1)}${last}`,
      'too short': token.slice(0, -1),
      'another id': token.replace(valid.record.id, '000000000000'),
      'of no form': 'x',
      empty: '',
      revoked: revoked.token,
      expired: expired.token,
    }
    const seen = Object.entries({ valid: token, ...forged }).map(([name, text]) => {
      compared = []
      return [name, store.verify(text) !== undefined, compared]
    })
    expect(seen).toEqual([['valid', true, [[32, 32]]], ...Object.keys(forged).map((name) => [name, false, [[32, 32]]])])
    // A comparison that ends at the first difference would say no; this one does not take what it cannot compare in full.
    expect(() => sameHash(Buffer.alloc(31), Buffer.alloc(32))).toThrow(/same byte length/)
  })

  test('an expired token is none, and the clock of the machine decides', () => {
    const { token } = store.create({ subject: 'ann', role: 'viewer', expiresInMs: 1000 })
    nowMs += 999
    expect(store.verify(token)).toBeDefined()
    nowMs += 1
    expect(store.verify(token)).toBeUndefined()
  })

  test('is rotated with an overlap: the new one is alike, the old one ends after it, and never later than it would have', () => {
    const old = store.create({ subject: 'ann', role: 'viewer', expiresInMs: 10_000, scope: ['leads.read'] })
    nowMs += 1000
    const next = store.rotate(old.record.id, 5000)
    expect(next?.record).toMatchObject({ subject: 'ann', role: 'viewer', scope: ['leads.read'] })
    expect(Date.parse(next?.record.expiresAt ?? '') - nowMs).toBe(10_000)
    const alive = () => [old.token, next?.token ?? ''].map((token) => store.verify(token) !== undefined)
    expect(alive()).toEqual([true, true])
    nowMs += 5000
    expect(alive()).toEqual([false, true])
    const short = store.create({ subject: 'ann', role: 'viewer', expiresInMs: 1000 })
    store.rotate(short.record.id, 60_000)
    nowMs += 1000
    expect(store.verify(short.token)).toBeUndefined()
    expect([store.rotate(short.record.id, 0), store.rotate('none', 0)]).toEqual([undefined, undefined])
  })

  test('the rotated first admin token takes its place in its file', () => {
    const first = store.ensureAdminToken()
    const next = store.rotate(first.record.id, 0)
    expect(readFileSync(first.path, 'utf8').trim()).toBe(next?.token)
    expect(store.ensureAdminToken()).toMatchObject({ created: false, record: { id: next?.record.id } })
  })

  test('a file of before scopes is read', () => {
    const { token, record } = store.create({ subject: 'ann', role: 'viewer' })
    const path = join(folder, '.trueup', 'tokens.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace(/,\s*"scope": null/, ''))
    expect(readFileSync(path, 'utf8')).not.toContain('scope')
    expect(open().verify(token)).toEqual(record)
  })

  test('what another process revokes is dead here too', () => {
    const { token, record } = store.create({ subject: 'ann', role: 'viewer' })
    expect(store.verify(token)).toBeDefined()
    open().revoke(record.id)
    expect(store.verify(token)).toBeUndefined()
    expect(store.list()).toHaveLength(1)
  })

  test('the first admin token is written once, private, and made anew when it was revoked', () => {
    const first = store.ensureAdminToken()
    expect(first.created).toBe(true)
    expect(statSync(first.path).mode & 0o777).toBe(0o600)
    expect(store.verify(readFileSync(first.path, 'utf8').trim())?.role).toBe('admin')
    expect(open().ensureAdminToken()).toMatchObject({ created: false, record: { id: first.record.id } })
    store.revoke(first.record.id)
    expect(store.ensureAdminToken().record.id).not.toBe(first.record.id)
  })

  test('a file that holds no tokens is an error with a next step, never an empty list', () => {
    store.create({ subject: 'ann', role: 'viewer' })
    writeFileSync(join(folder, '.trueup', 'tokens.json'), '{"version":1,"tokens":[{"id":1}]}')
    expect(() => open().list()).toThrow(/no file of tokens/)
  })
})
