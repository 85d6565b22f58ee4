/** Every part of the reference, and which one a root field belongs to. */
import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
  parse,
  validate,
} from 'graphql'
import { operationTopics } from './operation-topics.ts'
import { reconcileTopics } from './reconcile-topics.ts'
import { recordTopics } from './record-topics.ts'
import type { Example } from './topic.ts'

const topics = [...reconcileTopics, ...recordTopics, ...operationTopics]
/** Where root fields stand that no part names: those of tables other than the sample's. */
const restTitle = 'Records'

export type RootKind = 'Query' | 'Mutation' | 'Subscription'

export interface RootField {
  readonly kind: RootKind
  readonly field: GraphQLField<unknown, unknown>
  readonly example: Example
}

export interface FilledTopic {
  readonly title: string
  readonly about: string
  readonly fields: readonly RootField[]
}

/** All root fields of a schema by topic; a topic without one is left out. */
export function topicsOf(schema: GraphQLSchema): readonly FilledTopic[] {
  const roots = rootsOf(schema)
  const named = new Set(topics.flatMap(({ examples }) => Object.keys(examples)))
  return topics
    .map(({ title, about, examples }) => {
      const own = Object.keys(examples).flatMap((coordinate) => roots.get(coordinate) ?? [])
      const others = title === restTitle ? [...roots].flatMap(([name, root]) => (named.has(name) ? [] : [root])) : []
      const fields = [...own, ...others].map(({ kind, field }) => ({
        kind,
        field,
        example: exampleOf(schema, kind, field, examples[`${kind}.${field.name}`]),
      }))
      return { title, about, fields }
    })
    .filter(({ fields }) => fields.length > 0)
}

function rootsOf(schema: GraphQLSchema): ReadonlyMap<string, Omit<RootField, 'example'>> {
  const types: readonly (readonly [RootKind, GraphQLObjectType | null | undefined])[] = [
    ['Query', schema.getQueryType()],
    ['Mutation', schema.getMutationType()],
    ['Subscription', schema.getSubscriptionType()],
  ]
  return new Map(
    types.flatMap(([kind, type]) =>
      Object.values(type?.getFields() ?? {}).map((field) => [`${kind}.${field.name}`, { kind, field }] as const),
    ),
  )
}

/** The written example where the schema takes it; a workspace with other tables and fields gets one made of its schema. */
function exampleOf(
  schema: GraphQLSchema,
  kind: RootKind,
  field: GraphQLField<unknown, unknown>,
  written: Example | undefined,
): Example {
  return written !== undefined && validate(schema, parse(written.operation)).length === 0
    ? written
    : { operation: plainOperation(schema, kind, field) }
}

const depthMax = 3

/** An operation with the arguments that a root field must have, and the plain fields of its answer. */
export function plainOperation(schema: GraphQLSchema, kind: RootKind, field: GraphQLField<unknown, unknown>): string {
  const needed = field.args.filter(isRequiredArgument)
  const heads = needed.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ')
  const args = needed.map(({ name }) => `${name}: $${name}`).join(', ')
  const inBrackets = (text: string): string => (text === '' ? '' : `(${text})`)
  return `${kind.toLowerCase()}${heads === '' ? '' : ` (${heads})`} { ${field.name}${inBrackets(args)}${selectionOf(schema, field.type, depthMax)} }`
}

function selectionOf(schema: GraphQLSchema, type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type)
  if (isLeafType(named)) return ''
  if (!isObjectType(named) && !isInterfaceType(named)) {
    const refusal = schema.getType('UserError')
    const refuses =
      isInterfaceType(refusal) && schema.getPossibleTypes(named).some((one) => schema.isSubType(refusal, one))
    return ` { __typename${refuses ? ' ... on UserError { code message }' : ''} }`
  }
  const free = Object.values(named.getFields()).filter(({ args }) => !args.some(isRequiredArgument))
  const leaves = free.filter((one) => isLeafType(getNamedType(one.type))).map(({ name }) => name)
  const inner = free.find((one) => one.name === 'nodes') ?? free.find((one) => !isLeafType(getNamedType(one.type)))
  const below =
    inner === undefined || depth === 0 || leaves.length > 1
      ? []
      : [`${inner.name}${selectionOf(schema, inner.type, depth - 1)}`]
  const shown = [...leaves, ...below]
  return ` { ${(shown.length === 0 ? ['__typename'] : shown).join(' ')} }`
}
