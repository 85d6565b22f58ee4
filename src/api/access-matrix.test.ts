/**
 * Every role against every field on every way through the checked-in schema: what is refused, what is masked, what is shown.
 * The rules are in `testing-rules.ts`; a root field without one fails here, and a text that is new is scrubbed unasked.
 */
import { readFileSync } from 'node:fs'
import {
  buildSchema,
  execute,
  type GraphQLObjectType,
  type GraphQLSchema,
  parse,
  parseValue,
  subscribe,
  validate,
  valueFromASTUntyped,
} from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { systemClock } from '../clock.ts'
import { desiredStateSchema } from '../desired/schema.ts'
import type { LeadDuplicates } from '../leads/duplicates.ts'
import type { LeadHistory } from '../leads/history.ts'
import { createAccessNotes } from './access-notes.ts'
import { type Permission, permissions, type Role, rolesOf, type Viewer } from './auth/permissions.ts'
import type { RestRequest } from './rest/request.ts'
import { createRest } from './rest/rest.ts'
import type { Route } from './rest/routes.ts'
import type { ApiContext } from './schema/context.ts'
import { openRootFields } from './schema/schema.ts'
import { testingAction, testingEvent, testingResource } from './testing-engine.ts'
import { argsOf, maskedCells, rootRules } from './testing-rules.ts'
import { startTestingServer, type TestingServer } from './testing-server.ts'
import { testingConflict, testingMove } from './testing-sync.ts'
import { coordinateOf, coordinatesOf, operationOf, type Way, waysFrom } from './testing-walk.ts'

const yaml: Record<string, unknown> = parseYaml(readFileSync('desired-state.yaml', 'utf8'))
const state = desiredStateSchema.parse({
  ...yaml,
  access: {
    roles: {
      sales: { can: ['leads.read'], unmasked: ['email'] },
      clerk: { can: ['leads.*'] },
      mover: { can: ['sync.*', 'conflict.*'] },
      writer: { can: ['leads.write'] },
      watcher: { can: ['state.read', 'state.reconcile', 'audit.read'] },
      none: { can: ['leads.fly'] },
    },
  },
})
const fields = Object.keys(state.tables.leads?.fields ?? {})

/** What is planted. The address and the number stand in sentences too, and so does the secret. */
const person = {
  full_name: 'Zebulon Quisling',
  email: 'zebulon@quisling.example',
  phone: '+4915700099887',
  linkedin_url: 'https://www.linkedin.com/in/zebulon-quisling',
  ai_message: 'Dear Zebulon, canary of a message',
  company_description: 'canary of a description',
  raw_data: '{"note":"canary of raw data"}',
}
const secret = 'patA1b2C3d4E5f6G7.0123456789abcdef0123456789abcdef'
const sentence = `seen ${person.email} at ${person.phone} with ${secret}`
/** Names of members that hold a sentence of some kind, or a document. */
const spoken =
  /^(message|summary|reason|byHand|nextStep|hint|note|detail|text|comment|verdict|title|suggestion|explanation|waiting|problem|observed|desired|state|body|result|holder|whatChanged)$/

const duplicates: LeadDuplicates = {
  onInsert: 'flag',
  groups: async () => [
    {
      id: 'g1',
      state: 'review',
      confidence: 0.9,
      rule: 'email',
      keys: ['a', 'z'],
      survivor: 'a',
      changes: [{ field: 'email', before: null, after: person.email, from: 'a' }],
      pairs: [
        { one: 'a', other: 'z', confidence: 0.9, rules: ['email'], explanation: sentence, priorBits: -9, evidence: [] },
      ],
      actionId: null,
    },
  ],
  counts: async () => ({ merge: 0, review: 1 }),
  toldApart: async () => [{ one: 'a', other: 'z', by: 'ann', at: '2026-11-26T00:00:00.000Z', reason: sentence }],
  merge: async () => ({
    is: 'merged',
    key: 'a',
    actionId: 'm1',
    preview: {
      survivor: 'a',
      removed: ['z'],
      changes: [{ field: 'full_name', before: person.full_name, after: null, from: 'z' }],
      references: [],
    },
  }),
  tellApart: async (keys) => ({ is: 'told-apart', keys, actionId: 'n1' }),
  match: async () => undefined,
  absorb: async () => undefined,
}

