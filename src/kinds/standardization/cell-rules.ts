/**
 * From a cell to what its rules say about it. Rules work on text; this gives them the text of a cell, turns their outcome
 * into a cell of the field's type, and remembers outcomes where values repeat.
 */

import type { Cell } from '../../values/field-type.ts'
import { noSiblings, type RuleContext } from '../../values/rule.ts'
import { standardizer } from '../../values/standardizer.ts'
import type { FieldRules } from './spec.ts'

export type CellOutcome =
  | { readonly is: 'empty' }
  | { readonly is: 'canonical' }
  | { readonly is: 'changed'; readonly after: Cell }
  | { readonly is: 'unmendable'; readonly reason: string }

export interface CellRules {
  /** Field names that the rules read beside the value. */
  readonly siblings: readonly string[]
  /** What becomes of a cell; `siblings` are the cells of {@link siblings} in their order. Total. */
  outcomeOf(cell: Cell, siblings: readonly Cell[]): CellOutcome
}

const empty: CellOutcome = { is: 'empty' }
const canonical: CellOutcome = { is: 'canonical' }
const bytes: CellOutcome = { is: 'unmendable', reason: 'holds bytes, not text' }
/** What undecodable bytes become; a regular expression skips texts of one byte a character, `includes` does not. */
const replacement = /\ufffd/
const garbled: CellOutcome = { is: 'unmendable', reason: 'holds bytes that are no valid text' }

/** Prepares the rules of a field. Throws OperationalError DESIRED_STATE_INVALID as `standardizer` does. */
export function cellRules(field: FieldRules): CellRules {
  const { standardize, siblings } = standardizer(field.rules, { type: field.type, choices: field.choices ?? undefined })
  const isNumeric = field.type === 'boolean' || field.type === 'integer' || field.type === 'number'

  const compute = (text: string, context: RuleContext): CellOutcome => {
    // SQLite keeps any bytes as text; what cannot be read back unchanged cannot be compared before a change either.
    if (replacement.test(text)) return garbled
    const outcome = standardize(text, context)
    switch (outcome.is) {
      case 'canonical':
        return canonical
      case 'unmendable':
        return outcome
      case 'changed':
        return { is: 'changed', after: isNumeric ? Number(outcome.value) : outcome.value }
    }
  }
  const remembered = remember(compute)

  return {
    siblings,
    outcomeOf(cell, siblingCells) {
      if (cell === null || cell === '') return empty
      if (cell instanceof Uint8Array) return bytes
      const text = typeof cell === 'string' ? cell : `${cell}`
      const outcome =
        siblings.length === 0
          ? remembered(text)
          : compute(text, { sibling: (name) => textOf(siblingCells[siblings.indexOf(name)]) })
      return outcome.is === 'changed' && outcome.after === cell ? canonical : outcome
    },
  }
}

function textOf(cell: Cell | undefined): string | undefined {
  return cell === null || cell === undefined || cell === '' || cell instanceof Uint8Array ? undefined : `${cell}`
}

/** Outcomes kept per field. */
const keptMax = 1024
/** Values after which it is judged whether remembering pays: a look-up costs about what an ordinary value costs a rule. */
const trialCount = 8192

/** Remembers outcomes where a field has few different values (status, country), else asks the rules each time. */
function remember(compute: (text: string, context: RuleContext) => CellOutcome): (text: string) => CellOutcome {
  const kept = new Map<string, CellOutcome>()
  let asked = 0
  let hits = 0
  let pays = true
  return (text) => {
    if (!pays) return compute(text, noSiblings)
    asked += 1
    const known = kept.get(text)
    if (known !== undefined) {
      hits += 1
      return known
    }
    const outcome = compute(text, noSiblings)
    if (kept.size < keptMax) kept.set(text, outcome)
    if (asked >= trialCount && hits < asked * 0.9) {
      pays = false
      kept.clear()
    }
    return outcome
  }
}
