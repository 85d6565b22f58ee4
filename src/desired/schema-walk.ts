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
function childOf(schema: unknown, step: string | number): unknown {
  const inner = unwrapped(schema)
  if (inner instanceof z.ZodObject) {
    const shape: Readonly<Record<string, unknown>> = inner.shape
    return Object.hasOwn(shape, step) ? shape[step] : undefined
  }
  if (inner instanceof z.ZodRecord) return inner.valueType
  if (inner instanceof z.ZodArray) return inner.element
  return undefined
}

/** The schema at a path below another, with what wraps it. */
export function schemaAt(schema: z.ZodType | undefined, path: Path): z.ZodType | undefined {
  const found = path.reduce<unknown>(childOf, schema)
  return found instanceof z.ZodType ? found : undefined
}

/** What kind of value a schema calls for, by the title of the schema or of what it wraps: `duration`. */
function titleOf(schema: unknown): string | undefined {
  let current = schema
  while (current instanceof z.ZodType) {
    const title = current.meta()?.title
    if (title !== undefined) return title
    if (
      current instanceof z.ZodOptional ||
      current instanceof z.ZodNullable ||
      current instanceof z.ZodDefault ||
      current instanceof z.ZodPrefault
    ) {
      current = current.unwrap()
    } else if (current instanceof z.ZodPipe) current = current.in
    else return undefined
  }
  return undefined
}

/** The keys that a mapping may have; empty where any is allowed or it is none. */
export function keysOf(schema: unknown): readonly string[] {
  const inner = unwrapped(schema)
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : []
}

/** What titled values are called, with an example. */
const titledNouns: Readonly<Record<string, string>> = {
  duration: 'a duration such as 30s, 5m, 24h or 7d',
  size: 'a size such as 256MB or 1GiB',
  percentage: 'a percentage such as 95%',
  'cron line': 'a cron line such as "0 3 * * *"',
  'time zone': 'an IANA time zone such as Europe/Berlin or UTC',
  command: 'a list of words, [program, argument, …]',
  secret: 'a reference, { env: NAME } or { file: path }',
}

/** What a value of the schema is called in a message: `text`, `a duration such as …`, `a mapping`. */
export function nounOf(schema: unknown): string {
  const titled = titledNouns[titleOf(schema) ?? '']
  if (titled !== undefined) return titled
  const inner = unwrapped(schema)
  if (inner instanceof z.ZodNumber) return inner.format?.includes('int') ? 'a whole number' : 'a number'
  if (inner instanceof z.ZodBoolean) return 'true or false'
  if (inner instanceof z.ZodArray) return 'a list, [ … ]'
  if (inner instanceof z.ZodRecord) return 'a mapping of names, { name: … }'
  if (inner instanceof z.ZodObject)
    return `a mapping, { ${keysOf(inner).slice(0, 4).join(', ')}${keysOf(inner).length > 4 ? ', …' : ''} }`
  if (inner instanceof z.ZodEnum || inner instanceof z.ZodLiteral) return 'one of the allowed words'
  return isText(inner) ? 'text' : 'another value'
}

/** Whether plain text may stand there, so that quotes around a number would help. */
export function isText(schema: unknown): boolean {
  const inner = unwrapped(schema)
  const text = inner instanceof z.ZodString || inner instanceof z.ZodURL || inner instanceof z.ZodEmail
  return text && titledNouns[titleOf(schema) ?? ''] === undefined
}

/** The words that a schema allows, for enums, literals and unions of them. */
export function wordsOf(schema: unknown): readonly string[] {
  const inner = unwrapped(schema)
  if (inner instanceof z.ZodEnum) return inner.options.map(String)
  if (inner instanceof z.ZodLiteral) return [...inner.values].map(String)
  if (inner instanceof z.ZodUnion) return inner.options.flatMap(wordsOf)
  return []
}
