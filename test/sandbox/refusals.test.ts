import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JsonValue } from '../../src/json.ts'
import { tokenProfile, tokenRestrictions } from '../../src/sandbox/access/tokens.ts'
import { baseId, openSandbox, type TestSandbox } from './support.ts'

const path = `/v0/${baseId}/Leads`
const tables = `/v0/meta/bases/${baseId}/tables`
const hooks = `/v0/bases/${baseId}/webhooks`
const seed = {
  baseId,
  tables: [
    {
      id: 'tblLeads000000001',
      name: 'Leads',
      fields: [{ id: 'fldName0000000001', name: 'Name', type: 'singleLineText' as const }],
    },
  ],
}
const notFoundOrNotPermitted = {
  error: {
    type: 'INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND',
    message:
      'Invalid permissions, or the requested model was not found. Check that both your user and your token have the required permissions, and that the model names and/or ids are correct.',
  },
}
const rateLimited = { error: { type: 'RATE_LIMIT_REACHED', message: 'Rate limit exceeded. Please try again later' } }

describe('requests that are refused', () => {
  let at: TestSandbox
  beforeEach(async () => {
    at = await openSandbox({ tokens: [tokenProfile('patTest')] })
    at.sandbox.control.ensureBase(seed)
  })
  afterEach(() => at.sandbox.close())

  it.each(['', 'patUnknown', 'patRevoked'])('without a valid token: 401 (%s)', async (token) => {
    at.sandbox.control.setToken(tokenProfile('patRevoked', tokenRestrictions.revoked))
    const answer = await at.ask('GET', '/v0/meta/bases', undefined, token)
    expect(answer).toMatchObject({
      status: 401,
      body: { error: { type: 'AUTHENTICATION_REQUIRED', message: 'Authentication required' } },
    })
  })

  it.each<[string, string]>([
    ['GET', '/v0/meta/bases/junk/tables'],
    ['GET', '/v0/nobase/Leads'],
    ['GET', '/v0'],
    ['POST', `${path}/recAAAAAAAAAAAAAA`],
    ['GET', `/v0/${baseId}`],
    ['GET', '/v0/%zz/x'],
  ])('to no call: 404 with a text as error (%s %s)', async (method, address) => {
    expect(await at.ask(method, address)).toMatchObject({ status: 404, body: { error: 'NOT_FOUND' } })
  })

  it.each(['/v0/appUnknown0000001/Leads', `/v0/${baseId}/Unknown%20Table`, '/v0/meta/bases/appUnknown0000001/tables'])(
    'to a base or table that is not there: 403 (%s)',
    async (address) => {
      expect(await at.ask('GET', address)).toMatchObject({ status: 403, body: notFoundOrNotPermitted })
    },
  )

  it('to an unknown table, as of 2022: 404', async () => {
    const old = await openSandbox({ behaviour: '2022' })
    old.sandbox.control.ensureBase(seed)
    expect((await old.ask('GET', `/v0/${baseId}/x`)).body).toEqual({
      error: { type: 'TABLE_NOT_FOUND', message: `Could not find table x in application ${baseId}` },
    })
    await old.sandbox.close()
  })

  it('to bases that the token does not reach, and are not listed either', async () => {
    at.sandbox.control.setToken(tokenProfile('patElsewhere', { bases: [] }))
    expect((await at.ask('GET', path, undefined, 'patElsewhere')).status).toBe(403)
    expect((await at.ask('GET', '/v0/meta/bases', undefined, 'patElsewhere')).body).toEqual({ bases: [] })
  })

  it('for lack of a scope: 403 of the one kind; for lack of permission: 403 of the other', async () => {
    at.sandbox.control.setToken(tokenProfile('patScope', tokenRestrictions.readOnlyScopes))
    at.sandbox.control.setToken(tokenProfile('patReader', tokenRestrictions.readOnly))
    at.sandbox.control.setToken(tokenProfile('patNoSchema', tokenRestrictions.noSchema))
    const record = { fields: { Name: 'x' } }
    expect((await at.ask('GET', path, undefined, 'patScope')).status).toBe(200)
    expect(await at.ask('POST', path, record, 'patScope')).toMatchObject({ status: 403, body: notFoundOrNotPermitted })
    expect((await at.ask('GET', path, undefined, 'patReader')).status).toBe(200)
    expect(await at.ask('POST', path, record, 'patReader')).toMatchObject({
      status: 403,
      body: {
        error: {
          type: 'INVALID_PERMISSIONS',
          message: 'You are not permitted to create records in table Leads (tblLeads000000001)',
        },
      },
    })
    expect(
      await at.ask('PATCH', path, { records: [{ id: 'recAAAAAAAAAAAAAA', ...record }] }, 'patReader'),
    ).toMatchObject({
      status: 403,
      body: { error: { message: 'You are not permitted to write cell values in field Name (fldName0000000001)' } },
    })
    expect(await at.ask('POST', tables, {}, 'patReader')).toMatchObject({
      status: 403,
      body: { error: { type: 'INVALID_PERMISSIONS', message: 'You are not permitted to perform this operation' } },
    })
    expect((await at.ask('POST', path, record, 'patNoSchema')).status).toBe(200)
    expect((await at.ask('GET', tables, undefined, 'patNoSchema')).status).toBe(403)
    expect((await at.ask('GET', hooks, undefined, 'patReader')).status).toBe(403)
  })

  it('for their form: 400 for no JSON, 413 for too much, 414 for too long an address', async () => {
    const send = (body: string) =>
      fetch(`${at.url}${path}`, { method: 'POST', body, headers: { authorization: 'Bearer patTest' } })
    expect((await send('{')).status).toBe(400)
    expect((await send('x'.repeat(6 * 1024 * 1024))).status).toBe(413)
    expect((await at.ask('GET', `${path}?filterByFormula=${'x'.repeat(16_000)}`)).status).toBe(414)
    expect((await at.ask('POST', path, { nothing: true })).body).toMatchObject({
      error: { type: 'INVALID_REQUEST_UNKNOWN' },
    })
  })

  it('from a name that is not this machine, against DNS rebinding', async () => {
    const { request } = await import('node:http')
    const status = await new Promise<number | undefined>((resolve) => {
      const asked = request(`${at.url}/`, { headers: { host: 'evil.example' } }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
      asked.end()
    })
    expect(status).toBe(403)
  })

  it('JSON is answered as UTF-8, compressed for whoever takes it', async () => {
    const answer = await at.ask('GET', path)
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(answer.headers.get('content-encoding')).toBe('gzip')
  })
})

describe('limits', () => {
  const burst = async (at: TestSandbox, count: number, address = path) => {
    const statuses: number[] = []
    let last: JsonValue = null
    for (let index = 0; index < count; index += 1) {
      const answer = await fetch(`${at.url}${address}`, { headers: { authorization: 'Bearer patTest' } })
      statuses.push(answer.status)
      last = JSON.parse(await answer.text())
    }
    return { statuses, last }
  }

  it('five requests a second for a base, webhooks and metadata included; then 30 seconds of 429', async () => {
    const at = await openSandbox()
    at.sandbox.control.ensureBase(seed)
    expect((await burst(at, 3)).statuses).toEqual([200, 200, 200])
    expect((await burst(at, 1, tables)).statuses).toEqual([200])
    expect((await burst(at, 1, hooks)).statuses).toEqual([200])
    expect(await burst(at, 1)).toEqual({ statuses: [429], last: rateLimited })
    at.clock.advance(29_999)
    expect((await burst(at, 1)).statuses).toEqual([429])
    at.clock.advance(1)
    expect((await burst(at, 1)).statuses).toEqual([200])
    await at.sandbox.close()
  })

  it('the other body of a 429, with Retry-After', async () => {
    const at = await openSandbox({ limits: { rateLimitBody: 'seen', retryAfterSeconds: 31, requestsPerSecond: 0 } })
    at.sandbox.control.ensureBase(seed)
    const answer = await at.ask('GET', path)
    expect(answer.body).toEqual({
      errors: [{ error: 'RATE_LIMIT_REACHED', message: 'Rate limit exceeded. Please try again later' }],
    })
    expect(answer.headers.get('retry-after')).toBe('31')
    await at.sandbox.close()
  })

  it('fifty requests a second for a person, whatever the base', async () => {
    const at = await openSandbox()
    const { statuses } = await burst(at, 51, '/v0/meta/whoami')
    expect(statuses.filter((status) => status === 200)).toHaveLength(50)
    expect(statuses.at(-1)).toBe(429)
    await at.sandbox.close()
  })

  it('the calls of a month: waiting does not help, metadata still answers, the next month is free again', async () => {
    const at = await openSandbox({ limits: { monthlyCalls: 2 } })
    at.sandbox.control.ensureBase(seed)
    expect((await at.ask('GET', path)).status).toBe(200)
    expect((await at.ask('GET', hooks)).status).toBe(200)
    const refused = await at.ask('GET', path)
    expect(refused).toMatchObject({ status: 429, body: { errors: [{ error: 'PUBLIC_API_BILLING_LIMIT_EXCEEDED' }] } })
    at.clock.advance(3 * 3_600_000)
    expect((await at.ask('GET', path)).status).toBe(429)
    expect((await at.ask('GET', tables)).status).toBe(200)
    expect(at.sandbox.control.monthlyCalls(baseId)).toBe(2)
    at.clock.set(Date.UTC(2026, 1, 1))
    expect((await at.ask('GET', path)).status).toBe(200)
    await at.sandbox.close()
  })

  it('the records of a base', async () => {
    const at = await openSandbox({ limits: { recordsPerBase: 1 } })
    at.sandbox.control.ensureBase(seed)
    expect((await at.ask('POST', path, { fields: {} })).status).toBe(200)
    expect((await at.ask('POST', path, { fields: {} })).status).toBe(422)
    await at.sandbox.close()
  })
})
