/** Tells what a CHECK that somebody wrote demands of a column, so far as it is one of the forms that fields declare. */
import { type ColumnConstraint, type ColumnPart, type CreateTable, columnParts } from './create-sql.ts'
import type { FieldDeclaration } from './spec.ts'
import { isToken, mentions, nameOf, type SqlToken, tokensOf } from './sql-tokens.ts'

/** What a recognized CHECK allows beside NULL. */
export type Demand = { readonly is: 'list'; readonly values: readonly string[] } | { readonly is: 'json' }

/** The CHECK of a column, as far as it is one that the declaration knows. */
export interface FoundCheck {
  readonly demand: Demand
  /** The constraint of the column; undefined where it stands among the table's own constraints. */
  readonly constraint: ColumnConstraint | undefined
}

/** The recognized checks that concern a column. */
export function checksOf(table: CreateTable, column: ColumnPart): readonly FoundCheck[] {
  const own = column.constraints.filter((constraint) => constraint.is === 'check')
  const shared = table.parts.filter((part) => part.is === 'constraint' && /\bCHECK\b/i.test(part.text))
  const foreign = columnParts(table)
    .filter((other) => other !== column)
    .flatMap((other) => other.constraints.filter((constraint) => constraint.is === 'check'))
    .filter((constraint) => mentions(constraint.text, column.name))
  return [
    ...own.map((constraint) => ({ constraint, demand: demandOf(constraint.text, column.name) })),
    ...[...shared, ...foreign].map(({ text }) => ({ constraint: undefined, demand: demandOf(text, column.name) })),
  ].flatMap(({ constraint, demand }) => (demand === undefined ? [] : [{ constraint, demand }]))
}

/** Whether a check demands exactly what the field declares. */
export function demandsDeclared(field: FieldDeclaration, demand: Demand): boolean {
  switch (field.type) {
    case 'choice':
      return demand.is === 'list' && sameSet(demand.values, field.choices)
    case 'boolean':
      return demand.is === 'list' && sameSet(demand.values, ['0', '1'])
    case 'json':
      return demand.is === 'json'
    default:
      return false
  }
}

function sameSet(left: readonly string[], right: readonly string[]): boolean {
  return new Set(left).size === new Set(right).size && left.every((value) => right.includes(value))
}

/** `c IN (…)` or `json_valid(c)`, in parentheses or not, with or without `c IS NULL OR` on either side. */
function demandOf(constraint: string, column: string): Demand | undefined {
  const tokens = tokensOf(constraint)
  const start = tokens.findIndex((token) => isToken(token, 'CHECK'))
  const inner = withoutNullTest(unwrapped(tokens.slice(start + 1)), column)
  const isColumn = (token: SqlToken | undefined) => nameOf(token)?.toLowerCase() === column.toLowerCase()
  if (isToken(inner[0], 'JSON_VALID') && inner.length === 4 && isColumn(inner[2])) return { is: 'json' }
  if (!isColumn(inner[0]) || !isToken(inner[1], 'IN') || !isToken(inner[2], '(')) return undefined
  const literals = inner.slice(3, -1).filter((token) => !isToken(token, ',') && !isToken(token, 'NULL'))
  if (!literals.every((token) => token.is === 'string' || token.is === 'quoted' || token.is === 'number'))
    return undefined
  return { is: 'list', values: literals.map((token) => (token.is === 'number' ? token.text : (nameOf(token) ?? ''))) }
}

function unwrapped(tokens: readonly SqlToken[]): readonly SqlToken[] {
  if (!isToken(tokens[0], '(') || !isToken(tokens.at(-1), ')')) return tokens
  let depth = 0
  for (const [at, token] of tokens.entries()) {
    if (isToken(token, '(')) depth += 1
    if (isToken(token, ')')) depth -= 1
    if (depth === 0 && at < tokens.length - 1) return tokens
  }
  return unwrapped(tokens.slice(1, -1))
}

function withoutNullTest(tokens: readonly SqlToken[], column: string): readonly SqlToken[] {
  const isNullTest = (test: readonly SqlToken[]) =>
    nameOf(test[0])?.toLowerCase() === column.toLowerCase() && isToken(test[1], 'IS') && isToken(test[2], 'NULL')
  if (isNullTest(tokens.slice(0, 3)) && isToken(tokens[3], 'OR')) return unwrapped(tokens.slice(4))
  if (isNullTest(tokens.slice(-3)) && isToken(tokens.at(-4), 'OR')) return unwrapped(tokens.slice(0, -4))
  return tokens
}
