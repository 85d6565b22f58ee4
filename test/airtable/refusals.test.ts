/** Every way in which a call can fail ends in one error that says what to do, and in none that says the token. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { messageOf, OperationalError } from '../../src/errors.ts'
import { tokenProfile, tokenRestrictions } from '../../src/sandbox/access/tokens.ts'
import type { FaultInput } from '../../src/sandbox/faults/fault.ts'
import { AirtableError } from '../../src/targets/airtable/airtable-error.ts'
import { tableId } from '../sandbox/leads-base.ts'
import { baseId } from '../sandbox/support.ts'
import { type AirtableWorld, openWorld, plantedToken, signal, type WorldOptions } from './world.ts'

let at: AirtableWorld
const open = async (options: WorldOptions = {}) => {
  at = await openWorld(options)
}
afterEach(() => at.close())

/** What a call was refused with; fails when it was not, or when the error could tell the token. */
async function refusalOf(work: Promise<unknown>): Promise<OperationalError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof OperationalError)) throw new Error(`no error of the table: ${messageOf(error)}`)
  for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) {
    const all = JSON.stringify([inner.message, inner.stack, Object.entries(inner)])
    expect(all).not.toContain(plantedToken)
    expect(all).not.toContain('secret-cell')
  }
  return error
}

const list = () => at.target.base.list(tableId, {}, { signal })

describe('access', () => {
  it('a variable without a token is told, with its name', async () => {
    await open()
    const missing = { ...at.declaration, token: { env: 'NOT_SET' } }
    expect(() => at.targets.of(missing)).toThrow(
      expect.objectContaining({ code: 'AIRTABLE_TOKEN_MISSING', message: expect.stringContaining('NOT_SET') }),
    )
    at.environment.AIRTABLE_API_KEY = 'two words\nof a token'
    const refusal = await refusalOf(list())
    expect(refusal).toMatchObject({ code: 'AIRTABLE_TOKEN_MISSING', retry: 'human' })
    expect(refusal.message).not.toContain('two words')
  })

  it('a wrong and a revoked token are told; a rotated one is taken up without a restart', async () => {
    await open({ sandbox: { tokens: [tokenProfile(plantedToken), tokenProfile('patNew')] } })
    const file = join(at.folder, 'token')
    writeFileSync(file, `${plantedToken}\n`)
    const { base } = at.targets.of({ ...at.declaration, token: { file: 'token' } })
    const ask = () => base.list(tableId, {}, { signal })
    await ask()
    at.sandbox.control.setToken(tokenProfile(plantedToken, tokenRestrictions.revoked))
    expect(await refusalOf(ask())).toMatchObject({ code: 'AIRTABLE_UNAUTHORIZED', retry: 'human' })
    writeFileSync(file, 'patNew')
    expect((await ask()).records).toEqual([])
    writeFileSync(file, 'patWrong')
    expect(await refusalOf(ask())).toMatchObject({ code: 'AIRTABLE_UNAUTHORIZED' })
  })

  it('a missing scope and a missing base are both named, since Airtable does not say which it is', async () => {
    await open({ sandbox: { tokens: [tokenProfile(plantedToken, tokenRestrictions.noWebhook)] } })
    const refusal = await refusalOf(at.target.base.createWebhook({ signal }))
    expect(refusal).toMatchObject({ code: 'AIRTABLE_FORBIDDEN', retry: 'human' })
    expect(refusal.message).toMatch(/scope.*no such base/)
    const other = at.targets.of({ ...at.declaration, base: 'appNobody00000001' })
    expect(await refusalOf(other.base.schema({ signal }))).toMatchObject({ code: 'AIRTABLE_FORBIDDEN' })
    expect(await refusalOf(at.target.base.list('tblNobody00000001', {}, { signal }))).toMatchObject({
      code: 'AIRTABLE_FORBIDDEN',
    })
  })

  it('what the owner of the token may not do is told in words', async () => {
    await open({ sandbox: { tokens: [tokenProfile(plantedToken, tokenRestrictions.readOnly)] } })
    const name = await at.field('Name')
    const records = [{ [name]: 'secret-cell' }]
    const refusal = await refusalOf(at.target.base.upsert(tableId, { mergeOn: name, records }, { signal }))
    expect(refusal).toMatchObject({ code: 'AIRTABLE_FORBIDDEN' })
    expect(refusal.message).toContain('to write cell values in field Name')
  })

  it('a 403 on a deletion is no success', async () => {
    await open({ sandbox: { tokens: [tokenProfile(plantedToken, tokenRestrictions.readOnly)] } })
    const id = at.sandbox.control.colleague(baseId).createRecord(tableId, { Name: 'Ada' })
    expect(await refusalOf(at.target.base.destroy(tableId, [id], { signal }))).toMatchObject({
      code: 'AIRTABLE_FORBIDDEN',
    })
  })

  it('a base as it answered in 2022 is understood too', async () => {
    await open({ sandbox: { behaviour: '2022' } })
    const missing = at.target.base.list('tblNobody00000001', {}, { signal })
    expect(await refusalOf(missing)).toMatchObject({ code: 'AIRTABLE_NOT_FOUND', airtableType: 'TABLE_NOT_FOUND' })
    expect(
      await refusalOf(at.target.base.destroy('tblNobody00000001', ['recNobody00000001'], { signal })),
    ).toMatchObject({ code: 'AIRTABLE_NOT_FOUND' })
  })
})

