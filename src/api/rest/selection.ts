/**
 * What of a GraphQL type a REST answer holds, as a tree from which both the text of the operation and the description of
 * the answer are made. Where nothing is asked for: all plain fields, and objects down to a depth; records only their own.
 */
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
} from 'graphql'

export interface Selected {
  readonly field: GraphQLField<unknown, unknown>
  /** What of it; undefined for a plain value. */
  readonly of: Selection | undefined
}

export type Selection =
  | { readonly is: 'object'; readonly type: string; readonly fields: ReadonlyMap<string, Selected> }
  /** One of several types, told by `__typename`. */
  | { readonly is: 'one-of'; readonly members: readonly (Selection & { readonly is: 'object' })[] }

/** A wrong `fields`; the message is for the person who asked. */
export class SelectionError extends Error {
  override readonly name = 'SelectionError'
}

const depthMax = 4

export interface SelectionRules {
  readonly schema: GraphQLSchema
  /** Names of the types that records of tables have: they are shown without what is tied to them. */
  readonly records: ReadonlySet<string>
}

/** The selection where nothing is asked for; undefined for a plain value. */
export function defaultSelection(type: GraphQLOutputType, rules: SelectionRules): Selection | undefined {
  return selectionAt(getNamedType(type), [], rules)
}

function selectionAt(type: GraphQLNamedType, above: readonly string[], rules: SelectionRules): Selection | undefined {
  if (isLeafType(type)) return undefined
  if (isAbstractType(type)) {
    const members = rules.schema.getPossibleTypes(type).flatMap((member) => {
      const found = selectionAt(member, above, rules)
      return found?.is === 'object' ? [found] : []
    })
    return { is: 'one-of', members }
  }
  if (!isObjectType(type)) return undefined
  const isRecord = rules.records.has(type.name)
  const isConnection = isConnectionType(type.name)
  const path = [...above, type.name]
  const fields = new Map<string, Selected>()
  for (const field of Object.values(type.getFields())) {
    const inner = getNamedType(field.type)
    if (field.args.some(isRequiredArgument)) continue
    if (isLeafType(inner)) {
      fields.set(field.name, { field, of: undefined })
      continue
    }
    if (isRecord || path.length >= depthMax || path.includes(inner.name)) continue
    // The records of a page are its nodes, and edges only say them again; pages inside of something are asked for by name.
    if (isConnection ? field.name === 'edges' : isConnectionType(inner.name)) continue
    const of = selectionAt(inner, path, rules)
    if (of !== undefined && !isEmpty(of)) fields.set(field.name, { field, of })
  }
  return { is: 'object', type: type.name, fields }
}

export function isConnectionType(name: string): boolean {
  return name.endsWith('Connection')
}

function isEmpty(selection: Selection): boolean {
  return selection.is === 'object' ? selection.fields.size === 0 : selection.members.every(isEmpty)
}

/** The selection of dotted paths, such as `id,full_name,syncStatus.state`. Throws SelectionError. */
export function selectionOf(type: GraphQLOutputType, paths: readonly string[], rules: SelectionRules): Selection {
  const named = getNamedType(type)
  if (!isObjectType(named)) throw new SelectionError('fields cannot be chosen here')
  const byName = new Map<string, string[]>()
  for (const path of paths) {
    const [name = '', ...rest] = path.split('.')
    const inner = byName.get(name) ?? []
    if (rest.length > 0) inner.push(rest.join('.'))
    byName.set(name, inner)
  }
  const fields = new Map<string, Selected>()
  for (const [name, inner] of byName) {
    const field = named.getFields()[name]
    if (field === undefined || field.args.some(isRequiredArgument))
      throw new SelectionError(`there is no field ${name} to choose`)
    if (isLeafType(getNamedType(field.type))) {
      if (inner.length > 0) throw new SelectionError(`${name} is a plain value`)
      fields.set(name, { field, of: undefined })
    } else {
      const of =
        inner.length > 0
          ? selectionOf(field.type, inner, rules)
          : selectionAt(getNamedType(field.type), [named.name], rules)
      fields.set(name, { field, of })
    }
  }
  return { is: 'object', type: named.name, fields }
}

