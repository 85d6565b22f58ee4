/**
 * GraphQL over HTTP: one yoga whose schema is exchanged under it, with limits on what a query may be before it is run.
 * A subscription keeps the schema it began with.
 */
import { EnvelopArmor } from '@escape.tech/graphql-armor'
import { GraphQLError } from 'graphql'
import { createYoga } from 'graphql-yoga'
import type { Clock } from '../../clock.ts'
import { InvariantViolation, messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { ApiContext } from '../schema/context.ts'
import { shownError } from '../schema/errors.ts'
import type { ApiSchema } from '../schema/schema.ts'
import type { FastLists } from './fast-lists.ts'
import { deadlineGuard, introspectionGuard, refusalGuard } from './guards.ts'
import type { PersistedOperations } from './persisted-operations.ts'
import type { ApiLimits } from './rate-limits.ts'

/** What one operation may hold; its cost is limited by the schema. */
const queryLimits = { depth: 14, aliases: 30, directives: 20, tokens: 2000 } as const
/** Of any request. */
export const bodyBytesMax = 1_000_000

export interface GraphqlHandlerOptions {
  /** The schema in force. */
  readonly current: () => ApiSchema
  readonly fastLists: FastLists
  readonly persisted: PersistedOperations
  readonly log: Log
  readonly clock: Clock
  readonly limits: ApiLimits
}

export function createGraphqlHandler({ current, fastLists, persisted, log, clock, limits }: GraphqlHandlerOptions) {
  const armor = new EnvelopArmor({
    blockFieldSuggestion: { enabled: true },
    costLimit: { enabled: false },
    maxAliases: { n: queryLimits.aliases },
    maxDepth: { n: queryLimits.depth },
    maxDirectives: { n: queryLimits.directives },
    maxTokens: { n: queryLimits.tokens },
  })
  return createYoga<ApiContext>({
    schema: () => current().schema,
    graphqlEndpoint: '/graphql',
    logging: false,
    cors: false,
    multipart: false,
    batching: false,
    landingPage: false,
    healthCheckEndpoint: '/graphql/none',
    maxRequestBodySize: bodyBytesMax,
    // The server shows a page of its own: this one would be loaded from its publisher.
    graphiql: false,
    maskedErrors: {
      maskError(error) {
        const shown = shownError(error)
        if (shown !== undefined) return shown
        const cause = error instanceof GraphQLError ? error.originalError : error
        if (cause instanceof InvariantViolation) log.fatal({ rule: cause.message }, 'a rule does not hold')
        else log.error({ reason: messageOf(cause) }, 'a request failed')
        const place = error instanceof GraphQLError ? { nodes: error.nodes ?? null, path: error.path ?? null } : {}
        return new GraphQLError('Unexpected error.', { ...place, extensions: { code: 'INTERNAL' } })
      },
    },
    plugins: [
      ...armor.protect().plugins,
      persisted.plugin,
      introspectionGuard,
      fastLists.plugin,
      deadlineGuard(limits, clock),
      refusalGuard,
    ],
  })
}
