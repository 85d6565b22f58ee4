/**
 * Which operations may be run by who does not see the schema, where the desired state names a list: those of its file and
 * those of the dashboard and of the REST paths, which are Trueup's own texts. Who sees the schema asks what they like. Names are as Apollo's clients send them: a hash in
 * `extensions.persistedQuery.sha256Hash`, with the text or without.
 */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { z } from 'zod'
import { documents, subscriptions } from '../../dashboard/app/api/documents.ts'
import type { DesiredState } from '../../desired/schema.ts'
import { messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { may, type Viewer } from '../auth/permissions.ts'
import type { ApiContext } from '../schema/context.ts'

export interface PersistedOperations {
  /** Whether this viewer may run this text. */
  admits(text: string, viewer: Viewer): boolean
  /** Whether this viewer may run listed operations alone. */
  limits(viewer: Viewer): boolean
  readonly plugin: Plugin<ApiContext, ApiContext>
}

const apolloSchema = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  operations: z.array(z.object({ id: z.string(), body: z.string() })),
})
const mapSchema = z.record(z.string(), z.string())
const namedSchema = z.object({ persistedQuery: z.object({ sha256Hash: z.string().min(1).max(200) }) })

const ofDashboard: ReadonlySet<string> = new Set(Object.values({ ...documents, ...subscriptions }))
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** The texts of a list, by the names they are asked for. */
interface List {
  readonly byName: ReadonlyMap<string, string>
  readonly texts: ReadonlySet<string>
}

const emptyList: List = { byName: new Map(), texts: new Set() }

/** @param access what is declared now; @param pathOf where a declared path leads. */
export function createPersistedOperations(
  access: () => DesiredState['access'],
  pathOf: (file: string) => string,
  log: Log,
): PersistedOperations {
  let known: { readonly stamp: string; readonly list: List } | undefined

  /** Undefined where none is declared. A file that cannot be read lists nothing: nobody may more by it. */
  function list(): List | undefined {
    const { persistedOperations } = access()
    if (persistedOperations === undefined) return undefined
    const path = pathOf(persistedOperations.file)
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    const stamp = `${path} ${stat === undefined ? 'absent' : `${stat.ino} ${stat.mtimeNs} ${stat.size}`}`
    if (known?.stamp !== stamp) {
      known = { stamp, list: emptyList }
      try {
        known = { stamp, list: listOf(readFileSync(path, 'utf8')) }
      } catch (error) {
        log.warn({ err: messageOf(error), path }, 'the persisted operations cannot be read')
      }
    }
    return known.list
  }

  function admits(text: string, viewer: Viewer): boolean {
    if (may(viewer, 'schema.read') || ofDashboard.has(text)) return true
    const listed = list()
    return listed === undefined || listed.texts.has(text)
  }

  return {
    admits,
    limits: (viewer) => !may(viewer, 'schema.read') && list() !== undefined,
    plugin: {
      onParams({ params, setParams, context }) {
        const listed = list()
        if (listed === undefined) return
        const { query, extensions } = params
        const name = namedSchema.safeParse(extensions).data?.persistedQuery.sha256Hash
        const text = query || (name === undefined ? undefined : listed.byName.get(name))
        if (text === undefined) {
          if (name !== undefined) throw notFound(name)
          return
        }
        if (query && name !== undefined && name !== sha256(query)) throw otherHash(name)
        if (context.isOwnOperation !== true && !admits(text, context.viewer)) throw notListed(text)
        setParams({ ...params, query: text })
      },
    },
  }
}

/** Throws for a text that is no list, or whose hashes are those of other texts. */
export function listOf(text: string): List {
  const content: unknown = JSON.parse(text)
  const apollo = apolloSchema.safeParse(content)
  const parsed = apollo.success ? undefined : mapSchema.safeParse(content)
  if (parsed?.success === false) throw new Error('it is neither { "SHA-256": "text" } nor a manifest of Apollo')
  const entries = apollo.success
    ? apollo.data.operations.map(({ id, body }) => [id, body] as const)
    : Object.entries(parsed?.data ?? {})
  const byName = new Map<string, string>()
  for (const [name, body] of entries) {
    const hash = sha256(body)
    if (/^[0-9a-f]{64}$/i.test(name) && name.toLowerCase() !== hash)
      throw new Error(`${name} is not the SHA-256 of its text, which is ${hash}`)
    byName.set(name, body)
    byName.set(hash, body)
  }
  return { byName, texts: new Set(byName.values()) }
}

function notFound(name: string): GraphQLError {
  return new GraphQLError(`No operation ${name} is on the list. Send its text, or have it added.`, {
    extensions: { code: 'PERSISTED_QUERY_NOT_FOUND', http: { status: 404 } },
  })
}

function otherHash(name: string): GraphQLError {
  return new GraphQLError(`The text has another SHA-256 than ${name}.`, {
    extensions: { code: 'PERSISTED_QUERY_HASH_MISMATCH', http: { status: 400 } },
  })
}

function notListed(text: string): GraphQLError {
  const message = `This role runs listed operations alone, and ${sha256(text)} is none of them. Have it added to the file that access.persistedOperations names, or use a token with schema.read.`
  return new GraphQLError(message, { extensions: { code: 'OPERATION_NOT_LISTED', http: { status: 403 } } })
}
