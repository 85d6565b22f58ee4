/**
 * The HTTP server. What it keeps true: nothing is reachable without a token or session but `/livez`, `/readyz` and the
 * sign-in page; no page of another site can act through a signed-in browser.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { resolve } from 'node:path'
import type { GraphQLSchema } from 'graphql'
import type { DesiredState } from '../../desired/schema.ts'
import { messageOf } from '../../errors.ts'
import { createAccessNotes } from '../access-notes.ts'
import type { AlertPort } from '../alert-port.ts'
import { may, type Viewer } from '../auth/permissions.ts'
import { dashboard } from '../page/assets.ts'
import { graphiqlPage } from '../page/graphiql.ts'
import type { QualityPort } from '../quality-port.ts'
import { reportStylesheet } from '../report.ts'
import type { ApiContext, Repositories } from '../schema/context.ts'
import { type ApiSchema, assembleApi } from '../schema/schema.ts'
import type { SyncPort } from '../sync-port.ts'
import type { WorkPort } from '../work-port.ts'
import { type Door, type DoorOptions, openDoor, type Refusal, type Visitor } from './door.ts'
import { createFastLists } from './fast-lists.ts'
import { createGraphqlHandler } from './graphql.ts'
import { answerDashboard, answerGraphiql, createPages, desiredStateSchema, type PageOptions } from './pages.ts'
import { createPersistedOperations } from './persisted-operations.ts'
import { type ApiLimits, apiLimits, createBuckets, requestCost } from './rate-limits.ts'
import { graphiqlPolicy, redirect, send, sendError, sendText, sendTooMany, setSecurityHeaders } from './respond.ts'
import { createRestHandler } from './rest.ts'
import { handleSignIn, handleSignOut } from './sign-in.ts'
import { createStreams } from './streams.ts'

export interface ApiOptions extends DoorOptions, PageOptions {
  readonly sync: SyncPort
  readonly quality: QualityPort
  readonly alerts: AlertPort
  readonly work: WorkPort
  readonly repositories: Repositories
  /** The folder that declared paths are meant from; where it is left out, the one this runs in. */
  readonly directory?: string
  readonly limits?: Partial<ApiLimits>
  /** Of Trueup, for the description of the API. */
  readonly version?: string
}

export interface Api {
  /** Starts to answer; port 0 takes a free one. Gives the address. */
  listen(port: number, host: string): Promise<{ readonly port: number; readonly url: string }>
  /** Puts another generation's tables and roles in force. Running subscriptions go on. Throws and keeps the old ones when no schema can be made. */
  swapSchema(next: { readonly repositories: Repositories; readonly access: DesiredState['access'] }): void
  /** The schema in force. */
  schema(): GraphQLSchema
  /** The lists of the tables in it, by root field. */
  lists(): ApiSchema['lists']
  /** Stops answering, ends subscriptions. */
  close(): Promise<void>
}

/** How long the headers and the whole of a request may take to arrive. */
const headersTimeoutMs = 10_000
const requestTimeoutMs = 30_000
const connectionsMax = 500

