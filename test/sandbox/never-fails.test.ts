/** Whatever is sent, the sandbox answers as a server does that knows what it refuses: never with a failure of its own. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/random.ts'
import { createSandbox } from '../../src/sandbox/sandbox.ts'
import { leadsBase, tableId } from './leads-base.ts'
import { baseId, quiet, virtualClock } from './support.ts'

const fieldNames = [
  'Name',
  'Notes',
  'Score',
  'Status',
  'Tags',
  'Day',
  'At',
  'Friends',
  'Done',
  'Stars',
  'Length',
  'Loud',
  '__proto__',
  'Nope',
]
const names = [
  'records',
  'fields',
  'id',
  'typecast',
  'performUpsert',
  'fieldsToMergeOn',
  'name',
  'type',
  'options',
  'choices',
  'specification',
  'filters',
  'dataTypes',
  'sort',
  'field',
  'direction',
  'filterByFormula',
  'pageSize',
  'offset',
  'view',
  'description',
  ...fieldNames,
]
const words = [
  'Name',
  'Score',
  'Won',
  'red',
  '2026-01-01',
  '1e999',
  'recAAAAAAAAAAAAAA',
  'tableData',
  'singleSelect',
  'number',
  'dateTime',
  'multipleRecordLinks',
  'itrAAAAAAAAAAAAAA/recAAAAAAAAAAAAAA',
  "{Score}>'",
  'IF({Day},DATEADD({Day},1e9,"years"),{At}&1)',
  '{Tags}&{Friends}',
  '',
]
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium' },
    fc.constantFrom(null, true, false, 0, -1, 1.5, 1e308, 8.64e15, 9e15),
    fc.constantFrom(...words),
    fc.string({ maxLength: 6, unit: 'grapheme' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 5 }),
  ),
}))
/** Bodies of the right outer shape reach deeper than those of any shape. */
const plausible = fc.record(
  {
    Name: fc.string({ maxLength: 5, unit: 'grapheme' }),
    Notes: fc.string({ maxLength: 5 }),
    Score: fc.double({ noNaN: true, noDefaultInfinity: true }),
    Share: fc.double({ min: -2, max: 2, noNaN: true }),
    Status: fc.constantFrom('New', 'Won', null),
    Tags: fc.subarray(['red', 'green']),
    Day: fc.constantFrom('2026-01-01', '0000-01-01', '9999-12-31', '2024-02-29'),
    At: fc.constantFrom(
      0,
      -62_167_219_200_000,
      253_402_300_799_999,
      '2026-01-01T00:00:00+14:00',
      '0001-01-01T00:00:00Z',
    ),
    Done: fc.boolean(),
    Stars: fc.integer({ min: 0, max: 5 }),
    Length: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  },
  { requiredKeys: [] },
)
const cells = fc.oneof(
  { weight: 2, arbitrary: plausible },
  fc.dictionary(fc.constantFrom(...fieldNames), value, { maxKeys: 5 }),
)
const body = fc.oneof(
  value,
  cells.map((fields) => ({ fields, typecast: true })),
  fc
    .tuple(fc.array(cells, { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([all, typecast]) => ({ records: all.map((fields) => ({ fields })), typecast })),
  fc.tuple(cells, fc.constantFrom(...fieldNames), fc.boolean()).map(([fields, key, typecast]) => ({
    records: [{ fields }],
    performUpsert: { fieldsToMergeOn: [key] },
    typecast,
  })),
  fc.tuple(fc.constantFrom(...words), value).map(([type, options]) => ({ name: 'New', type, options })),
  fc.tuple(value, fc.constantFrom(...fieldNames), fc.constantFrom(...words)).map(([offset, field, formula]) => ({
    offset,
    sort: [{ field }],
    filterByFormula: formula,
  })),
)
/** By id: requests rename tables and fields. */
const path = fc.constantFrom(
  `/v0/${baseId}/${tableId}`,
  `/v0/${baseId}/${tableId}`,
  `/v0/${baseId}/${tableId}/`,
  `/v0/${baseId}/${tableId}/recAAAAAAAAAAAAAA`,
  `/v0/${baseId}/${tableId}/listRecords`,
  `/v0/meta/bases/${baseId}/tables`,
  `/v0/meta/bases/${baseId}/tables/${tableId}`,
  `/v0/meta/bases/${baseId}/tables/${tableId}/fields`,
  `/v0/meta/bases/${baseId}/tables/${tableId}/fields/Name`,
  '/v0/meta/bases',
  `/v0/bases/${baseId}/webhooks`,
  `/v0/bases/${baseId}/webhooks/achAAAAAAAAAAAAAA/payloads`,
  '/v0/%ff',
  '/v0//',
)
const query = fc.array(
  fc.tuple(
    fc.constantFrom(
      'filterByFormula',
      'sort[0][field]',
      'sort[x]',
      'fields[]',
      'fields',
      'view',
      'offset',
      'pageSize',
      'cellFormat',
      'timeZone',
      'userLocale',
      '__proto__[x]',
      'records[]',
      '[]',
      'cursor',
    ),
    fc.constantFrom(...words, 'string', 'utc', '5'),
  ),
  { maxLength: 4 },
)

describe('for any request', () => {
  it('the answer is a success or a refusal, and what was stored can still be listed in every form', async () => {
    const sandbox = createSandbox({
      path: ':memory:',
      clock: virtualClock(),
      random: seededRandom(12),
      log: quiet,
      limits: { requestsPerSecond: 1e9, requestsPerSecondAndUser: 1e9 },
    })
    sandbox.control.ensureBase(leadsBase)
    const hook = {
      specification: {
        options: {
          filters: { dataTypes: ['tableData', 'tableFields'] },
          includes: { includeCellValuesInFieldIds: 'all' },
        },
      },
    }
    const send = (method: string, address: string, search: string, text: string) => {
      const reply = sandbox.exchange({ method, path: address, query: search, authorization: 'Bearer x', body: text })
      return reply.kind === 'answer' ? reply.answer.status : 0
    }
    expect(send('POST', `/v0/bases/${baseId}/webhooks`, '', JSON.stringify(hook))).toBe(200)
    const succeeded = new Map<string, number>()
    fc.assert(
      fc.property(
        fc.constantFrom('GET', 'POST', 'PATCH', 'PUT', 'DELETE'),
        path,
        query,
        fc.option(body),
        (method, address, parameters, sent) => {
          const search = new URLSearchParams(parameters).toString()
          const status = send(method, address, search, sent === null ? '' : JSON.stringify(sent))
          expect(status, `${method} ${address}?${search} ${JSON.stringify(sent)}`).toBeLessThan(500)
          expect(status).toBeGreaterThanOrEqual(200)
          if (status === 200) succeeded.set(method, (succeeded.get(method) ?? 0) + 1)
        },
      ),
      { numRuns: 6000 },
    )
    // Not everything may have been refused, or nothing was tried.
    for (const method of ['GET', 'POST', 'PATCH']) expect(succeeded.get(method) ?? 0, method).toBeGreaterThan(20)
    for (const search of [
      '',
      'cellFormat=string&timeZone=Asia/Tokyo&userLocale=en',
      'sort[0][field]=At&view=Grid+view',
    ]) {
      expect(send('GET', `/v0/${baseId}/${tableId}`, search, '')).toBe(200)
    }
    await sandbox.close()
  })
})
