import { mkdtempSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { seededRandom } from '../../src/random.ts'
import type { FaultInput } from '../../src/sandbox/faults/fault.ts'
import { FaultBook } from '../../src/sandbox/faults/fault-book.ts'
import { serveSandbox } from '../../src/sandbox/serve.ts'
import { removeFolder } from '../support/remove.ts'
import { baseId, member, openSandbox, quiet, recordsIn, type TestSandbox } from './support.ts'

const path = `/v0/${baseId}/Leads`
const seed = { baseId, tables: [{ name: 'Leads', fields: [{ name: 'Name', type: 'singleLineText' as const }] }] }
const list = { method: 'GET', path, route: 'records.list' } as const

describe('injected faults', () => {
  let at: TestSandbox
  beforeEach(async () => {
    at = await openSandbox()
    at.sandbox.control.ensureBase(seed)
  })
  afterEach(() => at.sandbox.close())

  const count = () => at.sandbox.control.colleague(baseId).records('Leads').length
  const create = () => at.ask('POST', path, { fields: { Name: 'Ada' } })
  const once = (fault: FaultInput) => at.sandbox.control.addFault({ times: 1, ...fault })

  it.each<[FaultInput, number]>([
    [{ kind: 'drop-reply' }, 1],
    [{ kind: 'drop-request' }, 0],
  ])('%j closes the connection; %i records are made', async (fault, made) => {
    once(fault)
    await expect(create()).rejects.toThrow('fetch failed')
    expect(count()).toBe(made)
    expect((await create()).status).toBe(200)
  })

  it.each<[FaultInput, number, number]>([
    [{ kind: 'unavailable' }, 503, 0],
    [{ kind: 'unavailable', commit: true }, 503, 1],
    [{ kind: 'server-error' }, 500, 0],
    [{ kind: 'server-error', commit: true }, 500, 1],
    [{ kind: 'rate-limit' }, 429, 0],
  ])('%j answers %i; %i records are made', async (fault, status, made) => {
    once(fault)
    expect((await create()).status).toBe(status)
    expect(count()).toBe(made)
  })

  it('503 is RETRIABLE_ERROR and can name a time', async () => {
    once({ kind: 'unavailable', retryAfterSeconds: 7 })
    const answer = await create()
    expect(answer.body).toMatchObject({ error: { type: 'RETRIABLE_ERROR' } })
    expect(answer.headers.get('retry-after')).toBe('7')
  })

  it('html is a 200 that is no JSON, truncate a JSON without its end', async () => {
    for (const kind of ['html', 'truncate'] as const) {
      once({ kind })
      const answer = await fetch(`${at.url}${path}`, { headers: { authorization: 'Bearer x' } })
      expect(answer.status).toBe(200)
      await expect(answer.json()).rejects.toThrow(SyntaxError)
      at.clock.advance(1000)
    }
  })

  it('stall-headers never answers; stall-body answers and never ends', async () => {
    once({ kind: 'stall-headers' })
    const silent = new AbortController()
    const waiting = fetch(`${at.url}${path}`, { headers: { authorization: 'Bearer x' }, signal: silent.signal })
    await expect(Promise.race([waiting, logged(at, 1)])).resolves.toBe('logged')
    silent.abort()
    await expect(waiting).rejects.toThrow('abort')
    once({ kind: 'stall-body' })
    const cut = new AbortController()
    const answer = await fetch(`${at.url}${path}`, { headers: { authorization: 'Bearer x' }, signal: cut.signal })
    expect(answer.status).toBe(200)
    const reading = answer.text()
    cut.abort()
    await expect(reading).rejects.toThrow('abort')
  })

  it('latency answers late by the clock of the sandbox', async () => {
    once({ kind: 'latency', delayMs: 5000 })
    const answer = fetch(`${at.url}${path}`, { headers: { authorization: 'Bearer x' } })
    await expect(Promise.race([answer, logged(at, 1)])).resolves.toBe('logged')
    at.clock.advance(5000)
    expect((await answer).status).toBe(200)
  })

  it('expire-iterators ends a list in the middle', async () => {
    await at.ask('POST', path, { records: [{ fields: {} }, { fields: {} }] })
    const first = await at.ask('GET', `${path}?pageSize=1`)
    once({ kind: 'expire-iterators' })
    const second = await at.ask('GET', `${path}?offset=${String(member(first.body, 'offset'))}`)
    expect(second.body).toEqual({ error: { type: 'LIST_RECORDS_ITERATOR_NOT_AVAILABLE' } })
  })

  it('strike by route, method and path, after some requests, so many times', () => {
    const book = new FaultBook(seededRandom(1))
    book.add({ kind: 'unavailable', route: 'records.list', after: 1, times: 2 })
    book.add({ kind: 'server-error', method: 'DELETE', path: '/Leads' })
    const kinds = () => book.strike(list).map(({ kind }) => kind)
    expect([kinds(), kinds(), kinds(), kinds()]).toEqual([[], ['unavailable'], ['unavailable'], []])
    expect(book.strike({ method: 'DELETE', path, route: 'records.delete' })).toMatchObject([{ kind: 'server-error' }])
    expect(book.strike({ method: 'DELETE', path: '/v0/x/Other', route: 'records.delete' })).toEqual([])
  })

  it('strike by chance in the same way for the same seed', () => {
    const run = (seedOfRun: number) => {
      const book = new FaultBook(seededRandom(seedOfRun))
      book.add({ kind: 'drop-reply', probability: 0.3 })
      return Array.from({ length: 200 }, () => book.strike(list).length)
    }
    expect(run(5)).toEqual(run(5))
    expect(run(5)).not.toEqual(run(6))
    const struck = run(5).filter((times) => times > 0).length
    expect(struck).toBeGreaterThan(30)
    expect(struck).toBeLessThan(90)
  })

  it('are set, listed and cleared over HTTP with the control token only', async () => {
    const token = at.sandbox.controlToken
    expect((await at.ask('POST', '/sandbox/faults', { kind: 'html' }, 'patTest')).status).toBe(401)
    expect((await at.ask('POST', '/sandbox/faults', { kind: 'html', times: 1 }, token)).body).toEqual({ id: 1 })
    expect((await at.ask('POST', '/sandbox/faults', { kind: 'fire' }, token)).status).toBe(422)
    expect(member((await at.ask('GET', '/sandbox/faults', undefined, token)).body, 'faults')).toMatchObject([
      { id: 1, kind: 'html', struck: 0 },
    ])
    expect((await at.ask('DELETE', '/sandbox/faults', undefined, token)).status).toBe(200)
    expect((await at.ask('GET', path)).status).toBe(200)
  })

  it('a log tells what was asked and answered, without cells and tokens', async () => {
    await create()
    once({ kind: 'drop-reply' })
    await expect(create()).rejects.toThrow('fetch failed')
    await at.ask('GET', `${path}?filterByFormula=Name='Ada'`)
    const entries = at.sandbox.control.requests()
    expect(entries).toMatchObject([
      { method: 'POST', path, status: 200, fault: undefined },
      { method: 'POST', path, status: 0, bytes: 0, fault: 'drop-reply' },
      { method: 'GET', path, status: 200 },
    ])
    expect(entries[0]?.bytes).toBeGreaterThan(50)
    const log = await at.ask('GET', '/sandbox/requests', undefined, at.sandbox.controlToken)
    expect(log.body).toMatchObject({
      total: 3,
      requests: [{ at: '2026-01-05T12:00:00.000Z', method: 'POST', path, status: 200 }, {}, {}],
    })
    expect(JSON.stringify(log.body)).not.toContain('Ada')
    await at.ask('DELETE', '/sandbox/requests', undefined, at.sandbox.controlToken)
    expect(at.sandbox.control.requests()).toEqual([])
  })

  it('bases are made over HTTP too', async () => {
    const answer = await at.ask(
      'POST',
      '/sandbox/bases',
      { ...seed, baseId: 'appOther000000001' },
      at.sandbox.controlToken,
    )
    expect(answer.status).toBe(200)
    expect((await at.ask('GET', '/v0/appOther000000001/Leads')).status).toBe(200)
  })
})

/** Resolves when so many requests were handled. */
async function logged(at: TestSandbox, requests: number): Promise<string> {
  while (at.sandbox.control.requests().length < requests) await new Promise((resolve) => setTimeout(resolve, 5))
  return 'logged'
}

describe('a sandbox in a file', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sandbox-'))
  })
  afterEach(() => removeFolder(folder))

  it('keeps everything when it is closed and opened again, readable by its owner only', async () => {
    const file = join(folder, 'sandbox.db')
    const first = await openSandbox({ path: file })
    first.sandbox.control.ensureBase(seed)
    await first.ask('POST', path, { fields: { Name: 'Ada' } })
    await first.ask('POST', `/v0/bases/${baseId}/webhooks`, {
      specification: { options: { filters: { dataTypes: ['tableData'] } } },
    })
    first.sandbox.control.colleague(baseId).createRecord('Leads', { Name: 'Bob' })
    for (const name of [file, `${file}-wal`, `${file}-shm`]) expect(statSync(name).mode & 0o777, name).toBe(0o600)
    await first.sandbox.close()
    const second = await openSandbox({ path: file }, 2)
    second.sandbox.control.ensureBase(seed)
    expect(recordsIn((await second.ask('GET', path)).body)).toHaveLength(2)
    const hook = member((await second.ask('GET', `/v0/bases/${baseId}/webhooks`)).body, 'webhooks', 0)
    expect(hook).toMatchObject({ cursorForNextPayload: 2 })
    const payloads = await second.ask('GET', `/v0/bases/${baseId}/webhooks/${String(member(hook, 'id'))}/payloads`)
    expect(member(payloads.body, 'payloads')).toHaveLength(1)
    await second.sandbox.close()
  })

  it('is served with its folder made, and says when its port is taken', async () => {
    const options = { clock: systemClock, random: seededRandom(1), log: quiet, token: 'patOnly', bases: [seed] }
    const served = await serveSandbox({ ...options, path: join(folder, 'below', 'sandbox.db') })
    expect(statSync(join(folder, 'below')).mode & 0o777).toBe(0o700)
    const ask = (token: string) => fetch(`${served.url}${path}`, { headers: { authorization: `Bearer ${token}` } })
    expect([(await ask('patOnly')).status, (await ask('patOther')).status]).toEqual([200, 401])
    const port = Number(new URL(served.url).port)
    await expect(serveSandbox({ ...options, path: ':memory:', port })).rejects.toMatchObject({ code: 'USAGE' })
    await served.sandbox.close()
  })
})
