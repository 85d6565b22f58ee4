/** The description of the REST paths as OpenAPI 3.1, made of the same schema and the same selections as the answers. */
import {
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredInputField,
  isUnionType,
} from 'graphql'
import type { Rest } from './rest.ts'
import type { Route } from './routes.ts'
import { defaultSelection, type Selection, type Shapes, schemaOfOutput, schemaOfSelection } from './selection.ts'

export interface OpenApi {
  readonly openapi: '3.1.0'
  readonly info: object
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
  readonly components: object
  readonly security: readonly object[]
}

export interface OpenApiOperation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly parameters: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly description?: string
  }[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, object>>
}

const scalars: Readonly<Record<string, object>> = {
  ID: { type: 'string' },
  String: { type: 'string' },
  Int: { type: 'integer' },
  Float: { type: 'number' },
  Boolean: { type: 'boolean' },
  // What agents wrote is shown as it is; the API tells of values that are not what they are declared to be.
  EmailAddress: { type: 'string', examples: ['ann@example.com'] },
  URL: { type: 'string', examples: ['https://example.com'] },
  PhoneNumber: { type: 'string', examples: ['+493012345678'] },
  Date: { type: 'string', examples: ['2026-11-23'] },
  DateTime: { type: 'string', examples: ['2026-11-23T09:00:00Z'] },
  JSON: {},
}
const scalar = (name: string): object => scalars[name] ?? {}

/** Records are described once, by the name of their type. */
const recordShapes = (records: ReadonlySet<string>): Shapes => ({
  scalar,
  elsewhere: (type) => (records.has(type) ? { $ref: `#/components/schemas/${type}` } : undefined),
})

const problem = { $ref: '#/components/schemas/Problem' }

/** @param version of Trueup. */
export function openApiOf(rest: Rest, schema: GraphQLSchema, version: string): OpenApi {
  const inputs = new Map<string, object>()
  const shapes = recordShapes(rest.records)
  const paths: Record<string, Record<string, OpenApiOperation>> = {}
  for (const route of rest.routes) {
    const operations = paths[route.path] ?? {}
    paths[route.path] = operations
    operations[route.method.toLowerCase()] = operationOf(route, rest.selectionOf(route), { schema, inputs, shapes })
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Trueup',
      version,
      description:
        'The REST twin of the GraphQL API: the same rules, rights, masking and limits. `fields` chooses what a reading answers, as dotted paths.',
    },
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { ...recordSchemas(rest, schema), ...Object.fromEntries(inputs), Problem: problemSchema },
    },
    security: [{ token: [] }],
  }
}

const problemSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: { code: { type: 'string' }, message: { type: 'string' } },
    },
  },
}

interface Parts {
  readonly schema: GraphQLSchema
  readonly inputs: Map<string, object>
  readonly shapes: Shapes
}

function recordSchemas(rest: Rest, schema: GraphQLSchema): Readonly<Record<string, object>> {
  const plain: Shapes = { scalar, elsewhere: () => undefined }
  return Object.fromEntries(
    [...rest.records].flatMap((name) => {
      const type = schema.getType(name)
      const selection = isObjectType(type) ? defaultSelection(type, { schema, records: rest.records }) : undefined
      return selection === undefined ? [] : [[name, schemaOfSelection(selection, plain)]]
    }),
  )
}

function operationOf(
  route: Route,
  selection: Selection | undefined,
  { schema, inputs, shapes }: Parts,
): OpenApiOperation {
  const answer =
    route.kind === 'mutation' ? successOf(selection, schema, shapes) : answerSchema(route, selection, shapes)
  const inPath = route.inPath.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
  const body = bodyOf(route, inputs)
  return {
    operationId: operationIdOf(route),
    summary: route.summary,
    tags: [route.group],
    parameters: [...inPath, ...(route.kind === 'query' ? queryParameters(route, inputs) : [])],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      [route.status]: { description: 'It went well.', content: { 'application/json': { schema: answer } } },
      default: { description: 'Why not.', content: { 'application/json': { schema: problem } } },
    },
  }
}

