/** Filters of records as they stand in the address, `company:contains:acme`, and as the API takes them. */
import type { Column } from '../api/records.ts'

export interface Condition {
  readonly field: string
  readonly operator: string
  readonly value: string
}

const words: Readonly<Record<string, string>> = {
  contains: 'contains',
  startsWith: 'starts with',
  eq: 'is',
  ne: 'is not',
  gte: 'from',
  lte: 'to',
  empty: 'is empty',
  filled: 'is filled',
}
export function operatorText(operator: string): string {
  return words[operator] ?? operator
}

export function operatorsOf({ is, filter }: Column): readonly string[] {
  if (filter === undefined) return []
  switch (is) {
    case 'text':
      return ['contains', 'startsWith', 'eq', 'ne', 'empty', 'filled']
    case 'number':
    case 'moment':
      return ['eq', 'gte', 'lte', 'empty', 'filled']
    case 'boolean':
    case 'choice':
      return ['eq', 'ne', 'empty', 'filled']
    case 'json':
      return ['empty', 'filled']
    case 'list':
      return []
  }
}

export function needsValue(operator: string): boolean {
  return operator !== 'empty' && operator !== 'filled'
}

export function conditionText({ field, operator, value }: Condition): string {
  return `${field}:${operator}:${value}`
}

/** The conditions of an address; what names no column or operator is left out. */
export function conditionsOf(texts: readonly string[], columns: readonly Column[]): readonly Condition[] {
  return texts.flatMap((text) => {
    const [field = '', operator = '', ...rest] = text.split(':')
    const column = columns.find(({ name }) => name === field)
    if (column === undefined || !operatorsOf(column).includes(operator)) return []
    return [{ field, operator, value: rest.join(':') }]
  })
}

/** The filter input of the API; undefined where nothing is asked. */
export function filterOf(conditions: readonly Condition[], columns: readonly Column[]): object | undefined {
  if (conditions.length === 0) return undefined
  const and = conditions.map(({ field, operator, value }) => {
    if (!needsValue(operator)) return { [field]: { isNull: operator === 'empty' } }
    const column = columns.find(({ name }) => name === field)
    return { [field]: { [operator]: column === undefined ? value : parsedValue(column, value) } }
  })
  return { and }
}

/** What somebody typed, as the API wants it. Text that is no number stays text: the API says what is wrong with it. */
export function parsedValue({ is }: Column, text: string): unknown {
  if (is === 'boolean') return text === 'true'
  if (is === 'number') return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text
  if (is !== 'json') return text
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return text
  }
}
