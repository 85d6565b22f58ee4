import type { z } from 'zod'

/** What a rule may know besides the value: other cells of the same row, by field name. */
export interface RuleContext {
  /** The text of another field of the same row, or undefined when it is empty or unknown. */
  readonly sibling: (field: string) => string | undefined
}

/** What became of one value. */
export type Standardized =
  /** The value is in canonical form already. */
  | { readonly is: 'canonical' }
  /** The value has a canonical form, which differs. */
  | { readonly is: 'changed'; readonly value: string; readonly reason: string }
  /** The value has no canonical form that could be told safely; it stays as it is and is reported. */
  | { readonly is: 'unmendable'; readonly reason: string }

/**
 * One standardization rule: a pure function from text to text. It is total on any string, idempotent (the canonical
 * form is canonical), and never empties a value that it cannot read. A rule is added by writing one file in
 * src/values/rules and naming it in src/values/rules/index.ts.
 */
export interface Rule<Options> {
  /** The name that the desired state uses, for example `person_name`. */
  readonly name: string
  /** Raised whenever the rule's outcome for some value changes, so that plans made by the older one are void. */
  readonly version: number
  /** One sentence for docs and editors. */
  readonly summary: string
  /** The options of the desired state, strict, all with defaults. */
  readonly options: z.ZodType<Options>
  standardize(value: string, options: Options, context: RuleContext): Standardized
}
