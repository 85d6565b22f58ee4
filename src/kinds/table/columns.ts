/**
 * What a declared field means in SQLite: its type, CHECK and default, and which existing columns mean the same. A column
 * that a program created long ago is left as it is wherever it can hold every value of the declared type unchanged.
 */
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import type { FieldType } from '../../values/field-type.ts'
import type { FieldDeclaration } from './spec.ts'
import { nameOf, quoteText, tokensOf } from './sql-tokens.ts'

export type SqlType = 'TEXT' | 'INTEGER' | 'REAL'
export type Affinity = SqlType | 'NUMERIC' | 'BLOB'

/** The type of a new column (the table of field types in docs/CONFIGURATION.md). */
export function sqlTypeOf(type: FieldType): SqlType {
  switch (type) {
    case 'boolean':
    case 'integer':
      return 'INTEGER'
    case 'number':
      return 'REAL'
    default:
      return 'TEXT'
  }
}

/** How SQLite converts what is written to a column of that type (sqlite.org/datatype3.html, 3.1). */
export function affinityOf(declaredType: string): Affinity {
  const type = declaredType.toUpperCase()
  if (type.includes('INT')) return 'INTEGER'
  if (/CHAR|CLOB|TEXT/.test(type)) return 'TEXT'
  if (type === '' || type.includes('BLOB') || type === 'ANY') return 'BLOB'
  return /REAL|FLOA|DOUB/.test(type) ? 'REAL' : 'NUMERIC'
}

/** Texts of these types never look like numbers, so a column with numeric affinity (TIMESTAMP, JSON) keeps them. */
const neverNumeric: readonly FieldType[] = ['date', 'datetime', 'json', 'choice', 'choices', 'email', 'url']

/** Whether a column of that type holds every value of the field unchanged. */
export function holdsUnchanged(field: FieldDeclaration, declaredType: string): boolean {
  const affinity = affinityOf(declaredType)
  if (affinity === 'BLOB') return true
  switch (sqlTypeOf(field.type)) {
    case 'TEXT':
      return affinity === 'TEXT' || (affinity === 'NUMERIC' && neverNumeric.includes(field.type))
    case 'INTEGER':
      return affinity === 'INTEGER' || affinity === 'NUMERIC'
    case 'REAL':
      return affinity !== 'TEXT'
  }
}

/** The condition that every value of the field fulfils; NULL always may be there. Undefined where there is none. */
export function checkExpression(field: FieldDeclaration, column: string = field.name): string | undefined {
  const name = quoteIdentifier(column)
  switch (field.type) {
    case 'choice':
      return field.choices.length === 0 ? undefined : `${name} IN (${field.choices.map(quoteText).join(', ')})`
    case 'boolean':
      return `${name} IN (0, 1)`
    case 'json':
      // Before SQLite 3.45, json_valid(NULL) is 0: agents with an older one could not leave the field empty.
      return `${name} IS NULL OR json_valid(${name})`
    default:
      return undefined
  }
}

/** The moment of the write in the form that values of the type have. */
export function nowExpression(type: FieldType): string {
  return type === 'date' ? "strftime('%Y-%m-%d', 'now')" : "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
}

/** Whether the default is the moment of the write, which SQLite can only take in a CREATE TABLE. */
export function defaultsToNow(field: FieldDeclaration): boolean {
  return field.default === 'now' && (field.type === 'date' || field.type === 'datetime')
}

/** The default as SQL, as it stands after the word DEFAULT; undefined where none is declared. */
export function defaultExpression(field: FieldDeclaration): string | undefined {
  if (field.default === null) return undefined
  if (defaultsToNow(field)) return `(${nowExpression(field.type)})`
  if (typeof field.default === 'boolean') return field.default ? '1' : '0'
  if (typeof field.default === 'number')
    return sqlTypeOf(field.type) === 'TEXT' ? quoteText(String(field.default)) : String(field.default)
  if (field.type === 'choices' && !field.default.startsWith('[')) return quoteText(JSON.stringify([field.default]))
  return quoteText(field.default)
}