/** Makes the API; it answers after `listen`. */
export function createApi(options: ApiOptions): Api {
  const { engine, auth, log, clock } = options
  const limits: ApiLimits = { ...apiLimits, ...options.limits }
  const notes = createAccessNotes((note) => engine.recordAccess(note), clock)
  const ofToken = createBuckets(limits.token, clock)
  const ofStranger = createBuckets(limits.stranger, clock)
  const ofSignIn = createBuckets(limits.signIn, clock)
  const streams = createStreams(limits, clock)
  let current = assembleApi(options.repositories, options)
  const bound = { host: '127.0.0.1', port: 0 }
  const pathOf = (file: string) => resolve(options.directory ?? '.', file)
  const persisted = createPersistedOperations(auth.access, pathOf, log)
  const fastLists = createFastLists(() => current, persisted.admits, log)
  const graphql = createGraphqlHandler({ current: () => current, fastLists, persisted, log, clock, limits })
  const pages = createPages(options)
  let door = openDoor(auth.access(), bound, { ...options, pathOf }, isInForce)

  function isInForce(one: Door): boolean {
    return door === one
  }
  const rateKeyOf = (request: IncomingMessage) => door.addresses.rateKey(request)

  const rest = createRestHandler({
    current: () => current,
    mirrored: () => options.sync.tables(),
    run: runInside,
    limits: persisted.limits,
    version: options.version ?? '0.0.0',
  })

  /** Through the same handler as what comes over HTTP, so that every rule of it holds. */
  async function runInside(body: string, context: ApiContext): Promise<string> {
    const headers = { 'content-type': 'application/json', accept: 'application/json' }
    const response = await graphql.fetch('http://local/graphql', { method: 'POST', headers, body }, context)
    return response.text()
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    setSecurityHeaders(response)
    const { headers } = request
    if (!door.rules.allowsHost(headers.host)) return sendError(response, 403, 'HOST', 'This server has another name.')
    if (!door.rules.allowsOrigin(headers.origin)) return sendError(response, 403, 'ORIGIN', 'Not from another site.')
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    switch (path) {
      case '/livez':
        return sendText(response, 200, 'ok')
      case '/readyz': {
        const { ready } = await engine.readiness()
        return sendText(response, ready ? 200 : 503, ready ? 'ok' : 'not ready')
      }
      case '/sign-in':
        return handleSignIn(request, response, {
          ...{ auth, notes, isSecure: door.isSecure(request) },
          attempt: () => ofSignIn.take(rateKeyOf(request)),
        })
      case '/sign-in.css':
        return send(response, 200, 'text/css; charset=utf-8', dashboard().stylesheet)
    }
    if (path.startsWith('/ping/')) return takePing(path, request, response)
    const visitor = await door.visitorOf(request)
    if (visitor === undefined) return answerStranger(request, response)
    if ('status' in visitor) return answerRefused(request, response, visitor)
    return answerViewer(path, request, response, visitor)
  }

  function answerRefused(
    request: IncomingMessage,
    response: ServerResponse,
    { status, message, reason }: Refusal,
  ): void {
    log.warn({ reason }, 'a sign-in through the proxy is refused')
    const waitSeconds = ofStranger.take(rateKeyOf(request))
    if (waitSeconds > 0) {
      sendTooMany(response, waitSeconds, 'Too many requests without a valid token.')
      return
    }
    if (status !== 503) notes.signInRefused()
    if (status === 401) response.setHeader('www-authenticate', 'Bearer')
    if (request.method === 'GET' && accepts(request, 'text/html')) sendText(response, status, message)
    else
      sendError(
        response,
        status,
        status === 403 ? 'FORBIDDEN' : status === 401 ? 'UNAUTHENTICATED' : 'UNAVAILABLE',
        message,
      )
  }

  function answerStranger(request: IncomingMessage, response: ServerResponse): void {
    const waitSeconds = ofStranger.take(rateKeyOf(request))
    if (waitSeconds > 0) sendTooMany(response, waitSeconds, 'Too many requests without a valid token.')
    else refuseStranger(request, response)
  }

  /** Whether the token still may; answers where it may not. */
  function isTooOften(response: ServerResponse, { tokenId }: Viewer, cost: number): boolean {
    const waitSeconds = ofToken.take(tokenId, cost)
    if (waitSeconds > 0) sendTooMany(response, waitSeconds, 'Too many requests with this token.')
    return waitSeconds > 0
  }

  async function answerViewer(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    visitor: Visitor,
  ): Promise<void> {
    const { viewer } = visitor
    if (isTooOften(response, viewer, 1)) return
    if (viewer.via === 'proxy') notes.signedIn(viewer, 'proxy')
    if (path.startsWith('/api/')) {
      // As dear as any other request but the lists of the short cut.
      if (isTooOften(response, viewer, requestCost - 1)) return
      return rest.answer(path, request, response, { viewer, notes })
    }
    switch (path) {
      case '/graphql':
        return answerGraphql(request, response, visitor)
      case '/metrics':
        if (!may(viewer, 'state.read')) return sendError(response, 403, 'FORBIDDEN', 'This role sees no metrics.')
        return send(response, 200, 'text/plain; version=0.0.4; charset=utf-8', await pages.allMetrics())
      case '/desired-state.schema.json':
        return send(response, 200, 'application/schema+json; charset=utf-8', desiredStateSchema())
      case '/report':
        if (!may(viewer, 'state.read')) return sendError(response, 403, 'FORBIDDEN', 'This role sees no report.')
        return send(response, 200, 'text/html; charset=utf-8', await pages.reportPage(request))
      case '/report.css':
        return send(response, 200, 'text/css; charset=utf-8', reportStylesheet)
      case '/sign-out':
        return handleSignOut(request, response, { auth, isSecure: door.isSecure(request) })
      default:
        if (path.startsWith('/graphiql/'))
          return answerGraphiql(path.slice('/graphiql/'.length), request, response, viewer)
        return answerDashboard(path, request, response)
    }
  }

  /** The path itself is the secret: jobs that others run report by it. Says nothing of tokens that are none. */
  async function takePing(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, token, outcome] = /^\/ping\/([0-9a-f]{32})(?:\/(fail))?$/.exec(path) ?? []
    const isMethod = request.method === 'GET' || request.method === 'HEAD' || request.method === 'POST'
    if (!isMethod) return sendError(response, 405, 'METHOD', 'Only GET and POST.')
    const known =
      token !== undefined && (await options.programs.ping(token, outcome === undefined ? 'success' : 'failure'))
    if (known) return sendText(response, 200, 'ok')
    const waitSeconds = ofStranger.take(rateKeyOf(request))
    if (waitSeconds > 0) return sendTooMany(response, waitSeconds, 'Too many wrong addresses.')
    sendError(response, 404, 'NOT_FOUND', 'There is nothing here.')
  }

  async function answerGraphql(
    request: IncomingMessage,
    response: ServerResponse,
    { viewer, isStillValid }: Visitor,
  ): Promise<void> {
    if (request.method === 'POST' && !/^application\/(graphql\+)?json\b/i.test(request.headers['content-type'] ?? '')) {
      return sendError(response, 403, 'CONTENT_TYPE', 'A request is sent as application/json.')
    }
    // A browser always names its origin with a POST; a cookie, or a proxy's word, without one comes from no page of ours.
    const isAmbient = viewer.via === 'session' || viewer.via === 'proxy'
    if (request.method === 'POST' && isAmbient && request.headers.origin === undefined) {
      return sendError(response, 403, 'ORIGIN', 'Not from another site.')
    }
    if (request.method === 'GET' && accepts(request, 'text/html')) {
      if (!may(viewer, 'schema.read'))
        return sendError(response, 403, 'FORBIDDEN', 'This role does not see the schema.')
      setSecurityHeaders(response, graphiqlPolicy)
      return send(response, 200, 'text/html; charset=utf-8', await graphiqlPage())
    }
    const context = { viewer, notes }
    if (await fastLists.answer(request, response, context)) return
    if (isTooOften(response, viewer, requestCost - 1)) return
    if (accepts(request, 'text/event-stream')) {
      if (!streams.open(viewer.tokenId, response, isStillValid))
        return sendTooMany(response, 10, 'Too many event streams are open.')
    }
    await graphql(request, response, context)
  }

  const server = createServer(
    { headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs, keepAliveTimeout: 10_000 },
    (request, response) => {
      answer(request, response).catch((error: unknown) => {
        log.error({ reason: messageOf(error) }, 'a request failed')
        if (response.headersSent) response.destroy()
        else sendError(response, 500, 'INTERNAL', 'Unexpected error.')
      })
    },
  )
  server.maxConnections = connectionsMax

  return {
    schema: () => current.schema,
    lists: () => current.lists,
    swapSchema(next) {
      current = assembleApi(next.repositories, options)
      auth.declare(next.access)
      door = openDoor(next.access, bound, { ...options, pathOf }, isInForce)
    },
    async listen(port, host) {
      await new Promise<void>((listening, reject) => {
        server.once('error', reject)
        server.listen({ port, host }, () => {
          server.off('error', reject)
          listening()
        })
      })
      const address = server.address()
      const listening = typeof address === 'object' && address !== null ? address.port : port
      Object.assign(bound, { host, port: listening })
      door = openDoor(auth.access(), bound, { ...options, pathOf }, isInForce)
      const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
      return { port: listening, url: `http://${name.includes(':') ? `[${name}]` : name}:${listening}` }
    },
    async close() {
      streams.close()
      if (!server.listening) return
      const closed = new Promise<void>((done) => server.close(() => done()))
      server.closeAllConnections()
      await closed
      await graphql.dispose()
    },
  }
}

function accepts(request: IncomingMessage, type: string): boolean {
  return request.headers.accept?.includes(type) === true
}

/** A browser is led to the sign-in page; a program is told what to send. */
function refuseStranger(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'GET' && accepts(request, 'text/html') && request.headers.authorization === undefined) {
    redirect(response, '/sign-in')
    return
  }
  response.setHeader('www-authenticate', 'Bearer')
  sendError(response, 401, 'UNAUTHENTICATED', 'Send a valid token as `Authorization: Bearer TOKEN`.')
}
