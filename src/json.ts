import { createHash } from 'node:crypto'

/** Values that can be journaled, hashed and sent. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue }
export type JsonObject = { readonly [name: string]: JsonValue }

/** JSON with sorted names: equal values give equal text, whatever the order they were built in. */
export function canonicalJson(value: JsonValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`
  const parts = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`)
  return `{${parts.join(',')}}`
}

/** Whether it is an array; narrows a JSON value, which `Array.isArray` does not. */
export function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** SHA-256 of the canonical JSON, lower-case hexadecimal. */
export function hashOf(value: JsonValue): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}

/** A short form of {@link hashOf} for ids that people type: 12 characters, 48 bits. */
export function shortHashOf(value: JsonValue): string {
  return hashOf(value).slice(0, 12)
}
