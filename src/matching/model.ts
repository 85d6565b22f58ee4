/**
 * The model of one table: what each level of each feature is worth there, in bits (log2 of m/u), what two features say
 * twice, and how likely any two records are the same. Measured once per full pass and used unchanged until the next one.
 */
import type { Level } from './comparison.ts'
import type { Feature } from './feature.ts'
import type { Vocabulary } from './vocabulary.ts'

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
  /** For each feature the chance of each level among duplicates (m). */
  readonly duplicateShares: readonly (readonly number[])[]
  /** For each feature the chance of each level among strangers (u). */
  readonly strangerShares: readonly (readonly number[])[]
  /** For each feature the weight of each level in bits; that of level 0 is of a value of usual rarity. */
  readonly weights: readonly (readonly number[])[]
  /** For each feature the most records of one value that count as chance; see {@link equalWeight}. */
  readonly sharersMax: readonly number[]
  readonly vocabularies: readonly Vocabulary[]
  /** Overlaps form no circle, so nothing is taken off twice. */
  readonly overlaps: readonly Overlap[]
  /** Log-odds in bits that two records drawn at random are duplicates. */
  readonly priorBits: number
}

/** Evidence against by one feature never outweighs this; a wrong cell is always possible. */
export const againstMax = -5

/** Weights that fall from level to level: a lower one is never worth more than a higher one, nor more than it may be. */
export function weightsOf(
  levels: readonly Level[],
  duplicateShares: readonly number[],
  strangerShares: readonly number[],
): readonly number[] {
  let ceiling = Number.POSITIVE_INFINITY
  return duplicateShares.map((m, level) => {
    const measured = Math.max(againstMax, Math.log2(m / (strangerShares[level] ?? 1)))
    ceiling = Math.min(ceiling, measured, levels[level]?.most ?? Number.POSITIVE_INFINITY)
    return ceiling
  })
}

/** Of the records with a value the two themselves do not count; of an only pair there is half a stranger to be expected. */
const pairItself = 1.5

/**
 * What an equal value is worth: the rarer, the more.
 * @param countBits log2 of how many records have the value
 */
export function equalWeight(model: MatchModel, feature: number, countBits: number): number {
  const sharers = Math.min(2 ** countBits, model.sharersMax[feature] ?? Number.POSITIVE_INFINITY)
  const m = model.duplicateShares[feature]?.[0] ?? 1
  return Math.log2((m * model.rows) / Math.max(0.5, sharers - pairItself))
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
