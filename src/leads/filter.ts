/**
 * Filters of lead lists: parsed from what a request gives, compiled to SQL whose only identifiers come from the
 * declared table. A filter is two-valued: an empty cell satisfies `ne` and `not` and no comparison.
 */
import { quoteIdentifier } from '../targets/sqlite/schema-reader.ts'
import type { Cell, FieldType } from '../values/field-type.ts'
import { storeValue } from './cells.ts'
import type { LeadTable } from './table.ts'

const comparisons = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte'] as const
type Comparison = (typeof comparisons)[number]
export type Operator = Comparison | 'in' | 'contains' | 'startsWith' | 'has' | 'isNull'

export type LeadFilter =
  | { readonly is: 'all' | 'any'; readonly of: readonly LeadFilter[] }
  | { readonly is: 'not'; readonly of: LeadFilter }
  | { readonly is: 'compare'; readonly column: string; readonly operator: Comparison; readonly value: Cell }
  | { readonly is: 'in'; readonly column: string; readonly values: readonly Cell[] }
  | {
      readonly is: 'text'
      readonly column: string
      readonly operator: 'contains' | 'startsWith'
      readonly text: string
    }
  | { readonly is: 'has'; readonly column: string; readonly choice: string }
  | { readonly is: 'isNull'; readonly column: string; readonly holds: boolean }

/** What is wrong with a part of a request; `path` leads to it. */
export interface FieldProblem {
  readonly path: readonly string[]
  readonly message: string
}

const textOperators: readonly Operator[] = [
  'eq',
  'ne',
  'in',
  'contains',
  'startsWith',
  'gt',
  'gte',
  'lt',
  'lte',
  'isNull',
]
const orderedOperators: readonly Operator[] = ['eq', 'ne', 'in', 'gt', 'gte', 'lt', 'lte', 'isNull']

/** Which operators a field of a type has. */
export function operatorsOf(type: FieldType): readonly Operator[] {
  switch (type) {
    case 'text':
    case 'longtext':
    case 'email':
    case 'url':
    case 'phone':
      return textOperators
    case 'choice':
      return ['eq', 'ne', 'in', 'isNull']
    case 'boolean':
      return ['eq', 'ne', 'isNull']
    case 'integer':
    case 'number':
    case 'date':
    case 'datetime':
      return orderedOperators
    case 'choices':
      return ['has', 'isNull']
    case 'json':
      return ['isNull']
  }
}

const depthMax = 8
const termsMax = 100
const listMax = 1000

/**
 * Parses the nested form of requests: `{ company: { eq: "Acme" }, or: [{ … }, { … }], not: { … } }`. All entries must
 * hold. `{ eq: null }` asks for empty cells and `{ ne: null }` for filled ones; any other null says nothing.
 */
export function parseFilter(
  table: LeadTable,
  input: unknown,
):
  | { readonly is: 'filter'; readonly filter: LeadFilter }
  | { readonly is: 'invalid'; readonly problems: FieldProblem[] } {
  const problems: FieldProblem[] = []
  let terms = 0

  const object = (value: unknown, path: readonly string[], depth: number): LeadFilter => {
    if (depth > depthMax) problems.push({ path, message: `nests deeper than ${depthMax}` })
    if (depth > depthMax || !isObject(value)) {
      if (!isObject(value)) problems.push({ path, message: 'must be an object' })
      return { is: 'all', of: [] }
    }
    const parts = Object.entries(value).flatMap(([name, part]) => entry(name, part, [...path, name], depth))
    const [only] = parts
    return parts.length === 1 && only !== undefined ? only : { is: 'all', of: parts }
  }

  const entry = (name: string, part: unknown, path: readonly string[], depth: number): readonly LeadFilter[] => {
    if (part === null || part === undefined) return []
    if (name === 'and' || name === 'or') {
      if (!Array.isArray(part)) problems.push({ path, message: 'must be a list' })
      const of = Array.isArray(part) ? part.map((one, at) => object(one, [...path, String(at)], depth + 1)) : []
      return [{ is: name === 'and' ? 'all' : 'any', of }]
    }
    if (name === 'not') return [{ is: 'not', of: object(part, path, depth + 1) }]
    const type = columnType(table, name)
    if (type === undefined) {
      problems.push({ path, message: `is no field of ${table.name}` })
      return []
    }
    if (!isObject(part)) {
      problems.push({ path, message: 'must be an object such as { eq: … }' })
      return []
    }
    return Object.entries(part).flatMap(([operator, value]) =>
      condition(name, type, operator, value, [...path, operator]),
    )
  }

  const condition = (
    column: string,
    type: FieldType,
    name: string,
    value: unknown,
    path: readonly string[],
  ): readonly LeadFilter[] => {
    const operator = operatorsOf(type).find((candidate) => candidate === name)
    if (operator === undefined) {
      problems.push({ path, message: `must be one of ${operatorsOf(type).join(', ')}` })
      return []
    }
    terms += 1
    if (terms === termsMax + 1) problems.push({ path, message: `a filter holds ${termsMax} conditions at most` })
    if (value === null || value === undefined) {
      if (value === undefined || (operator !== 'eq' && operator !== 'ne')) return []
      return [{ is: 'isNull', column, holds: operator === 'eq' }]
    }
    const problem = (message: string): readonly LeadFilter[] => {
      problems.push({ path, message })
      return []
    }
    switch (operator) {
      case 'isNull':
        return typeof value === 'boolean' ? [{ is: 'isNull', column, holds: value }] : problem('must be true or false')
      case 'contains':
      case 'startsWith':
        return typeof value === 'string' && value.length <= 1000
          ? [{ is: 'text', column, operator, text: value }]
          : problem('must be a text of at most 1000 characters')
      case 'has':
        return typeof value === 'string' ? [{ is: 'has', column, choice: value }] : problem('must be a text')
      case 'in': {
        if (!Array.isArray(value) || value.length > listMax)
          return problem(`must be a list of at most ${listMax} values`)
        const cells = value.map((one) => cellFor(type, one))
        const values = cells.filter((cell) => cell !== undefined)
        return values.length === cells.length
          ? [{ is: 'in', column, values }]
          : problem(`must be values of type ${type}`)
      }
      default: {
        const cell = cellFor(type, value)
        return cell === undefined
          ? problem(`must be a value of type ${type}`)
          : [{ is: 'compare', column, operator, value: cell }]
      }
    }
  }

  const filter = object(input ?? {}, [], 0)
  return problems.length > 0 ? { is: 'invalid', problems } : { is: 'filter', filter }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function columnType(table: LeadTable, name: string): FieldType | undefined {
  return table.fields.get(name)?.spec.type ?? (name === table.key ? 'text' : undefined)
}

/** What a cell is compared with. Texts are taken as they are, so that malformed values can be looked for too. */
function cellFor(type: FieldType, value: unknown): Cell | undefined {
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean' ? Number(value) : undefined
    case 'integer':
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined
    case 'datetime': {
      const stored = typeof value === 'string' ? storeValue(plainSpec(type), value) : undefined
      return stored?.is === 'cell' ? stored.cell : undefined
    }
    default:
      return typeof value === 'string' ? value : undefined
  }
}

