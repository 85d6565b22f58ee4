/**
 * Splits SQL text into tokens without understanding it, so that a statement that somebody else wrote can be changed in
 * one place and kept letter for letter everywhere else.
 */

export interface SqlToken {
  readonly is: 'word' | 'quoted' | 'string' | 'number' | 'blob' | 'symbol'
  /** The token as written. */
  readonly text: string
  /** Offsets in the statement, end exclusive. */
  readonly start: number
  readonly end: number
}

/** Blanks and comments, then each sort of token; tried in this order at every position. */
const trivia = /(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))+/y
const patterns: readonly (readonly [SqlToken['is'], RegExp])[] = [
  ['blob', /[xX]'[0-9A-Fa-f]*'/y],
  ['string', /'(?:[^']|'')*'/y],
  ['quoted', /"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]/y],
  ['number', /0[xX][0-9A-Fa-f]+|(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['word', /[A-Za-z_\u0080-\uffff$@:?#][\w\u0080-\uffff$]*/y],
  ['symbol', /\|\||<=|>=|<>|!=|==|<<|>>|->>?|[\s\S]/y],
]

/** The tokens of a statement, blanks and comments left out. Total on any text: what it cannot name is a `symbol`. */
export function tokensOf(sql: string): readonly SqlToken[] {
  const tokens: SqlToken[] = []
  let at = 0
  while (at < sql.length) {
    trivia.lastIndex = at
    const blank = trivia.exec(sql)
    if (blank !== null) {
      at = trivia.lastIndex
      continue
    }
    const token = tokenAt(sql, at)
    tokens.push(token)
    at = token.end
  }
  return tokens
}

function tokenAt(sql: string, at: number): SqlToken {
  for (const [is, pattern] of patterns) {
    pattern.lastIndex = at
    const found = pattern.exec(sql)
    if (found !== null) return { is, text: found[0], start: at, end: pattern.lastIndex }
  }
  return { is: 'symbol', text: sql.slice(at, at + 1), start: at, end: at + 1 }
}

/** Whether a token is that keyword or symbol; keywords are compared without case. */
export function isToken(token: SqlToken | undefined, text: string): boolean {
  if (token === undefined) return false
  if (token.is === 'symbol') return token.text === text
  return token.is === 'word' && token.text.toUpperCase() === text
}

/** The name that a token stands for, its quotes taken off; undefined for a token that can be no name. */
export function nameOf(token: SqlToken | undefined): string | undefined {
  if (token === undefined) return undefined
  if (token.is === 'word') return token.text
  const inner = token.text.slice(1, -1)
  if (token.is === 'string') return inner.replaceAll("''", "'")
  if (token.is !== 'quoted') return undefined
  const [quote] = token.text
  return quote === '[' ? inner : inner.replaceAll(`${quote}${quote}`, quote ?? '')
}

/** The index after the parenthesis that closes the one at `open`; the number of tokens where it is never closed. */
export function afterGroup(tokens: readonly SqlToken[], open: number): number {
  let depth = 0
  for (let at = open; at < tokens.length; at += 1) {
    if (isToken(tokens[at], '(')) depth += 1
    if (isToken(tokens[at], ')')) depth -= 1
    if (depth === 0) return at + 1
  }
  return tokens.length
}

/** Whether the text names the column or table anywhere outside of strings and comments. */
export function mentions(sql: string, name: string): boolean {
  const wanted = name.toLowerCase()
  return tokensOf(sql).some((token) => token.is !== 'string' && nameOf(token)?.toLowerCase() === wanted)
}

/** The text with blanks, comments, quotes and the case of words evened out: equal forms mean the same statement. */
export function formOf(sql: string): string {
  return tokensOf(sql)
    .filter((token) => !(token.is === 'symbol' && token.text === ';'))
    .map((token) => (token.is === 'word' || token.is === 'quoted' ? (nameOf(token) ?? '').toLowerCase() : token.text))
    .join(' ')
}

/** A text as an SQL string literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