/** Names that were given to fields for the operation, and what they are in the answer. */
export type Aliases = Map<string, string>

/**
 * The text of a selection, with brackets. Members that have a field of one name and different types get it under names of
 * their own, since one answer may not hold both: `aliases` takes up which.
 */
export function textOf(selection: Selection | undefined, aliases: Aliases): string {
  if (selection === undefined) return ''
  if (selection.is === 'object') return ` { ${fieldsText(selection, aliases, () => false)} }`
  const typesOf = new Map<string, Set<string>>()
  for (const { fields } of selection.members)
    for (const [name, { field }] of fields) typesOf.set(name, (typesOf.get(name) ?? new Set()).add(String(field.type)))
  const clashes = (name: string) => (typesOf.get(name)?.size ?? 0) > 1
  const members = selection.members
    .filter(({ fields }) => fields.size > 0)
    .map((member) => `... on ${member.type} { ${fieldsText(member, aliases, clashes)} }`)
  return ` { __typename ${members.join(' ')} }`
}

function fieldsText(
  { type, fields }: Selection & { readonly is: 'object' },
  aliases: Aliases,
  clashes: (name: string) => boolean,
): string {
  return [...fields]
    .map(([name, { of }]) => {
      if (!clashes(name)) return `${name}${textOf(of, aliases)}`
      const alias = `${name}_of_${type}`
      aliases.set(alias, name)
      return `${alias}: ${name}${textOf(of, aliases)}`
    })
    .join(' ')
}

/** How the values of a schema are described. */
export interface Shapes {
  readonly scalar: (name: string) => object
  /** A description that stands elsewhere; undefined where it is to stand here. */
  readonly elsewhere: (type: string) => object | undefined
}

/** JSON Schema of what a type of a selection holds, in the dialect of OpenAPI 3.1. */
export function schemaOfOutput(type: GraphQLOutputType, of: Selection | undefined, shapes: Shapes): object {
  if (isNonNullType(type)) return schemaOfNullable(type.ofType, of, shapes)
  return { anyOf: [schemaOfNullable(type, of, shapes), { type: 'null' }] }
}

function schemaOfNullable(type: GraphQLOutputType, of: Selection | undefined, shapes: Shapes): object {
  if (isListType(type)) return { type: 'array', items: schemaOfOutput(type.ofType, of, shapes) }
  if (of !== undefined) return schemaOfSelection(of, shapes)
  const named = getNamedType(type)
  return isEnumType(named)
    ? { type: 'string', enum: named.getValues().map(({ name }) => name) }
    : shapes.scalar(named.name)
}

export function schemaOfSelection(selection: Selection, shapes: Shapes): object {
  if (selection.is === 'one-of') return { oneOf: selection.members.map((member) => memberSchema(member, shapes)) }
  return shapes.elsewhere(selection.type) ?? objectSchema([...selection.fields], shapes)
}

function memberSchema(member: Selection & { readonly is: 'object' }, shapes: Shapes): object {
  const { properties, required, ...rest } = objectSchema([...member.fields], shapes)
  return {
    ...rest,
    required: ['__typename', ...required],
    properties: { __typename: { const: member.type }, ...properties },
  }
}

function objectSchema(fields: readonly (readonly [string, Selected])[], shapes: Shapes) {
  return {
    type: 'object',
    required: fields.map(([name]) => name),
    properties: Object.fromEntries(
      fields.map(([name, { field, of }]) => {
        const description = field.description == null ? {} : { description: field.description }
        return [name, { ...schemaOfOutput(field.type, of, shapes), ...description }]
      }),
    ),
  }
}