function plainSpec(type: FieldType): Parameters<typeof storeValue>[0] {
  return { type, required: false, unique: false, absent: false, standardize: [] }
}

/** SQL of a condition and its parameters in order. */
export interface SqlCondition {
  readonly sql: string
  readonly parameters: readonly Cell[]
}

/** Compiles a filter; `columns` are those that exist, others count as empty. An always-true filter gives undefined. */
export function compileFilter(filter: LeadFilter, columns: ReadonlySet<string>): SqlCondition | undefined {
  if (filter.is === 'all' && filter.of.length === 0) return undefined
  const parameters: Cell[] = []
  const bind = (cell: Cell): string => {
    parameters.push(cell)
    return '?'
  }
  const columnOf = (name: string): string => (columns.has(name) ? quoteIdentifier(name) : 'NULL')
  const compile = (part: LeadFilter): string => {
    switch (part.is) {
      case 'all':
        return part.of.length === 0 ? '1' : `(${part.of.map(compile).join(' AND ')})`
      case 'any':
        return part.of.length === 0 ? '0' : `(${part.of.map(compile).join(' OR ')})`
      case 'not':
        // IS NOT TRUE, since NOT of an unknown would be unknown.
        return `(${compile(part.of)} IS NOT TRUE)`
      case 'compare':
        return `${columnOf(part.column)} ${sqlOperators[part.operator]} ${bind(part.value)}`
      case 'in':
        if (part.values.length === 0) return '0'
        return `${columnOf(part.column)} IN (${part.values.map(bind).join(', ')})`
      case 'text':
        return `${columnOf(part.column)} LIKE ${bind(`${part.operator === 'contains' ? '%' : ''}${likeText(part.text)}%`)} ESCAPE '\\'`
      case 'has':
        return `EXISTS (SELECT 1 FROM json_each(CASE WHEN json_valid(${columnOf(part.column)}) THEN ${columnOf(part.column)} END) WHERE value = ${bind(part.choice)})`
      case 'isNull':
        return `${columnOf(part.column)} IS ${part.holds ? '' : 'NOT '}NULL`
    }
  }
  return { sql: compile(filter), parameters }
}

const sqlOperators = { eq: '=', ne: 'IS NOT', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const

function likeText(text: string): string {
  return text.replace(/[\\%_]/g, (character) => `\\${character}`)
}

/** The columns a filter looks at. */
export function filteredColumns(filter: LeadFilter): ReadonlySet<string> {
  const found = new Set<string>()
  const walk = (part: LeadFilter): void => {
    switch (part.is) {
      case 'not':
        walk(part.of)
        return
      case 'all':
      case 'any':
        for (const one of part.of) walk(one)
        return
      default:
        found.add(part.column)
    }
  }
  walk(filter)
  return found
}

/** Whether a filter is nothing but equalities that must all hold: such a filter can be answered by an index alone. */
export function equalitiesOf(filter: LeadFilter): ReadonlySet<string> | undefined {
  const parts = filter.is === 'all' ? filter.of : [filter]
  const columns = new Set<string>()
  for (const part of parts) {
    if (part.is === 'compare' && part.operator === 'eq') columns.add(part.column)
    else return undefined
  }
  return columns
}
