/** The declared rules of a table, prepared: what makes a pair a duplicate by the owner's word. */

import { foldWords } from '../values/fold.ts'
import { type MatchKeyName, matchKey } from '../values/match-key.ts'
import { jaroWinkler } from './jaro-winkler.ts'
import { bitsOf } from './model.ts'
import { areNicknames } from './nicknames.ts'
import { readerOf, saysNothing } from './reading.ts'
import type { Role } from './role.ts'
import { wordLikeness } from './token-likeness.ts'
import { vocabularyBy } from './vocabulary.ts'

/** As `duplicates.rules` of the desired state has them, by field names. */
export type DeclaredRule =
  | { readonly name: string; readonly exact: readonly string[]; readonly confidence: number }
  | { readonly name: string; readonly fuzzy: readonly string[]; readonly threshold: number }

/** Equal values of all columns make a pair duplicates with this confidence. */
export interface ExactRule {
  readonly name: string
  readonly columns: readonly number[]
  /** The confidence as log-odds in bits. */
  readonly bits: number
  readonly confidence: number
}

/** Likeness of the columns' mean from which a pair is a candidate by the owner's word. */
export interface FuzzyRule {
  readonly name: string
  readonly columns: readonly number[]
  readonly threshold: number
}

export interface Rules {
  readonly exact: readonly ExactRule[]
  readonly fuzzy: readonly FuzzyRule[]
}

/** Puts the rules in terms of columns. A rule on a field that is not there cannot come from a checked desired state. */
export function rulesOf(declared: readonly DeclaredRule[], fieldNames: readonly string[]): Rules {
  const columnsOf = (names: readonly string[]) => names.map((name) => fieldNames.indexOf(name)).filter((at) => at >= 0)
  const exact: ExactRule[] = []
  const fuzzy: FuzzyRule[] = []
  for (const rule of declared) {
    if ('exact' in rule)
      exact.push({
        name: rule.name,
        columns: columnsOf(rule.exact),
        bits: bitsOf(rule.confidence),
        confidence: rule.confidence,
      })
    else fuzzy.push({ name: rule.name, columns: columnsOf(rule.fuzzy), threshold: rule.threshold })
  }
  return { exact, fuzzy }
}

const keyOfRole: Partial<Record<Role, MatchKeyName>> = {
  email: 'email',
  linkedin: 'linkedin',
  phone: 'phone',
  company: 'company',
  person: 'person',
  url: 'web',
}

/** What two values of a column must share for an exact rule; undefined where a value names nothing. */
export function exactKey(role: Role, cell: string, region?: string): string | undefined {
  if (cell === '') return undefined
  const name = keyOfRole[role]
  if (name !== undefined) return matchKey(name, cell, region)
  const reading = role === 'ignored' ? readIgnored(cell) : readerOf(role)(cell)
  return reading === '' ? undefined : reading
}

/** Matching compares no such field, but a rule of the owner may name it. */
function readIgnored(cell: string): string {
  const folded = foldWords(cell)
  return saysNothing(folded, cell) ? '' : folded
}

/** Mean likeness of two records in the rule's columns that both fill; undefined where there is none. */
export function likenessBy(
  rule: FuzzyRule,
  roles: readonly Role[],
  one: readonly string[],
  other: readonly string[],
): number | undefined {
  const found = rule.columns.flatMap((column) => {
    const role = roles[column] ?? 'text'
    const read = readerOf(role === 'ignored' ? 'text' : role)
    const a = read(one[column] ?? '')
    const b = read(other[column] ?? '')
    return a === '' || b === '' ? [] : [likenessOf(a, b)]
  })
  return found.length === 0 ? undefined : found.reduce((sum, likeness) => sum + likeness, 0) / found.length
}

/** All words say the same. */
const plain = vocabularyBy(new Map(), 0)

/** The better of likeness by letters and by words; forms of one first name are alike. */
export function likenessOf(one: string, other: string): number {
  if (one === other || areNicknames(one, other)) return 1
  const letters = jaroWinkler(one, other)
  return one.includes(' ') || other.includes(' ')
    ? Math.max(letters, wordLikeness(plain.bagOf(one), plain.bagOf(other)))
    : letters
}
