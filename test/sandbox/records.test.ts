import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JsonValue } from '../../src/json.ts'
import { leadsBase, path } from './leads-base.ts'
import { baseId, member, openSandbox, recordsIn, type TestSandbox } from './support.ts'

describe('record calls', () => {
  let at: TestSandbox
  beforeEach(async () => {
    at = await openSandbox()
    at.sandbox.control.ensureBase(leadsBase)
  })
  afterEach(() => at.sandbox.close())

  const create = async (fields: JsonValue, more: Record<string, JsonValue> = {}) => {
    const answer = await at.ask('POST', path, { records: [{ fields }], ...more })
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    return recordsIn(answer.body)[0] ?? { id: '', createdTime: '', fields: {} }
  }
  const cell = async (field: string, value: JsonValue, typecast = false): Promise<JsonValue> => {
    const answer = await at.ask('POST', path, { records: [{ fields: { [field]: value } }], typecast })
    if (answer.status !== 200) return member(answer.body, 'error', 'type')
    return recordsIn(answer.body)[0]?.fields[field] ?? null
  }

  describe('cells', () => {
    it.each<[string, JsonValue, JsonValue]>([
      ['Name', 'Ada', 'Ada'],
      ['Name', '', null],
      ['Name', 5, 'INVALID_VALUE_FOR_COLUMN'],
      ['Notes', '# a\r\n* one\n+ two', '# a\n- one\n- two\n'],
      ['Score', 0, 0],
      ['Score', 7.26, 7.3],
      ['Score', '7', 'INVALID_VALUE_FOR_COLUMN'],
      ['Share', 0.126, 0.13],
      ['Price', 20.34, 20.34],
      ['Stars', 5, 5],
      ['Stars', 6, 'INVALID_VALUE_FOR_COLUMN'],
      ['Length', 4890, 4890],
      ['Done', true, true],
      ['Done', false, null],
      ['Done', 'yes', 'INVALID_VALUE_FOR_COLUMN'],
      ['Status', 'Won', 'Won'],
      ['Status', 'won', 'INVALID_MULTIPLE_CHOICE_OPTIONS'],
      ['Tags', ['green', 'red', 'green'], ['green', 'red']],
      ['Tags', [], null],
      ['Tags', 'red', 'INVALID_VALUE_FOR_COLUMN'],
      ['Day', '2026-02-28', '2026-02-28'],
      ['Day', '2026-02-30', 'INVALID_VALUE_FOR_COLUMN'],
      ['Day', '2026-02-28T10:00:00.000Z', 'INVALID_VALUE_FOR_COLUMN'],
      ['At', 1640520000000, '2021-12-26T12:00:00.000Z'],
      ['At', '2021-12-26T12:00:00+01:00', '2021-12-26T11:00:00.000Z'],
      ['At', 'soon', 'INVALID_VALUE_FOR_COLUMN'],
      ['Loud', 'x', 'INVALID_VALUE_FOR_COLUMN'],
      ['Number', null, 'INVALID_VALUE_FOR_COLUMN'],
    ])('%s takes %j and reads back %j', async (field, value, expected) => {
      expect(await cell(field, value)).toEqual(expected)
    })

    it.each<[string, JsonValue, JsonValue]>([
      ['Name', 5, '5'],
      ['Score', '$1,234.56', 1234.6],
      ['Share', '33 %', 0.33],
      ['Length', '1:21', 4860],
      ['Done', 'checked', true],
      ['Status', ' Lost ', 'Lost'],
      ['Tags', 'red, blue', ['red', 'blue']],
      ['Day', '1/31/2026', '2026-01-31'],
      ['Score', 'many', 'INVALID_VALUE_FOR_COLUMN'],
    ])('with typecast, %s takes %j and reads back %j', async (field, value, expected) => {
      expect(await cell(field, value, true)).toEqual(expected)
    })

    it('leaves empty cells out, shows 0, and computes', async () => {
      const { fields, createdTime } = await create({ Name: 'Ada', Score: 0, Done: false, Tags: [] })
      expect(createdTime).toBe('2026-01-05T12:00:00.000Z')
      expect(fields).toEqual({
        Name: 'Ada',
        Score: 0,
        Number: 1,
        Made: createdTime,
        Changed: createdTime,
        Loud: 'ADA0',
        Ratio: { specialValue: 'NaN' },
        Broken: { error: '#ERROR!' },
      })
    })

    it('keeps a line break in a rich text that is cleared', async () => {
      const { id } = await create({ Notes: 'x' })
      await at.ask('PATCH', `${path}/${id}`, { fields: { Notes: null } })
      expect(member((await at.ask('GET', `${path}/${id}`)).body, 'fields', 'Notes')).toBe('\n')
    })

    it('makes a choice by typecast that everybody sees, and none without', async () => {
      await cell('Status', 'Lost', true)
      const tables = await at.ask('GET', `/v0/meta/bases/${baseId}/tables`)
      expect(JSON.stringify(tables.body)).toContain('"name":"Lost"')
      const refused = await at.ask('POST', path, { fields: { Status: 'Gone' } })
      expect(refused.body).toEqual({
        error: {
          type: 'INVALID_MULTIPLE_CHOICE_OPTIONS',
          message: 'Insufficient permissions to create new select option ""Gone""',
        },
      })
    })
  })

  describe('writing', () => {
    it('fails the whole batch when one record fails', async () => {
      const answer = await at.ask('POST', path, { records: [{ fields: { Name: 'a' } }, { fields: { Nope: 'b' } }] })
      expect(answer).toMatchObject({
        status: 422,
        body: { error: { type: 'UNKNOWN_FIELD_NAME', message: 'Unknown field name: "Nope"' } },
      })
      expect(recordsIn((await at.ask('GET', path)).body)).toEqual([])
    })

    it('PATCH merges, PUT clears what is not sent, both by name or id, one or several', async () => {
      const { id } = await create({ Name: 'Ada', Score: 3 })
      const patched = await at.ask('PATCH', path, { records: [{ id, fields: { Score: 4 } }] })
      expect(recordsIn(patched.body)[0]?.fields).toMatchObject({ Name: 'Ada', Score: 4 })
      const put = await at.ask('PUT', `${path}/${id}`, { fields: { Name: 'Bob' } })
      expect(member(put.body, 'fields')).not.toHaveProperty('Score')
      expect(member(put.body, 'fields', 'Name')).toBe('Bob')
    })

    it('answers by field id when asked', async () => {
      const answer = await at.ask('POST', path, { fields: { Name: 'Ada' }, returnFieldsByFieldId: '1' })
      const name = member((await at.ask('GET', `/v0/meta/bases/${baseId}/tables`)).body, 'tables', 0, 'fields', 0, 'id')
      expect(member(answer.body, 'fields', String(name))).toBe('Ada')
    })

    it('takes at most ten records, each with an object of fields', async () => {
      const eleven = Array.from({ length: 11 }, () => ({ fields: {} }))
      for (const records of [eleven, [], [{}], [{ fields: [] }], 'x'] satisfies JsonValue[]) {
        expect((await at.ask('POST', path, { records })).body).toMatchObject({ error: { type: 'INVALID_RECORDS' } })
      }
    })

    it('deletes one or several, and none when one is missing', async () => {
      const [a, b] = [await create({}), await create({})]
      const gone = await at.ask('DELETE', `${path}/${a.id}`)
      expect(gone.body).toEqual({ deleted: true, id: a.id })
      const refused = await at.ask('DELETE', `${path}?records[]=${b.id}&records[]=${a.id}`)
      expect(refused).toMatchObject({
        status: 404,
        body: { error: { type: 'MODEL_ID_NOT_FOUND', message: 'Record not found' } },
      })
      expect((await at.ask('GET', `${path}/${b.id}`)).status).toBe(200)
      expect((await at.ask('DELETE', `${path}?records%5B%5D=${b.id}`)).body).toEqual({
        records: [{ deleted: true, id: b.id }],
      })
    })

    it('refuses to change a record that is gone: 404 alone, 422 in a batch', async () => {
      const id = 'recGone0000000001'
      expect((await at.ask('PATCH', `${path}/${id}`, { fields: {} })).status).toBe(404)
      const batch = await at.ask('PATCH', path, { records: [{ id, fields: {} }] })
      expect(batch).toMatchObject({ status: 422, body: { error: { type: 'ROW_DOES_NOT_EXIST' } } })
    })

    it('leaves the modification time alone when nothing changes', async () => {
      const { id } = await create({ Name: 'Ada' })
      at.clock.advance(60_000)
      await at.ask('PATCH', `${path}/${id}`, { fields: { Name: 'Ada' } })
      const { body } = await at.ask('GET', `${path}/${id}`)
      expect(member(body, 'fields', 'Changed')).toBe(member(body, 'createdTime'))
    })
  })

  describe('upsert', () => {
    const upsert = (records: JsonValue, fieldsToMergeOn: readonly string[] = ['Name'], method = 'PATCH') =>
      at.ask(method, path, { performUpsert: { fieldsToMergeOn }, records })

    it('creates what is not there, updates what is, in the order of the request', async () => {
      const ada = await create({ Name: 'Ada', Score: 1 })
      const answer = await upsert([{ fields: { Name: 'Bob' } }, { fields: { Name: 'Ada', Score: 2 } }])
      const [bob, again] = recordsIn(answer.body)
      expect(again).toMatchObject({ id: ada.id, fields: { Score: 2 } })
      expect(answer.body).toMatchObject({ createdRecords: [bob?.id], updatedRecords: [ada.id] })
    })

    it('fails the whole request when several records match', async () => {
      await create({ Name: 'Ada' })
      await create({ Name: 'Ada' })
      const answer = await upsert([{ fields: { Name: 'Bob' } }, { fields: { Name: 'Ada' } }])
      expect(answer.status).toBe(422)
      expect(recordsIn((await at.ask('GET', path)).body)).toHaveLength(2)
    })

    it('with an id ignores the merge fields and never creates', async () => {
      const ada = await create({ Name: 'Ada' })
      const answer = await upsert([{ id: ada.id, fields: { Name: 'Carl' } }])
      expect(answer.body).toMatchObject({ createdRecords: [], updatedRecords: [ada.id] })
      expect((await upsert([{ id: 'recGone0000000001', fields: { Name: 'x' } }])).status).toBe(422)
    })

    it('refuses a key that is left out, and creates for one that is null', async () => {
      expect((await upsert([{ fields: { Score: 1 } }])).status).toBe(422)
      expect(member((await upsert([{ fields: { Name: null } }])).body, 'createdRecords')).toHaveLength(1)
      expect(member((await upsert([{ fields: { Name: null } }])).body, 'createdRecords')).toHaveLength(1)
    })

    it('merges on up to three fields, of the types that allow it', async () => {
      const ada = await create({ Name: 'Ada', Score: 1, Tags: ['red', 'green'], Status: 'Won' })
      const same = { Name: 'Ada', Score: 1, Tags: ['green', 'red'] }
      expect((await upsert([{ fields: same }], ['Name', 'Score', 'Tags'])).body).toMatchObject({
        updatedRecords: [ada.id],
      })
      expect((await upsert([{ fields: { Status: 'Won' } }], ['Status'])).body).toMatchObject({
        updatedRecords: [ada.id],
      })
      for (const field of ['Loud', 'Done', 'Made'])
        expect((await upsert([{ fields: { [field]: 'x' } }], [field])).status).toBe(422)
      expect((await upsert([{ fields: {} }], ['Name', 'Score', 'Tags', 'Day'])).status).toBe(422)
      expect((await upsert([{ fields: {} }], [])).status).toBe(422)
    })

    it('clears unsent cells with PUT', async () => {
      await create({ Name: 'Ada', Score: 1 })
      const answer = await upsert([{ fields: { Name: 'Ada' } }], ['Name'], 'PUT')
      expect(recordsIn(answer.body)[0]?.fields).not.toHaveProperty('Score')
    })
  })
})

