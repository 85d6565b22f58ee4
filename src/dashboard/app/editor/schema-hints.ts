/** What the JSON Schema of the desired state says of a place: names, values and explanations. Pure. */
import * as z from 'zod/mini'
import { listStep, type Step } from './yaml-place.ts'

/** The parts of a JSON Schema that help somebody who writes. */
export interface Schema {
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly type?: string | readonly string[] | undefined
  readonly properties?: Readonly<Record<string, Schema>> | undefined
  readonly additionalProperties?: boolean | Schema | undefined
  readonly items?: Schema | undefined
  readonly required?: readonly string[] | undefined
  readonly anyOf?: readonly Schema[] | undefined
  readonly oneOf?: readonly Schema[] | undefined
  readonly allOf?: readonly Schema[] | undefined
  readonly enum?: readonly unknown[] | undefined
  readonly const?: unknown
  readonly default?: unknown
  readonly examples?: readonly unknown[] | undefined
  readonly $ref?: string | undefined
  readonly definitions?: Readonly<Record<string, Schema>> | undefined
}

const list = z.optional(z.array(z.unknown()))
export const schemaShape: z.ZodMiniType<Schema> = z.object({
  title: z.optional(z.string()),
  description: z.optional(z.string()),
  type: z.optional(z.union([z.string(), z.array(z.string())])),
  get properties() {
    return z.optional(z.record(z.string(), schemaShape))
  },
  get additionalProperties() {
    return z.optional(z.union([z.boolean(), schemaShape]))
  },
  get items() {
    return z.optional(schemaShape)
  },
  required: z.optional(z.array(z.string())),
  get anyOf() {
    return z.optional(z.array(schemaShape))
  },
  get oneOf() {
    return z.optional(z.array(schemaShape))
  },
  get allOf() {
    return z.optional(z.array(schemaShape))
  },
  enum: list,
  const: z.optional(z.unknown()),
  default: z.optional(z.unknown()),
  examples: list,
  $ref: z.optional(z.string()),
  get definitions() {
    return z.optional(z.record(z.string(), schemaShape))
  },
})

export interface Hint {
  readonly text: string
  readonly explanation: string | undefined
  /** What kind of value it takes; empty for a value. */
  readonly takes: string
  readonly isRequired: boolean
}

/** A schema with everything that may stand in its place. */
function forms(schema: Schema, root: Schema): readonly Schema[] {
  const { $ref, anyOf = [], oneOf = [], allOf = [] } = schema
  const referred = $ref === undefined ? undefined : root.definitions?.[$ref.replace('#/definitions/', '')]
  const others = [...(referred === undefined ? [] : [referred]), ...anyOf, ...oneOf, ...allOf]
  return [schema, ...others.flatMap((one) => forms(one, root))]
}

/** All that may stand at a place. */
export function formsAt(root: Schema, path: readonly Step[]): readonly Schema[] {
  let now = forms(root, root)
  for (const step of path) {
    now = now
      .flatMap(({ properties, additionalProperties, items }) => {
        if (step === listStep) return items === undefined ? [] : [items]
        const named = properties !== undefined && Object.hasOwn(properties, step) ? properties[step] : undefined
        if (named !== undefined) return [named]
        return typeof additionalProperties === 'object' ? [additionalProperties] : []
      })
      .flatMap((one) => forms(one, root))
  }
  return now
}

/** The names that a mapping may have, without those that it has. */
export function namesAt(root: Schema, path: readonly Step[], taken: readonly string[]): readonly Hint[] {
  const hints = new Map<string, Hint>()
  for (const form of formsAt(root, path)) {
    for (const [name, property] of Object.entries(form.properties ?? {})) {
      if (taken.includes(name) || hints.has(name)) continue
      hints.set(name, {
        text: name,
        explanation: explain(forms(property, root)),
        takes: takesOf(forms(property, root)),
        isRequired: form.required?.includes(name) === true,
      })
    }
  }
  return [...hints.values()].sort((one, other) => Number(other.isRequired) - Number(one.isRequired))
}

/** The values that a place may have, as they are written. */
export function valuesAt(root: Schema, path: readonly Step[]): readonly Hint[] {
  const found = formsAt(root, path)
  const hints = new Map<string, string | undefined>()
  for (const form of found) {
    if (form.const !== undefined) hints.set(written(form.const), form.description)
    for (const value of form.enum ?? []) hints.set(written(value), undefined)
    if (form.type === 'boolean') for (const value of ['true', 'false']) hints.set(value, undefined)
  }
  for (const form of found) {
    for (const value of [form.default, ...(form.examples ?? [])]) {
      if (value === undefined || typeof value === 'object' || hints.has(written(value))) continue
      hints.set(written(value), value === form.default ? 'the default' : 'for example')
    }
  }
  return [...hints].map(([text, explanation]) => ({ text, explanation, takes: '', isRequired: false }))
}

/** What is told of a place: what it means, takes, and has where nothing is written. */
export function explanationAt(root: Schema, path: readonly Step[]): string | undefined {
  const found = formsAt(root, path)
  const text = explain(found)
  if (text === undefined && found.length === 0) return undefined
  const choices = valuesAt(root, path).filter(({ explanation }) => explanation !== 'for example')
  const facts = [
    takesOf(found) === '' ? undefined : `Takes: ${takesOf(found)}.`,
    choices.length > 1 ? `One of: ${choices.map((one) => one.text).join(', ')}.` : undefined,
    defaultOf(found),
  ].filter((fact) => fact !== undefined)
  return [text, facts.join(' ')].filter((line) => line !== undefined && line !== '').join('\n') || undefined
}

function defaultOf(found: readonly Schema[]): string | undefined {
  const value = found.find((form) => form.default !== undefined && typeof form.default !== 'object')?.default
  return value === undefined ? undefined : `Default: ${written(value)}.`
}

function explain(found: readonly Schema[]): string | undefined {
  return found.find(({ description }) => description !== undefined)?.description
}

function takesOf(found: readonly Schema[]): string {
  const types = found.flatMap(({ title, type }) => title ?? type ?? [])
  return [...new Set(types)].filter((type) => type !== 'Trueup desired state').join(' or ')
}

function written(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  // What YAML would read as something else, or as structure, is quoted.
  return /^[A-Za-z][A-Za-z0-9_./ -]*$/.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value)
    ? value
    : JSON.stringify(value)
}
