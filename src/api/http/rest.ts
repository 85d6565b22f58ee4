/** The REST paths over HTTP: reads the request, has its operation run by the handler of GraphQL, writes the answer. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import { may, type Viewer } from '../auth/permissions.ts'
import type { OperationResult, RestAnswer } from '../rest/answer.ts'
import { errorAnswer } from '../rest/answer.ts'
import { docsPage, docsStylesheet } from '../rest/docs-page.ts'
import { openApiOf } from '../rest/openapi.ts'
import { createRest, type Rest, type RunOperation } from '../rest/rest.ts'
import type { ApiContext } from '../schema/context.ts'
import type { ApiSchema } from '../schema/schema.ts'
import { bodyBytesMax } from './graphql.ts'
import { send } from './respond.ts'

export interface RestPorts {
  /** The schema in force. */
  readonly current: () => ApiSchema
  /** Tables that have a mirror. */
  readonly mirrored: () => readonly string[]
  /** Runs the body of a GraphQL request as one that came over HTTP is run; gives the body of its answer. */
  readonly run: (body: string, context: ApiContext) => Promise<string>
  /** Whether this viewer may run listed operations alone, so that it takes of a path what the path gives. */
  readonly limits: (viewer: Viewer) => boolean
  readonly version: string
}

export interface RestHandler {
  answer(path: string, request: IncomingMessage, response: ServerResponse, context: ApiContext): Promise<void>
}

export function createRestHandler({ current, mirrored, run, limits, version }: RestPorts): RestHandler {
  const restOf = new WeakMap<ApiSchema, Rest>()
  const rest = (): Rest => {
    const api = current()
    const known = restOf.get(api) ?? createRest(api, mirrored)
    restOf.set(api, known)
    return known
  }
  const runAs =
    (context: ApiContext): RunOperation =>
    async (query, variables) =>
      resultOf(await run(JSON.stringify({ query, variables }), { ...context, isOwnOperation: true }))

  return {
    async answer(path, request, response, context) {
      const isPage = path === '/api/docs' || path === '/api/docs.css' || path === '/api/openapi.json'
      if (isPage && request.method === 'GET') return answerPage(path, request, response, context)
      const refusal = refusalOf(request, context)
      if (refusal !== undefined) return sendAnswer(response, refusal)
      const body = await readBody(request)
      if (body === undefined) {
        response.setHeader('connection', 'close')
        return sendAnswer(response, errorAnswer(413, 'TOO_LARGE', 'The body is too large.'))
      }
      if (body !== '' && !isJson(request))
        return sendAnswer(response, errorAnswer(415, 'CONTENT_TYPE', 'A body is sent as application/json.'))
      const { searchParams: query } = new URL(request.url ?? '/', 'http://local')
      if (query.has('fields') && limits(context.viewer)) return sendAnswer(response, fieldsRefused)
      const answer = await rest().respond({ method: request.method ?? 'GET', path, query, body }, runAs(context))
      if (answer.allow !== undefined) response.setHeader('allow', answer.allow)
      sendAnswer(response, answer)
    },
  }

  function answerPage(path: string, request: IncomingMessage, response: ServerResponse, { viewer }: ApiContext): void {
    const document = () => openApiOf(rest(), current().schema, version)
    if (!may(viewer, 'schema.read')) {
      sendAnswer(response, errorAnswer(403, 'FORBIDDEN', 'This role does not see the schema.'))
    } else if (path === '/api/docs.css') {
      send(response, 200, 'text/css; charset=utf-8', docsStylesheet)
    } else if (path === '/api/openapi.json') {
      send(response, 200, 'application/json; charset=utf-8', JSON.stringify(document()))
    } else {
      const page = docsPage(document(), `http://${request.headers.host ?? ''}`)
      send(response, 200, 'text/html; charset=utf-8', page)
    }
  }
}

/** Chosen fields make another operation of a path. */
const fieldsRefused = errorAnswer(
  403,
  'OPERATION_NOT_LISTED',
  'This role runs listed operations alone: leave out fields, or use a token with schema.read.',
)

/** A browser names its origin with everything that changes something; a cookie without one comes from no page of ours. */
function refusalOf({ method, headers }: IncomingMessage, { viewer }: ApiContext): RestAnswer | undefined {
  if (method === 'GET' || viewer.via !== 'session' || headers.origin !== undefined) return undefined
  return errorAnswer(403, 'ORIGIN', 'Not from another site.')
}

function isJson({ headers }: IncomingMessage): boolean {
  return /^application\/json\b/i.test(headers['content-type'] ?? '')
}

function sendAnswer(response: ServerResponse, { status, body }: RestAnswer): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(body))
}

/** Undefined for one that is too large; the rest of it is not read, and the connection ends with the answer. */
function readBody(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let size = 0
    request.on('data', (part: Buffer) => {
      size += part.length
      if (size > bodyBytesMax) {
        request.pause()
        resolve(undefined)
      } else parts.push(part)
    })
    request.once('end', () => resolve(Buffer.concat(parts).toString('utf8')))
    request.once('error', reject)
  })
}

const answerSchema = z.object({
  data: z.record(z.string(), z.json()).nullish(),
  errors: z.array(z.object({ message: z.string(), extensions: z.record(z.string(), z.json()).optional() })).optional(),
})

/** Only what is made for a person goes on: no places in a text that the person has not written. */
function resultOf(text: string): OperationResult {
  const { data, errors } = answerSchema.parse(JSON.parse(text))
  return {
    data,
    errors: errors?.map(({ message, extensions = {} }) => {
      const { code, hint, issues } = extensions
      const extra = { ...(hint === undefined ? {} : { hint }), ...(issues === undefined ? {} : { issues }) }
      return { message, code: typeof code === 'string' ? code : 'BAD_USER_INPUT', extra }
    }),
  }
}
