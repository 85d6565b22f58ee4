/**
 * The model of one table: what each level of each feature is worth there, in bits (log2 of m/u), what two features say
 * twice, and how likely any two records are the same. Measured once per full pass and used unchanged until the next one.
 */
import { comparisons } from './comparison.ts'
import type { Feature } from './feature.ts'
import type { WordWeight } from './token-likeness.ts'

/** Two features that agree together also between strangers, as company and website do. */
export interface Overlap {
  /** Positions among the features. */
  readonly one: number
  readonly other: number
  /** Bits that both say when both agree. */
  readonly bits: number
  /** Share of the lesser evidence that is said twice when both differ, 0 to 1. */
  readonly share: number
}

export interface MatchModel {
  readonly features: readonly Feature[]
  /** Records of the table when it was measured. */
  readonly rows: number
  /** For each feature the weight of each level in bits; that of level 0 is of a value of usual rarity. */
  readonly weights: readonly (readonly number[])[]
  /** For each feature how often strangers show each level (u). */
  readonly shares: readonly (readonly number[])[]
  readonly wordWeights: readonly WordWeight[]
  /** At most one overlap leads from a feature to an earlier one, so nothing is taken off twice. */
  readonly overlaps: readonly Overlap[]
  /** Log-odds in bits that two records drawn at random are duplicates. */
  readonly priorBits: number
}

/** Rarity cannot count for more than the table can show: a value that only the two records have. */
export const sharersMin = 2

/**
 * What an equal value is worth: the rarer, the more.
 * @param countBits log2 of how many records have the value
 */
export function equalWeight(model: MatchModel, feature: number, countBits: number): number {
  const role = model.features[feature]?.role ?? 'ignored'
  const m = comparisons[role].levels[0]?.m ?? 1
  return Math.log2(m) + Math.log2(model.rows) - Math.max(Math.log2(sharersMin), countBits)
}

/** From log-odds in bits to a probability. */
export function probabilityOf(bits: number): number {
  return bits > 50 ? 1 : 1 / (1 + 2 ** -bits)
}

/** From a probability to log-odds in bits; sure is taken for one error in a million. */
export function bitsOf(probability: number): number {
  const kept = Math.min(1 - 1e-6, Math.max(1e-6, probability))
  return Math.log2(kept / (1 - kept))
}