/** The column definition of a field in a new table, or, with `notNull` false, of one that joins existing rows. */
export function columnDefinition(
  field: FieldDeclaration,
  options: { readonly key: boolean; readonly notNull: boolean },
): string {
  const check = checkExpression(field)
  const value = defaultExpression(field)
  return [
    quoteIdentifier(field.name),
    sqlTypeOf(field.type),
    options.key ? 'PRIMARY KEY' : '',
    options.notNull ? 'NOT NULL' : '',
    value === undefined ? '' : `DEFAULT ${value}`,
    check === undefined ? '' : `CHECK (${check})`,
  ]
    .filter((part) => part !== '')
    .join(' ')
}

/**
 * Whether an existing default gives new records what is declared. Every way of writing the present moment counts as
 * `now`: its form is a matter of standardization, not worth the rebuild of a table.
 */
export function defaultsAgree(field: FieldDeclaration, existing: string | undefined): boolean {
  const declared = defaultExpression(field)
  if (declared === undefined) return true
  if (existing === undefined) return false
  if (defaultsToNow(field)) return /^\(*\s*(CURRENT_(TIMESTAMP|DATE)\b|(strftime|datetime|date)\s*\()/i.test(existing)
  return literalOf(existing) === literalOf(declared)
}

/** The value of a literal as text, so that `1`, `TRUE` and `(1)` are one; the text itself for any other expression. */
function literalOf(sql: string): string {
  const tokens = tokensOf(sql).filter((token) => token.text !== '(' && token.text !== ')')
  const [first, second] = tokens
  if (first === undefined) return sql
  if (tokens.length === 1 && (first.is === 'string' || first.is === 'quoted')) return `text ${nameOf(first)}`
  if (tokens.length === 1 && /^(true|false)$/i.test(first.text))
    return `number ${first.text.toLowerCase() === 'true' ? 1 : 0}`
  if (tokens.length === 1 && first.is === 'number') return `number ${Number(first.text)}`
  if (tokens.length === 2 && first.text === '-' && second?.is === 'number') return `number ${-Number(second.text)}`
  return `sql ${tokens.map((token) => token.text).join(' ')}`
}

/** The condition under which a cell of another type would not become the declared type without loss. */
export function lossyCondition(field: FieldDeclaration, column: string): string {
  const cell = quoteIdentifier(column)
  switch (sqlTypeOf(field.type)) {
    case 'TEXT':
      return `typeof(${cell}) = 'blob'`
    case 'INTEGER':
      return `(typeof(${cell}) = 'blob' OR (typeof(${cell}) = 'text' AND CAST(CAST(${cell} AS INTEGER) AS TEXT) <> ${cell}) OR (typeof(${cell}) = 'real' AND CAST(${cell} AS INTEGER) <> ${cell}))`
    case 'REAL':
      // `1.50` and `1.5` are one number: zeros at the end carry nothing; more than 15 digits do not survive.
      return `(typeof(${cell}) = 'blob' OR (typeof(${cell}) = 'text' AND CAST(CAST(${cell} AS INTEGER) AS TEXT) <> ${cell} AND (instr(${cell}, '.') = 0 OR rtrim(rtrim(CAST(CAST(${cell} AS REAL) AS TEXT), '0'), '.') <> rtrim(rtrim(${cell}, '0'), '.'))))`
  }
}

/** The condition under which a cell changes when its column becomes the declared type. */
export function convertsCondition(type: SqlType, column: string): string {
  const cell = quoteIdentifier(column)
  const kept =
    type === 'TEXT'
      ? "'null', 'text', 'blob'"
      : type === 'INTEGER'
        ? "'null', 'integer', 'blob'"
        : "'null', 'real', 'blob'"
  return `typeof(${cell}) NOT IN (${kept})`
}
