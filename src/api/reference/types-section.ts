/** The types of the reference: each under the first topic that uses it, and refusals together at the end. */
import {
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  isUnionType,
} from 'graphql'
import type { FilledTopic } from './topics.ts'

export function isRefusal(schema: GraphQLSchema, type: GraphQLNamedType): boolean {
  const refusal = schema.getType('UserError')
  return isObjectType(type) && isInterfaceType(refusal) && schema.isSubType(refusal, type)
}

/** Types by the title of the first topic that reaches them. */
export function typesByTopic(
  schema: GraphQLSchema,
  topics: readonly FilledTopic[],
): ReadonlyMap<string, readonly GraphQLNamedType[]> {
  const seen = new Set<string>()
  return new Map(
    topics.map(({ title, fields }) => {
      const own: GraphQLNamedType[] = []
      const reach = (type: GraphQLNamedType): void => {
        if (seen.has(type.name)) return
        seen.add(type.name)
        if (!isUnionType(type) && !isSpecifiedScalarType(type) && !isRefusal(schema, type)) own.push(type)
        for (const next of neighbours(type)) reach(next)
      }
      for (const { field } of fields) {
        reach(getNamedType(field.type))
        // What a root field takes is shown with it; the types below that are not.
        for (const arg of field.args) {
          const type = getNamedType(arg.type)
          if (arg.name !== 'input' || !isInputObjectType(type)) reach(type)
          else for (const one of neighbours(type)) reach(one)
        }
      }
      return [title, own] as const
    }),
  )
}

function neighbours(type: GraphQLNamedType): readonly GraphQLNamedType[] {
  if (isUnionType(type)) return type.getTypes()
  if (isInputObjectType(type)) return Object.values(type.getFields()).map((field) => getNamedType(field.type))
  if (!isObjectType(type) && !isInterfaceType(type)) return []
  return [
    ...type.getInterfaces(),
    ...Object.values(type.getFields()).flatMap((field) => [
      getNamedType(field.type),
      ...field.args.map((arg) => getNamedType(arg.type)),
    ]),
  ]
}

/** How the page calls a kind of type, in headings and their anchors. */
function wordOf(type: GraphQLNamedType): string {
  if (isEnumType(type)) return 'Enum'
  if (isInputObjectType(type)) return 'Input'
  if (isInterfaceType(type)) return 'Interface'
  return isScalarType(type) ? 'Scalar' : 'Type'
}

/** `[Plan!]!` as a link to `Plan`. */
export function linkOf(schema: GraphQLSchema, text: string): string {
  const type = schema.getType(text.replaceAll(/[[\]!]/g, ''))
  if (type === undefined || isSpecifiedScalarType(type) || isUnionType(type)) return `\`${text}\``
  return `[\`${text}\`](#${wordOf(type).toLowerCase()}-${type.name.toLowerCase()})`
}

export function renderTypes(types: readonly GraphQLNamedType[]): string {
  return types.map(renderType).join('\n\n')
}

function renderType(type: GraphQLNamedType): string {
  const heading = `#### ${wordOf(type)} \`${type.name}\``
  return [heading, describe(type), renderMembers(type)].filter((part) => part !== '').join('\n\n')
}

/** Lists and their edges are alike for all records, and described once. */
function describe({ name, description }: GraphQLNamedType): string {
  if (description != null) return description.replaceAll('\n', ' ')
  if (name.endsWith('Connection')) return 'A page of a list.'
  return name.endsWith('Edge') ? 'An entry of a list with its cursor.' : ''
}

interface Member {
  readonly text: string
  readonly description: string | null | undefined
}

/** Members that say something of themselves are a list, the others a line. */
function renderMembers(type: GraphQLNamedType): string {
  const members = membersOf(type)
  const plain = members.filter(({ description }) => description == null).map(({ text }) => text)
  const told = members.flatMap(({ text, description }) =>
    description == null ? [] : [`- ${text}: ${description.replaceAll('\n', ' ')}`],
  )
  return [plain.join(', '), told.join('\n')].filter((part) => part !== '').join('\n\n')
}

function membersOf(type: GraphQLNamedType): readonly Member[] {
  if (isEnumType(type)) return type.getValues().map(({ name, description }) => ({ text: `\`${name}\``, description }))
  if (isInputObjectType(type)) return Object.values(type.getFields()).map((field) => memberOf(field, field.name))
  if (!isObjectType(type) && !isInterfaceType(type)) return []
  return Object.values(type.getFields()).map((field) => {
    const args = field.args.map((arg) => `${arg.name}: ${String(arg.type)}`).join(', ')
    return memberOf(field, args === '' ? field.name : `${field.name}(${args})`)
  })
}

function memberOf({ type, description }: GraphQLInputField | GraphQLField<unknown, unknown>, name: string): Member {
  return { text: `\`${name}: ${String(type)}\``, description }
}

/** The refusals of mutations with what they tell beside `code` and `message`. */
export function renderRefusals(schema: GraphQLSchema): string {
  const refusals = Object.values(schema.getTypeMap()).filter((type) => isRefusal(schema, type))
  const common = schema.getType('UserError')
  return [
    '## Refusals',
    common?.description ?? '',
    ...[...refusals].sort((one, other) => one.name.localeCompare(other.name, 'en')).map(renderType),
    ...(common === undefined ? [] : [renderType(common)]),
  ].join('\n\n')
}
