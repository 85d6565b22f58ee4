/** Follows a path through the zod schema, so that a problem can say what was allowed at its place. */
import { z } from 'zod'
import type { Path } from './problem.ts'

/** The schema without what wraps it: optional, default, transformations. */
export function unwrapped(schema: unknown): z.ZodType | undefined {
  let current = schema
  for (;;) {
    if (
      current instanceof z.ZodOptional ||
      current instanceof z.ZodNullable ||
      current instanceof z.ZodDefault ||
      current instanceof z.ZodPrefault
    ) {
      current = current.unwrap()
    } else if (current instanceof z.ZodPipe) current = current.in
    else return current instanceof z.ZodType ? current : undefined
  }
}

/** The schema one step down; undefined where there is none, or where a union leaves it open. */
function childOf(schema: z.ZodType | undefined, step: string | number): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) {
    const shape: Readonly<Record<string, unknown>> = schema.shape
    return Object.hasOwn(shape, step) ? unwrapped(shape[step]) : undefined
  }
  if (schema instanceof z.ZodRecord) return unwrapped(schema.valueType)
  if (schema instanceof z.ZodArray) return unwrapped(schema.element)
  return undefined
}

/** The schema at a path below another. */
export function schemaAt(schema: z.ZodType | undefined, path: Path): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>(childOf, unwrapped(schema))
}

/** The keys that a mapping may have; empty where any is allowed or it is none. */
export function keysOf(schema: z.ZodType | undefined): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}

/** What a value of the schema is called in a message: `text`, `a duration`, `a mapping`. */
export function nounOf(schema: z.ZodType | undefined): string {
  const title = schema?.meta()?.title
  if (title !== undefined) return /^[aeiou]/.test(title) ? `an ${title}` : `a ${title}`
  if (schema instanceof z.ZodString || schema instanceof z.ZodURL || schema instanceof z.ZodEmail) return 'text'
  if (schema instanceof z.ZodNumber) return schema.format?.includes('int') ? 'a whole number' : 'a number'
  if (schema instanceof z.ZodBoolean) return 'true or false'
  if (schema instanceof z.ZodArray) return 'a list, [ … ]'
  if (schema instanceof z.ZodRecord) return 'a mapping of names, { name: … }'
  if (schema instanceof z.ZodObject)
    return `a mapping, { ${keysOf(schema).slice(0, 4).join(', ')}${keysOf(schema).length > 4 ? ', …' : ''} }`
  if (schema instanceof z.ZodEnum || schema instanceof z.ZodLiteral) return 'one of the allowed words'
  return 'another value'
}

/** The words that a schema allows, for enums, literals and unions of them. */
export function wordsOf(schema: z.ZodType | undefined): readonly string[] {
  if (schema instanceof z.ZodEnum) return schema.options.map(String)
  if (schema instanceof z.ZodLiteral) return [...schema.values].map(String)
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => wordsOf(unwrapped(option)))
  return []
}
