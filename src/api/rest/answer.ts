/** From the result of an operation to the status and body of a REST answer. */
import { errorTable } from '../../errors.ts'
import { isList, type JsonObject, type JsonValue } from '../../json.ts'
import type { Route } from './routes.ts'
import type { Aliases } from './selection.ts'

export interface RestAnswer {
  readonly status: number
  readonly body: JsonObject
}

/** What an operation gave, as JSON. */
export interface OperationResult {
  readonly data?: JsonObject | null | undefined
  readonly errors?:
    | readonly { readonly message: string; readonly code: string; readonly extra?: JsonObject }[]
    | undefined
}

/** Of results that are no success, by their type; others are 409: what was asked for does not go with what is there. */
const statusOfType: Readonly<Record<string, number>> = {
  Forbidden: 403,
  SelfApprovalForbidden: 403,
  NotFound: 404,
  InputInvalid: 400,
  DesiredStateInvalid: 400,
  // It is planned, and is done once a person says so.
  WriteWaiting: 202,
  WriteFailed: 503,
}

/** Of errors of GraphQL, by their code; those of our own table go by what may be done about them. */
const statusOfCode: Readonly<Record<string, number>> = {
  FORBIDDEN: 403,
  UNAUTHENTICATED: 401,
  NOT_FOUND: 404,
  USAGE: 400,
  BAD_USER_INPUT: 400,
  QUERY_TOO_COMPLEX: 400,
  TIMEOUT: 408,
  INTERNAL: 500,
}

function statusOf(code: string): number {
  const known = statusOfCode[code]
  if (known !== undefined) return known
  const own = Object.entries(errorTable).find(([name]) => name === code)?.[1]
  if (own === undefined) return 400
  if (own.retry === 'never') return 409
  return own.retry === 'human' ? 500 : 503
}

export function errorAnswer(status: number, code: string, message: string, more: JsonObject = {}): RestAnswer {
  return { status, body: { error: { code, message, ...more } } }
}

/** @param isRefusal whether a type of the schema is one of refusals. */
export function answerOf(
  route: Route,
  result: OperationResult,
  aliases: Aliases,
  isRefusal: (type: string) => boolean,
): RestAnswer {
  const [first] = result.errors ?? []
  // What is refused in part is answered without that part, as by GraphQL.
  const isPart = result.data?.[route.field.name] != null && result.errors?.every(({ code }) => code === 'FORBIDDEN')
  if (first !== undefined && isPart !== true)
    return errorAnswer(statusOf(first.code), first.code, first.message, first.extra)
  const value = unaliased(result.data?.[route.field.name] ?? null, aliases)
  if (value === null) return errorAnswer(404, 'NOT_FOUND', 'There is nothing under that name.')
  if (typeof value !== 'object') return { status: route.status, body: { value } }
  if (isList(value)) return route.shape === 'first' ? firstOf(value) : { status: 200, body: { items: value } }
  const { __typename: type, ...rest } = value
  if (route.kind === 'mutation' && typeof type === 'string') {
    if (!isRefusal(type)) return { status: route.status, body: rest }
    const { code, message, ...more } = rest
    return errorAnswer(statusOfType[type] ?? 409, String(code), String(message), more)
  }
  if (route.shape !== 'page') return { status: 200, body: value }
  const { nodes = [], ...page } = value
  return { status: 200, body: { items: nodes, ...page } }
}

function firstOf([value]: readonly JsonValue[]): RestAnswer {
  return typeof value === 'object' && value !== null && !isList(value)
    ? { status: 200, body: value }
    : errorAnswer(404, 'NOT_FOUND', 'There is nothing under that name.')
}

function unaliased(value: JsonValue, aliases: Aliases): JsonValue {
  if (aliases.size === 0 || typeof value !== 'object' || value === null) return value
  if (isList(value)) return value.map((one) => unaliased(one, aliases))
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [aliases.get(name) ?? name, unaliased(one, aliases)]),
  )
}
