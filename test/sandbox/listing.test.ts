import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { leadsBase, path, table } from './leads-base.ts'
import { baseId, member, openSandbox, recordsIn, type TestSandbox } from './support.ts'

describe('listing records', () => {
  let at: TestSandbox
  beforeEach(async () => {
    at = await openSandbox()
    at.sandbox.control.ensureBase(leadsBase)
    await at.ask('POST', path, {
      records: [
        { fields: { Name: 'b', Score: 2, Status: 'Won' } },
        { fields: { Name: 'A', Score: 10, Status: 'Won' } },
        { fields: { Name: 'c' } },
      ],
    })
  })
  afterEach(() => at.sandbox.close())

  const names = async (query: string) => {
    const answer = await at.ask('GET', `${path}${query}`)
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    return recordsIn(answer.body).map(({ fields }) => fields.Name)
  }

  it('filters, with + for spaces and fields by name or id', async () => {
    const name = member((await at.ask('GET', `/v0/meta/bases/${baseId}/tables`)).body, 'tables', 0, 'fields', 0, 'id')
    expect(await names(`?filterByFormula=LOWER({${String(name)}})='a'`)).toEqual(['A'])
    expect(await names(`?filterByFormula={${String(name)}}='b'`)).toEqual(['b'])
    expect(await names('?filterByFormula=%7BScore%7D+%3E+5')).toEqual(['A'])
    expect((await names("?filterByFormula=OR(Name='b',Name='c')&sort[0][field]=Name")).sort()).toEqual(['b', 'c'])
  })

  it('says what is wrong with a formula', async () => {
    const bad = await at.ask('GET', `${path}?filterByFormula=${encodeURIComponent('{Nope}=1')}`)
    expect(bad).toMatchObject({
      status: 422,
      body: {
        error: {
          type: 'INVALID_FILTER_BY_FORMULA',
          message: 'The formula for filtering records is invalid: Unknown field names: nope',
        },
      },
    })
    expect((await at.ask('GET', `${path}?filterByFormula=%28`)).status).toBe(422)
  })

  it('sorts by several fields, empty first, text regardless of case', async () => {
    expect(await names('?sort[0][field]=Name')).toEqual(['A', 'b', 'c'])
    expect(await names('?sort[0][field]=Score&sort[0][direction]=asc')).toEqual(['c', 'b', 'A'])
    expect(await names('?sort[0][field]=Status&sort[0][direction]=desc&sort[1][field]=Name')).toEqual(['A', 'b', 'c'])
    expect((await at.ask('GET', `${path}?sort[0][field]=Nope`)).body).toMatchObject({
      error: { type: 'UNKNOWN_FIELD_NAME' },
    })
  })

  it('applies filter and order of a view, by name or id', async () => {
    expect(await names('?view=Won%2C+best+first')).toEqual(['A', 'b'])
    expect(await names('?view=viwOpen0000000001&maxRecords=1')).toEqual(['A'])
    expect(await names('?view=Grid+view')).toEqual(['b', 'A', 'c'])
    expect((await at.ask('GET', `${path}?view=x`)).body).toMatchObject({ error: { type: 'VIEW_NAME_NOT_FOUND' } })
    expect((await at.ask('GET', `${path}?view=viwNone0000000001`)).body).toMatchObject({
      error: { type: 'VIEW_ID_NOT_FOUND' },
    })
  })

  it('shows the fields asked for, by id, with comment counts, as text', async () => {
    const answer = await at.ask(
      'GET',
      `${path}?fields[]=Score&recordMetadata[]=commentCount&maxRecords=1&sort[0][field]=Name`,
    )
    expect(member(answer.body, 'records', 0)).toMatchObject({ fields: { Score: 10 }, commentCount: 0 })
    expect((await at.ask('GET', `${path}?cellFormat=string`)).status).toBe(422)
    const text = await at.ask(
      'GET',
      `${path}?cellFormat=string&timeZone=America/New_York&userLocale=en-us&sort[0][field]=Name`,
    )
    expect(member(text.body, 'records', 0, 'fields')).toMatchObject({ Score: '10.0', Status: 'Won' })
  })

  it('takes the list by POST, its zone from the query, and ignores other keys', async () => {
    const answer = await at.ask('POST', `${path}/listRecords?timeZone=utc`, {
      method: 'post',
      filterByFormula: '{Score}>1',
      sort: [{ field: 'Score' }],
      fields: ['Name'],
      pageSize: 1,
    })
    expect(recordsIn(answer.body)).toHaveLength(1)
    const next = await at.ask('POST', `${path}/listRecords`, { offset: member(answer.body, 'offset'), pageSize: 1 })
    expect(recordsIn(next.body)[0]?.fields.Name).toBe('A')
    expect(next.body).not.toHaveProperty('offset')
  })

  it.each([
    'pageSize=0',
    'pageSize=101',
    'pageSize=x',
    'maxRecords=0',
    'cellFormat=xml',
    'sort[0][direction]=asc',
    'timeZone=Mars',
  ])('refuses %s', async (query) => {
    expect((await at.ask('GET', `${path}?${query}`)).body).toEqual({
      error: {
        type: 'INVALID_REQUEST_UNKNOWN',
        message: 'Invalid request: parameter validation failed. Check your request data.',
      },
    })
  })

  it('takes an empty offset, the deprecated limit, and timeZone=utc with JSON cells', async () => {
    expect(await names('?offset=&limit=2&timeZone=utc')).toHaveLength(2)
  })

  it('pages over the order of the first page, with the values of now', async () => {
    const first = await at.ask('GET', `${path}?pageSize=1&sort[0][field]=Name`)
    const offset = String(member(first.body, 'offset'))
    expect(offset).toMatch(/^itr\w{14}\/rec\w{14}$/)
    const colleague = at.sandbox.control.colleague(baseId)
    const b = offset.split('/')[1] ?? ''
    colleague.updateRecord(table, b, { Name: 'zz' })
    colleague.createRecord(table, { Name: 'aa' })
    const second = await at.ask('GET', `${path}?pageSize=1&sort[0][field]=Name&offset=${offset}`)
    expect(recordsIn(second.body)[0]?.fields.Name).toBe('zz')
    colleague.deleteRecord(table, b)
    expect(recordsIn((await at.ask('GET', `${path}?offset=${offset}`)).body).map(({ fields }) => fields.Name)).toEqual([
      'c',
    ])
  })

  it('refuses an offset that is none, and one that has expired', async () => {
    expect((await at.ask('GET', `${path}?offset=abc`)).body).toEqual({
      error: { type: 'INVALID_OFFSET_VALUE', message: 'The value of offset abc is invalid' },
    })
    const first = await at.ask('GET', `${path}?pageSize=1`)
    at.clock.advance(11 * 60_000)
    const late = await at.ask('GET', `${path}?offset=${String(member(first.body, 'offset'))}`)
    expect(late).toMatchObject({ status: 422, body: { error: { type: 'LIST_RECORDS_ITERATOR_NOT_AVAILABLE' } } })
  })

  it('gets one record, and refuses fields[] on it', async () => {
    const id = recordsIn((await at.ask('GET', path)).body)[0]?.id ?? ''
    expect((await at.ask('GET', `${path}/${id}?`)).status).toBe(200)
    expect((await at.ask('GET', `${path}/${id}?fields[]=Name`)).status).toBe(422)
    expect((await at.ask('GET', `${path}/recGone0000000001`)).status).toBe(404)
  })
})
