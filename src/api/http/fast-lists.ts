/**
 * Takes common lists past the general machinery: a query that was parsed, validated and limited once, under the schema
 * in force, is recognised by its text the next time. Authentication and the checks of the request come before; every
 * refusal and error is left to the schema's own execution, which says what is wrong.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { DocumentNode } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { z } from 'zod'
import { messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Viewer } from '../auth/permissions.ts'
import type { ApiContext } from '../schema/context.ts'
import { type FastPage, fastPageOf } from '../schema/fast-page.ts'
import type { ApiSchema } from '../schema/schema.ts'
import { send } from './respond.ts'

export interface FastLists {
  /** Recognises queries where they are executed, and answers them by the short cut. */
  readonly plugin: Plugin<ApiContext>
  /** Answers a request whose query is known; false when it is left to the others. */
  answer(request: IncomingMessage, response: ServerResponse, context: ApiContext): Promise<boolean>
}

/** Larger bodies are not looked at; the longest sensible list query has some kilobytes. */
const bodyBytesMax = 16_384
const textsMax = 500

const bodySchema = z.strictObject({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
})

/** What is known under one schema; gone with it. */
interface Known {
  readonly documents: WeakMap<DocumentNode, Map<string, FastPage | undefined>>
  readonly texts: Map<string, FastPage>
}

export function createFastLists(
  current: () => ApiSchema,
  admits: (text: string, viewer: Viewer) => boolean,
  log: Log,
): FastLists {
  const knownOf = new WeakMap<ApiSchema, Known>()

  function known(): Known {
    const api = current()
    const before = knownOf.get(api)
    if (before !== undefined) return before
    const fresh: Known = { documents: new WeakMap(), texts: new Map() }
    knownOf.set(api, fresh)
    return fresh
  }

  function pageOf(document: DocumentNode, operationName: string | null | undefined): FastPage | undefined {
    const { schema, lists } = current()
    const { documents } = known()
    const pages = documents.get(document) ?? new Map<string, FastPage | undefined>()
    documents.set(document, pages)
    const name = operationName ?? ''
    if (!pages.has(name)) pages.set(name, fastPageOf(schema, lists, document, operationName))
    return pages.get(name)
  }

  /** Undefined where the general machinery has to answer: it meets the same error and says what is wrong. */
  async function byShortCut(page: FastPage, ...given: Parameters<FastPage['run']>) {
    try {
      return await page.run(...given)
    } catch (error) {
      log.debug({ err: messageOf(error) }, 'a list is not answered by the short cut')
      return undefined
    }
  }

  return {
    plugin: {
      onExecute({ args, executeFn, setExecuteFn }) {
        // A request that began before another schema was put in force is answered by its own.
        if (args.schema !== current().schema) return
        const page = pageOf(args.document, args.operationName)
        if (page === undefined) return
        const text: unknown = args.contextValue.params.query
        if (typeof text === 'string') {
          const { texts } = known()
          if (texts.size >= textsMax) texts.clear()
          texts.set(textKey(text, args.operationName), page)
        }
        setExecuteFn(async (given) => {
          const result = await byShortCut(page, given.variableValues ?? {}, given.contextValue)
          return result ?? executeFn(given)
        })
      },
    },
    async answer(request, response, context) {
      const size = Number(request.headers['content-length'])
      const asksPlainly =
        request.headers.accept === 'application/json' && request.headers['content-encoding'] === undefined
      if (request.method !== 'POST' || !asksPlainly || !(size > 0 && size <= bodyBytesMax)) return false
      const body = await readBody(request)
      // For the general machinery, which cannot read the request again.
      Object.assign(request, { body })
      const parsed = bodySchema.safeParse(parseJson(body))
      if (!parsed.success) return false
      const { query, variables, operationName } = parsed.data
      // The text may be known from somebody who may ask more; who may not is told so by the general machinery.
      if (!admits(query, context.viewer)) return false
      const page = known().texts.get(textKey(query, operationName))
      const result = page === undefined ? undefined : await byShortCut(page, variables ?? {}, context)
      if (result === undefined) return false
      send(response, 200, 'application/json; charset=utf-8', JSON.stringify(result))
      return true
    },
  }
}

function textKey(query: string, operationName: string | null | undefined): string {
  return `${operationName ?? ''}\n${query}`
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) if (Buffer.isBuffer(part)) parts.push(part)
  return Buffer.concat(parts)
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
