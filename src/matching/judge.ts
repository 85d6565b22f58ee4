/**
 * Judges pairs: vetoes first, then the owner's exact rules, then the evidence of all features. One confidence results,
 * the higher of the two that speak for the pair.
 */
import { editsWithin } from './edit-distance.ts'
import { type MatchModel, probabilityOf } from './model.ts'
import type { Role } from './role.ts'
import { type ExactRule, exactKey, likenessBy, type Rules } from './rules.ts'
import { type ComparedRecord, compareRecords, type Levels, type PairEvidence, weigh } from './score.ts'

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
  const levels = compareRecords(by.model, one, other, new Uint8Array(by.model.features.length))
  const evidence = weigh(
    by.model,
    levels,
    (feature) => one.countBits[feature] ?? 0,
    (feature) => other.countBits[feature] ?? 0,
  )
  const exact = by.rules.exact.filter((rule) => meets(by, rule, one, other))
  return { levels, evidence, exact, ruleBits: ruleBitsOf(by, exact, evidence), veto: vetoOf(by, exact, one, other) }
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

function meets(by: Judge, rule: ExactRule, one: JudgedRecord, other: JudgedRecord): boolean {
  return rule.columns.length > 0 && rule.columns.every((column) => areEqual(by, column, one, other))
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

/** Whether two cells name the same by the matching keys. Readings are compared first: they cost nothing. */
function areEqual(by: Judge, column: number, one: JudgedRecord, other: JudgedRecord): boolean {
  let reading: string | undefined
  for (let at = 0; at < by.model.features.length; at += 1) {
    if (by.model.features[at]?.column !== column) continue
    reading = one.readings[at] ?? ''
    if (reading !== other.readings[at]) return false
  }
  const role = by.roles[column] ?? 'text'
  if (
    reading !== undefined &&
    reading !== '' &&
    (readByKey.has(role) || (role === 'email' && plainEmail.test(reading)))
  )
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

/** Two different profiles are two people, unless one was mistyped or an exact rule that is sure says otherwise. */
function vetoOf(
  by: Judge,
  exact: readonly ExactRule[],
  one: ComparedRecord,
  other: ComparedRecord,
): string | undefined {
  if (exact.some((rule) => rule.confidence === 1)) return undefined
  for (const [at, { role, name }] of by.model.features.entries()) {
    if (role !== 'linkedin') continue
    const a = one.readings[at] ?? ''
    const b = other.readings[at] ?? ''
    if (a.startsWith('in/') && b.startsWith('in/') && editsWithin(a, b, 2) > 2) return `${name} differs`
  }
  return undefined
}
