import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../../src/json.ts'
import { baseId, member, openSandbox, type TestSandbox } from './support.ts'

const tables = `/v0/meta/bases/${baseId}/tables`
const iso = { name: 'iso' }

describe('metadata calls', () => {
  let at: TestSandbox
  beforeEach(async () => {
    at = await openSandbox()
    at.sandbox.control.ensureBase({
      baseId,
      name: 'Sales',
      tables: [{ name: 'Leads', fields: [{ name: 'Name', type: 'singleLineText' }] }],
    })
  })
  afterEach(() => at.sandbox.close())

  it('tell who asks and what bases there are', async () => {
    expect((await at.ask('GET', '/v0/meta/whoami')).body).toMatchObject({
      id: expect.stringMatching(/^usr/),
      scopes: expect.any(Array),
    })
    expect((await at.ask('GET', '/v0/meta/bases?')).body).toEqual({
      bases: [{ id: baseId, name: 'Sales', permissionLevel: 'create' }],
    })
  })

  it('create a table whose first field is the primary one, with a Grid view', async () => {
    const answer = await at.ask('POST', tables, {
      name: 'Firms',
      description: 'Who pays',
      fields: [
        { name: 'Firm', type: 'singleLineText', description: 'legal name' },
        { name: 'Size', type: 'number', options: { precision: 0 } },
      ],
    })
    expect(answer).toMatchObject({
      status: 200,
      body: {
        id: expect.stringMatching(/^tbl\w{14}$/),
        name: 'Firms',
        description: 'Who pays',
        fields: [
          { name: 'Firm', type: 'singleLineText', description: 'legal name' },
          { name: 'Size', type: 'number', options: { precision: 0 } },
        ],
        views: [{ name: 'Grid view', type: 'grid' }],
      },
    })
    expect(member(answer.body, 'primaryFieldId')).toBe(member(answer.body, 'fields', 0, 'id'))
    const visible = await at.ask('GET', `${tables}?include[]=visibleFieldIds`)
    expect(member(visible.body, 'tables', 1, 'views', 0, 'visibleFieldIds')).toHaveLength(2)
  })

  it.each<[string, JsonObject | undefined, JsonObject | undefined]>([
    ['singleLineText', undefined, undefined],
    ['multilineText', {}, undefined],
    ['richText', undefined, undefined],
    ['email', undefined, undefined],
    ['url', undefined, undefined],
    ['phoneNumber', undefined, undefined],
    ['barcode', undefined, undefined],
    ['number', { precision: 8 }, { precision: 8 }],
    ['percent', { precision: 0 }, { precision: 0 }],
    ['currency', { precision: 7, symbol: '$' }, { precision: 7, symbol: '$' }],
    ['checkbox', { icon: 'check', color: 'greenBright' }, { icon: 'check', color: 'greenBright' }],
    ['rating', { icon: 'star', max: 10, color: 'yellowBright' }, { icon: 'star', max: 10, color: 'yellowBright' }],
    ['date', { dateFormat: iso }, { dateFormat: { name: 'iso', format: 'YYYY-MM-DD' } }],
    [
      'dateTime',
      { dateFormat: iso, timeFormat: { name: '24hour' }, timeZone: 'utc' },
      {
        dateFormat: { name: 'iso', format: 'YYYY-MM-DD' },
        timeFormat: { name: '24hour', format: 'HH:mm' },
        timeZone: 'utc',
      },
    ],
    ['duration', { durationFormat: 'h:mm' }, { durationFormat: 'h:mm' }],
    ['multipleAttachments', undefined, { isReversed: false }],
  ])('create a field of type %s', async (type, options, shown) => {
    const answer = await at.ask('POST', `${tables}/Leads/fields`, {
      name: 'New',
      type,
      ...(options === undefined ? {} : { options }),
    })
    expect(answer).toMatchObject({ status: 200, body: { name: 'New', type, id: expect.stringMatching(/^fld\w{14}$/) } })
    expect(member(answer.body)).toMatchObject(shown === undefined ? {} : { options: shown })
    if (shown === undefined) expect(answer.body).not.toHaveProperty('options')
  })

  it('mint ids and colours of choices', async () => {
    const answer = await at.ask('POST', `${tables}/Leads/fields`, {
      name: 'Status',
      type: 'singleSelect',
      options: { choices: [{ name: 'New' }, { name: 'Won', color: 'redBright' }] },
    })
    expect(member(answer.body, 'options')).toEqual({
      choices: [
        { id: expect.stringMatching(/^sel\w{14}$/), name: 'New', color: expect.any(String) },
        { id: expect.stringMatching(/^sel\w{14}$/), name: 'Won', color: 'redBright' },
      ],
    })
  })

  it.each<[string, JsonValue]>([
    ['number', {}],
    ['number', { precision: 9 }],
    ['currency', { precision: 8, symbol: '$' }],
    ['currency', { precision: 2 }],
    ['checkbox', null],
    ['rating', { icon: 'star', max: 11, color: 'yellowBright' }],
    ['date', { dateFormat: { name: 'ISO' } }],
    ['dateTime', { dateFormat: iso, timeFormat: { name: '24hour' }, timeZone: 'UTC' }],
    ['singleSelect', { choices: [{ name: 'a' }, { name: 'a' }] }],
    ['singleSelect', {}],
    ['multipleRecordLinks', { linkedTableId: 'tblNone0000000001' }],
    ['nonsense', {}],
  ])('refuse %s with options %j', async (type, options) => {
    const answer = await at.ask('POST', `${tables}/Leads/fields`, { name: 'New', type, options })
    expect(answer.status).toBe(422)
  })

  it.each([
    'formula',
    'rollup',
    'multipleLookupValues',
    'count',
    'createdTime',
    'lastModifiedTime',
    'createdBy',
    'autoNumber',
    'button',
  ])('cannot create a field of type %s', async (type) => {
    const answer = await at.ask('POST', `${tables}/Leads/fields`, { name: 'New', type })
    expect(answer).toMatchObject({
      status: 422,
      body: {
        error: {
          type: 'UNSUPPORTED_FIELD_TYPE_FOR_CREATE',
          message: `Invalid options for Leads.New: Creating ${type} fields is not supported at this time`,
        },
      },
    })
  })

  it('keep names of fields and tables unique, whatever their case', async () => {
    const field = await at.ask('POST', `${tables}/Leads/fields`, { name: 'NAME', type: 'email' })
    expect(field).toMatchObject({ status: 422, body: { error: { type: 'DUPLICATE_OR_EMPTY_FIELD_NAME' } } })
    expect((await at.ask('POST', tables, { name: 'leads', fields: [{ name: 'a', type: 'email' }] })).status).toBe(422)
    expect(
      (
        await at.ask('POST', tables, {
          name: 'x',
          fields: [
            { name: 'a', type: 'email' },
            { name: 'A', type: 'url' },
          ],
        })
      ).status,
    ).toBe(422)
    expect((await at.ask('POST', tables, { name: 'x', fields: [] })).status).toBe(422)
  })

  it('change name and description of a table or field, and nothing else', async () => {
    const field = String(member((await at.ask('GET', tables)).body, 'tables', 0, 'primaryFieldId'))
    const renamed = await at.ask('PATCH', `${tables}/Leads/fields/${field}`, {
      name: 'Full name',
      description: 'x',
      type: 'email',
      options: { precision: 1 },
    })
    expect(renamed.body).toEqual({ id: field, name: 'Full name', description: 'x', type: 'singleLineText' })
    const table = await at.ask('PATCH', `${tables}/Leads`, { name: 'People' })
    expect(table.body).toMatchObject({ name: 'People' })
    expect((await at.ask('GET', `/v0/${baseId}/People`)).status).toBe(200)
    for (const [method, path] of [
      ['DELETE', `${tables}/People`],
      ['DELETE', `${tables}/People/fields/${field}`],
      ['PUT', `${tables}/People`],
    ] as const) {
      expect((await at.ask(method, path)).body).toEqual({ error: 'NOT_FOUND' })
    }
  })

  it('ensureBase adds what is missing and leaves what is there', async () => {
    await at.ask('POST', `/v0/${baseId}/Leads`, { fields: { Name: 'Ada' } })
    const seed = {
      baseId,
      tables: [
        {
          name: 'Leads',
          fields: [
            { name: 'Name', type: 'email' as const },
            { name: 'Phone', type: 'phoneNumber' as const },
          ],
          records: [{ fields: { Name: 'not added' } }],
        },
      ],
    }
    at.sandbox.control.ensureBase(seed)
    at.sandbox.control.ensureBase(seed)
    expect(member((await at.ask('GET', tables)).body, 'tables')).toMatchObject([
      { fields: [{ name: 'Name', type: 'singleLineText' }, { name: 'Phone' }] },
    ])
    expect(member((await at.ask('GET', `/v0/${baseId}/Leads`)).body, 'records')).toHaveLength(1)
  })
})