const history: LeadHistory = {
  keptSinceMs: () => 0,
  steps: async () => ({
    isComplete: true,
    steps: [
      {
        actionId: 'a1b2c3',
        atMs: 1,
        isCertain: true,
        changes: Object.keys(person).map((column) => ({
          is: 'cell',
          column,
          before: `former ${Reflect.get(person, column)}`,
          after: Reflect.get(person, column),
          follows: false,
        })),
      },
    ],
  }),
}

/** The value with the sentence in every text where one may stand. */
function planted(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return spoken.test(name) && !/^[a-z-]+$/.test(value) ? `${value} ${sentence}` : value
  if (Array.isArray(value)) return value.map((one) => planted(one, name))
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, planted(one)]))
  if (typeof value !== 'object' || value === null || Symbol.asyncIterator in value) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, planted(one, key)]))
}

function plantedPort<Port extends object>(port: Port): Port {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function' || /^(calls|kept|tables|recordAccess)$/.test(String(name))) return member
      return (...args: unknown[]) => {
        const result: unknown = Reflect.apply(member, target, args)
        if (result instanceof Promise) return result.then((one) => planted(one))
        return planted(result)
      }
    },
  })
}

let server: TestingServer
let schema: GraphQLSchema

const columns = ['id', ...fields]
const row = Object.fromEntries(
  columns.map((column) => [column, Reflect.get({ id: 'a', company: 'Acme', ...person }, column) ?? null]),
)

