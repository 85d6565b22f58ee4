/**
 * The REST paths that a GraphQL schema gives. The records of each table, the sync and the figures have paths of their own;
 * every other root field has its name as a path, in lower case with hyphens. Subscriptions have none.
 */
import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isListType,
  isRequiredArgument,
} from 'graphql'
import type { TableNames } from '../schema/lead-names.ts'
import { isConnectionType } from './selection.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface Route {
  readonly method: Method
  /** For example `/api/leads/{id}`. */
  readonly path: string
  readonly kind: 'query' | 'mutation'
  /** The root field that answers. */
  readonly field: GraphQLField<unknown, unknown>
  /** Parts of the path that are arguments (of a mutation: members of its input), in order. */
  readonly inPath: readonly string[]
  /** Arguments that the path stands for. */
  readonly fixed: Readonly<Record<string, unknown>>
  /** Names of the address that stand for arguments of other names. */
  readonly renamed: Readonly<Record<string, string>>
  /** What must be in the address. */
  readonly needs: readonly string[]
  /** What of it is answered; empty for all. */
  readonly fields: readonly string[]
  /** `page`: nodes as `items`; `list`: all as `items`; `one`: itself, and 404 for nothing; `first`: the only one of a list. */
  readonly shape: 'page' | 'list' | 'one' | 'first'
  /** When it went well. */
  readonly status: 200 | 201
  /** Filters by equality may stand in the address, as `company=Acme`. */
  readonly filters: boolean
  readonly summary: string
  /** Under which heading it is listed. */
  readonly group: string
}

export interface RouteSource {
  readonly schema: GraphQLSchema
  readonly tables: readonly TableNames[]
}

type Parts = Pick<Route, 'method' | 'path' | 'kind' | 'summary' | 'group'> & Partial<Route>

/** Every path, those without a variable part first, so that `/api/leads/search` is no lead. */
export function routesOf({ schema, tables }: RouteSource): readonly Route[] {
  const taken = new Set<string>()
  const add = (root: string, parts: Parts): Route[] => {
    const type = parts.kind === 'query' ? schema.getQueryType() : schema.getMutationType()
    const field = type?.getFields()[root]
    if (field === undefined) return []
    taken.add(`${parts.kind}.${root}`)
    return [routeOf(field, parts)]
  }
  const routes = [
    ...tables.flatMap((names) => tableRoutes(names, add)),
    ...syncRoutes(add),
    ...tables.flatMap((names) => statisticsRoutes(names, add)),
  ]
  const others = [
    ...otherFields(schema.getQueryType(), 'query', taken),
    ...otherFields(schema.getMutationType(), 'mutation', taken),
  ]
  const variables = ({ path }: Route) => path.split('{').length
  return [...routes, ...others].sort((one, other) => variables(one) - variables(other))
}

function routeOf(field: GraphQLField<unknown, unknown>, parts: Parts): Route {
  const shape = isConnectionType(getNamedType(field.type).name)
    ? 'page'
    : isListType(getNullableType(field.type))
      ? 'list'
      : 'one'
  return {
    field,
    shape,
    inPath: [],
    fixed: {},
    renamed: {},
    needs: [],
    fields: [],
    status: 200,
    filters: false,
    ...parts,
  }
}

type Add = (root: string, parts: Parts) => Route[]

function tableRoutes({ type, single, list }: TableNames, add: Add): readonly Route[] {
  const path = `/api/${list}`
  const group = list
  const one = `${path}/{id}`
  const groups = list === 'leads' ? 'duplicateGroups' : `${list}DuplicateGroups`
  return [
    ...add(list, {
      method: 'GET',
      path,
      kind: 'query',
      filters: true,
      group,
      summary: `List ${list}, a page at a time.`,
    }),
    ...add(list, {
      method: 'GET',
      path: `${path}/search`,
      kind: 'query',
      filters: true,
      renamed: { q: 'search' },
      needs: ['q'],
      group,
      summary: `Search ${list} by words; the best matches first.`,
    }),
    ...add(groups, {
      method: 'GET',
      path: `${path}/duplicates`,
      kind: 'query',
      group,
      summary: `Groups of ${list} that may be one.`,
    }),
    ...add(single, {
      method: 'GET',
      path: one,
      kind: 'query',
      inPath: ['id'],
      group,
      summary: `One of ${list}, by its id or key.`,
    }),
    ...add(`create${type}`, {
      method: 'POST',
      path,
      kind: 'mutation',
      status: 201,
      group,
      summary: `Create one of ${list}.`,
    }),
    ...(['PUT', 'PATCH'] as const).flatMap((method) =>
      add(`update${type}`, {
        method,
        path: one,
        kind: 'mutation',
        inPath: ['id'],
        group,
        summary: `Change the fields that are given of one of ${list}; the others stay.`,
      }),
    ),
    ...add(`delete${type}`, {
      method: 'DELETE',
      path: one,
      kind: 'mutation',
      inPath: ['id'],
      group,
      summary: `Delete one of ${list}.`,
    }),
  ]
}

function syncRoutes(add: Add): readonly Route[] {
  const group = 'sync'
  return [
    ...add('push', {
      method: 'POST',
      path: '/api/sync/to-airtable',
      kind: 'mutation',
      group,
      summary: 'Take what changed here to Airtable soon. `table` may be left out where one table only is mirrored.',
    }),
    ...add('pull', {
      method: 'POST',
      path: '/api/sync/from-airtable',
      kind: 'mutation',
      group,
      summary: 'Ask Airtable for changes soon. `table` may be left out where one table only is mirrored.',
    }),
    ...add('syncStatus', {
      method: 'GET',
      path: '/api/sync/status',
      kind: 'query',
      group,
      summary: 'How the mirrors of tables stand.',
    }),
    ...add('syncStatus', {
      method: 'GET',
      path: '/api/stats/sync',
      kind: 'query',
      fields: ['table', 'localCount', 'airtableCount', 'counts', 'openConflicts', 'waitingActions', 'calls'],
      group: 'stats',
      summary: 'Figures of the sync: records by how they stand, conflicts, calls.',
    }),
  ]
}

function statisticsRoutes({ list }: TableNames, add: Add): readonly Route[] {
  return add('statistics', {
    method: 'GET',
    path: `/api/stats/${list}`,
    kind: 'query',
    fixed: { table: list },
    shape: 'first',
    group: 'stats',
    summary: `Figures of ${list}: how many, how filled, which values.`,
  })
}

function otherFields(
  type: GraphQLObjectType | null | undefined,
  kind: Route['kind'],
  taken: ReadonlySet<string>,
): readonly Route[] {
  return Object.values(type?.getFields() ?? {})
    .filter(({ name }) => !taken.has(`${kind}.${name}`))
    .map((field) => {
      const required = kind === 'query' ? field.args.filter(isRequiredArgument).map(({ name }) => name) : []
      const base = `/api/${field.name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
      return routeOf(field, {
        method: kind === 'query' ? 'GET' : 'POST',
        path: [base, ...required.map((name) => `{${name}}`)].join('/'),
        kind,
        inPath: required,
        group: kind === 'query' ? 'queries' : 'actions',
        summary: field.description ?? `As the ${kind} ${field.name} of GraphQL.`,
      })
    })
}
