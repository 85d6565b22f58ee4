import { readFileSync } from 'node:fs'
import {
  buildSchema,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  isObjectType,
  Kind,
  parse,
  validate,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { plainOperation, topicsOf } from './topics.ts'

const schema = buildSchema(readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8'))
const roots = ['Query', 'Mutation', 'Subscription'].flatMap((kind) => {
  const type = schema.getType(kind)
  return isObjectType(type) ? Object.keys(type.getFields()).map((field) => `${kind}.${field}`) : []
})

function problemsOf(on: GraphQLSchema, operation: string): readonly string[] {
  return validate(on, parse(operation)).map(({ message }) => `${operation}: ${message}`)
}

describe('the topics of the reference', () => {
  const fields = topicsOf(schema).flatMap((topic) => topic.fields)

  it('hold each root field once', () => {
    expect(fields.map(({ kind, field }) => `${kind}.${field.name}`).sort()).toEqual([...roots].sort())
  })

  it('show for each an operation of its own that the schema takes, with variables that it takes', () => {
    for (const { kind, field, example } of fields) {
      expect(example.operation, `${kind}.${field.name} has no written example`).not.toBe(
        plainOperation(schema, kind, field),
      )
      expect(problemsOf(schema, example.operation)).toEqual([])
      const operation = getOperationAST(parse(example.operation))
      const [selected] = operation?.selectionSet.selections ?? []
      expect(selected?.kind === Kind.FIELD && selected.name.value).toBe(field.name)
      const { errors } = getVariableValues(schema, operation?.variableDefinitions ?? [], example.variables ?? {})
      expect(errors ?? []).toEqual([])
    }
  })

  it('tell in words what each root field does', () => {
    expect(fields.filter(({ field }) => !field.description).map(({ field }) => field.name)).toEqual([])
  })
})

describe('an operation that is made of the schema', () => {
  it('is taken by the schema, whatever the root field', () => {
    for (const { kind, field } of topicsOf(schema).flatMap((topic) => topic.fields)) {
      expect(problemsOf(schema, plainOperation(schema, kind, field))).toEqual([])
    }
  })

  it('stands where the workspace has no table leads, under Records', () => {
    const other = buildSchema(`
      type Query { viewer: Viewer!  companies(first: Int): CompanyConnection!  company(id: ID!): Company }
      type Viewer { subject: String! }
      type Company { id: ID!  name: String  domain: String }
      type CompanyConnection { nodes: [Company!]!  totalCount: Int! }
    `)
    const topics = topicsOf(other)
    expect(topics.map(({ title }) => title)).toEqual(['Records', 'Access'])
    const examples = topics.flatMap((topic) => topic.fields.map(({ example }) => example.operation))
    expect(examples).toEqual([
      'query { companies { totalCount nodes { id name domain } } }',
      'query ($id: ID!) { company(id: $id) { id name domain } }',
      'query { viewer { subject } }',
    ])
  })
})
