import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { JsonObject, JsonValue } from '../../src/json.ts'
import { tokenProfile, tokenRestrictions } from '../../src/sandbox/access/tokens.ts'
import type { Colleague } from '../../src/sandbox/colleague.ts'
import { baseId, member, openSandbox, type TestSandbox } from './support.ts'

const hooks = `/v0/bases/${baseId}/webhooks`
const tableId = 'tblLeads000000001'
const name = 'fldName0000000001'
const status = 'fldStatus00000001'
const score = 'fldScore000000001'
const double = 'fldDouble00000001'
const day = 86_400_000

describe('webhooks by polling', () => {
  let at: TestSandbox
  let colleague: Colleague
  beforeEach(async () => {
    at = await openSandbox()
    at.sandbox.control.ensureBase({
      baseId,
      tables: [
        {
          id: tableId,
          name: 'Leads',
          fields: [
            { id: name, name: 'Name', type: 'singleLineText' },
            {
              id: status,
              name: 'Status',
              type: 'singleSelect',
              options: { choices: [{ id: 'selNew00000000001', name: 'New', color: 'blueLight2' }] },
            },
            { id: score, name: 'Score', type: 'number', options: { precision: 0 } },
            { id: double, name: 'Double', type: 'formula', rule: { formula: '{Score} * 2' } },
          ],
          views: [{ id: 'viwNamed000000001', name: 'Named', filter: '{Name}' }],
        },
        { name: 'Other', fields: [{ name: 'Name', type: 'singleLineText' }] },
      ],
    })
    colleague = at.sandbox.control.colleague(baseId)
  })
  afterEach(() => at.sandbox.close())

  const hook = async (filters: JsonObject = {}, includes: JsonObject = {}) => {
    const answer = await at.ask('POST', hooks, {
      specification: {
        options: { filters: { dataTypes: ['tableData', 'tableFields', 'tableMetadata'], ...filters }, includes },
      },
    })
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    return `${hooks}/${String(member(answer.body, 'id'))}`
  }
  const drain = async (path: string, cursor = 1, more = '') => {
    const answer = await at.ask('GET', `${path}/payloads?cursor=${cursor}${more}`)
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    const { payloads, ...rest } = z
      .object({ payloads: z.array(z.record(z.string(), z.json())), cursor: z.number(), mightHaveMore: z.boolean() })
      .parse(answer.body)
    return { payloads, ...rest }
  }
  const changes = (payload: JsonObject | undefined): JsonValue => member(payload ?? {}, 'changedTablesById', tableId)

  it('are created without an address and live for seven days', async () => {
    const answer = await at.ask('POST', hooks, {
      specification: { options: { filters: { dataTypes: ['tableData'] } } },
    })
    expect(answer.body).toMatchObject({
      id: expect.stringMatching(/^ach\w{14}$/),
      macSecretBase64: expect.any(String),
      expirationTime: '2026-01-12T12:00:00.000Z',
    })
    expect(member((await at.ask('GET', hooks)).body, 'webhooks', 0)).toMatchObject({
      notificationUrl: null,
      cursorForNextPayload: 1,
      isHookEnabled: true,
      areNotificationsEnabled: true,
    })
  })

  it('tell creations with all cells in V2 form, changes with previous values, deletions by id', async () => {
    const path = await hook({}, { includePreviousCellValues: true, includeCellValuesInFieldIds: [name] })
    const id = colleague.createRecord('Leads', { Name: 'Ada', Status: 'New' })
    await at.ask('PATCH', `/v0/${baseId}/Leads/${id}`, { fields: { Score: 2, Status: null } })
    colleague.deleteRecord('Leads', id)
    const { payloads, cursor, mightHaveMore } = await drain(path)
    expect({ count: payloads.length, cursor, mightHaveMore }).toEqual({ count: 4, cursor: 5, mightHaveMore: false })
    expect(changes(payloads[0])).toEqual({
      createdRecordsById: {
        [id]: {
          createdTime: '2026-01-05T12:00:01.000Z',
          cellValuesByFieldId: {
            [name]: 'Ada',
            [status]: { id: 'selNew00000000001', name: 'New', color: 'blueLight2' },
            [double]: 0,
          },
        },
      },
    })
    expect(payloads[0]).toMatchObject({ payloadFormat: 'v0', actionMetadata: { source: 'client' } })
    expect(payloads[1]).toMatchObject({
      actionMetadata: { source: 'publicApi', sourceMetadata: { user: { id: expect.any(String) } } },
    })
    expect(changes(payloads[1])).toEqual({
      changedRecordsById: {
        [id]: {
          current: { cellValuesByFieldId: { [score]: 2, [status]: null } },
          previous: {
            cellValuesByFieldId: {
              [score]: null,
              [status]: { id: 'selNew00000000001', name: 'New', color: 'blueLight2' },
            },
          },
          unchanged: { cellValuesByFieldId: { [name]: 'Ada' } },
        },
      },
    })
    expect(changes(payloads[3])).toEqual({ destroyedRecordIds: [id] })
  })

  it('tell what was computed anew in a payload of its own with the same transaction number', async () => {
    const id = colleague.createRecord('Leads', { Score: 1 })
    const path = await hook()
    colleague.updateRecord('Leads', id, { Score: 2 })
    const { payloads } = await drain(path)
    expect(payloads).toHaveLength(2)
    expect(member(changes(payloads[1]), 'changedRecordsById', id, 'current', 'cellValuesByFieldId')).toEqual({
      [double]: 4,
    })
    expect(payloads[1]).toMatchObject({
      timestamp: payloads[0]?.timestamp,
      baseTransactionNumber: payloads[0]?.baseTransactionNumber,
    })
  })

  it('give 20 single updates as 20 ordered payloads, in pages, the cursor one after the last number', async () => {
    const path = await hook()
    for (let count = 0; count < 20; count += 1) colleague.createRecord('Leads', { Name: `n${count}` })
    const first = await drain(path, 1, '&limit=15')
    expect({ ...first, payloads: first.payloads.length }).toEqual({ payloads: 15, cursor: 16, mightHaveMore: true })
    const second = await drain(path, first.cursor, '&limit=15')
    expect({ ...second, payloads: second.payloads.length }).toEqual({ payloads: 5, cursor: 21, mightHaveMore: false })
    expect(await drain(path, 21)).toEqual({ payloads: [], cursor: 21, mightHaveMore: false })
    const numbers = [...first.payloads, ...second.payloads].map((payload) => Number(payload.baseTransactionNumber))
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  })

  it('tell a batch as one action', async () => {
    const path = await hook()
    await at.ask('POST', `/v0/${baseId}/Leads`, { records: [{ fields: { Name: 'a' } }, { fields: { Name: 'b' } }] })
    const { payloads } = await drain(path)
    expect(payloads).toHaveLength(1)
    expect(
      Object.keys(z.record(z.string(), z.json()).parse(member(changes(payloads[0]), 'createdRecordsById'))),
    ).toHaveLength(2)
  })

  it('tell nothing of a write that changes nothing, and of one that is refused', async () => {
    const id = colleague.createRecord('Leads', { Name: 'a' })
    const path = await hook()
    await at.ask('PATCH', `/v0/${baseId}/Leads/${id}`, { fields: { Name: 'a' } })
    await at.ask('PATCH', `/v0/${baseId}/Leads`, {
      records: [
        { id, fields: { Name: 'b' } },
        { id, fields: { Nope: 1 } },
      ],
    })
    expect((await drain(path)).payloads).toEqual([])
  })

  it.each<[string, JsonObject, number]>([
    ['table', { recordChangeScope: tableId }, 4],
    ['view', { recordChangeScope: 'viwNamed000000001' }, 3],
    ['kind of change', { changeTypes: ['remove'] }, 1],
    ['source', { fromSources: ['publicApi'] }, 1],
    ['field', { watchDataInFieldIds: [score], changeTypes: ['update'] }, 1],
    ['data type', { dataTypes: ['tableFields'] }, 0],
  ])('are limited by %s', async (_what, filters, expected) => {
    const path = await hook(filters)
    colleague.createRecord('Other', { Name: 'o' })
    const id = colleague.createRecord('Leads', { Name: 'a' })
    colleague.createRecord('Leads', {})
    await at.ask('PATCH', `/v0/${baseId}/Leads/${id}`, { fields: { Name: 'b' } })
    if (filters.watchDataInFieldIds !== undefined) colleague.updateRecord('Leads', id, { Score: 0 })
    colleague.deleteRecord('Leads', id)
    expect((await drain(path)).payloads).toHaveLength(expected)
  })

  it('tell changes of the schema', async () => {
    const path = await hook({}, { includePreviousFieldDefinitions: true })
    const field = await at.ask('POST', `/v0/meta/bases/${baseId}/tables/Leads/fields`, {
      name: 'Phone',
      type: 'phoneNumber',
    })
    colleague.renameField('Leads', 'Phone', 'Mobile')
    colleague.deleteField('Leads', 'Mobile')
    colleague.renameTable('Leads', 'People')
    const id = String(member(field.body, 'id'))
    const { payloads } = await drain(path)
    expect(payloads.map(changes)).toEqual([
      { createdFieldsById: { [id]: { name: 'Phone', type: 'phoneNumber' } } },
      {
        changedFieldsById: {
          [id]: { current: { name: 'Mobile', type: 'phoneNumber' }, previous: { name: 'Phone', type: 'phoneNumber' } },
        },
      },
      { destroyedFieldIds: [id] },
      {
        changedMetadata: {
          current: { name: 'People', description: null },
          previous: { name: 'Leads', description: null },
        },
      },
    ])
  })

  it('stop with INVALID_HOOK when a watched field is deleted', async () => {
    const path = await hook({ watchDataInFieldIds: [score] })
    colleague.deleteField('Leads', 'Score')
    expect((await drain(path)).payloads).toEqual([{ error: true, code: 'INVALID_HOOK' }])
    expect(member((await at.ask('GET', hooks)).body, 'webhooks', 0, 'isHookEnabled')).toBe(false)
  })

  it('live on when they are refreshed or polled, and lose payloads after a week', async () => {
    const path = await hook()
    colleague.createRecord('Leads', {})
    at.clock.advance(6 * day)
    await drain(path, 2)
    at.clock.advance(2 * day)
    expect(member((await at.ask('GET', hooks)).body, 'webhooks', 0)).toMatchObject({
      isHookEnabled: true,
      cursorForNextPayload: 2,
    })
    expect((await drain(path)).payloads).toEqual([])
    colleague.createRecord('Leads', {})
    // The first number returned is cursor − length: 2, though 1 was asked for.
    expect(await drain(path)).toMatchObject({ cursor: 3, payloads: [{}] })
    const refreshed = await at.ask('POST', `${path}/refresh`)
    expect(Date.parse(String(member(refreshed.body, 'expirationTime')))).toBe(at.clock.nowMs() - 1000 + 7 * day)
  })

  it('stop after seven days, stay readable for seven more, then are gone', async () => {
    const path = await hook()
    at.clock.advance(6.5 * day)
    colleague.createRecord('Leads', {})
    at.clock.advance(day)
    colleague.createRecord('Leads', {})
    expect(member((await at.ask('GET', hooks)).body, 'webhooks', 0, 'isHookEnabled')).toBe(false)
    expect((await drain(path)).payloads).toHaveLength(1)
    expect((await at.ask('POST', `${path}/refresh`)).status).toBe(404)
    at.clock.advance(7 * day)
    expect((await at.ask('GET', `${path}/payloads`)).status).toBe(404)
  })

  it('are at most ten in a base', async () => {
    for (let count = 0; count < 10; count += 1) await hook()
    const answer = await at.ask('POST', hooks, {
      specification: { options: { filters: { dataTypes: ['tableData'] } } },
    })
    expect(answer).toMatchObject({ status: 422, body: { error: { type: 'TOO_MANY_WEBHOOKS_IN_BASE' } } })
  })

  it('are deleted, and refused to a token without the scopes', async () => {
    const path = await hook()
    expect((await at.ask('DELETE', path)).status).toBe(204)
    expect((await at.ask('DELETE', path)).status).toBe(404)
    at.sandbox.control.setToken(tokenProfile('patNoHook', tokenRestrictions.noWebhook))
    expect((await at.ask('GET', hooks, undefined, 'patNoHook')).status).toBe(403)
    at.sandbox.control.setToken(tokenProfile('patHookOnly', { scopes: ['webhook:manage', 'schema.bases:read'] }))
    const data = { specification: { options: { filters: { dataTypes: ['tableData'] } } } }
    expect((await at.ask('POST', hooks, data, 'patHookOnly')).status).toBe(403)
  })

  it('refuse a specification or a cursor of a wrong form', async () => {
    for (const filters of [
      {},
      { dataTypes: [] },
      { dataTypes: ['x'] },
      { dataTypes: ['tableData'], recordChangeScope: 'tblNone0000000001' },
    ]) {
      expect((await at.ask('POST', hooks, { specification: { options: { filters } } })).status).toBe(422)
    }
    const path = await hook()
    expect((await at.ask('GET', `${path}/payloads?cursor=0`)).status).toBe(422)
  })

  it('split and repeat payloads, lose retention and become invalid when a fault says so', async () => {
    const path = await hook()
    const records = [{ fields: { Name: 'a' } }, { fields: { Name: 'b' } }]
    at.sandbox.control.addFault({ kind: 'split-payloads', times: 1 })
    await at.ask('POST', `/v0/${baseId}/Leads`, { records })
    const { payloads } = await drain(path)
    expect(payloads).toHaveLength(2)
    expect(payloads[0]?.baseTransactionNumber).toBe(payloads[1]?.baseTransactionNumber)
    at.sandbox.control.addFault({ kind: 'duplicate-payloads', times: 1 })
    await at.ask('POST', `/v0/${baseId}/Leads`, { records })
    expect((await drain(path, 3)).payloads).toHaveLength(2)
    at.sandbox.control.addFault({ kind: 'lose-retention', route: 'webhooks.payloads', times: 1, keep: 1 })
    expect(await drain(path)).toMatchObject({ cursor: 5, payloads: [{}] })
    at.sandbox.control.addFault({ kind: 'invalid-hook', times: 1 })
    expect((await drain(path, 5)).payloads).toEqual([{ error: true, code: 'INVALID_HOOK' }])
  })
})
