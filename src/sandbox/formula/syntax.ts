/** The tree of a formula as it was written, and the one error that reading a formula may end in. */

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | '&' | '+' | '-' | '*' | '/'

/** A formula. `field` nodes hold the reference as written, or the field id once bound (see bind.ts). */
export type Syntax =
  | { readonly kind: 'literal'; readonly value: string | number }
  | { readonly kind: 'field'; readonly reference: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Syntax[] }
  | { readonly kind: 'binary'; readonly operator: Operator; readonly left: Syntax; readonly right: Syntax }
  | { readonly kind: 'negate'; readonly operand: Syntax }

/** The text is no formula, or names something that is not there. The message is what the API puts after "invalid: ". */
export class FormulaError extends Error {
  override readonly name = 'FormulaError'
}

/** The wording of every formula that cannot be parsed. Source: third-party reports [O]. */
export function invalidFormula(): FormulaError {
  return new FormulaError('Invalid formula. Please check your formula text.')
}
