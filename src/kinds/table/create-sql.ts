/**
 * Reads a CREATE TABLE statement as a list of columns and constraints that know where they stand in the text, and edits
 * it in place: what no edit touches stays letter for letter, whoever wrote it (collations, keys, comments, odd types).
 */
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { afterGroup, formOf, isToken, nameOf, quoteText, type SqlToken, tokensOf } from './sql-tokens.ts'

type ConstraintIs =
  | 'primary-key'
  | 'not-null'
  | 'null'
  | 'unique'
  | 'check'
  | 'default'
  | 'collate'
  | 'references'
  | 'generated'

/** A piece of a statement: its text, without comma, blanks and comments around it, and where it stands. */
interface Piece {
  readonly text: string
  readonly start: number
  /** Exclusive. */
  readonly end: number
}

/** With its `CONSTRAINT name`, as written. */
export interface ColumnConstraint extends Piece {
  readonly is: ConstraintIs
}

export interface ColumnPart extends Piece {
  readonly is: 'column'
  readonly name: string
  /** The name as written. */
  readonly nameText: string
  /** The type as written; empty where none is. */
  readonly type: string
  readonly constraints: readonly ColumnConstraint[]
}

interface ConstraintPart extends Piece {
  readonly is: 'constraint'
}

/** One change of a column definition. `before` null adds the column, `after` null takes it out. */
export interface ColumnEdit {
  readonly column: string
  readonly before: string | null
  readonly after: string | null
  /** The columns that stand before it, in their order: it is put after the last of them that is there. */
  readonly follows: readonly string[]
}

export interface CreateTable {
  readonly name: string
  /** Where everything before the name ends, and where the name does. */
  readonly nameStart: number
  readonly nameEnd: number
  readonly parts: readonly (ColumnPart | ConstraintPart)[]
  /** What follows the closing parenthesis, for example `STRICT`. */
  readonly options: string
}

const constraintStarts = new Set([
  'PRIMARY',
  'NOT',
  'NULL',
  'UNIQUE',
  'CHECK',
  'DEFAULT',
  'COLLATE',
  'REFERENCES',
  'GENERATED',
  'AS',
  'CONSTRAINT',
  'FOREIGN',
])
const tableConstraintStarts = ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN']

/** The parts of a statement as SQLite keeps it; undefined for text that is no `CREATE TABLE name (…)`. */
export function parseCreateTable(sql: string): CreateTable | undefined {
  const tokens = tokensOf(sql)
  const open = tokens.findIndex((token) => isToken(token, '('))
  const nameToken = tokens[open - 1]
  const name = nameOf(nameToken)
  if (nameToken === undefined || name === undefined || !isToken(tokens[0], 'CREATE')) return undefined
  const close = afterGroup(tokens, open) - 1
  if (!isToken(tokens[close], ')')) return undefined
  const parts = splitAtCommas(tokens.slice(open + 1, close)).map((part) => partOf(sql, part))
  if (parts.some((part) => part === undefined)) return undefined
  return {
    name,
    nameStart: nameToken.start,
    nameEnd: nameToken.end,
    parts: parts.flatMap((part) => part ?? []),
    options: pieceOf(sql, tokens.slice(close + 1)).text,
  }
}

/** The columns of a parsed statement, in their order. */
export function columnParts(table: CreateTable): readonly ColumnPart[] {
  return table.parts.filter((part) => part.is === 'column')
}

/** The names of the columns that stand before one. */
export function columnsBefore(table: CreateTable, column: ColumnPart): string[] {
  const columns = columnParts(table)
  return columns.slice(0, columns.indexOf(column)).map(({ name }) => name)
}

/** The column of that name, compared without case as SQLite does. */
export function columnPart(table: CreateTable, name: string): ColumnPart | undefined {
  const wanted = name.toLowerCase()
  return columnParts(table).find((part) => part.name.toLowerCase() === wanted)
}

