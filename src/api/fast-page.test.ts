import fc from 'fast-check'
import { parse } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testingDesiredState } from '../leads/testing-table.ts'
import { fastPageOf } from './schema/fast-page.ts'
import { tableNames } from './schema/lead-names.ts'
import { startTestingServer, type TestingServer } from './testing-server.ts'

let server: TestingServer
beforeAll(async () => {
  server = await startTestingServer(
    testingDesiredState({ access: { roles: { sales: { can: ['leads.read'], unmasked: ['phone'] } } } }),
  )
  const insert = server.db.prepare(
    'INSERT INTO leads (id, full_name, email, phone, company, status, tags, verified, employees, score, date_messaged, raw_data, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  for (let at = 0; at < 40; at++) {
    const odd = at % 7 === 0
    insert.run(
      at === 3 ? 'Lead:odd' : `k${at}`,
      at % 5 === 0 ? null : `Person "${at}" \u2028 ü`,
      `p${at}@acme.com`,
      odd ? 4155552671 : '+14155552671',
      `c${at % 4}`,
      odd ? 'who knows' : at % 2 ? 'Manual Review' : 'contacted',
      odd ? '["none"]' : '["vip","eu"]',
      odd ? 'yes' : at % 2,
      odd ? 2 ** 40 : at,
      odd ? Number.POSITIVE_INFINITY : at / 3,
      odd ? 'monday' : '2026-11-23',
      odd ? '{' : '{"a":[1,null]}',
      new Date(at * 1e9).toISOString(),
    )
  }
})
afterAll(() => server.close())

const fieldNames = Object.keys(testingDesiredState().tables.leads?.fields ?? {})
const selection = fc
  .uniqueArray(fc.constantFrom('id', 'recordKey', '__typename', 'alias: company', ...fieldNames), { minLength: 1 })
  .map((names) => names.join(' '))
const part = fc.oneof(
  selection.map((fields) => `nodes { ${fields} }`),
  selection.map((fields) => `edges { cursor __typename node { ${fields} } }`),
  fc.constant('totalCount __typename pageInfo { __typename hasNextPage hasPreviousPage startCursor end: endCursor }'),
)
const lists = fc
  .record({
    filter: fc.constantFrom(
      null,
      { status: { eq: 'MANUAL_REVIEW' } },
      { employees: { gt: 5 }, not: { company: { in: ['c1', 'c2'] } } },
      { email: { contains: 'P1' } },
      { employees: { gt: 'x' } },
      { updated_at: { gt: 'yesterday' } },
    ),
    orderBy: fc.constantFrom(null, { field: 'score', direction: 'DESC' }, { field: 'email' }, { field: 'tags' }),
    search: fc.constantFrom(null, null, 'acme', 'person 3*'),
    first: fc.constantFrom(null, 1, 7, 100, 0, 501),
    last: fc.constantFrom(null, null, null, 3),
    after: fc.constantFrom(null, null, null, 'nonsense'),
    skip: fc.constantFrom(null, null, 5, 39, 100, -1),
  })
  .map((variables) => JSON.parse(JSON.stringify(variables)))

const head =
  'query Page($filter: LeadFilter, $orderBy: LeadOrder, $search: String, $first: Int, $last: Int, $after: String, $skip: Int)'
const args =
  '(filter: $filter, orderBy: $orderBy, search: $search, first: $first, last: $last, after: $after, skip: $skip)'

describe('the short cut for lists', () => {
  test('answers exactly as the schema does, for every selection, argument and role, refusals too', async () => {
    const sales = server.tokenOf('sales')
    let taken = 0
    await fc.assert(
      fc.asyncProperty(part, fc.option(selection), lists, fc.boolean(), async (body, nodes, variables, asSales) => {
        const text = `${body}${nodes === null || body.startsWith('nodes') ? '' : ` nodes { ${nodes} }`}`
        const token = asSales ? sales : server.admin.token
        const short = await server.query(`${head} { leads${args} { ${text} } }`, variables, token)
        // The second time it is recognised by its text.
        const again = await server.query(`${head} { leads${args} { ${text} } }`, variables, token)
        // A fragment is not recognised, so that this goes the long way.
        const long = await server.query(
          `${head} { leads${args} { ...All } } fragment All on LeadConnection { ${text} }`,
          variables,
          token,
        )
        const plain = (result: typeof short) => ({
          ...result,
          errors: result.errors?.map(({ message, extensions }) => ({ message, extensions })),
        })
        expect(JSON.stringify(plain(short))).toBe(JSON.stringify(plain(long)))
        expect(JSON.stringify(plain(again))).toBe(JSON.stringify(plain(long)))
        if (short.errors === undefined) taken += 1
      }),
      { numRuns: 300 },
    )
    expect(taken).toBeGreaterThan(20)
  })

  const schema = () => server.api.schema()
  const names = tableNames('leads')
  const recognised = (query: string, operationName?: string): boolean => {
    const repository = { table: { fields: new Map() }, allColumns: [] }
    // Only what the query looks like is asked here; no row is read.
    const root = { names, repository: repository as never }
    return fastPageOf(schema(), new Map([['leads', root]]), parse(query), operationName) !== undefined
  }

  test.each([
    ['{ leads { nodes { id } } }', true],
    ['query A { leads { totalCount } }', true],
    ['{ leads { nodes { id } } viewer { subject } }', false],
    ['{ leads { nodes { id } nodes { recordKey } } }', false],
    ['{ leads { nodes { id @include(if: false) } } }', false],
    ['{ leads { ... { totalCount } } }', false],
    ['{ leads { nodes { rowVersion } } }', false],
    ['{ viewer { subject } }', false],
    ['mutation { leads { totalCount } }', false],
    ['query A { leads { totalCount } } query B { leads { totalCount } }', false],
  ])('%s: %s', (query, is) => {
    expect(recognised(query)).toBe(is)
  })

  test('a known text still needs a role, and stays bound to its schema', async () => {
    const query = '{ leads { totalCount } }'
    for (let times = 0; times < 2; times++) expect((await server.query(query)).data?.leads?.totalCount).toBe(40)
    const nobody = await server.query(query, {}, server.tokenOf('nobody'))
    expect(nobody.errors?.[0]?.extensions?.code).toBe('FORBIDDEN')
    const wrong = await server.query(query, {}, 'trueup_x_y')
    expect(wrong.errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED')
  })

  test('of several operations the named one is answered', async () => {
    const query = 'query A { leads { totalCount } } query B { leads(filter: { company: { eq: "c1" } }) { totalCount } }'
    const answers = await Promise.all(
      ['A', 'B', 'A', 'B'].map((operationName) =>
        server.send({
          method: 'POST',
          path: '/graphql',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json',
            authorization: `Bearer ${server.admin.token}`,
          },
          body: JSON.stringify({ query, operationName }),
        }),
      ),
    )
    expect(answers.map((answer) => JSON.parse(answer.text).data.leads.totalCount)).toEqual([40, 10, 40, 10])
  })
})
