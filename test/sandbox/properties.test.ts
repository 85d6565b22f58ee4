/** What has to hold for any data: a filter keeps what it says, paging shows everything once, an upsert is one record a key. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { JsonObject, JsonValue } from '../../src/json.ts'
import { seededRandom } from '../../src/random.ts'
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { baseId, member, quiet, recordsIn, virtualClock } from './support.ts'

const path = `/v0/${baseId}/Leads`

function open(): Sandbox {
  const sandbox = createSandbox({
    path: ':memory:',
    clock: virtualClock(),
    random: seededRandom(11),
    log: quiet,
    limits: { requestsPerSecond: 1e9, requestsPerSecondAndUser: 1e9 },
  })
  sandbox.control.ensureBase({
    baseId,
    tables: [
      {
        name: 'Leads',
        fields: [
          { name: 'Name', type: 'singleLineText' },
          { name: 'Score', type: 'number', options: { precision: 0 } },
          { name: 'Done', type: 'checkbox', options: { icon: 'check', color: 'greenBright' } },
        ],
      },
    ],
  })
  return sandbox
}

function ask(sandbox: Sandbox, method: string, address: string, body?: JsonValue): { status: number; body: JsonValue } {
  const [name = '', query = ''] = address.split('?')
  const reply = sandbox.exchange({
    method,
    path: name,
    query,
    authorization: 'Bearer x',
    body: body === undefined ? '' : JSON.stringify(body),
  })
  if (reply.kind !== 'answer') throw new Error('a request got no answer')
  const value: JsonValue = JSON.parse(reply.answer.body.toString('utf8'))
  return { status: reply.answer.status, body: value }
}

interface Lead {
  readonly Name?: string | undefined
  readonly Score?: number | undefined
  readonly Done?: true | undefined
}
const leadSchema = z.object({
  Name: z.string().optional(),
  Score: z.number().optional(),
  Done: z.literal(true).optional(),
})

const leadOf: fc.Arbitrary<JsonObject> = fc.record(
  {
    Name: fc.constantFrom('Ada', 'ada', 'Bob', 'Bo', 'x y'),
    Score: fc.integer({ min: -2, max: 3 }),
    Done: fc.constant(true),
  },
  { requiredKeys: [] },
)

/** A condition as a formula, and the same in plain JavaScript. */
interface Condition {
  readonly formula: string
  readonly holds: (lead: Lead) => boolean
}

const simple: fc.Arbitrary<Condition> = fc.oneof(
  fc
    .constantFrom('Ada', 'Bob', 'nobody')
    .map((name) => ({ formula: `{Name} = '${name}'`, holds: (lead: Lead) => lead.Name === name })),
  fc
    .constantFrom('Ada', 'Bob')
    .map((name) => ({ formula: `'${name}' != {Name}`, holds: (lead: Lead) => lead.Name !== name })),
  fc.constant({ formula: "{Name} = ''", holds: (lead: Lead) => lead.Name === undefined }),
  fc.constant({ formula: '{Done}', holds: (lead: Lead) => lead.Done === true }),
  fc.constant({ formula: '{Score} = BLANK()', holds: (lead: Lead) => (lead.Score ?? 0) === 0 }),
  fc.constant({ formula: 'LEN({Name}) > 2', holds: (lead: Lead) => (lead.Name?.length ?? 0) > 2 }),
  fc.constant({ formula: "LOWER({Name}) = 'ada'", holds: (lead: Lead) => lead.Name?.toLowerCase() === 'ada' }),
  fc.constant({ formula: "FIND('o', {Name})", holds: (lead: Lead) => lead.Name?.includes('o') === true }),
  fc.tuple(fc.constantFrom('<', '<=', '>', '>='), fc.integer({ min: -2, max: 3 })).map(([operator, bound]) => ({
    formula: `{Score} ${operator} ${bound}`,
    holds: ({ Score: score = 0 }: Lead) =>
      operator === '<'
        ? score < bound
        : operator === '<='
          ? score <= bound
          : operator === '>'
            ? score > bound
            : score >= bound,
  })),
)
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small' },
    simple,
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((parts) => ({
      formula: `AND(${parts.map(({ formula }) => formula).join(', ')})`,
      holds: (lead: Lead) => parts.every(({ holds }) => holds(lead)),
    })),
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((parts) => ({
      formula: `OR(${parts.map(({ formula }) => formula).join(', ')})`,
      holds: (lead: Lead) => parts.some(({ holds }) => holds(lead)),
    })),
    tie('condition').map(({ formula, holds }) => ({ formula: `NOT(${formula})`, holds: (lead: Lead) => !holds(lead) })),
    tie('condition').map(({ formula, holds }) => ({ formula: `IF(${formula}, 1, 0)`, holds })),
  ),
}))

