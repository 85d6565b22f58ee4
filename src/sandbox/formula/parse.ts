/** Recursive descent over the tokens of a formula; total: any text gives a tree or a FormulaError. */
import { invalidFormula, type Operator, type Syntax } from './syntax.ts'
import { type Token, tokensOf } from './tokens.ts'

/** Deepest nesting and longest operator chain read, so that no text can exhaust the stack. A limit of this sandbox [?]. */
const depthMax = 400

/** Loosest first; operators of one row are left-associative. */
const precedence: readonly (readonly Operator[])[] = [['=', '!=', '<', '<=', '>', '>='], ['&'], ['+', '-'], ['*', '/']]

/**
 * Parses the text of a formula.
 *
 * @throws FormulaError when it is none.
 * @example parseFormula('AND({Name} = "Ada", LEN({E-mail}) > 3)')
 */
export function parseFormula(text: string): Syntax {
  const reader = new Reader(tokensOf(text))
  const tree = reader.operation(0, 0)
  reader.end()
  return tree
}

class Reader {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw invalidFormula()
  }

  operation(level: number, depth: number): Syntax {
    if (depth > depthMax) throw invalidFormula()
    const operators = precedence[level]
    if (operators === undefined) return this.#signed(depth)
    let left = this.operation(level + 1, depth + 1)
    for (let links = depth; ; links += 1) {
      const operator = this.#operatorOf(operators)
      if (operator === undefined) return left
      if (links > depthMax) throw invalidFormula()
      left = { kind: 'binary', operator, left, right: this.operation(level + 1, depth + 1) }
    }
  }

  #operatorOf(operators: readonly Operator[]): Operator | undefined {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'mark') return undefined
    const operator = operators.find((candidate) => candidate === token.mark)
    if (operator !== undefined) this.#at += 1
    return operator
  }

  #signed(depth: number): Syntax {
    if (depth > depthMax) throw invalidFormula()
    if (this.#skip('-')) return { kind: 'negate', operand: this.#signed(depth + 1) }
    if (this.#skip('+')) return this.#signed(depth + 1)
    return this.#primary(depth)
  }

  #primary(depth: number): Syntax {
    const token = this.#tokens[this.#at]
    this.#at += 1
    switch (token?.kind) {
      case 'number':
      case 'text':
        return { kind: 'literal', value: token.value }
      case 'field':
        return { kind: 'field', reference: token.name }
      case 'name':
        if (!this.#skip('(')) return { kind: 'field', reference: token.name }
        return { kind: 'call', name: token.name.toUpperCase(), args: this.#args(depth) }
      case 'mark': {
        if (token.mark !== '(') throw invalidFormula()
        const inner = this.operation(0, depth + 1)
        if (!this.#skip(')')) throw invalidFormula()
        return inner
      }
      case undefined:
        throw invalidFormula()
    }
  }

  #args(depth: number): Syntax[] {
    if (this.#skip(')')) return []
    const args: Syntax[] = []
    do args.push(this.operation(0, depth + 1))
    while (this.#skip(','))
    if (!this.#skip(')')) throw invalidFormula()
    return args
  }

  #skip(mark: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'mark' || token.mark !== mark) return false
    this.#at += 1
    return true
  }
}