describe('requests that cannot succeed', () => {
  beforeEach(() => open())

  it('values are told apart from the request they came in, and name their field', async () => {
    const [name, score, status, loud] = await Promise.all(
      ['Name', 'Score', 'Status', 'Loud'].map((one) => at.field(one)),
    )
    const upsert = (cells: Readonly<Record<string, string>>) =>
      refusalOf(
        at.target.base.upsert(tableId, { mergeOn: name ?? '', records: [{ [name ?? '']: 'x', ...cells }] }, { signal }),
      )
    expect(await upsert({ [score ?? '']: 'secret-cell' })).toMatchObject({
      code: 'AIRTABLE_RECORD_REFUSED',
      retry: 'never',
      field: 'Score',
      airtableType: 'INVALID_VALUE_FOR_COLUMN',
    })
    expect(await upsert({ [loud ?? '']: 'x' })).toMatchObject({ code: 'AIRTABLE_RECORD_REFUSED', field: 'Loud' })
    expect(await upsert({ [status ?? '']: 'secret-cell' })).toMatchObject({
      code: 'AIRTABLE_RECORD_REFUSED',
      airtableType: 'INVALID_MULTIPLE_CHOICE_OPTIONS',
    })
    expect(await upsert({ fldNobody00000001: 'x' })).toMatchObject({
      code: 'AIRTABLE_REFUSED',
      field: 'fldNobody00000001',
    })
    at.sandbox.control.colleague(baseId).createRecord(tableId, { Name: 'x' })
    at.sandbox.control.colleague(baseId).createRecord(tableId, { Name: 'x' })
    // What Airtable says to several matches is not known: it is a 422, and it concerns the records.
    expect(await upsert({})).toMatchObject({ code: 'AIRTABLE_RECORD_REFUSED' })
  })

  it('a record that is gone is named', async () => {
    const name = await at.field('Name')
    const id = at.sandbox.control.colleague(baseId).createRecord(tableId, { Name: 'Ada' })
    at.sandbox.control.colleague(baseId).deleteRecord(tableId, id)
    const update = at.target.base.update(tableId, [{ id, fields: { [name]: 'x' } }], { signal })
    expect(await refusalOf(update)).toMatchObject({ code: 'AIRTABLE_RECORD_REFUSED', missingRecordId: id })
  })

  it('a wrong formula, a wrong schema and too many records are refusals of the request', async () => {
    const { base } = at.target
    expect(await refusalOf(base.list(tableId, { formula: "NOPE('secret-cell'" }, { signal }))).toMatchObject({
      code: 'AIRTABLE_REFUSED',
    })
    const field = { name: 'When', type: 'createdTime' }
    expect(await refusalOf(base.createField(tableId, field, { signal }))).toMatchObject({
      code: 'AIRTABLE_REFUSED',
      airtableType: 'UNSUPPORTED_FIELD_TYPE_FOR_CREATE',
    })
    expect(await refusalOf(base.destroy(tableId, [], { signal }))).toMatchObject({ code: 'AIRTABLE_REFUSED' })
    const many = Array.from({ length: 11 }, () => 'recNobody00000001')
    expect(await refusalOf(base.destroy(tableId, many, { signal }))).toMatchObject({ code: 'AIRTABLE_REFUSED' })
  })

  it('a list whose place was forgotten says that it has to be begun anew', async () => {
    for (const Name of ['Ada', 'Bob']) at.sandbox.control.colleague(baseId).createRecord(tableId, { Name })
    const { offset = '' } = await at.target.base.list(tableId, { pageSize: 1 }, { signal })
    at.sandbox.control.addFault({ kind: 'expire-iterators', times: 1 })
    expect(await refusalOf(at.target.base.list(tableId, { offset }, { signal }))).toMatchObject({
      code: 'AIRTABLE_ITERATOR_EXPIRED',
      retry: 'backoff',
    })
  })
})

