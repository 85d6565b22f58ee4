import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { addressClass } from './address-class.ts'
import { createOutgoing, type LookUp, type OutgoingRequest } from './guard.ts'

const servers: { close(): unknown }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A server on this machine, with what it was asked. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const asked: string[] = []
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    answer(request, response)
  })
  servers.push(server, { close: () => server.closeAllConnections() })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, asked }
}

/** Names that lead where the test says; each look-up takes the next answer, and the last one stays. */
function namesLeadTo(...answers: readonly (readonly string[])[]): LookUp & { readonly asked: string[] } {
  const asked: string[] = []
  const lookUp: LookUp = (hostname, _options, callback) => {
    const found = answers[Math.min(asked.length, answers.length - 1)] ?? []
    asked.push(hostname)
    callback(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return Object.assign(lookUp, { asked })
}

const base = { purpose: 'message', method: 'POST', body: '{}', timeoutMs: 2000, answerMax: 1000 } as const
const get = (url: string, more: Partial<OutgoingRequest> = {}): OutgoingRequest => ({
  ...base,
  url,
  signal: new AbortController().signal,
  ...more,
})

describe('the class of an address', () => {
  it.each([
    ['8.8.8.8', 'public'],
    ['2a00:1450:4001:82b::200e', 'public'],
    ['64:ff9b::8.8.8.8', 'public'],
    ['127.0.0.1', 'loopback'],
    ['127.8.9.1', 'loopback'],
    ['::1', 'loopback'],
    ['10.1.2.3', 'private'],
    ['172.31.0.1', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fd12::1', 'private'],
    ['169.254.169.254', 'never'],
    ['fe80::1', 'never'],
    ['fe80::1%eth0', 'never'],
    ['fd00:ec2::254', 'never'],
    ['100.100.100.200', 'never'],
    ['::ffff:127.0.0.1', 'never'],
    ['::ffff:7f00:1', 'never'],
    ['::ffff:8.8.8.8', 'never'],
    ['::127.0.0.1', 'never'],
    ['::', 'never'],
    ['64:ff9b::169.254.169.254', 'never'],
    ['2002:7f00:1::', 'never'],
    ['2001:db8::1', 'never'],
    ['0.0.0.0', 'never'],
    ['224.0.0.1', 'never'],
    ['255.255.255.255', 'never'],
    ['ff02::1', 'never'],
    ['example.com', 'never'],
  ])('of %s is %s', (address, wanted) => {
    expect(addressClass(address)).toBe(wanted)
  })
})

describe('what is sent', () => {
  it('arrives where the owner wrote the address of this machine, with its method, body and answer', async () => {
    const bodies: string[] = []
    const { port, asked } = await serve((request, response) => {
      request.on('data', (part) => bodies.push(String(part)))
      request.on('end', () => response.writeHead(201, { 'retry-after': '7' }).end('thanks'))
    })
    const answer = await createOutgoing().request(get(`http://127.0.0.1:${port}/hook`, { body: '{"a":1}' }))
    expect(answer).toEqual({ status: 201, retryAfterSeconds: 7, text: 'thanks' })
    expect([asked, bodies]).toEqual([['POST /hook'], ['{"a":1}']])
    expect((await createOutgoing().request(get(`http://localhost:${port}/hook`))).status).toBe(201)
  })

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/latest/meta-data/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://[::ffff:169.254.169.254]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://0.0.0.0:22/',
    'http://0/',
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
    'http://user:word@example.com/',
    'not an address',
  ])('never goes to %s', async (url) => {
    for (const purpose of ['message', 'declared'] as const) {
      const refusal = await createOutgoing()
        .request(get(url, { purpose }))
        .catch((error: unknown) => error)
      expect(refusal).toMatchObject({ code: 'OUTGOING_REFUSED' })
      // The address may be a secret.
      expect(String(refusal)).not.toContain(url)
    }
  })

  it('to a name is not sent where the name leads to this machine, a neighbour or a metadata service', async () => {
    const { port, asked } = await serve((_request, response) => response.end('in'))
    for (const address of ['127.0.0.1', '10.0.0.8', '169.254.169.254', '::ffff:127.0.0.1', '::1']) {
      const outgoing = createOutgoing(namesLeadTo([address]))
      await expect(outgoing.request(get(`http://hook.example:${port}/`))).rejects.toMatchObject({
        code: 'OUTGOING_REFUSED',
      })
    }
    expect(asked).toEqual([])
  })

  it('to a name that has good and bad addresses is not sent at all', async () => {
    const outgoing = createOutgoing(namesLeadTo(['8.8.8.8', '169.254.169.254']))
    await expect(outgoing.request(get('http://hook.example/'))).rejects.toMatchObject({ code: 'OUTGOING_REFUSED' })
  })

  it('to a name that changes its mind gains nothing: the address that was checked is the one connected to', async () => {
    const { port, asked } = await serve((_request, response) => response.end('in'))
    // Whoever looks up twice would check the first answer and connect to the second.
    const names = namesLeadTo(['203.1.1.1'], ['127.0.0.1'])
    const outgoing = createOutgoing(names)
    await expect(outgoing.request(get(`http://rebind.example:${port}/`, { timeoutMs: 300 }))).rejects.toMatchObject({
      code: 'OUTGOING_FAILED',
    })
    expect(names.asked).toEqual(['rebind.example'])
    await expect(outgoing.request(get(`http://rebind.example:${port}/`))).rejects.toMatchObject({
      code: 'OUTGOING_REFUSED',
    })
    expect(asked).toEqual([])
  })

  it('as a probe reaches a service of this machine by any name, and still no metadata service', async () => {
    const { port } = await serve((_request, response) => response.end('alive'))
    const probe = { purpose: 'declared', method: 'GET', answerMax: 0 } as const
    const near = createOutgoing(namesLeadTo(['127.0.0.1']))
    expect((await near.request(get(`http://scraper.internal:${port}/health`, probe))).status).toBe(200)
    const meta = createOutgoing(namesLeadTo(['169.254.169.254']))
    await expect(meta.request(get('http://scraper.internal/', probe))).rejects.toMatchObject({
      code: 'OUTGOING_REFUSED',
    })
  })

  it('follows no redirect', async () => {
    const inner = await serve((_request, response) => response.end('secret'))
    const { port } = await serve((_request, response) =>
      response.writeHead(302, { location: `http://127.0.0.1:${inner.port}/latest` }).end(),
    )
    expect((await createOutgoing().request(get(`http://127.0.0.1:${port}/`))).status).toBe(302)
    expect(inner.asked).toEqual([])
  })

  it('ends where an answer is too long, drips, or never comes', async () => {
    const long = await serve((_request, response) => response.end('x'.repeat(5000)))
    await expect(createOutgoing().request(get(`http://127.0.0.1:${long.port}/`))).rejects.toMatchObject({
      message: 'the answer is longer than 1000 bytes',
    })
    const drips = await serve((_request, response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(drip))
    })
    const silent = await serve(() => undefined)
    for (const { port } of [drips, silent]) {
      const request = get(`http://127.0.0.1:${port}/`, { timeoutMs: 200 })
      await expect(createOutgoing().request(request)).rejects.toMatchObject({ message: 'no answer within 0.2 s' })
    }
  })

  it('as a connection keeps to the same rules', async () => {
    const server = createTcpServer((socket) => socket.end('220 hello\r\n'))
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const target = { port, purpose: 'message', timeoutMs: 1000, signal: new AbortController().signal } as const
    const socket = await createOutgoing().connect({ ...target, host: '127.0.0.1' })
    expect(String(await new Promise((resolve) => socket.once('data', resolve)))).toBe('220 hello\r\n')
    socket.destroy()
    const bad = createOutgoing(namesLeadTo(['127.0.0.1']))
    await expect(bad.connect({ ...target, host: 'mail.example' })).rejects.toMatchObject({ code: 'OUTGOING_REFUSED' })
    await expect(createOutgoing().connect({ ...target, host: '169.254.169.254' })).rejects.toMatchObject({
      code: 'OUTGOING_REFUSED',
    })
  })
})