const fill = (sandbox: Sandbox, leads: readonly JsonObject[]) => {
  for (let from = 0; from < leads.length; from += 10) {
    const records = leads.slice(from, from + 10).map((fields) => ({ fields }))
    expect(ask(sandbox, 'POST', path, { records }).status).toBe(200)
  }
}

describe('for any records', () => {
  it('a filter keeps exactly those that the condition holds for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(leadOf, { maxLength: 25 }), condition, async (leads, { formula, holds }) => {
        const sandbox = open()
        fill(sandbox, leads)
        const all = recordsIn(ask(sandbox, 'GET', path).body)
        const kept = recordsIn(ask(sandbox, 'GET', `${path}?filterByFormula=${encodeURIComponent(formula)}`).body)
        expect(
          kept.map(({ id }) => id),
          formula,
        ).toEqual(all.filter(({ fields }) => holds(leadSchema.parse(fields))).map(({ id }) => id))
        await sandbox.close()
      }),
      { numRuns: 150 },
    )
  })

  it('paging shows every record of the first page’s moment once, whatever happens meanwhile', async () => {
    const meddling = fc.array(fc.constantFrom('add', 'change', 'none'), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(leadOf, { maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        meddling,
        async (leads, pageSize, sorted, actions) => {
          const sandbox = open()
          fill(sandbox, leads)
          const colleague = sandbox.control.colleague(baseId)
          const expected = recordsIn(ask(sandbox, 'GET', path).body).map(({ id }) => id)
          const seen: string[] = []
          let offset: string | undefined
          let page = 0
          do {
            const query = `pageSize=${pageSize}${sorted ? '&sort[0][field]=Name' : ''}${offset === undefined ? '' : `&offset=${offset}`}`
            const { body } = ask(sandbox, 'GET', `${path}?${query}`)
            seen.push(...recordsIn(body).map(({ id }) => id))
            offset = z.object({ offset: z.string().optional() }).parse(body).offset
            const action = actions[page]
            if (action === 'add') colleague.createRecord('Leads', { Name: 'Bob' })
            if (action === 'change' && expected[0] !== undefined)
              colleague.updateRecord('Leads', expected[0], { Name: `n${page}` })
            page += 1
          } while (offset !== undefined)
          expect(seen.toSorted()).toEqual(expected.toSorted())
          await sandbox.close()
        },
      ),
      { numRuns: 100 },
    )
  })

  it('an upsert leaves one record a key, the last value of each, and names all it touched in order', async () => {
    const item = fc.record({ Name: fc.constantFrom('a', 'b', 'c', 'A'), Score: fc.integer({ min: 0, max: 9 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(item, { minLength: 1, maxLength: 10 }), { maxLength: 6 }), async (batches) => {
        const sandbox = open()
        const model = new Map<string, number>()
        for (const batch of batches) {
          const known = new Set(model.keys())
          for (const { Name, Score } of batch) model.set(Name, Score)
          const { status, body } = ask(sandbox, 'PATCH', path, {
            performUpsert: { fieldsToMergeOn: ['Name'] },
            records: batch.map((fields) => ({ fields })),
          })
          expect(status).toBe(200)
          expect(recordsIn(body).map(({ fields }) => fields.Name)).toEqual(batch.map(({ Name }) => Name))
          const names = new Set(batch.map(({ Name }) => Name))
          expect(member(body, 'createdRecords')).toHaveLength([...names].filter((name) => !known.has(name)).length)
          expect(member(body, 'updatedRecords')).toHaveLength([...names].filter((name) => known.has(name)).length)
        }
        const stored = recordsIn(ask(sandbox, 'GET', path).body).map(({ fields }) => [fields.Name, fields.Score])
        expect(stored.toSorted()).toEqual([...model].toSorted())
        await sandbox.close()
      }),
      { numRuns: 100 },
    )
  })
})
