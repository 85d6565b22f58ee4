/** The reference of a GraphQL schema as a page: by topic, each root field with who may use it and an operation to begin from. */
import {
  astFromValue,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isRequiredInputField,
  isUnionType,
  print,
} from 'graphql'
import { z } from 'zod'
import type { JsonObject } from '../../json.ts'
import { pageSizeMax } from '../../leads/reader.ts'
import { type Permission, permissions, rolesOf } from '../auth/permissions.ts'
import { complexityMax, pageSizeDefault } from '../schema/builder.ts'
import { type FilledTopic, type RootField, topicsOf } from './topics.ts'
import { isRefusal, linkOf, renderRefusals, renderTypes, typesByTopic } from './types-section.ts'

export function renderGraphqlReference(schema: GraphQLSchema): string {
  const topics = topicsOf(schema)
  const types = typesByTopic(schema, topics)
  return [
    introduction,
    contentsOf(topics),
    ...topics.flatMap((topic) => [
      `## ${topic.title}`,
      topic.about,
      ...topic.fields.map((root) => renderRoot(schema, root)),
      renderTypes(types.get(topic.title) ?? []),
    ]),
    renderRefusals(schema),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n')
}

const introduction = `# GraphQL: the reference

<!-- Made from the schema by \`npm run generate:schemas\`; do not edit by hand. -->

Everything that the dashboard, the REST paths and the commands do over the network is one of the operations below. They are sent to
\`POST /graphql\` with a token; subscriptions are the same operations with \`accept: text/event-stream\`. In a browser that is signed in,
\`/graphql\` is an editor with completion.

\`\`\`console
$ curl -s http://127.0.0.1:4000/graphql -H "authorization: Bearer $TRUEUP_TOKEN" \\
    -H 'content-type: application/json' -d '{"query": "{ controller { verdict } }"}'
\`\`\`

Types and root fields of tables follow the desired state. In the documents of Trueup this page is of the file that comes with it;
\`trueup schema --reference\` writes it for a workspace of yours, and \`trueup schema\` the schema alone. A test runs the operations
below against a controller.

**Refusals.** A mutation answers with a union: what was done, or a refusal that is a type of its own and a \`UserError\` with \`code\`
and \`message\`; see [Refusals](#refusals). A query that is refused has an entry in \`errors\` with the same code in \`extensions\`.
Codes are explained in [ERRORS.md](ERRORS.md).

**Ids** of records and resources are opaque and hold in the whole schema; those of actions, runs and conflicts are the short ones that
the commands print.

**Pages.** A list that ends in \`Connection\` takes \`first\` and \`after\`, or \`last\` and \`before\`: ${pageSizeDefault} records where nothing is said, ${pageSizeMax}
at most. \`pageInfo.endCursor\` is the \`after\` of the next page.

**Personal data** is masked for a role without \`people.unmask\`, whatever the operation. **Limits**: an operation costs at most ${complexityMax.toLocaleString('en')},
where a field is 1 and a list multiplies what is below it.`

function contentsOf(topics: readonly FilledTopic[]): string {
  const rows = topics.map(({ title, fields }) => {
    const of = (kind: RootField['kind']): string =>
      fields
        .filter((root) => root.kind === kind)
        .map((root) => `[\`${root.field.name}\`](#${kind.toLowerCase()}-${root.field.name.toLowerCase()})`)
        .join(' · ')
    return `| [${title}](#${anchorOf(title)}) | ${of('Query')} | ${of('Mutation')} | ${of('Subscription')} |`
  })
  return ['## Contents', '', '| topic | queries | mutations | subscriptions |', '|---|---|---|---|', ...rows].join('\n')
}

const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

function renderRoot(schema: GraphQLSchema, { kind, field, example }: RootField): string {
  const named = getNamedType(field.type)
  const members = isUnionType(named) ? named.getTypes() : []
  const answers = members.filter((type) => !isRefusal(schema, type))
  const refusals = members.filter((type) => isRefusal(schema, type))
  const answer =
    answers.length === 0
      ? linkOf(schema, String(field.type))
      : answers.map((type) => linkOf(schema, type.name)).join(' or ')
  return [
    `### ${kind} \`${field.name}\``,
    field.description ?? '',
    `**Needs** ${neededBy(field.extensions)}`,
    renderArguments(schema, field.args),
    `**Answers** ${answer}${refusals.length === 0 ? '' : `; refuses with ${refusals.map((type) => linkOf(schema, type.name)).join(', ')}`}`,
    ['```graphql', example.operation, '```'].join('\n'),
    ...(example.variables === undefined
      ? []
      : ['with, for instance,', ['```json', inOneLine(example.variables), '```'].join('\n')]),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

const ruleSchema = z.object({
  pothosOptions: z.object({ authScopes: z.object({ may: z.enum(permissions).optional() }) }),
})

/** The permission of a root field, as the schema enforces it, with the built-in roles that have it. */
function neededBy(extensions: unknown): string {
  const permission = ruleSchema.parse(extensions).pothosOptions.authScopes.may
  return permission === undefined ? 'no more than a valid token.' : `\`${permission}\`: ${rolesWith(permission)}.`
}

function rolesWith(permission: Permission): string {
  const roles = [...rolesOf({ roles: {} }).values()].filter(({ can }) => can.has(permission)).map(({ name }) => name)
  return roles.length === 5 ? 'every built-in role' : roles.join(', ')
}

/** Arguments; the one argument of a mutation is shown by what it holds. */
function renderArguments(schema: GraphQLSchema, args: readonly GraphQLArgument[]): string {
  const [input] = args
  const type = input && getNamedType(input.type)
  const isInput = args.length === 1 && input?.name === 'input' && isInputObjectType(type)
  const all: readonly (GraphQLArgument | GraphQLInputField)[] = isInput ? Object.values(type.getFields()) : args
  if (all.length === 0) return ''
  const rows = all.map((one) => {
    const fallback = one.defaultValue === undefined ? undefined : astFromValue(one.defaultValue, one.type)
    const value = fallback == null ? (isRequiredInputField(one) ? 'required' : '') : `\`${print(fallback)}\``
    return `| \`${one.name}\` | ${linkOf(schema, String(one.type))} | ${value} | ${cell(one.description ?? '')} |`
  })
  return [`| ${isInput ? '`input`' : 'argument'} | type | default | meaning |`, '|---|---|---|---|', ...rows].join('\n')
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** JSON with a space after each sign, which reads better than none and is shorter than lines. */
const inOneLine = (value: JsonObject): string => JSON.stringify(value, null, 1).replaceAll(/\n */g, ' ')
