/**
 * Judges pairs: vetoes first, then the owner's exact rules, then the evidence of all features. One confidence results,
 * the higher of the two that speak for the pair.
 */
import type { Feature } from './feature.ts'
import { type MatchModel, probabilityOf } from './model.ts'
import { editsWithin } from './edit-distance.ts'
import type { Role } from './role.ts'
import { type ExactRule, exactKey, type Rules } from './rules.ts'
import { type ComparedRecord, compareRecords, type Levels, type PairEvidence, weigh } from './score.ts'

/** A record with all that a judgement needs. */
export interface JudgedRecord extends ComparedRecord {
  readonly cells: readonly string[]
}

export interface Judge {
  readonly model: MatchModel
  readonly roles: readonly Role[]
  readonly rules: Rules
  /** Region of national phone numbers, by column; undefined where none is declared. */
  readonly regions?: readonly (string | undefined)[]
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

/** Compares two records. */
export function judge(by: Judge, one: JudgedRecord, other: JudgedRecord): Judgement {
  const levels = compareRecords(by.model, one, other, new Uint8Array(by.model.features.length))
  const evidence = weigh(
    by.model,
    levels,
    (feature) => one.countBits[feature] ?? 0,
    (feature) => other.countBits[feature] ?? 0,
  )
  const exact = by.rules.exact.filter((rule) => meets(by, rule, one.cells, other.cells))
  return { levels, evidence, exact, ruleBits: ruleBitsOf(by, exact, evidence), veto: vetoOf(by, exact, one, other) }
}

/** The confidence of a judgement, 0 to 1. @param priorBits of the model, which calibration may have moved since */
export function confidenceOf(judgement: Judgement, priorBits: number): number {
  if (judgement.veto !== undefined) return 0
  const bits = judgement.evidence.bits + priorBits
  return probabilityOf(judgement.ruleBits === undefined ? bits : Math.max(bits, judgement.ruleBits))
}

function meets(by: Judge, rule: ExactRule, one: readonly string[], other: readonly string[]): boolean {
  return (
    rule.columns.length > 0 &&
    rule.columns.every((column) => {
      const role = by.roles[column] ?? 'text'
      const key = exactKey(role, one[column] ?? '', by.regions?.[column])
      return key !== undefined && key === exactKey(role, other[column] ?? '', by.regions?.[column])
    })
  )
}

/** Beyond the rule's own field, what agrees makes surer and what differs less sure; the rule's field itself is not counted twice. */
function ruleBitsOf(by: Judge, exact: readonly ExactRule[], evidence: PairEvidence): number | undefined {
  let best: number | undefined
  for (const rule of exact) {
    let bits = rule.bits
    for (const { feature, weight } of evidence.features) {
      const column = by.model.features[feature]?.column
      if (column !== undefined && rule.columns.includes(column)) continue
      bits += weight
    }
    bits -= Math.max(0, evidence.overlapBits)
    if (best === undefined || bits > best) best = bits
  }
  return best
}

/** Two different profiles are two people, unless one was mistyped or an exact rule of the owner's says otherwise. */
function vetoOf(by: Judge, exact: readonly ExactRule[], one: ComparedRecord, other: ComparedRecord): string | undefined {
  if (exact.some((rule) => rule.confidence === 1)) return undefined
  for (const [at, feature] of by.model.features.entries()) {
    if (!isProfile(feature)) continue
    const a = one.readings[at] ?? ''
    const b = other.readings[at] ?? ''
    if (a.startsWith('in/') && b.startsWith('in/') && editsWithin(a, b, 2) > 2) return `${feature.name} differs`
  }
  return undefined
}

function isProfile(feature: Feature): boolean {
  return feature.role === 'linkedin'
}
