/**
 * Judges pairs: vetoes first, then the owner's exact rules, then the evidence of all features. One confidence results,
 * the higher of the two that speak for the pair.
 */
import { comparisons } from './comparison.ts'
import { editsWithin } from './edit-distance.ts'
import { type MatchModel, probabilityOf } from './model.ts'
import type { Role } from './role.ts'
import { type ExactRule, exactKey, likenessBy, type Rules } from './rules.ts'
import { type ComparedRecord, compareRecords, type Levels, type PairEvidence, unfilled, weigh } from './score.ts'

/** A record with all that a judgement needs. */
export interface JudgedRecord extends ComparedRecord {
  /** Texts in the order of the fields. */
  readonly cells: readonly string[]
}

export interface Judge {
  readonly model: MatchModel
  /** The role of each field. */
  readonly roles: readonly Role[]
  readonly rules: Rules
  /** Region of national phone numbers, by field; undefined where none is declared. */
  readonly regions: readonly (string | undefined)[]
  /** A pair is a duplicate from this confidence on, where a rule names it. */
  readonly duplicateFrom: number
  /** A pair that no rule names is a duplicate from this confidence on. */
  readonly unnamedFrom: number
}

export interface Judgement {
  readonly levels: Levels
  readonly evidence: PairEvidence
  /** Exact rules that the pair meets. */
  readonly exact: readonly ExactRule[]
  /** Log-odds in bits by the best exact rule and what other features say; undefined where none is met. */
  readonly ruleBits: number | undefined
  /** Why the pair is none whatever else speaks for it. */
  readonly veto: string | undefined
}

/** Compares two records. Symmetric. */
export function judge(by: Judge, one: JudgedRecord, other: JudgedRecord): Judgement {
  return judgeLevels(by, compareRecords(by.model, one, other), one, other)
}

/** Judges two records whose levels are known. */
export function judgeLevels(by: Judge, levels: Levels, one: JudgedRecord, other: JudgedRecord): Judgement {
  const evidence = weigh(by.model, levels, one.countBits, other.countBits)
  const exact = by.rules.exact.filter((rule) => meets(by, rule, levels, one, other))
  return {
    levels,
    evidence,
    exact,
    ruleBits: ruleBitsOf(by, exact, evidence),
    veto: vetoOf(by, levels, exact, one, other) ?? strangersOf(by, levels, exact),
  }
}

/** The confidence of a judgement by the model's prior, 0 to 1. */
export function confidenceOf({ veto, evidence, ruleBits }: Judgement, priorBits: number): number {
  if (veto !== undefined) return 0
  const bits = evidence.bits + priorBits
  return probabilityOf(ruleBits === undefined ? bits : Math.max(bits, ruleBits))
}

/** Names of the rules that a pair meets, exact ones first. */
export function rulesMet(by: Judge, judgement: Judgement, one: JudgedRecord, other: JudgedRecord): readonly string[] {
  const fuzzy = by.rules.fuzzy.filter((rule) => {
    const likeness = likenessBy(rule, by.roles, one.cells, other.cells)
    return likeness !== undefined && likeness >= rule.threshold
  })
  return [...judgement.exact, ...fuzzy].map((rule) => rule.name)
}

/** Whether a pair of this confidence is taken for duplicates. Without any rule, the evidence alone decides. */
export function isDuplicate(by: Judge, confidence: number, named: () => boolean): boolean {
  if (confidence < by.duplicateFrom) return false
  const noRules = by.rules.exact.length === 0 && by.rules.fuzzy.length === 0
  return confidence >= by.unnamedFrom || noRules || named()
}

function meets(by: Judge, rule: ExactRule, levels: Levels, one: JudgedRecord, other: JudgedRecord): boolean {
  return rule.columns.length > 0 && rule.columns.every((column) => areEqual(by, column, levels, one, other))
}

/** Roles whose reading is the matching key itself, so that equal readings need no second look. */
const readByKey: ReadonlySet<Role> = new Set([
  'linkedin',
  'company',
  'url',
  'code',
  'date',
  'number',
  'category',
  'place',
])
const plainEmail = /^[a-z0-9_'+-]+(?:\.[a-z0-9_'+-]+)*@(?:[a-z0-9-]+\.)+[a-z]{2,24}$/

