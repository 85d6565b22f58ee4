/**
 * The JSON Schema of the file, for editors: completion, hover texts and checks while typing. It is made from the zod
 * schema, so that what an editor accepts and what the loader accepts cannot drift apart in form.
 */
import { z } from 'zod'
import type { JsonObject, JsonValue } from '../json.ts'
import { desiredStateSchema } from './schema.ts'
import type { RuleRegistry } from './semantics.ts'

/** Draft 7 is what yaml-language-server, behind most editors' YAML support, knows in full. */
const target = 'draft-07'

/** The schema, with the standardization rules that there are and their options. */
function desiredStateJsonSchema(rules: RuleRegistry): JsonObject {
  const { $schema, ...schema } = jsonSchemaOf(desiredStateSchema)
  return {
    $schema: $schema ?? null,
    title: 'Trueup desired state',
    description: 'What is to be kept true. The reference is docs/desired-state.md.',
    ...withStandardize(schema),
    definitions: ruleDefinitions(rules),
  }
}

/** The text of desired-state.schema.json. */
export function renderJsonSchema(rules: RuleRegistry): string {
  return `${JSON.stringify(desiredStateJsonSchema(rules), null, 2)}\n`
}

/** The JSON Schema of what may be written where a zod schema stands. */
export function jsonSchemaOf(schema: z.ZodType): JsonObject {
  const json = z.toJSONSchema(schema, {
    target,
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // Bounds that only say "exact in a double" and formats that `${NAME}` references would break help nobody.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
      if (jsonSchema.format === 'uri') delete jsonSchema.format
    },
  })
  return objectOf(z.json().parse(JSON.parse(JSON.stringify(json))))
}

/** The two ways to name a rule, which `standardize` takes alone or in a list. */
function ruleDefinitions(rules: RuleRegistry): JsonObject {
  return {
    rule: {
      type: 'string',
      oneOf: [...rules.values()].map(({ name, summary }) => ({ const: name, description: summary })),
    },
    ruleWithOptions: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: Object.fromEntries(
        [...rules.values()].map(({ name, summary, optionsSchema }) => {
          const { $schema: _, ...options } = jsonSchemaOf(optionsSchema)
          return [name, { ...options, description: summary }]
        }),
      ),
    },
  }
}

const oneRule = [{ $ref: '#/definitions/rule' }, { $ref: '#/definitions/ruleWithOptions' }]
const standardize = { anyOf: [...oneRule, { type: 'array', items: { anyOf: oneRule } }] }

/** Where a field's `standardize` stands in the schema. */
const standardizePath = [
  'properties',
  'tables',
  'additionalProperties',
  'properties',
  'fields',
  'additionalProperties',
  'properties',
  'standardize',
]

/** The schema with the rules in place of the open form that zod knows; its description and default stay. */
function withStandardize(schema: JsonObject): JsonObject {
  return replaced(schema, standardizePath, ({ anyOf: _, ...rest }) => ({ ...rest, ...standardize }))
}

function replaced(json: JsonObject, path: readonly string[], change: (found: JsonObject) => JsonObject): JsonObject {
  const [step, ...rest] = path
  if (step === undefined) return change(json)
  return { ...json, [step]: replaced(objectOf(json[step]), rest, change) }
}

/** A part of a JSON Schema that must be an object. Throws when the schema is built otherwise. */
export function objectOf(value: JsonValue | undefined): JsonObject {
  return z.record(z.string(), z.json()).parse(value)
}