describe('faults of the line and the service', () => {
  const once: readonly FaultInput[] = [
    { kind: 'drop-reply' },
    { kind: 'drop-request' },
    { kind: 'stall-headers' },
    { kind: 'stall-body' },
    { kind: 'html' },
    { kind: 'truncate' },
    { kind: 'unavailable' },
    { kind: 'unavailable', commit: true, retryAfterSeconds: 5 },
    { kind: 'server-error' },
    { kind: 'server-error', commit: true },
    { kind: 'rate-limit' },
    { kind: 'rate-limit', body: 'seen', retryAfterSeconds: 40 },
    { kind: 'latency', delayMs: 2000 },
  ]

  it.each(once)('%j once is got over by a call that reads', async (fault) => {
    await open()
    at.sandbox.control.addFault({ ...fault, times: 1 })
    expect((await list()).records).toEqual([])
    expect(at.sandbox.control.requests().filter(({ status, fault: struck }) => status === 429 && !struck)).toEqual([])
  })

  const write = async () => {
    const name = await at.field('Name')
    return () => at.target.base.upsert(tableId, { mergeOn: name, records: [{ [name]: 'Ada' }] }, { signal })
  }

  it.each(once.filter(({ kind }) => kind !== 'latency'))(
    'a write that met %j is not sent again as it is: somebody may have written meanwhile',
    async (fault) => {
      await open()
      const writes = await write()
      at.sandbox.control.clearRequests()
      at.sandbox.control.addFault({ ...fault, times: 1 })
      const isRest = fault.kind === 'rate-limit'
      expect(await refusalOf(writes())).toMatchObject(
        isRest ? { code: 'AIRTABLE_RATE_LIMITED' } : { code: 'AIRTABLE_UNREACHABLE', mayBeDone: true },
      )
      expect(at.sandbox.control.requests()).toHaveLength(1)
      await writes()
      expect(at.sandbox.control.colleague(baseId).records(tableId)).toHaveLength(1)
    },
  )

  it.each(once)('%j once is got over by work that looks first, with one record made', async (fault) => {
    await open()
    const writes = await write()
    let looks = 0
    at.sandbox.control.addFault({ ...fault, route: 'records.update', times: 1 })
    await at.target.base.insisting(
      async () => {
        looks += 1
        if ((await list()).records.length === 0) await writes()
      },
      { signal },
    )
    expect(looks).toBe(fault.kind === 'latency' ? 1 : 2)
    expect(at.sandbox.control.colleague(baseId).records(tableId)).toHaveLength(1)
  })

  it('work whose look failed for good is not done anew: the look was repeated already', async () => {
    await open({ declaration: { retry: { attempts: 2, delayMs: 100 } } })
    at.sandbox.control.addFault({ kind: 'server-error' })
    expect(await refusalOf(at.target.base.insisting(list, { signal }))).toMatchObject({ code: 'AIRTABLE_UNREACHABLE' })
    expect(at.sandbox.control.requests()).toHaveLength(3)
  })

  it('work whose writes fail again and again ends with the error, after the declared retries', async () => {
    await open({ declaration: { retry: { attempts: 2, delayMs: 100 } } })
    const writes = await write()
    at.sandbox.control.addFault({ kind: 'server-error' })
    at.sandbox.control.clearRequests()
    expect(await refusalOf(at.target.base.insisting(writes, { signal }))).toMatchObject({
      code: 'AIRTABLE_UNREACHABLE',
    })
    expect(at.sandbox.control.requests()).toHaveLength(3)
  })

  it.each(once.filter(({ kind }) => kind !== 'rate-limit' && kind !== 'latency'))(
    '%j again and again ends in AIRTABLE_UNREACHABLE, after the declared retries',
    async (fault) => {
      await open({ declaration: { retry: { attempts: 2, delayMs: 100 } } })
      at.sandbox.control.addFault(fault)
      expect(await refusalOf(list())).toMatchObject({ code: 'AIRTABLE_UNREACHABLE', retry: 'backoff' })
      expect(at.sandbox.control.requests()).toHaveLength(3)
    },
  )

  it('a call that cannot be repeated is not, once it may have been carried out', async () => {
    await open()
    at.sandbox.control.addFault({ kind: 'drop-reply', times: 1 })
    const made = at.target.base.createTable('Companies', [{ name: 'Name', type: 'singleLineText' }], { signal })
    expect(await refusalOf(made)).toMatchObject({ code: 'AIRTABLE_UNREACHABLE', mayBeDone: true })
    const tables = (await at.target.base.schema({ signal })).tables.map(({ name }) => name)
    expect(tables).toEqual(['Leads', 'Companies'])
  })

  it('a service that stays silent is left alone for a while, then asked by one call', async () => {
    await open({ declaration: { retry: { attempts: 0, delayMs: 10 } } })
    at.sandbox.control.addFault({ kind: 'unavailable' })
    for (let calls = 0; calls < 5; calls += 1) await refusalOf(list())
    at.sandbox.control.clearRequests()
    const refusal = await refusalOf(list())
    expect(refusal.code).toBe('AIRTABLE_UNREACHABLE')
    expect(refusal.message).toContain('it is asked again in')
    expect(refusal.retryAtMs).toBeDefined()
    expect(at.sandbox.control.requests()).toEqual([])
    at.sandbox.control.clearFaults()
    await at.clock.sleep(11_000)
    expect((await list()).records).toEqual([])
    expect(at.sandbox.control.requests()).toHaveLength(1)
  })

  it('an address where nobody answers, and one that is not there', async () => {
    await open({ declaration: { endpoint: 'http://127.0.0.1:9', retry: { attempts: 0, delayMs: 1 } } })
    const refusal = await refusalOf(list())
    expect(refusal).toMatchObject({ code: 'AIRTABLE_UNREACHABLE' })
    expect(refusal.message).toContain('ECONNREFUSED')
    const lost = at.targets.of({ ...at.declaration, endpoint: 'http://nowhere.invalid' })
    expect(await refusalOf(lost.base.schema({ signal }))).toMatchObject({ code: 'AIRTABLE_UNREACHABLE' })
  })

  it('a used-up month is told at once, is not asked again, and leaves the metadata usable', async () => {
    await open({ sandbox: { limits: { monthlyCalls: 1 } } })
    await list()
    const refusal = await refusalOf(list())
    expect(refusal).toMatchObject({ code: 'AIRTABLE_QUOTA_EXHAUSTED', retry: 'human' })
    at.sandbox.control.clearRequests()
    expect(await refusalOf(list())).toMatchObject({ code: 'AIRTABLE_QUOTA_EXHAUSTED' })
    expect(at.sandbox.control.requests()).toEqual([])
    expect(at.target.base.usage().exhaustedSinceMs).toBeGreaterThan(0)
    expect((await at.target.base.schema({ signal })).tables).toHaveLength(1)
    at.sandbox.control.setLimits({ monthlyCalls: undefined })
    await at.clock.sleep(1000)
    expect(at.target.base.usage().exhaustedSinceMs).toBeGreaterThan(0)
  })

  it('a base that everybody uses rests, and after several rests the caller hears until when', async () => {
    await open({ speed: 400 })
    at.sandbox.control.addFault({ kind: 'rate-limit' })
    const refusal = await refusalOf(list())
    expect(refusal).toMatchObject({ code: 'AIRTABLE_RATE_LIMITED', retry: 'after' })
    expect(refusal.retryAtMs).toBeGreaterThan(0)
  })

  it('an answer in an unknown form is told with its place', async () => {
    await open({
      targets: {
        transport: {
          send: () =>
            Promise.resolve({
              is: 'answer',
              status: 200,
              body: { records: [{ id: 'rec1', createdTime: 'yesterday', fields: {} }] },
              isJson: true,
              retryAfterMs: undefined,
            }),
        },
      },
    })
    const refusal = await refusalOf(list())
    expect(refusal).toBeInstanceOf(AirtableError)
    expect(refusal).toMatchObject({ code: 'AIRTABLE_PROTOCOL' })
    expect(refusal.message).toContain('records.0.createdTime')
  })

  it('a caller that stops ends its call, wherever it is', async () => {
    await open()
    const stopped = new AbortController()
    at.sandbox.control.addFault({ kind: 'stall-body' })
    const stalled = at.target.base.list(tableId, {}, { signal: stopped.signal })
    while (at.sandbox.control.requests().length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    stopped.abort(new OperationalError('LEASE_LOST', 'the lease was taken over'))
    expect(await refusalOf(stalled)).toMatchObject({ code: 'LEASE_LOST' })
    expect(await refusalOf(at.target.base.list(tableId, {}, { signal: stopped.signal }))).toMatchObject({
      code: 'LEASE_LOST',
    })
  })
})

describe('the log', () => {
  it('of everything that goes wrong holds no token and no cell', async () => {
    const lines: string[] = []
    const { pino } = await import('pino')
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
    await open({ targets: { log }, declaration: { retry: { attempts: 1, delayMs: 10 } } })
    const name = await at.field('Name')
    for (const kind of ['drop-reply', 'html', 'unavailable', 'rate-limit'] as const) {
      at.sandbox.control.addFault({ kind, times: 1 })
      const records = [{ [name]: 'secret-cell' }]
      const written = at.target.base.upsert(tableId, { mergeOn: name, records }, { signal })
      expect((await refusalOf(written)).message).not.toContain('secret-cell')
    }
    await refusalOf(at.target.base.list(tableId, { formula: "NOPE('secret-cell'" }, { signal }))
    expect(lines.length).toBeGreaterThan(3)
    expect(lines.join('')).not.toContain(plantedToken)
    expect(lines.join('')).not.toContain('secret-cell')
  })
})