/** A column definition alone, as it stands in a CREATE TABLE or after ADD COLUMN; undefined for anything else. */
export function parseColumn(text: string): ColumnPart | undefined {
  const part = partOf(text, tokensOf(text))
  return part?.is === 'column' ? part : undefined
}

/** The text of a definition with another type or other constraints; unchanged pieces keep theirs. */
export function columnText(column: {
  readonly nameText: string
  readonly type: string
  readonly constraints: readonly Pick<ColumnConstraint, 'text'>[]
}): string {
  return [column.nameText, column.type, ...column.constraints.map((constraint) => constraint.text)]
    .filter((text) => text !== '')
    .join(' ')
}

/**
 * The statement after the edits, under a new name. Undefined where an edit does not fit: its column is not as `before`
 * says, or one of that name is there already.
 */
export function editCreateTable(sql: string, name: string, edits: readonly ColumnEdit[]): string | undefined {
  let text = sql
  for (const edit of edits) {
    const table = parseCreateTable(text)
    const edited = table === undefined ? undefined : editOne(text, table, edit)
    if (edited === undefined) return undefined
    text = edited
  }
  const table = parseCreateTable(text)
  if (table === undefined) return undefined
  return withoutQuotedStrings(`CREATE TABLE ${quoteIdentifier(name)}${text.slice(table.nameEnd)}`)
}

function editOne(text: string, table: CreateTable, edit: ColumnEdit): string | undefined {
  const present = columnPart(table, edit.column)
  if (edit.before === null) return present === undefined ? insertColumn(text, table, edit) : undefined
  if (present === undefined || formOf(present.text) !== formOf(edit.before)) return undefined
  if (edit.after !== null) return text.slice(0, present.start) + edit.after + text.slice(present.end)
  const at = table.parts.indexOf(present)
  const next = table.parts[at + 1]
  if (next !== undefined) return text.slice(0, present.start) + text.slice(next.start)
  const previous = table.parts[at - 1]
  return previous === undefined ? undefined : text.slice(0, previous.end) + text.slice(present.end)
}

function insertColumn(text: string, table: CreateTable, edit: ColumnEdit): string | undefined {
  const [first] = columnParts(table)
  if (edit.after === null || first === undefined) return undefined
  const previous = edit.follows.map((name) => columnPart(table, name)).findLast((part) => part !== undefined)
  if (previous === undefined) return `${text.slice(0, first.start)}${edit.after},\n  ${text.slice(first.start)}`
  return `${text.slice(0, previous.end)},\n  ${edit.after}${text.slice(previous.end)}`
}

/**
 * Turns double-quoted texts of checks and defaults that name no column into strings: other builds of SQLite take them
 * so, ours refuses them in a new statement.
 */
function withoutQuotedStrings(sql: string): string {
  const table = parseCreateTable(sql)
  if (table === undefined) return sql
  const names = new Set(columnParts(table).map((column) => column.name.toLowerCase()))
  const pieces = table.parts.flatMap((part): readonly Piece[] =>
    part.is === 'column'
      ? part.constraints.filter((constraint) => constraint.is === 'check' || constraint.is === 'default')
      : /^(CONSTRAINT\s+\S+\s+)?CHECK\b/i.test(part.text)
        ? [part]
        : [],
  )
  let result = ''
  let at = 0
  for (const token of tokensOf(sql)) {
    const name = nameOf(token)
    const inside = pieces.some((piece) => token.start >= piece.start && token.end <= piece.end)
    if (!inside || name === undefined || !token.text.startsWith('"') || names.has(name.toLowerCase())) continue
    result += sql.slice(at, token.start) + quoteText(name)
    at = token.end
  }
  return result + sql.slice(at)
}

/** Equal for statements that declare the same table, whatever its name and the way it is written. */
export function tableForm(sql: string): string {
  const table = parseCreateTable(sql)
  if (table === undefined) return formOf(sql)
  return [...table.parts.map((part) => formOf(part.text)), formOf(table.options)].join(' , ')
}