function reset(): void {
  server.db.exec('DELETE FROM leads')
  const insert = server.db.prepare(
    `INSERT INTO leads (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  )
  insert.run(...columns.map((column) => row[column]))
  insert.run(...columns.map((column) => (column === 'id' ? 'z' : column === 'full_name' ? 'Zoe' : null)))
}

beforeAll(async () => {
  server = await startTestingServer(state, {
    sql: `CREATE TABLE leads (id TEXT PRIMARY KEY, ${fields.map((field) => `${field} TEXT`).join(', ')})`,
    wrap: plantedPort,
    duplicates,
    history,
  })
  const { engine, sync } = server
  engine.happened.put({ ...testingEvent(1), message: sentence })
  sync.known.conflicts = [testingConflict({ local: person.email, remote: person.email, base: person.email })]
  sync.known.moves = [
    testingMove(1, {
      note: sentence,
      cells: [{ field: 'email', before: person.email, after: person.email, lost: true, reason: 'changed' }],
    }),
  ]
  sync.known.leads = [
    {
      table: 'leads',
      key: 'a',
      state: 'blocked',
      detail: sentence,
      recordId: 'rec1',
      localChangedMs: 0,
      remoteChangedMs: 0,
      url: null,
    },
  ]
  engine.known.audit = [
    {
      seq: 1,
      atMs: 0,
      type: 'x',
      actor: 'ann',
      resource: null,
      actionId: null,
      runId: null,
      body: { note: sentence },
      hash: 'h',
    },
  ]
  const preview = [{ key: 'a', field: 'full_name', before: person.full_name, after: person.ai_message }]
  const action = testingAction({ preview, requestedBy: 'token:ann' })
  const condition = {
    type: 'Ready',
    status: 'false',
    reason: 'r',
    message: sentence,
    sinceMs: 0,
    generation: 1,
  } as const
  const conditions = [{ ...condition, nextStep: sentence, wakeUpMs: null }]
  engine.known.resources = [testingResource({ actions: [action], conditions })]
  const approvals = [{ approver: 'token:ann', atMs: 0, expiresAtMs: 1, comment: sentence }]
  const ended = { state: 'failed', runId: 'run1', changedAtMs: 0, result: { message: sentence }, expiresAtMs: null }
  engine.known.records = [{ ...action, ...ended, approvals }]
  schema = server.api.schema()
})
afterAll(() => server.close())

function contextOf(role: Role): ApiContext {
  const viewer: Viewer = { subject: role.name, role, tokenId: role.name, via: 'token' }
  return { viewer, notes: createAccessNotes((note) => server.engine.recordAccess(note), systemClock) }
}

const roots = (): readonly (readonly [GraphQLObjectType, string])[] =>
  [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
    type == null ? [] : Object.keys(type.getFields()).map((field) => [type, field] as const),
  )

interface Given {
  readonly data: unknown
  readonly codes: readonly unknown[]
  readonly text: string
}

/** Runs one operation; a subscription gives its first value. What is too costly at once is asked for in two halves. */
async function ask(kind: string, ways: readonly Way[], role: Role): Promise<readonly Given[]> {
  const document = parse(operationOf(kind, ways, argsOf))
  const contextValue = contextOf(role)
  const given = { schema, document, contextValue }
  let result: Awaited<ReturnType<typeof execute>>
  if (kind === 'subscription') {
    const stream = await subscribe(given)
    if (Symbol.asyncIterator in stream) {
      const next = await Promise.race([
        stream.next(),
        new Promise<undefined>((done) => setTimeout(done, 20, undefined)),
      ])
      await stream.return(undefined)
      result = next?.value ?? { data: {} }
    } else result = stream
  } else {
    reset()
    result = await execute(given)
  }
  const codes = (result.errors ?? []).map((error) => error.extensions.code)
  if (codes.includes('QUERY_TOO_COMPLEX')) {
    if (ways.length < 2) throw new Error(`${ways[0]?.map(coordinateOf).join(' ')} alone is too complex`)
    const half = Math.ceil(ways.length / 2)
    return [...(await ask(kind, ways.slice(0, half), role)), ...(await ask(kind, ways.slice(half), role))]
  }
  return [{ data: result.data, codes, text: JSON.stringify({ data: result.data, errors: result.errors }) }]
}

/** Every record in an answer with the way to it. */
function recordsIn(value: unknown, way: string): readonly (readonly [way: string, record: object])[] {
  if (Array.isArray(value)) return value.flatMap((one) => recordsIn(one, way))
  if (typeof value !== 'object' || value === null) return []
  const own = '__typename' in value && value.__typename === 'Lead' ? [[way, value] as const] : []
  return [
    ...own,
    ...Object.entries(value).flatMap(([name, one]) => recordsIn(one, way === '' ? name : `${way}.${name}`)),
  ]
}

const recordWays = new Set<string>()
const shownSentences = new Set<string>()

describe('the schema', () => {
  test('is the checked-in one, every root field has a rule, and all of its fields are walked', () => {
    const printed = buildSchema(readFileSync('schema.graphql', 'utf8'))
    expect([...coordinatesOf(schema)].sort()).toEqual([...coordinatesOf(printed)].sort())
    expect(openRootFields(schema)).toEqual([])
    expect(
      roots()
        .map(([type, field]) => `${type.name}.${field}`)
        .sort(),
    ).toEqual(Object.keys(rootRules).sort())
    const walked = new Set(
      roots().flatMap(([type, field]) => waysFrom(schema, type, field).flatMap((way) => way.map(coordinateOf))),
    )
    expect(coordinatesOf(schema).filter((one) => !walked.has(one))).toEqual([])
  })
})

describe.each([...rolesOf(state.access).values()].map((role) => [role.name, role] as const))('%s', (_name, role) => {
  const sees = (field: string) => role.unmasked === 'all' || role.unmasked.has(field) || !(field in maskedCells)

  test('is refused what it may not, shown what it may, and masked what it may not see, on every way', async () => {
    for (const [type, field] of roots()) {
      const root = `${type.name}.${field}`
      const permission: Permission | undefined = rootRules[root]?.[1]
      const allowed = permission === undefined || role.can.has(permission)
      const kind = type.name.toLowerCase()
      for (const { data, codes, text } of await ask(kind, waysFrom(schema, type, field), role)) {
        const refused = codes.includes('FORBIDDEN') || text.includes('"__typename":"Forbidden"')
        if (!allowed) {
          expect(refused, `${root} is refused`).toBe(true)
          expect(recordsIn(data, ''), root).toEqual([])
          for (const value of Object.values(person)) expect(text, root).not.toContain(value)
        } else if (role.can.size === permissions.length) expect(refused, `${root} is allowed`).toBe(false)
        expect(text, `${root} and the secret`).not.toContain(secret)
        if (role.unmasked === 'all') {
          if (text.includes('seen zebulon')) shownSentences.add(root)
        } else {
          expect(text, root).not.toContain(person.phone)
          expect(text, root).not.toContain('seen zebulon')
          if (!sees('email')) expect(text, root).not.toContain(person.email)
          for (const name of ['full_name', 'ai_message', 'linkedin_url'] as const)
            expect(text, root).not.toContain(person[name])
          expect(text, root).not.toContain('canary')
        }
        for (const [way, record] of recordsIn(data, '')) {
          expect(role.can.has('leads.read'), `${root}: ${way}`).toBe(true)
          recordWays.add(way)
          if (Reflect.get(record, 'recordKey') !== 'a') continue
          for (const name of Object.keys(maskedCells).filter((one) => Reflect.has(record, one))) {
            const whole = name === 'raw_data' ? JSON.parse(person.raw_data) : Reflect.get(person, name)
            expect(Reflect.get(record, name), `${way}.${name}`).toEqual(sees(name) ? whole : maskedCells[name])
          }
          if (Reflect.has(record, 'company')) expect(String(Reflect.get(record, 'company'))).toMatch(/^Acme/)
        }
      }
    }
  })
})

describe('the REST twin', () => {
  test('leads to every root field but those of subscriptions', () => {
    const { routes } = createRest({ schema, lists: server.api.lists() }, () => ['leads'])
    const led = new Set(routes.map(({ kind, field }) => `${kind === 'query' ? 'Query' : 'Mutation'}.${field.name}`))
    expect([...led].sort()).toEqual(
      Object.keys(rootRules)
        .filter((root) => !root.startsWith('Subscription.'))
        .sort(),
    )
  })

  test.each([...rolesOf(state.access).values()].map((role) => [role.name, role] as const))(
    'refuses and masks for %s as GraphQL does, on every path',
    async (_name, role) => {
      const rest = createRest({ schema, lists: server.api.lists() }, () => ['leads'])
      for (const route of rest.routes) {
        const root = `${route.kind === 'query' ? 'Query' : 'Mutation'}.${route.field.name}`
        const permission = rootRules[root]?.[1]
        // A search would tell the values of what a role does not see.
        const mayLook = route.needs.length === 0 || role.unmasked === 'all'
        const allowed = (permission === undefined || role.can.has(permission)) && mayLook
        reset()
        const answer = await rest.respond(restRequestFor(route), async (text, variableValues) => {
          const document = parse(text)
          expect(validate(schema, document), route.path).toEqual([])
          const result = await execute({ schema, document, variableValues, contextValue: contextOf(role) })
          return JSON.parse(
            JSON.stringify({
              data: result.data,
              errors: result.errors?.map(({ message, extensions }) => ({
                message,
                code: extensions.code ?? 'UNKNOWN',
              })),
            }),
          )
        })
        const text = JSON.stringify(answer.body)
        const place = `${route.method} ${route.path}`
        expect(answer.status === 403, `${place} ${text.slice(0, 200)}`).toBe(!allowed)
        expect(text, place).not.toContain(secret)
        if (!allowed) for (const value of Object.values(person)) expect(text, place).not.toContain(value)
        if (role.unmasked === 'all') continue
        for (const name of ['full_name', 'phone', 'ai_message', 'linkedin_url'] as const)
          expect(text, place).not.toContain(person[name])
        expect(text, place).not.toContain('canary')
        if (!role.unmasked.has('email')) expect(text, place).not.toContain(person.email)
      }
    },
  )
})

/** What {@link rootRules} tries a root field with, as a REST request. */
function restRequestFor({ kind, field, method, path, inPath, needs, fixed }: Route): RestRequest {
  const [given = ''] = rootRules[`${kind === 'query' ? 'Query' : 'Mutation'}.${field.name}`] ?? []
  const parsed = z
    .record(z.string(), z.json())
    .parse(valueFromASTUntyped(parseValue(`{${given.replace(/^\(|\)$/g, '')}}`)))
  const input = kind === 'mutation' ? z.record(z.string(), z.json()).parse(parsed.input) : parsed
  const rest = Object.entries(input).filter(([name]) => !inPath.includes(name) && !(name in fixed))
  const spelled = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  return {
    method,
    path: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(spelled(input[name]))),
    query: new URLSearchParams([
      ...needs.map((name) => [name, 'acme']),
      ...(kind === 'query' ? rest.map(([name, value]) => [name, spelled(value)]) : []),
    ]),
    body: kind === 'query' ? '' : JSON.stringify(Object.fromEntries(rest)),
  }
}

describe('the walk', () => {
  test('met a record on each way to one, but for the ends that a mutation does not have at the same time', () => {
    const all = roots().flatMap(([type, field]) =>
      waysFrom(schema, type, field).flatMap((way) => {
        const at = way.findIndex((step) => step.type === 'Lead')
        return at < 1
          ? []
          : [
              way
                .slice(0, at)
                .map((step) => step.field)
                .join('.'),
            ]
      }),
    )
    expect([...new Set(all)].filter((way) => !recordWays.has(way)).sort()).toMatchInlineSnapshot(`[]`)
    expect([...recordWays].sort()).toMatchInlineSnapshot(`
      [
        "conflicts.edges.node.lead",
        "conflicts.nodes.lead",
        "createLead.lead",
        "createLeads.results.lead",
        "duplicateGroups.edges.node.records",
        "duplicateGroups.nodes.records",
        "interventionQueue.conflict.lead",
        "lead",
        "leads.edges.node",
        "leads.nodes",
        "mergeLeads.lead",
        "node",
        "resolveConflict.conflict.lead",
        "updateLead.lead",
        "updateLeads.results.lead",
      ]
    `)
  })

  test('showed who sees all what was planted in sentences, so that the others were really spared it', () => {
    expect([...shownSentences].sort()).toMatchInlineSnapshot(`
      [
        "Mutation.applyDesiredState",
        "Mutation.createLead",
        "Mutation.createLeads",
        "Mutation.mergeLeads",
        "Mutation.resolveConflict",
        "Mutation.restartService",
        "Mutation.restoreBackup",
        "Mutation.resumeResource",
        "Mutation.runJob",
        "Mutation.startService",
        "Mutation.stopService",
        "Mutation.suspendResource",
        "Mutation.updateLead",
        "Mutation.updateLeads",
        "Query.action",
        "Query.actions",
        "Query.auditLog",
        "Query.backups",
        "Query.conflicts",
        "Query.controller",
        "Query.desiredState",
        "Query.driftReport",
        "Query.duplicateGroups",
        "Query.events",
        "Query.generations",
        "Query.healthReport",
        "Query.interventionQueue",
        "Query.jobs",
        "Query.lead",
        "Query.leads",
        "Query.node",
        "Query.notDuplicates",
        "Query.plan",
        "Query.quality",
        "Query.resource",
        "Query.resources",
        "Query.services",
        "Query.syncHistory",
        "Query.syncStatus",
        "Query.workUnderWay",
        "Subscription.events",
      ]
    `)
  })

  test('noted who saw whom in full, and who was refused, once in an hour', () => {
    const { notes } = server.engine
    expect(notes.length).toBeGreaterThan(0)
    expect(notes.some((one) => one.is === 'unmasked' && one.role === 'admin')).toBe(true)
    expect(JSON.stringify(notes)).not.toMatch(/zebulon|canary|4915700099887/i)
  })
})
