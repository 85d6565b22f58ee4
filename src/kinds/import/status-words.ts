/**
 * Words that sources use for how far a lead is, and which declared choice means the same. Only proposed, never applied: a
 * word counts once its alias is declared.
 */
import { coerce } from '../../values/coerce.ts'
import { coerceFieldOf } from './lead-reader.ts'
import type { SourceValue } from './source-row.ts'
import type { IntoField } from './spec.ts'
import { foldName } from './synonyms.ts'

/** A word that neither a choice nor an alias admits. */
export interface StatusWord {
  readonly field: string
  readonly column: string
  readonly word: string
  /** Among the sampled values. */
  readonly count: number
  /** The choice that seems to mean the same; null where none does. */
  readonly choice: string | null
  readonly reason: string
}

/** Each line is one stage of an outreach, as agents, exports and CRMs call it. Folded: lower case, `_` between words. */
const stages: readonly (readonly string[])[] = [
  ['auto_send', 'new', 'enriched', 'ready', 'queued', 'not_contacted', '1st_degree', 'to_contact', 'open', 'lead'],
  ['manual_review', 'needs_review', 'review', 'manual', 'on_hold', 'hold', 'pending', 'check'],
  ['contacted', 'sent', 'messaged', 'emailed', 'in_progress', '2nd_degree', '3rd_degree', '4th_degree', 'reached_out'],
  ['responded', 'replied', 'answered', 'interested', 'engaged', 'completed', 'in_conversation'],
  ['not_interested', 'rejected', 'declined', 'lost', 'unsubscribed', 'opted_out', 'do_not_contact'],
  ['bounced', 'invalid', 'undeliverable'],
]

const wordsMax = 20
const wordCharactersMax = 60

/** The words of a column that its choice field would not take, the most frequent first. */
export function statusWordsOf(field: IntoField, column: string, values: readonly SourceValue[]): readonly StatusWord[] {
  const counts = new Map<string, number>()
  const options = coerceFieldOf(field)
  for (const value of values) {
    if (typeof value !== 'string' || coerce('choice', value, options).is === 'cell') continue
    const word = value.trim().slice(0, wordCharactersMax)
    counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .slice(0, wordsMax)
    .map(([word, count]) => ({ field: field.name, column, word, count, ...meant(word, field.choices ?? []) }))
}

function meant(word: string, choices: readonly string[]): Pick<StatusWord, 'choice' | 'reason'> {
  const folded = foldName(word)
  const stage = stages.find((words) => words.includes(folded))
  const choice = choices.find((one) => stage?.includes(foldName(one)))
  return choice === undefined
    ? { choice: null, reason: 'no declared choice is known to mean the same; decide what it means' }
    : { choice, reason: `\`${word}\` is another word for the stage \`${choice}\`` }
}
