/** The scalars. Texts are passed as they are: what is valid is decided where a value is stored, with a named field. */
import { GraphQLError } from 'graphql'
import { z } from 'zod'
import { isoOf } from '../../clock.ts'
import type { JsonValue } from '../../json.ts'

const descriptions = {
  EmailAddress: 'An e-mail address. Stored ones may be malformed; given ones are standardized and checked.',
  URL: 'A web address. Stored ones may be malformed; given ones are standardized and checked.',
  PhoneNumber: 'A phone number. Stored ones may be malformed; given ones are standardized and checked.',
  Date: 'A day, such as 2026-11-23.',
  DateTime: 'A moment in UTC, such as 2026-11-23T08:30:00.000Z.',
}

export type TextScalarName = keyof typeof descriptions

const jsonSchema: z.ZodType<JsonValue> = z.json()

/** Options of a scalar whose values are texts. */
export function textScalar(name: TextScalarName) {
  const text = (value: unknown): string => {
    if (typeof value === 'string') return value
    throw new GraphQLError(`${name} must be a text.`, { extensions: { code: 'BAD_USER_INPUT' } })
  }
  return { description: descriptions[name], serialize: text, parseValue: text }
}

export function jsonOf(value: unknown): JsonValue {
  return jsonSchema.parse(value)
}

/** An ISO 8601 stamp, or null. */
export function isoOrNull(atMs: number | null): string | null {
  return atMs === null ? null : isoOf(atMs)
}