/** Whether two cells name the same by the matching keys. Levels are asked first: they cost nothing. */
function areEqual(by: Judge, column: number, levels: Levels, one: JudgedRecord, other: JudgedRecord): boolean {
  let filled: number | undefined
  let isCompared = false
  for (let at = 0; at < by.model.features.length; at += 1) {
    if (by.model.features[at]?.column !== column) continue
    isCompared = true
    if (levels[at] === unfilled) continue
    if (levels[at] !== 0) return false
    filled = at
  }
  if (isCompared && filled === undefined) return false
  const role = by.roles[column] ?? 'text'
  if (filled !== undefined && (readByKey.has(role) || (role === 'email' && plainEmail.test(one.reading(filled)))))
    return true
  const a = one.cells[column] ?? ''
  const b = other.cells[column] ?? ''
  if (role === 'phone' && a !== '' && digitsOf(a) === digitsOf(b) && digitsOf(a).length >= 7) return true
  const key = exactKey(role, a, by.regions[column])
  return key !== undefined && key === exactKey(role, b, by.regions[column])
}

/** Digits of a number without the zeros before a country code. */
function digitsOf(cell: string): string {
  return cell.replace(/\D+/gu, '').replace(/^0+/u, '')
}

/**
 * Log-odds in bits by the best of the exact rules that a pair meets; undefined where there is none. Beyond the rule's own fields, what agrees makes surer and what differs less sure; the rule's fields themselves say no
 * more than its confidence does.
 */
export function ruleBitsOf(by: Judge, exact: readonly ExactRule[], evidence: PairEvidence): number | undefined {
  let best: number | undefined
  for (const rule of exact) {
    let bits = rule.bits - Math.max(0, evidence.overlapBits)
    for (const { feature, weight } of evidence.features) {
      const column = by.model.features[feature]?.column
      if (column === undefined || !rule.columns.includes(column)) bits += weight
    }
    best = Math.max(best ?? Number.NEGATIVE_INFINITY, bits)
  }
  return best
}

/** One bit for each rule that is met. */
export function bitsOfRules(rules: readonly ExactRule[], met: readonly ExactRule[]): number {
  return met.reduce((bits, rule) => bits | (1 << rules.indexOf(rule)), 0)
}

/** Two different profiles are two people, unless one was mistyped or an exact rule that is sure says otherwise. */
function vetoOf(
  by: Judge,
  levels: Levels,
  exact: readonly ExactRule[],
  one: ComparedRecord,
  other: ComparedRecord,
): string | undefined {
  for (let at = 0; at < by.model.features.length; at += 1) {
    const feature = by.model.features[at]
    if (feature?.role !== 'linkedin' || levels[at] === 0 || levels[at] === unfilled) continue
    const a = one.reading(at)
    const b = other.reading(at)
    const isSure = exact.some((rule) => rule.confidence === 1)
    if (!isSure && a.startsWith('in/') && b.startsWith('in/') && editsWithin(a, b, 2) > 2)
      return `${feature.name} differs`
  }
  return undefined
}

const nameRoles: ReadonlySet<Role> = new Set(['person', 'given', 'family'])
/** What two people of one firm do not share, beside their names. */
const personalRoles: ReadonlySet<Role> = new Set(['email', 'phone', 'linkedin', 'code', 'date'])

/**
 * Colleagues share what describes their firm, however much of it is written down and however rare it is elsewhere: where the names have
 * nothing in common, and nothing else that is one person's agrees, they are two.
 */
function strangersOf(by: Judge, levels: Levels, exact: readonly ExactRule[]): string | undefined {
  if (exact.length > 0) return undefined
  let named: string | undefined
  for (let at = 0; at < by.model.features.length; at += 1) {
    const feature = by.model.features[at]
    if (feature === undefined || levels[at] === unfilled) continue
    if (nameRoles.has(feature.role)) {
      // Alike, or crosswise.
      if (levels[at] !== comparisons[feature.role].levels.length - 1) return undefined
      named = feature.name
    } else if (personalRoles.has(feature.role) && levels[at] === 0) return undefined
  }
  return named === undefined ? undefined : `${named} differs, and nothing else that is one person's agrees`
}
