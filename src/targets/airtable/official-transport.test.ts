import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../clock.ts'
import { createOfficialTransport, type OfficialTransport } from './official-transport.ts'
import type { AirtableRequest } from './transport.ts'

let server: Server
let url = ''
let transport: OfficialTransport
let answer: (request: IncomingMessage, response: ServerResponse) => void
const unhandled: unknown[] = []
const note = (reason: unknown) => void unhandled.push(reason)

beforeEach(async () => {
  process.on('unhandledRejection', note)
  transport = createOfficialTransport({ clock: systemClock })
  server = createServer((request, response) => answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address: AddressInfo | string | null = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
afterEach(async () => {
  transport.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  process.off('unhandledRejection', note)
  expect(unhandled.splice(0)).toEqual([])
})

const send = (given: Partial<AirtableRequest> = {}) =>
  transport.send({
    method: 'GET',
    path: 'appTest0000000001/tbl',
    query: {},
    body: undefined,
    token: 'patToken',
    endpointUrl: url,
    signal: new AbortController().signal,
    deadlineMs: 20_000,
    ...given,
  })
const replyWith = (status: number, body: string, headers: Readonly<Record<string, string>> = {}) => {
  answer = (_, response) => void response.writeHead(status, headers).end(body)
}
/** Waits until the server has as many open sockets as wanted. */
const openSockets = async (areEnough: (open: number) => boolean) => {
  const open = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))
  while (!areEnough(await open())) await systemClock.sleep(5)
}

describe('the transport over the airtable package', () => {
  it('sends method, path, query, body and token as they are given', async () => {
    const seen: unknown[] = []
    answer = (request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString('utf8')
      })
      request.on('end', () => {
        seen.push([request.method, request.url, request.headers.authorization, body])
        response.end('{}')
      })
    }
    await send({ method: 'PATCH', path: 'meta/bases/app1/tables', body: { a: [1] } })
    await send({ method: 'DELETE', query: { records: ['recA', 'recB'], cursor: 3 } })
    expect(seen).toEqual([
      ['PATCH', '/v0/meta/bases/app1/tables?', 'Bearer patToken', '{"a":[1]}'],
      ['DELETE', '/v0/appTest0000000001/tbl?records%5B%5D=recA&records%5B%5D=recB&cursor=3', 'Bearer patToken', ''],
    ])
  })

  it('hands bodies and Retry-After of refusals over, which the package folds into one error', async () => {
    const quota = { errors: [{ error: 'PUBLIC_API_BILLING_LIMIT_EXCEEDED' }] }
    replyWith(429, JSON.stringify(quota), { 'retry-after': '7' })
    expect(await send()).toEqual({ is: 'answer', status: 429, body: quota, isJson: true, retryAfterMs: 7000 })
    replyWith(404, '{"error":"NOT_FOUND"}')
    expect(await send()).toMatchObject({ status: 404, body: { error: 'NOT_FOUND' } })
  })

  it.each([
    [200, '<!doctype html>'],
    [200, '{"records":['],
    [200, ''],
    [200, 'null'],
    [200, '[1]'],
    [204, ''],
    [429, '<html>'],
    [502, 'Bad gateway'],
  ])('%i with the body %j is an answer without JSON', async (status, body) => {
    replyWith(status, body)
    expect(await send()).toEqual({ is: 'answer', status, body: undefined, isJson: false, retryAfterMs: undefined })
  })

  it('settles by its deadline when the body never ends, and leaves no socket behind', async () => {
    answer = (request, response) => {
      if (request.url?.includes('quick')) return void response.end('{}')
      response.writeHead(200, { 'content-length': '100' }).write('{"records":')
    }
    const quick = await Promise.all([1, 2, 3].map(() => send({ path: 'appTest0000000001/quick' })))
    expect(quick).toHaveLength(3)
    const late = { is: 'failure', reason: 'deadline', mayHaveArrived: true }
    const stalled = await Promise.all([1, 2].map(() => send({ deadlineMs: 60 })))
    expect(stalled).toMatchObject([late, late])
    // One that was kept for reuse may remain; those of the stalled calls must not.
    await openSockets((open) => open <= 1)
  })

  it('settles when no answer begins, and when the caller stops', async () => {
    answer = () => undefined
    expect(await send({ deadlineMs: 50 })).toMatchObject({ reason: 'deadline' })
    const stopped = new AbortController()
    const waiting = send({ signal: stopped.signal })
    await openSockets((open) => open === 1)
    stopped.abort()
    expect(await waiting).toEqual({
      is: 'failure',
      reason: 'aborted',
      detail: 'ended by the caller',
      mayHaveArrived: true,
    })
    await openSockets((open) => open === 0)
    expect(await send({ signal: stopped.signal })).toMatchObject({ reason: 'aborted', mayHaveArrived: false })
  })

  it('tells in known words why there was no answer, never with the address', async () => {
    answer = (request) => request.socket.destroy()
    const query = { filterByFormula: 'secret EPIPE' }
    const dropped = await send({ query })
    expect(dropped).toMatchObject({ is: 'failure', reason: 'connection', mayHaveArrived: true })
    expect(JSON.stringify(dropped)).not.toMatch(/secret|EPIPE/)
    const refused = await send({ query, endpointUrl: 'http://127.0.0.1:9' })
    expect(refused).toEqual({
      is: 'failure',
      reason: 'connection',
      detail: 'ECONNREFUSED',
      mayHaveArrived: false,
    })
    const unknown = await send({ endpointUrl: 'http://nowhere.invalid' })
    expect(unknown).toMatchObject({ reason: 'connection', mayHaveArrived: false })
  })
})
