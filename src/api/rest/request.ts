/** From the address and body of a REST request to the variables of its operation. Values are judged by GraphQL itself. */
import {
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isLeafType,
  isListType,
  isRequiredInputField,
} from 'graphql'
import { z } from 'zod'
import type { JsonObject } from '../../json.ts'
import type { Route } from './routes.ts'

/** What is wrong with a request, for the person who made it. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
}

export interface RestRequest {
  readonly method: string
  /** Without what stands behind the question mark. */
  readonly path: string
  readonly query: URLSearchParams
  /** Empty where none was sent. */
  readonly body: string
}

/** The parts of a path that are variable, by name; undefined where it is another path. */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const own = pattern.split('/')
  const given = path.split('/')
  if (own.length !== given.length) return undefined
  const found: Record<string, string> = {}
  for (const [index, part] of own.entries()) {
    const value = given[index] ?? ''
    if (!part.startsWith('{')) {
      if (part !== value) return undefined
      continue
    }
    const decoded = decodedPart(value)
    if (decoded === undefined || decoded === '') return undefined
    found[part.slice(1, -1)] = decoded
  }
  return found
}

function decodedPart(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not a sequence of bytes that means anything: no path of ours.
    return undefined
  }
}

/** Names of the address that choose what is answered, not what is asked. */
const reserved = new Set(['fields'])

/** @param defaults what an input holds where neither address nor body say it. Throws RequestError. */
export function variablesOf(
  route: Route,
  inPath: Readonly<Record<string, string>>,
  { query, body }: RestRequest,
  defaults: JsonObject,
): Record<string, unknown> {
  for (const name of route.needs)
    if ((query.get(name) ?? '').trim() === '') throw new RequestError(`${name} is missing in the address`)
  return route.kind === 'query' ? argumentsOf(route, inPath, query) : inputOf(route, inPath, query, body, defaults)
}

function argumentsOf(
  route: Route,
  inPath: Readonly<Record<string, string>>,
  query: URLSearchParams,
): Record<string, unknown> {
  const types = new Map(route.field.args.map(({ name, type }) => [name, type]))
  const found: Record<string, unknown> = { ...inPath, ...route.fixed }
  const equal: JsonObject[] = []
  for (const name of new Set(query.keys())) {
    if (reserved.has(name)) continue
    const argument = route.renamed[name] ?? name
    const type = types.get(argument)
    const texts = query.getAll(name)
    if (type !== undefined && !(argument in found)) found[argument] = argumentOf(name, type, texts)
    else {
      const filter = route.filters ? equality(types.get('filter'), name, texts) : undefined
      if (filter === undefined) throw new RequestError(`${name} is nothing that can be asked for here`)
      equal.push(filter)
    }
  }
  if (equal.length === 0) return found
  return { ...found, filter: { and: [...('filter' in found ? [found.filter] : []), ...equal] } }
}

/** `company=Acme` as a filter; several values mean any of them. */
function equality(
  filter: GraphQLInputType | undefined,
  field: string,
  texts: readonly string[],
): JsonObject | undefined {
  const type = filter === undefined ? undefined : getNamedType(filter)
  const one = isInputObjectType(type) ? getNamedType(type.getFields()[field]?.type) : undefined
  const eq = isInputObjectType(one) ? one.getFields().eq : undefined
  if (eq === undefined) return undefined
  const values = texts.map((text) => scalarOf(field, eq.type, text))
  return { [field]: values.length === 1 ? { eq: values[0] ?? null } : { in: values } }
}

function argumentOf(name: string, type: GraphQLInputType, texts: readonly string[]): unknown {
  const nullable = getNullableType(type)
  if (isListType(nullable)) {
    const parts = texts.flatMap((text) => text.split(',')).map((text) => text.trim())
    return parts.filter((text) => text !== '').map((text) => scalarOf(name, nullable.ofType, text))
  }
  const [text = '', ...more] = texts
  if (more.length > 0) throw new RequestError(`${name} is given twice`)
  const named = getNamedType(type)
  if (isLeafType(named)) return scalarOf(name, type, text)
  const order = /^([A-Za-z_][A-Za-z0-9_]*)(?::(asc|desc))?$/i.exec(text)
  if (order !== null && isInputObjectType(named) && 'direction' in named.getFields())
    return { field: order[1], ...(order[2] === undefined ? {} : { direction: order[2].toUpperCase() }) }
  return jsonIn(name, text)
}

function scalarOf(name: string, type: GraphQLInputType, text: string) {
  const { name: scalar } = getNamedType(type)
  if (scalar === 'Int' || scalar === 'Float') {
    const number = Number(text)
    if (text.trim() === '' || !Number.isFinite(number)) throw new RequestError(`${name} must be a number`)
    return number
  }
  if (scalar === 'Boolean') {
    if (text !== 'true' && text !== 'false') throw new RequestError(`${name} must be true or false`)
    return text === 'true'
  }
  return text
}

function jsonIn(name: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new RequestError(`${name} must be JSON`)
  }
}

const objectSchema = z.record(z.string(), z.json())

function inputOf(
  route: Route,
  inPath: Readonly<Record<string, string>>,
  query: URLSearchParams,
  body: string,
  defaults: JsonObject,
): Record<string, unknown> {
  const type = getNamedType(route.field.args.find(({ name }) => name === 'input')?.type)
  if (!isInputObjectType(type)) throw new RequestError('nothing can be given here')
  const members = type.getFields()
  const parsed = objectSchema.safeParse(body.trim() === '' ? {} : jsonIn('the body', body))
  if (!parsed.success) throw new RequestError('the body must be a JSON object')
  const input: Record<string, unknown> = { ...parsed.data }
  for (const name of new Set(query.keys())) {
    const member = members[name]
    if (member === undefined || name in input || name in inPath)
      throw new RequestError(`${name} is nothing that can be said in the address here`)
    input[name] = argumentOf(name, member.type, query.getAll(name))
  }
  for (const [name, value] of Object.entries(inPath)) {
    if (name in input && input[name] !== value) throw new RequestError(`${name} differs between the path and the body`)
    input[name] = value
  }
  for (const [name, value] of Object.entries(defaults)) if (name in members && !(name in input)) input[name] = value
  for (const name of Object.keys(input))
    if (!(name in members)) throw new RequestError(`there is no ${name} to be given`)
  for (const member of Object.values(members))
    if (isRequiredInputField(member) && !(member.name in input)) throw new RequestError(`${member.name} is missing`)
  return { input }
}
