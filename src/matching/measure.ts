/**
 * Measures a table for its model: how often strangers show each level (u) and how much each word says. From a sample,
 * with chance injected, so that one seed gives one model.
 */
import type { Random } from '../random.ts'
import { comparisons, levelOf } from './comparison.ts'
import type { Feature } from './feature.ts'
import type { MatchModel } from './model.ts'
import { againstMax } from './score.ts'
import { sketches } from './sketch.ts'
import type { WordWeight } from './token-likeness.ts'

export interface Measuring {
  readonly features: readonly Feature[]
  /** Readings of a sample of rows, one for each feature. */
  readonly sample: readonly (readonly string[])[]
  /** Rows of the whole table. */
  readonly rows: number
  readonly random: Random
}

const strangersMax = 30_000

/** Reckons the model, without overlaps. Its prior is a first guess, to be calibrated on the evidence of candidates. */
export function measureModel({ features, sample, rows, random }: Measuring): MatchModel {
  const wordWeights = features.map((_, feature) => wordWeightOf(sample.map((readings) => readings[feature] ?? '')))
  const shares = features.map((_, feature) => strangerShares(feature, features, sample, wordWeights, random))
  const weights = features.map((feature, at) => weightsOf(feature, shares[at] ?? []))
  return {
    features,
    rows,
    weights,
    wordWeights,
    shares,
    overlaps: [],
    priorBits: -Math.log2(Math.max(2, rows)),
  }
}

/** Rarity of words in bits: log2 of rows to rows with the word, at least a little. */
function wordWeightOf(readings: readonly string[]): WordWeight {
  const counts = new Map<string, number>()
  let filled = 0
  for (const reading of readings) {
    if (reading === '') continue
    filled += 1
    for (const word of new Set(reading.split(' '))) counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  const rarest = Math.log2(filled + 2)
  return (word) => {
    const count = counts.get(word)
    return count === undefined ? rarest : Math.max(0.1, Math.log2((filled + 2) / (count + 0.5)))
  }
}

type Shares = readonly number[]

/** Share of pairs of strangers at each level. True pairs among random ones are too few to matter. */
function strangerShares(
  feature: number,
  features: readonly Feature[],
  sample: readonly (readonly string[])[],
  wordWeights: readonly WordWeight[],
  random: Random,
): Shares {
  const role = features[feature]?.role ?? 'ignored'
  const comparison = comparisons[role]
  const filled = sample.flatMap((readings) => (readings[feature] === '' ? [] : [readings[feature] ?? '']))
  const counts = comparison.levels.map(() => 0)
  const pairs = Math.min(strangersMax, (filled.length * (filled.length - 1)) / 2)
  let drawn = 0
  for (let round = 0; round < pairs; round += 1) {
    const at = Math.floor(random.next() * filled.length)
    const with_ = Math.floor(random.next() * filled.length)
    const one = filled[at]
    const other = filled[with_]
    if (at === with_ || one === undefined || other === undefined) continue
    const level = levelOf(role, one, other, sketches[role].of(one), sketches[role].of(other), wordWeights[feature] ?? (() => 1))
    counts[level] = (counts[level] ?? 0) + 1
    drawn += 1
  }
  // A level that no pair of strangers showed may still come once in the number of pairs that were drawn.
  return counts.map((count) => (count + 0.5) / (drawn + 0.5 * counts.length))
}

/** Weights that fall from level to level: a lower one is never worth more than a higher one. */
function weightsOf(feature: Feature, shares: Shares): readonly number[] {
  const { levels } = comparisons[feature.role]
  let ceiling = Number.POSITIVE_INFINITY
  return levels.map(({ m }, level) => {
    const weight = Math.max(againstMax, Math.log2(m / (shares[level] ?? 1)))
    ceiling = Math.min(ceiling, weight)
    return ceiling
  })
}
