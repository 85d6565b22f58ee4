import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../clock.ts'
import { testingDesiredState } from '../leads/testing-table.ts'
import { type Permission, permissions, rolesOf } from './auth/permissions.ts'
import { openTokens, type TokenStore } from './auth/tokens.ts'
import { openRootFields } from './schema/schema.ts'
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

/** One operation for each root field, with the permission it needs; undefined where every role may. */
const operations: Readonly<Record<string, readonly [text: string, permission: Permission | undefined]>> = {
  'Query.controller': ['{ controller { verdict } }', 'state.read'],
  'Query.desiredState': ['{ desiredState { generation } }', 'state.read'],
  'Query.resources': ['{ resources { name } }', 'state.read'],
  'Query.resource': ['{ resource(kind: "table", name: "leads") { name } }', 'state.read'],
  'Query.driftReport': ['{ driftReport { total } }', 'state.read'],
  'Query.healthReport': ['{ healthReport { status } }', 'state.read'],
  'Query.plan': ['{ plan { id } }', 'state.read'],
  'Query.action': ['{ action(id: "x") { id } }', 'state.read'],
  'Query.actions': ['{ actions { id } }', 'state.read'],
  'Query.interventionQueue': ['{ interventionQueue { message } }', 'state.read'],
  'Query.syncStatus': ['{ syncStatus { table } }', 'sync.read'],
  'Query.syncHistory': ['{ syncHistory { nodes { id } } }', 'sync.read'],
  'Query.conflicts': ['{ conflicts { nodes { id } } }', 'sync.read'],
  'Query.events': ['{ events { hasMore } }', 'state.read'],
  'Query.auditLog': ['{ auditLog { hasMore } }', 'audit.read'],
  'Query.services': ['{ services { name } }', 'state.read'],
  'Query.jobs': ['{ jobs { name } }', 'state.read'],
  'Query.backups': ['{ backups { name } }', 'state.read'],
  'Query.programOutput': ['{ programOutput(name: "scraper") }', 'state.reconcile'],
  'Query.viewer': ['{ viewer { subject } }', undefined],
  'Query.tokens': ['{ tokens { id } }', 'tokens.manage'],
  'Query.leads': ['{ leads { nodes { id } } }', 'leads.read'],
  'Query.lead': ['{ lead(id: "a") { id } }', 'leads.read'],
  'Query.quality': ['{ quality { score } }', 'leads.read'],
  'Query.statistics': ['{ statistics { total } }', 'leads.read'],
  'Query.node': ['{ node(id: "a") { id } }', 'leads.read'],
  'Mutation.approveActions': [
    'mutation { result: approveActions(input: { actionIds: ["a1b2c3"] }) { __typename } }',
    'actions.approve',
  ],
  'Mutation.rejectActions': [
    'mutation { result: rejectActions(input: { actionIds: ["a1b2c3"], reason: "no" }) { __typename } }',
    'actions.approve',
  ],
  'Mutation.undo': ['mutation { result: undo(input: { id: "x" }) { __typename } }', 'state.reconcile'],
  'Mutation.reconcile': ['mutation { result: reconcile(input: {}) { __typename } }', 'state.reconcile'],
  'Mutation.push': ['mutation { result: push(input: { table: "leads" }) { __typename } }', 'sync.run'],
  'Mutation.pull': ['mutation { result: pull(input: { table: "leads" }) { __typename } }', 'sync.run'],
  'Mutation.resolveConflict': [
    'mutation { result: resolveConflict(input: { id: "c1", take: LOCAL }) { __typename } }',
    'conflict.resolve',
  ],
  'Mutation.suspendResource': [
    'mutation { result: suspendResource(input: { kind: "table", name: "leads", reason: "r" }) { __typename } }',
    'state.reconcile',
  ],
  'Mutation.resumeResource': [
    'mutation { result: resumeResource(input: { kind: "table", name: "leads" }) { __typename } }',
    'state.reconcile',
  ],
  'Mutation.restartService': [
    'mutation { result: restartService(input: { name: "scraper" }) { __typename } }',
    'state.reconcile',
  ],
  'Mutation.startService': [
    'mutation { result: startService(input: { name: "scraper" }) { __typename } }',
    'state.reconcile',
  ],
  'Mutation.stopService': [
    'mutation { result: stopService(input: { name: "scraper" }) { __typename } }',
    'state.reconcile',
  ],
  'Mutation.runJob': ['mutation { result: runJob(input: { name: "daily" }) { __typename } }', 'state.reconcile'],
  'Mutation.createBackup': [
    'mutation { result: createBackup(input: { name: "nightly" }) { __typename } }',
    'state.reconcile',
  ],
  'Mutation.verifyBackup': ['mutation { result: verifyBackup(input: { id: "x" }) { __typename } }', 'state.reconcile'],
  'Mutation.restoreBackup': [
    'mutation { result: restoreBackup(input: { id: "x", database: "main" }) { __typename } }',
    'state.reconcile',
  ],
  'Mutation.pruneBackup': ['mutation { result: pruneBackup(input: {}) { __typename } }', 'state.reconcile'],
  'Mutation.applyDesiredState': [
    'mutation { result: applyDesiredState(input: { yaml: "x", dryRun: true }) { __typename } }',
    'state.apply',
  ],
  'Mutation.createToken': [
    'mutation { result: createToken(input: { subject: "x", role: "none such" }) { __typename } }',
    'tokens.manage',
  ],
  'Mutation.revokeToken': ['mutation { result: revokeToken(input: { id: "x" }) { __typename } }', 'tokens.manage'],
  'Mutation.createLead': ['mutation { result: createLead(input: {}) { __typename } }', 'leads.write'],
  'Mutation.updateLead': [
    'mutation { result: updateLead(input: { id: "a", company: "x" }) { __typename } }',
    'leads.write',
  ],
  'Mutation.deleteLead': ['mutation { result: deleteLead(input: { id: "none" }) { __typename } }', 'leads.write'],
  'Mutation.createLeads': ['mutation { result: createLeads(input: { items: [{}] }) { __typename } }', 'leads.write'],
  'Mutation.updateLeads': [
    'mutation { result: updateLeads(input: { items: [{ id: "a", company: "x" }] }) { __typename } }',
    'leads.write',
  ],
  'Mutation.deleteLeads': [
    'mutation { result: deleteLeads(input: { items: [{ id: "none" }] }) { __typename } }',
    'leads.write',
  ],
  'Mutation.waiveCheck': [
    'mutation { result: waiveCheck(input: { id: "a", checks: ["email.typo"] }) { __typename } }',
    'leads.write',
  ],
  'Mutation.acceptSuggestion': [
    'mutation { result: acceptSuggestion(input: { id: "none", check: "email.typo" }) { __typename } }',
    'leads.write',
  ],
  'Mutation.eraseLead': [
    'mutation { result: eraseLead(input: { id: "none", reason: "asked", dryRun: true }) { __typename } }',
    'people.erase',
  ],
  'Mutation.liftSuppression': [
    'mutation { result: liftSuppression(input: { id: "x", reason: "wrong" }) { __typename } }',
    'suppressions.lift',
  ],
  'Query.suppressions': ['{ suppressions { id } }', 'people.erase'],
  'Subscription.events': ['subscription { events { cursor } }', 'state.read'],
  'Subscription.progress': ['subscription { progress(runId: "x") { done } }', 'state.read'],
  'Subscription.programOutput': ['subscription { programOutput(name: "scraper") }', 'state.reconcile'],
  'Subscription.resourceChanged': ['subscription { resourceChanged { name } }', 'state.read'],
}

