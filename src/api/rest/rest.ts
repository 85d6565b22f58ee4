/**
 * REST over the schema of GraphQL: each request becomes one operation, which is run as any other is. So whatever holds
 * for GraphQL (who may, what is masked, how much at once, what is noted) holds here without being said again.
 */
import { type GraphQLSchema, getNamedType, isInterfaceType, isObjectType } from 'graphql'
import type { JsonObject } from '../../json.ts'
import type { ApiSchema } from '../schema/schema.ts'
import { answerOf, errorAnswer, type OperationResult, type RestAnswer } from './answer.ts'
import { matchPath, RequestError, type RestRequest, variablesOf } from './request.ts'
import { type Route, routesOf } from './routes.ts'
import {
  type Aliases,
  defaultSelection,
  type Selection,
  SelectionError,
  type SelectionRules,
  selectionOf,
  textOf,
} from './selection.ts'

/** Runs one operation for who asks. */
export type RunOperation = (text: string, variables: Readonly<Record<string, unknown>>) => Promise<OperationResult>

export interface Rest {
  readonly routes: readonly Route[]
  /** Names of the types of records. */
  readonly records: ReadonlySet<string>
  /** What a route answers where nothing else is asked for; undefined for a plain value. */
  selectionOf(route: Route): Selection | undefined
  /** Answers a request; the methods of a path that has others are named for 405. */
  respond(request: RestRequest, run: RunOperation): Promise<RestAnswer & { readonly allow?: string }>
}

/** @param mirrored tables that have a mirror in Airtable. */
export function createRest({ schema, lists }: ApiSchema, mirrored: () => readonly string[]): Rest {
  const tables = [...lists.values()].map(({ names }) => names)
  const routes = routesOf({ schema, tables })
  const rules: SelectionRules = { schema, records: new Set(tables.map(({ type }) => type)) }
  const isRefusal = refusalsIn(schema)
  const selections = new Map<Route, Selection | undefined>()

  const selectionFor = (route: Route): Selection | undefined => {
    if (!selections.has(route)) selections.set(route, chosen(route, route.fields, rules))
    return selections.get(route)
  }
  const defaultsOf = ({ field }: Route): JsonObject => {
    const [only, ...others] = field.name === 'push' || field.name === 'pull' ? mirrored() : []
    return only === undefined || others.length > 0 ? {} : { table: only }
  }

  return {
    routes,
    records: rules.records,
    selectionOf: selectionFor,
    async respond(request, run) {
      const matching = routes.flatMap((route) => {
        const inPath = matchPath(route.path, request.path)
        return inPath === undefined ? [] : [{ route, inPath }]
      })
      const found = matching.find(({ route }) => route.method === request.method)
      if (found === undefined) return noRoute(matching.map(({ route }) => route.method))
      const { route, inPath } = found
      try {
        const variables = variablesOf(route, inPath, request, defaultsOf(route))
        const asked = request.query.get('fields')
        const selection = asked === null ? selectionFor(route) : chosen(route, fieldsIn(route, asked), rules)
        const aliases: Aliases = new Map()
        const result = await run(operationText(route, Object.keys(variables), selection, aliases), variables)
        return answerOf(route, result, aliases, isRefusal)
      } catch (error) {
        if (error instanceof RequestError || error instanceof SelectionError)
          return errorAnswer(400, 'BAD_USER_INPUT', `${error.message}.`)
        throw error
      }
    },
  }
}

function noRoute(methods: readonly string[]): RestAnswer & { readonly allow?: string } {
  if (methods.length === 0)
    return errorAnswer(404, 'NOT_FOUND', 'There is no such path; GET /api/openapi.json has all.')
  const allow = [...new Set(methods)].join(', ')
  return { ...errorAnswer(405, 'METHOD', `Only ${allow}.`), allow }
}

function fieldsIn(route: Route, text: string): readonly string[] {
  if (route.kind === 'mutation') throw new SelectionError('fields cannot be chosen of a change')
  const names = text.split(',').map((name) => name.trim())
  const wrong = names.find((name) => !/^[A-Za-z_][\w]*(\.[A-Za-z_][\w]*)*$/.test(name))
  if (wrong !== undefined) throw new SelectionError(`"${wrong}" is no name of a field`)
  return names
}

/** Of a page the fields are those of its records. */
function chosen(route: Route, fields: readonly string[], rules: SelectionRules): Selection | undefined {
  const whole = defaultSelection(route.field.type, rules)
  if (fields.length === 0) return whole
  if (route.shape !== 'page') return selectionOf(route.field.type, fields, rules)
  const type = getNamedType(route.field.type)
  const nodes = isObjectType(type) ? type.getFields().nodes : undefined
  if (whole?.is !== 'object' || nodes === undefined) return whole
  return {
    ...whole,
    fields: new Map([...whole.fields, ['nodes', { field: nodes, of: selectionOf(nodes.type, fields, rules) }]]),
  }
}

function operationText(
  { kind, field }: Route,
  given: readonly string[],
  selection: Selection | undefined,
  aliases: Aliases,
): string {
  const args = field.args.filter(({ name }) => given.includes(name))
  const declared = args.map(({ name, type }) => `$${name}: ${type}`).join(', ')
  const passed = args.map(({ name }) => `${name}: $${name}`).join(', ')
  const brackets = (text: string) => (text === '' ? '' : `(${text})`)
  return `${kind} Rest${brackets(declared)} { ${field.name}${brackets(passed)}${textOf(selection, aliases)} }`
}

/** Whether a type says why nothing was done. */
function refusalsIn(schema: GraphQLSchema): (type: string) => boolean {
  const refusal = schema.getType('UserError')
  const names = new Set(isInterfaceType(refusal) ? schema.getPossibleTypes(refusal).map(({ name }) => name) : [])
  return (type) => names.has(type)
}