/** `GET /api/leads/{id}` is `getLeadsById`. */
function operationIdOf({ method, path }: Route): string {
  const words = path
    .replace('/api/', '')
    .split(/[/-]/)
    .map((part) => (part.startsWith('{') ? `by-${part.slice(1, -1)}` : part))
    .flatMap((part) => part.split('-'))
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function queryParameters(route: Route, inputs: Map<string, object>) {
  const spelled = (name: string) => Object.entries(route.renamed).find(([, argument]) => argument === name)?.[0] ?? name
  const parameters = route.field.args
    .filter(({ name }) => !route.inPath.includes(name) && !(name in route.fixed))
    .map((arg) => parameterOf(spelled(arg.name), arg, route, inputs))
  const fields = {
    name: 'fields',
    in: 'query',
    required: false,
    description: 'Which fields are answered, as dotted paths with commas between.',
    schema: { type: 'string' },
  }
  return [...parameters, fields, ...(route.filters ? equalities(route, inputs) : [])]
}

function parameterOf(name: string, { type, description }: GraphQLArgument, route: Route, inputs: Map<string, object>) {
  const named = getNamedType(type)
  const isOrder = isInputObjectType(named) && 'direction' in named.getFields()
  const own = isInputObjectType(named)
    ? isOrder
      ? { schema: { type: 'string', examples: ['company:desc'] } }
      : { content: { 'application/json': { schema: inputSchema(type, inputs) } } }
    : { schema: inputSchema(type, inputs) }
  return {
    name,
    in: 'query',
    required: isNonNullType(type) || route.needs.includes(name),
    ...(description == null ? {} : { description }),
    ...own,
  }
}

/** `company=Acme`, for each field that can be compared. */
function equalities(route: Route, inputs: Map<string, object>) {
  const filter = getNamedType(route.field.args.find(({ name }) => name === 'filter')?.type)
  if (!isInputObjectType(filter)) return []
  const taken = new Set([...route.field.args.map(({ name }) => name), ...Object.keys(route.renamed), 'fields'])
  return Object.values(filter.getFields()).flatMap(({ name, type }) => {
    const one = getNamedType(type)
    const eq = isInputObjectType(one) ? one.getFields().eq : undefined
    return eq === undefined || taken.has(name)
      ? []
      : [
          {
            name,
            in: 'query',
            required: false,
            description: 'Equal to this; given more than once: to one of these.',
            schema: inputSchema(eq.type, inputs),
          },
        ]
  })
}

function bodyOf(route: Route, inputs: Map<string, object>): object | undefined {
  if (route.kind === 'query' || route.method === 'DELETE') return undefined
  const input = route.field.args.find(({ name }) => name === 'input')
  return input === undefined ? undefined : inputSchema(input.type, inputs, route.inPath)
}

/** @param without members that the path says. */
function inputSchema(type: GraphQLInputType, inputs: Map<string, object>, without: readonly string[] = []): object {
  const nullable = getNullableType(type)
  if (isListType(nullable)) return { type: 'array', items: inputSchema(nullable.ofType, inputs) }
  if (isEnumType(nullable)) return { type: 'string', enum: nullable.getValues().map(({ name }) => name) }
  if (!isInputObjectType(nullable)) return scalar(getNamedType(type).name)
  const name = without.length === 0 ? nullable.name : `${nullable.name}Body`
  if (!inputs.has(name)) {
    inputs.set(name, {})
    const members = Object.values(nullable.getFields()).filter((member) => !without.includes(member.name))
    inputs.set(name, {
      type: 'object',
      additionalProperties: false,
      required: members.filter(isRequiredInputField).map((member) => member.name),
      properties: Object.fromEntries(
        members.map((member) => [
          member.name,
          {
            ...inputSchema(member.type, inputs),
            ...(member.description == null ? {} : { description: member.description }),
          },
        ]),
      ),
    })
  }
  return { $ref: `#/components/schemas/${name}` }
}

function successOf(selection: Selection | undefined, schema: GraphQLSchema, shapes: Shapes): object {
  if (selection?.is !== 'one-of') return {}
  const refusals = schema.getType('UserError')
  const good = selection.members.filter(({ type }) => {
    const found = schema.getType(type)
    return !(found !== undefined && 'getInterfaces' in found && found.getInterfaces().some((one) => one === refusals))
  })
  const schemas = good.map((member) => schemaOfSelection(member, shapes))
  return schemas.length === 1 && schemas[0] !== undefined ? schemas[0] : { oneOf: schemas }
}

function answerSchema(route: Route, selection: Selection | undefined, shapes: Shapes): object {
  const { type } = route.field
  if (selection === undefined && !isUnionType(getNamedType(type))) {
    const value = schemaOfOutput(type, undefined, shapes)
    return { type: 'object', properties: isListType(getNullableType(type)) ? { items: value } : { value } }
  }
  if (selection === undefined) return {}
  const own = schemaOfSelection(selection, shapes)
  if (route.shape === 'list')
    return { type: 'object', required: ['items'], properties: { items: { type: 'array', items: own } } }
  if (route.shape !== 'page' || selection.is !== 'object') return own
  const fields = new Map(selection.fields)
  const nodes = fields.get('nodes')
  fields.delete('nodes')
  const items = nodes === undefined ? {} : schemaOfOutput(nodes.field.type, nodes.of, shapes)
  const page = schemaOfSelection({ ...selection, fields }, shapes)
  const properties = 'properties' in page && typeof page.properties === 'object' ? page.properties : {}
  const required = 'required' in page && Array.isArray(page.required) ? page.required : []
  return { type: 'object', required: ['items', ...required], properties: { items, ...properties } }
}