describe('linked records', () => {
  it('keep both sides in step, refuse unknown ids, and disappear with their record', async () => {
    const at = await openSandbox()
    at.sandbox.control.ensureBase({
      baseId,
      tables: [{ id: 'tblPeople00000001', name: 'People', fields: [{ name: 'Name', type: 'singleLineText' }] }],
    })
    const made = await at.ask('POST', `/v0/meta/bases/${baseId}/tables`, {
      name: 'Firms',
      fields: [
        { name: 'Firm', type: 'singleLineText' },
        { name: 'Staff', type: 'multipleRecordLinks', options: { linkedTableId: 'tblPeople00000001' } },
      ],
    })
    expect(made.status).toBe(200)
    const ada = String(member((await at.ask('POST', `/v0/${baseId}/People`, { fields: { Name: 'Ada' } })).body, 'id'))
    const firm = await at.ask('POST', `/v0/${baseId}/Firms`, { fields: { Firm: 'Acme', Staff: [ada] } })
    const person = await at.ask('GET', `/v0/${baseId}/People/${ada}`)
    expect(member(person.body, 'fields', 'Firms')).toEqual([member(firm.body, 'id')])
    const unknown = await at.ask('POST', `/v0/${baseId}/Firms`, { fields: { Staff: ['recGone0000000001'] } })
    expect(unknown.body).toMatchObject({ error: { type: 'ROW_DOES_NOT_EXIST' } })
    const typecast = await at.ask('POST', `/v0/${baseId}/Firms`, { fields: { Staff: ['Ada', 'Bob'] }, typecast: true })
    expect(member(typecast.body, 'fields', 'Staff')).toHaveLength(2)
    await at.ask('DELETE', `/v0/${baseId}/People/${ada}`)
    const after = await at.ask('GET', `/v0/${baseId}/Firms/${String(member(firm.body, 'id'))}`)
    expect(member(after.body, 'fields')).not.toHaveProperty('Staff')
    await at.sandbox.close()
  })
})