describe('roles and operations', () => {
  test('every root field states its permission, and every one stands in the matrix below', () => {
    const schema = server.api.schema()
    expect(openRootFields(schema)).toEqual([])
    const fields = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
      Object.keys(type?.getFields() ?? {}).map((name) => `${type?.name}.${name}`),
    )
    expect(fields.sort()).toEqual(Object.keys(operations).sort())
  })

  const roles = [...rolesOf(state.access).values()]
  describe.each(roles.map((role) => [role.name, role] as const))('%s', (name, role) => {
    test('may do what its permissions say, and nothing else', async () => {
      const token = server.tokenOf(name)
      for (const [field, [text, permission]] of Object.entries(operations)) {
        const allowed = permission === undefined || role.can.has(permission)
        if (field.startsWith('Subscription.')) {
          const subscription = await server.subscribe(text, token)
          if (!allowed) {
            expect((await subscription.next())?.errors?.[0]?.extensions?.code, field).toBe('FORBIDDEN')
          }
          subscription.close()
          continue
        }
        const { data, errors } = await server.query(text, {}, token)
        const refused =
          errors?.some((error) => error.extensions?.code === 'FORBIDDEN') === true ||
          data?.result?.__typename === 'Forbidden'
        expect(refused, `${name} ${field}`).toBe(!allowed)
      }
    })
  })

  test('the built-in roles are what they were designed to be', () => {
    const can = (name: string) => [...(rolesOf(state.access).get(name)?.can ?? [])].sort()
    const read = ['leads.read', 'state.read', 'sync.read']
    expect(can('viewer')).toEqual(read)
    expect(can('editor')).toEqual(['conflict.resolve', 'leads.write', ...read].sort())
    expect(can('operator')).toEqual(
      ['audit.read', 'conflict.resolve', 'leads.write', 'people.erase', 'state.reconcile', 'sync.run', ...read].sort(),
    )
    expect(can('approver')).toEqual(['actions.approve', 'audit.read', 'conflict.resolve', ...read].sort())
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
    const seen = { full_name: 'Ann', email: 'a***@***', phone: '+14155552671', raw_data: null }
    expect(data).toEqual({ leads: { nodes: [seen], edges: [{ node: seen }] }, lead: seen, node: seen })
  })

  test('is masked in what is suggested, and taken by whoever may write', async () => {
    const text = '{ quality { suggestions { id recordId field before after } } }'
    const suggested = async (token?: string) => (await server.query(text, {}, token)).data.quality[0].suggestions
    expect(await suggested(server.tokenOf('sales'))).toEqual([
      { id: null, recordId: 'a', field: 'email', before: 'a***@***', after: 'a***@***' },
    ])
    expect(await suggested()).toEqual([
      { id: 's1', recordId: 'a', field: 'email', before: 'ann@gmial.com', after: 'ann@gmail.com' },
    ])
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
    expect((await server.query(text, {}, server.tokenOf('watcher'))).data.plan.actions[0].preview).toEqual([
      { key: 'k1', before: null },
    ])
    expect((await server.query(text)).data.plan.actions[0].preview).toEqual([{ key: 'k1', before: '<b>+1</b>' }])
    server.auth.declare(state.access)
  })
})

