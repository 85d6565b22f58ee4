/** Cuts the text of a formula into tokens; total: any text gives tokens or a FormulaError. */
import { invalidFormula } from './syntax.ts'

export type Token =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'mark'; readonly mark: string }

/** Longest formula read, in characters. A limit of this sandbox [?]; a list of 100 record ids needs about 3,500. */
const formulaLengthMax = 100_000

const space = /\s+/y
const number = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const name = /[\p{L}_][\p{L}\p{N}_]*/uy
const mark = /!=|<=|>=|[=<>&+\-*/(),]/y

/** The tokens of a formula, in order. */
export function tokensOf(formula: string): Token[] {
  if (formula.length > formulaLengthMax) throw invalidFormula()
  const tokens: Token[] = []
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(formula)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  while (at < formula.length) {
    if (take(space) !== undefined) continue
    const first = formula[at]
    if (first === '"' || first === "'" || first === '{') {
      const { value, end } = enclosed(formula, at, first === '{' ? '}' : first)
      tokens.push(first === '{' ? { kind: 'field', name: value } : { kind: 'text', value })
      at = end
      continue
    }
    tokens.push(plainToken(take))
  }
  return tokens
}

function plainToken(take: (pattern: RegExp) => string | undefined): Token {
  const digits = take(number)
  if (digits !== undefined) return { kind: 'number', value: Number(digits) }
  const word = take(name)
  if (word !== undefined) return { kind: 'name', name: word }
  const sign = take(mark)
  if (sign !== undefined) return { kind: 'mark', mark: sign }
  throw invalidFormula()
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }

function enclosed(formula: string, start: number, close: string): { value: string; end: number } {
  let value = ''
  for (let at = start + 1; at < formula.length; at += 1) {
    const char = formula[at] ?? ''
    if (char === close) return { value, end: at + 1 }
    if (char !== '\\' || at + 1 === formula.length) {
      value += char
      continue
    }
    at += 1
    const escaped = formula[at] ?? ''
    value += close === '}' ? escaped : (escapes[escaped] ?? escaped)
  }
  throw invalidFormula()
}