function pieceOf(sql: string, tokens: readonly SqlToken[]): Piece {
  const start = tokens[0]?.start ?? 0
  const end = tokens.at(-1)?.end ?? start
  return { text: sql.slice(start, end), start, end }
}

function splitAtCommas(tokens: readonly SqlToken[]): SqlToken[][] {
  const parts: SqlToken[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (isToken(token, '(')) depth += 1
    if (isToken(token, ')')) depth -= 1
    if (depth === 0 && isToken(token, ',')) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts
}

function partOf(sql: string, tokens: readonly SqlToken[]): ColumnPart | ConstraintPart | undefined {
  const [first] = tokens
  const name = nameOf(first)
  if (first === undefined) return undefined
  if (first.is === 'word' && tableConstraintStarts.includes(first.text.toUpperCase())) {
    return { is: 'constraint', ...pieceOf(sql, tokens) }
  }
  if (name === undefined) return undefined
  const typeEnd = tokens.findIndex((token, at) => at > 0 && startsConstraint(token))
  const rest = typeEnd === -1 ? tokens.length : typeEnd
  return {
    is: 'column',
    name,
    nameText: first.text,
    type: pieceOf(sql, tokens.slice(1, rest)).text,
    constraints: constraintsOf(sql, tokens.slice(rest)),
    ...pieceOf(sql, tokens),
  }
}

function startsConstraint(token: SqlToken | undefined): boolean {
  return token?.is === 'word' && constraintStarts.has(token.text.toUpperCase())
}

function constraintsOf(sql: string, tokens: readonly SqlToken[]): ColumnConstraint[] {
  const found: ColumnConstraint[] = []
  let at = 0
  while (at < tokens.length) {
    const named = isToken(tokens[at], 'CONSTRAINT') ? at + 2 : at
    const end = constraintEnd(tokens, named)
    found.push({ is: constraintIs(tokens, named), ...pieceOf(sql, tokens.slice(at, end)) })
    at = end
  }
  return found
}

function constraintIs(tokens: readonly SqlToken[], at: number): ConstraintIs {
  const word = tokens[at]?.text.toUpperCase()
  switch (word) {
    case 'PRIMARY':
      return 'primary-key'
    case 'NOT':
      return 'not-null'
    case 'NULL':
      return 'null'
    case 'UNIQUE':
      return 'unique'
    case 'CHECK':
      return 'check'
    case 'DEFAULT':
      return 'default'
    case 'COLLATE':
      return 'collate'
    case 'GENERATED':
    case 'AS':
      return 'generated'
    default:
      return 'references'
  }
}

/** Where a constraint ends: at the next word that can start one, but for words that belong to the constraint itself. */
function constraintEnd(tokens: readonly SqlToken[], start: number): number {
  if (isToken(tokens[start], 'DEFAULT')) return defaultEnd(tokens, start + 1)
  let at = start + 1
  if (isToken(tokens[start], 'NOT') || isToken(tokens[start], 'GENERATED')) at += 1
  if (isToken(tokens[start], 'FOREIGN')) while (at < tokens.length && !isToken(tokens[at], 'REFERENCES')) at += 1
  if (isToken(tokens[start], 'FOREIGN')) at += 1
  while (at < tokens.length) {
    const token = tokens[at]
    if (isToken(token, '(')) {
      at = afterGroup(tokens, at)
      continue
    }
    const ownWord = isToken(tokens[at - 1], 'SET') || (isToken(token, 'NOT') && isToken(tokens[at + 1], 'DEFERRABLE'))
    // `GENERATED ALWAYS AS (…)`: AS is no constraint of its own.
    const ownAs = isToken(token, 'AS') && isToken(tokens[start], 'GENERATED')
    if (startsConstraint(token) && !ownWord && !ownAs) break
    at += 1
  }
  return at
}

function defaultEnd(tokens: readonly SqlToken[], at: number): number {
  if (isToken(tokens[at], '(')) return afterGroup(tokens, at)
  return isToken(tokens[at], '+') || isToken(tokens[at], '-') ? at + 2 : at + 1
}