describe('tokens', () => {
  test('are made once, shown once, and dead at once when revoked', async () => {
    const made = await server.query(
      'mutation { createToken(input: { subject: "bob", role: "viewer", expiresInDays: 1 }) { ... on TokenCreated { token record { id subject role expiresAt } } } }',
    )
    const { token, record } = made.data.createToken
    expect(record).toMatchObject({ subject: 'bob', role: 'viewer' })
    expect((await server.query('{ viewer { subject role permissions } }', {}, token)).data.viewer).toEqual({
      subject: 'bob',
      role: 'viewer',
      permissions: ['leads.read', 'state.read', 'sync.read'],
    })
    await server.query(`mutation { revokeToken(input: { id: "${record.id}" }) { __typename } }`)
    const answer = await server.query('{ viewer { subject } }', {}, token)
    expect(answer.errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED')
    expect(server.engine.calls.filter((call) => call.method === 'recordTokenChange')).toMatchObject([
      { request: { is: 'created', subject: 'bob', actor: 'token:admin' } },
      { request: { is: 'revoked', tokenId: record.id } },
    ])
  })

  test('of a role that does not exist are refused with the roles that do', async () => {
    const { data } = await server.query(
      'mutation { createToken(input: { subject: "bob", role: "king" }) { ... on InputInvalid { fieldErrors { field message } } } }',
    )
    expect(data.createToken.fieldErrors).toEqual([{ field: 'role', message: expect.stringContaining('viewer') }])
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
    expect(readFileSync(path, 'utf8')).not.toContain(token.split('_')[2])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, '.trueup')).mode & 0o777).toBe(0o700)
    expect(open().verify(token)).toEqual(record)
  })

  test.each([
    ['another secret of the same id', (token: string) => `${token.slice(0, -2)}xx`],
    ['a cut one', (token: string) => token.slice(0, -1)],
    ['the id alone', (token: string) => token.split('_').slice(0, 2).join('_')],
    ['nothing', () => ''],
    ['a JWT without a signature', () => 'eyJhbGciOiJub25lIn0.eyJyb2xlIjoiYWRtaW4ifQ.'],
    ['a name of the prototype', () => 'trueup___proto___x'],
  ])('%s is no token', (_name, change) => {
    const { token } = store.create({ subject: 'ann', role: 'viewer' })
    expect(store.verify(change(token))).toBeUndefined()
  })

  test('an expired token is none, and the clock of the machine decides', () => {
    const { token } = store.create({ subject: 'ann', role: 'viewer', expiresInMs: 1000 })
    nowMs += 999
    expect(store.verify(token)).toBeDefined()
    nowMs += 1
    expect(store.verify(token)).toBeUndefined()
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
