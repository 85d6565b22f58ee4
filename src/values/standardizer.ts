/**
 * The rules of one field as one function. Rules run in the declared order; a value counts as changed only if the whole
 * chain is stable on its outcome, so that a second run finds nothing to do.
 */
import { OperationalError } from '../errors.ts'
import { noSiblings, type RuleContext, type RuleField, type Standardized, type StandardizeValue } from './rule.ts'
import { standardizeRules } from './rules/index.ts'

/** A declared rule, as the desired state normalizes it. */
export interface RuleUse {
  readonly rule: string
  readonly options: Readonly<Record<string, unknown>>
}

export interface Standardizer {
  /** What becomes of one value. Total; blank values are canonical. */
  readonly standardize: StandardizeValue
  /** Names of the other fields that the rules read. */
  readonly siblings: readonly string[]
}

/**
 * Prepares the rules of a field.
 *
 *     const { standardize } = standardizer([{ rule: 'email', options: {} }], { type: 'email' })
 *     standardize(' Ann@Example.COM', noSiblings) // { is: 'changed', value: 'ann@example.com', … }
 *
 * Throws OperationalError DESIRED_STATE_INVALID for an unknown rule or wrong options.
 */
export function standardizer(uses: readonly RuleUse[], field: RuleField = {}): Standardizer {
  const siblings = new Set<string>()
  const steps = uses.map((use) => {
    const rule = standardizeRules.get(use.rule)
    if (rule === undefined) {
      const known = [...standardizeRules.keys()].join(', ')
      throw new OperationalError(
        'DESIRED_STATE_INVALID',
        `no standardization rule is named ${use.rule}; known: ${known}`,
      )
    }
    for (const sibling of rule.siblings(use.options)) siblings.add(sibling)
    return rule.prepare(use.options, field)
  })
  const [only, ...more] = steps
  // Every rule is idempotent by itself; only several together can disagree.
  const standardize = only !== undefined && more.length === 0 ? only : stable(chain(steps))
  return { standardize, siblings: [...siblings] }
}

function chain(steps: readonly StandardizeValue[]): StandardizeValue {
  return (value, context) => {
    let current = value
    const reasons: string[] = []
    for (const step of steps) {
      const outcome = step(current, context)
      if (outcome.is === 'unmendable') return outcome
      if (outcome.is === 'changed') {
        current = outcome.value
        reasons.push(outcome.reason)
      }
    }
    return current === value ? { is: 'canonical' } : { is: 'changed', value: current, reason: reasons.join(', ') }
  }
}

function stable(standardize: StandardizeValue): StandardizeValue {
  return (value: string, context: RuleContext): Standardized => {
    const outcome = standardize(value, context)
    if (outcome.is !== 'changed') return outcome
    return standardize(outcome.value, context).is === 'canonical'
      ? outcome
      : { is: 'unmendable', reason: 'is changed to and fro by the rules of its field, which contradict each other' }
  }
}

/** The canonical form of a value, or undefined where there is none: what an import or an input stores. */
export function canonicalOf(
  standardize: StandardizeValue,
  value: string,
  context: RuleContext = noSiblings,
): string | undefined {
  const outcome = standardize(value, context)
  return outcome.is === 'changed' ? outcome.value : outcome.is === 'canonical' ? value : undefined
}
