/**
 * What a standardization rule is. `defineRule` makes rules of different options alike for those who only run them, and
 * holds every rule to the same law: total, never emptying, and `changed` only where the text really differs.
 */
import { z } from 'zod'
import { OperationalError } from '../errors.ts'
import type { FieldType } from './field-type.ts'
import { isBlank } from './whitespace.ts'

/** What a rule may know besides the value: other cells of the same row, by field name. */
export interface RuleContext {
  /** The text of another field of the same row, or undefined when it is empty or unknown. */
  readonly sibling: (field: string) => string | undefined
}

/** For values that stand alone. */
export const noSiblings: RuleContext = { sibling: () => undefined }

/** What the desired state says about the field that a rule works on, beside the rule's own options. */
export interface RuleField {
  readonly type?: FieldType | undefined
  /** The declared choices, in the spelling that is canonical. */
  readonly choices?: readonly string[] | undefined
}

/** What became of one value. */
export type Standardized =
  /** The value is in canonical form already. */
  | { readonly is: 'canonical' }
  /** The value has a canonical form, which differs. */
  | { readonly is: 'changed'; readonly value: string; readonly reason: string }
  /** The value has no canonical form that could be told safely; it stays as it is and is reported. */
  | { readonly is: 'unmendable'; readonly reason: string }

export type StandardizeValue = (value: string, context: RuleContext) => Standardized

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
  /** Names of the other fields that the rule asks its context for; none by default. */
  siblings?(options: Options): readonly string[]
  /** Does once what does not depend on the value. Blank values never reach what it returns. */
  prepare(options: Options, field: RuleField): StandardizeValue
}

/** A rule whose options are hidden: they are parsed where it is prepared. */
export interface AnyRule {
  readonly name: string
  readonly version: number
  readonly summary: string
  /** For validation with positions and for the JSON Schema. */
  readonly optionsSchema: z.ZodType
  /** Names of the other fields that the rule reads under these options. Throws as `prepare`. */
  siblings(options: unknown): readonly string[]
  /**
   * The rule for these options and this field: `prepare({ region: 'US' })('(415) 555-2671', noSiblings)` gives
   * `changed` to `+14155552671`. Throws OperationalError DESIRED_STATE_INVALID when the options are wrong.
   */
  prepare(options: unknown, field?: RuleField): StandardizeValue
}

export const canonical: Standardized = { is: 'canonical' }

/** Hides the options of a rule; see {@link AnyRule}. */
export function defineRule<Options>(rule: Rule<Options>): AnyRule {
  const parse = (options: unknown): Options => {
    const parsed = rule.options.safeParse(options)
    if (parsed.success) return parsed.data
    throw new OperationalError('DESIRED_STATE_INVALID', `standardize.${rule.name}: ${z.prettifyError(parsed.error)}`)
  }
  return {
    name: rule.name,
    version: rule.version,
    summary: rule.summary,
    optionsSchema: rule.options,
    siblings: (options) => rule.siblings?.(parse(options)) ?? [],
    prepare(options, field = {}) {
      const standardize = rule.prepare(parse(options), field)
      return (value, context) => (isBlank(value) ? canonical : standardize(value, context))
    },
  }
}

/** The outcome of a rule that computed `after` for `before`. */
export function settled(before: string, after: string, reason: string): Standardized {
  if (before === after) return canonical
  return isBlank(after)
    ? { is: 'unmendable', reason: 'nothing would be left of it' }
    : { is: 'changed', value: after, reason }
}

export function unmendable(reason: string): Standardized {
  return { is: 'unmendable', reason }
}

/**
 * Repeats a step until it changes nothing; undefined when eight rounds do not suffice. Rules of several parts use it,
 * because what one part leaves may be work for another.
 */
export function stableForm(text: string, step: (text: string) => string): string | undefined {
  let current = text
  for (let round = 0; round < 8; round++) {
    const next = step(current)
    if (next === current) return current
    current = next
  }
  return undefined
}
