/** Walks a GraphQL schema for tests: every way from a root field to a leaf, each type once on a way, as queries. */
import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isLeafType,
  isObjectType,
} from 'graphql'

/** One field on the way, with the type that it is a field of. */
interface Step {
  readonly type: string
  readonly field: string
}

export type Way = readonly Step[]

/** `Type.field` of the last step. */
export function coordinateOf({ type, field }: Step): string {
  return `${type}.${field}`
}

/** Every way from a root field to a leaf. A type that is on the way already is not entered again. */
export function waysFrom(schema: GraphQLSchema, root: GraphQLObjectType, field: string): readonly Way[] {
  const ways: Way[] = []
  const follow = (way: Way, one: GraphQLField<unknown, unknown>): void => {
    const named = getNamedType(one.type)
    if (isLeafType(named)) {
      ways.push(way)
      return
    }
    const members = isAbstractType(named) ? schema.getPossibleTypes(named) : isObjectType(named) ? [named] : []
    for (const member of members) {
      if (way.some(({ type }) => type === member.name)) continue
      for (const next of Object.values(member.getFields()))
        follow([...way, { type: member.name, field: next.name }], next)
    }
  }
  const start = root.getFields()[field]
  if (start !== undefined) follow([{ type: root.name, field }], start)
  return ways
}

/** All fields of all object types, as coordinates. */
export function coordinatesOf(schema: GraphQLSchema): readonly string[] {
  return Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !type.name.startsWith('__')
      ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`)
      : [],
  )
}

interface Branch {
  readonly name: string
  readonly members: Map<string, Map<string, Branch>>
}

/** One operation that goes all of the ways of one root field. `args` gives the arguments of a coordinate, with brackets. */
export function operationOf(kind: string, ways: readonly Way[], args: (coordinate: string) => string): string {
  const root: Map<string, Branch> = new Map()
  for (const way of ways) {
    let fields = root
    for (const [at, { field }] of way.entries()) {
      const branch = fields.get(field) ?? { name: field, members: new Map() }
      fields.set(field, branch)
      const next = way[at + 1]
      if (next === undefined) break
      const inner = branch.members.get(next.type) ?? new Map<string, Branch>()
      branch.members.set(next.type, inner)
      fields = inner
    }
  }
  const text = (type: string, { name, members }: Branch): string => {
    const inner = [...members].map(
      ([member, fields]) => `... on ${member} { ${[...fields.values()].map((one) => text(member, one)).join(' ')} }`,
    )
    return `${name}${args(`${type}.${name}`)}${inner.length === 0 ? '' : ` { __typename ${inner.join(' ')} }`}`
  }
  const rootType = kind.charAt(0).toUpperCase() + kind.slice(1)
  return `${kind} { ${[...root.values()].map((one) => text(rootType, one)).join(' ')} }`
}
