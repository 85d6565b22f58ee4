/** The sockets: reads requests, delivers replies with their faults, and refuses whoever is not on this machine. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { Log } from '../../log.ts'
import type { SandboxCore } from '../core.ts'
import { type Answer, jsonAnswer } from './answer.ts'
import { controlAnswer } from './control.ts'
import { exchange, type Reply } from './exchange.ts'
import { pageAnswer } from './page.ts'
import { ApiRefusal, refusals } from './refusal.ts'
import type { SandboxRequest } from './request.ts'
import { staticAnswer } from './static.ts'

/** Largest body read, in bytes; the size at which Airtable answers 413 is [?]. */
const bodyMax = 5 * 1024 * 1024
/** Longest URL, in characters; above it lists go by POST [D]. */
const addressMax = 16_000

const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

export interface ServerParts {
  readonly core: SandboxCore
  readonly controlToken: string
  readonly log: Log
}

export function createSandboxServer(parts: ServerParts): Server {
  // Node's own limit of 16 KB for all headers would cut URLs off before Airtable does.
  return createServer({ maxHeaderSize: 64 * 1024, keepAliveTimeout: 5000 }, (request, response) => {
    handle(parts, request, response).catch((error: unknown) => {
      parts.log.error({ err: error }, 'the sandbox failed to deliver an answer')
      response.destroy()
    })
  })
}

async function handle(parts: ServerParts, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(incoming)
  const [path = '/', query = ''] = split(incoming.url ?? '/')
  if (body === undefined) return deliver(response, incoming, refusedAnswer(refusals.tooLarge()))
  if (!isLoopback(incoming)) return deliver(response, incoming, refusedAnswer(refusals.notFoundOrNotPermitted()))
  if ((incoming.url ?? '').length > addressMax)
    return deliver(response, incoming, refusedAnswer(refusals.addressTooLong()))
  const request: SandboxRequest = {
    method: incoming.method ?? 'GET',
    path,
    query,
    authorization: incoming.headers.authorization,
    body,
  }
  if (path.startsWith('/sandbox/page/')) {
    const ownPage = isOwnPage(incoming)
    return deliver(
      response,
      incoming,
      orRefusal(parts.log, () => pageAnswer(parts.core, request, ownPage)),
    )
  }
  if (path.startsWith('/sandbox/')) {
    return deliver(
      response,
      incoming,
      orRefusal(parts.log, () => controlAnswer(parts.core, request, parts.controlToken)),
    )
  }
  if (path.startsWith('/v0/') || path === '/v0') {
    const reply = exchange(parts.core, request, parts.log)
    if (reply.delayMs > 0) await parts.core.clock.sleep(reply.delayMs)
    return deliverReply(response, incoming, reply)
  }
  return deliver(
    response,
    incoming,
    orRefusal(parts.log, () => staticAnswer(request)),
  )
}

function split(address: string): [string, string] {
  const at = address.indexOf('?')
  return at < 0 ? [address, ''] : [address.slice(0, at), address.slice(at + 1)]
}

/** A name that a web site points at this machine (DNS rebinding) is not ours. */
function isLoopback(request: IncomingMessage): boolean {
  const host = request.headers.host ?? ''
  return loopbackNames.has(host.replace(/:\d+$/, '').toLowerCase())
}

/** Another web site's script must not write through the page's calls: it cannot send this header without asking first. */
function isOwnPage(request: IncomingMessage): boolean {
  const origin = request.headers.origin
  const sameOrigin = origin === undefined || origin === `http://${request.headers.host ?? ''}`
  return sameOrigin && request.headers['x-sandbox-page'] === '1'
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    size += bytes.length
    if (size <= bodyMax) chunks.push(bytes)
  }
  return size > bodyMax ? undefined : Buffer.concat(chunks).toString('utf8')
}

function orRefusal(log: Log, answer: () => Answer): Answer {
  try {
    return answer()
  } catch (error) {
    if (error instanceof ApiRefusal) return refusedAnswer(error)
    log.error({ err: error }, 'the sandbox failed to handle a request')
    return refusedAnswer(refusals.serverError())
  }
}

function refusedAnswer(refusal: ApiRefusal): Answer {
  return jsonAnswer(refusal.status, refusal.body, refusal.headers)
}

function deliverReply(response: ServerResponse, request: IncomingMessage, reply: Reply): void {
  switch (reply.kind) {
    case 'answer':
      deliver(response, request, reply.answer)
      return
    case 'dropped':
      response.destroy()
      return
    case 'stalled':
      if (reply.answer === undefined) return
      response.writeHead(reply.answer.status, {
        'content-type': reply.answer.contentType,
        'content-length': reply.answer.body.length,
      })
      response.write(reply.answer.body.subarray(0, Math.floor(reply.answer.body.length / 2)))
      return
  }
}

/** Answers are compressed for clients that take it, as Airtable's are [R]. */
function deliver(response: ServerResponse, request: IncomingMessage, answer: Answer): void {
  const takesGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
  const compress = takesGzip && answer.body.length > 0
  const body = compress ? gzipSync(answer.body) : answer.body
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    ...(answer.status === 204 ? {} : { 'content-length': body.length }),
    ...(compress ? { 'content-encoding': 'gzip', vary: 'accept-encoding' } : {}),
    ...answer.headers,
  })
  response.end(body)
}
