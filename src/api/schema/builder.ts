/** The schema builder: scalars, plugins, limits and defaults. One is made for every desired state. */
import SchemaBuilder from '@pothos/core'
import ComplexityPlugin from '@pothos/plugin-complexity'
import ErrorsPlugin from '@pothos/plugin-errors'
import RelayPlugin from '@pothos/plugin-relay'
import ScopeAuthPlugin from '@pothos/plugin-scope-auth'
import ZodPlugin from '@pothos/plugin-zod'
import { GraphQLError } from 'graphql'
import type { JsonValue } from '../../json.ts'
import { pageSizeMax } from '../../leads/reader.ts'
import { may, type Permission } from '../auth/permissions.ts'
import type { ApiContext } from './context.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import { decodeNodeId, encodeNodeId } from './node-id.ts'
import { jsonOf, textScalar } from './scalars.ts'

interface TextScalar {
  Input: string
  Output: string
}

export interface ApiTypes {
  Context: ApiContext
  Scalars: {
    ID: { Input: string; Output: string }
    EmailAddress: TextScalar
    URL: TextScalar
    PhoneNumber: TextScalar
    Date: TextScalar
    DateTime: TextScalar
    JSON: { Input: JsonValue; Output: JsonValue }
  }
  AuthScopes: { may: Permission; signedIn: boolean }
  DefaultFieldNullability: false
  DefaultEdgesNullability: { list: false; items: false }
  DefaultNodeNullability: false
}

export type Builder = ReturnType<typeof createBuilder>

/** The types of the builder with all defaults. */
export type Types = PothosSchemaTypes.ExtendDefaultTypes<ApiTypes>

/** What a request may cost: a full page of 500 records with 30 fields is 15,500. */
export const complexityMax = 20_000
export const pageSizeDefault = 50

/** The option that every root field has; a test and the schema's construction refuse one without. */
export function requires(permission: Permission): { authScopes: { may: Permission } } {
  return { authScopes: { may: permission } }
}

/** As {@link requires}, for what every role may see. */
export const forAnyone = { authScopes: { signedIn: true } }

/** For loaders that serve several root fields. */
export function assertMay(context: ApiContext, permission: Permission): void {
  if (!may(context.viewer, permission)) throw refusal(context, permission)
}

/** A refusal, which the journal keeps. */
export function refusal({ viewer, notes }: ApiContext, permission: string): ForbiddenError {
  notes?.refused(viewer, permission)
  return new ForbiddenError(permission)
}

export function createBuilder() {
  const builder = new SchemaBuilder<ApiTypes>({
    // Errors is first, to see what the others throw.
    plugins: [ErrorsPlugin, RelayPlugin, ScopeAuthPlugin, ComplexityPlugin, ZodPlugin],
    defaultFieldNullability: false,
    errors: { directResult: true },
    scopeAuth: {
      authorizeOnSubscribe: true,
      // A request without a viewer never gets here.
      authScopes: ({ viewer }) => ({ may: (permission) => may(viewer, permission), signedIn: true }),
      unauthorizedError: (_parent, context, _info, result) => refusal(context, missingPermission(result.failure)),
    },
    complexity: {
      defaultComplexity: 1,
      defaultListMultiplier: 10,
      limit: { complexity: complexityMax },
      complexityError: (_kind, result) =>
        new GraphQLError(`The query costs ${result.complexity}; ${complexityMax} is allowed. Ask for smaller pages.`, {
          extensions: { code: 'QUERY_TOO_COMPLEX' },
        }),
    },
    zod: {
      validationError: (error) =>
        new InputInvalidError(error.issues.map((issue) => ({ path: issue.path.map(String), message: issue.message }))),
    },
    relay: {
      clientMutationId: 'omit',
      cursorType: 'String',
      firstArgOptions: { validate: { min: 1, max: pageSizeMax } },
      lastArgOptions: { validate: { min: 1, max: pageSizeMax } },
      encodeGlobalID: (typename, id) => encodeNodeId(typename, String(id)),
      decodeGlobalID: decodeNodeId,
      nodeQueryOptions: {
        ...forAnyone,
        description: 'Anything that has an id. A record takes `leads.read`, a resource `state.read`.',
      },
      nodeTypeOptions: { description: 'What has an id that is its own in the whole schema.' },
      pageInfoTypeOptions: { description: 'Where a page lies in its list: give `endCursor` as `after` for the next.' },
      nodesQueryOptions: false,
      edgesFieldOptions: { nullable: { list: false, items: false }, complexity: { field: 0, multiplier: 1 } },
      nodeFieldOptions: { nullable: false, complexity: 0 },
      nodesOnConnection: { complexity: { field: 0, multiplier: 1 } },
      pageInfoFieldOptions: { complexity: 0 },
    },
  })
  for (const name of ['EmailAddress', 'URL', 'PhoneNumber', 'Date', 'DateTime'] as const) {
    builder.scalarType(name, textScalar(name))
  }
  builder.scalarType('JSON', { description: 'Any JSON value.', serialize: jsonOf, parseValue: jsonOf })
  builder.queryType({})
  builder.mutationType({})
  builder.subscriptionType({})
  return builder
}

function missingPermission(failure: unknown): string {
  return /"parameter":"([a-z.]+)"/.exec(JSON.stringify(failure))?.[1] ?? 'this'
}
