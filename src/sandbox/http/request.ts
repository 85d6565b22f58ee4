/** A request as the sandbox handles it, apart from sockets, so that a simulator can ask without any. */
import type { JsonObject, JsonValue } from '../../json.ts'
import { refusals } from './refusal.ts'

export interface SandboxRequest {
  readonly method: string
  /** Decoded path segments are taken from this; without the query. */
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  readonly authorization: string | undefined
  readonly body: string
}

/** The body as JSON; an empty one is an empty object. @throws ApiRefusal 400 [D]. */
export function jsonBody(request: SandboxRequest): JsonValue {
  if (request.body.trim() === '') return {}
  try {
    const body: JsonValue = JSON.parse(request.body)
    return body
  } catch (error) {
    if (error instanceof SyntaxError) throw refusals.unparsableJson()
    throw error
  }
}

/** The body, when it must be an object. */
export function objectBody(request: SandboxRequest): JsonObject {
  const body = jsonBody(request)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw refusals.invalidRequest()
  return Object.fromEntries(Object.entries(body))
}
