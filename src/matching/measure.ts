/**
 * Measures a table for its model: how often strangers show each level (u), how much each word says, and which features
 * repeat each other. All from a sample, with chance injected, so that one seed gives one model.
 */
import type { Random } from '../random.ts'
import { comparisons } from './comparison.ts'
import type { Feature } from './feature.ts'
import type { MatchModel, Overlap } from './model.ts'
import { againstMax } from './score.ts'
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
const sharersMax = 1_200

/** Reckons the model. Its prior is a first guess, to be calibrated on the evidence of candidates. */
export function measureModel({ features, sample, rows, random }: Measuring): MatchModel {
  const wordWeights = features.map((_, feature) => wordWeightOf(sample.map((readings) => readings[feature] ?? '')))
  const shares = features.map((_, feature) => strangerShares(feature, features, sample, wordWeights, random))
  const weights = features.map((feature, at) => weightsOf(feature, shares[at] ?? []))
  const compared = { features, sample, wordWeights, weights, random }
  return {
    features,
    rows,
    weights,
    wordWeights,
    overlaps: spanningTree(features.length, overlapsOf(compared, shares)),
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
    const level = one === other ? 0 : comparison.compare(one, other, wordWeights[feature] ?? (() => 1))
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

interface Compared {
  readonly features: readonly Feature[]
  readonly sample: readonly (readonly string[])[]
  readonly wordWeights: readonly WordWeight[]
  readonly weights: readonly (readonly number[])[]
  readonly random: Random
}

/** Evidence against in bits from which a pair that shares a value is taken for strangers. */
const strangersFrom = -6
const pairsMin = 25
const overlapMin = 0.5

function overlapsOf(compared: Compared, shares: readonly Shares[]): readonly Overlap[] {
  const { features, weights } = compared
  const given = features.map((_, feature) => agreementsAmongSharers(compared, feature))
  const overlaps: Overlap[] = []
  for (let one = 0; one < features.length; one += 1)
    for (let other = one + 1; other < features.length; other += 1) {
      const known = [liftOf(given[one], other, shares, weights), liftOf(given[other], one, shares, weights)]
      const lifts = known.flatMap((lift) => lift ?? [])
      if (lifts.length === 0) continue
      const bits = Math.min(...lifts)
      if (bits < overlapMin) continue
      const lesser = Math.min(weights[one]?.[0] ?? 0, weights[other]?.[0] ?? 0)
      overlaps.push({ one, other, bits, share: lesser <= 0 ? 0 : Math.min(1, bits / lesser) })
    }
  return overlaps
}

interface Agreements {
  readonly pairs: readonly number[]
  readonly agreeing: readonly number[]
}

/** Of strangers that share the value of a feature: how many fill each other feature, and how many agree in it. */
function agreementsAmongSharers(compared: Compared, feature: number): Agreements {
  const { features, weights, random } = compared
  const pairs = features.map(() => 0)
  const agreeing = features.map(() => 0)
  for (const [one, other] of sharersOf(compared.sample, feature, random)) {
    const found = features.map((_, at) => weightBetween(compared, at, one, other))
    const against = found.reduce<number>((bits, weight) => bits + Math.min(0, weight ?? 0), 0)
    for (const [at, weight] of found.entries()) {
      if (at === feature || weight === undefined || against - Math.min(0, weight) > strangersFrom) continue
      pairs[at] = (pairs[at] ?? 0) + 1
      if (isAgreement(weights[at], weight)) agreeing[at] = (agreeing[at] ?? 0) + 1
    }
  }
  return { pairs, agreeing }
}

function isAgreement(weights: readonly number[] | undefined, weight: number): boolean {
  return weight > 0 && weight >= (weights?.[1] ?? 0)
}

function weightBetween(
  { features, wordWeights, weights }: Compared,
  at: number,
  one: readonly string[],
  other: readonly string[],
): number | undefined {
  const a = one[at] ?? ''
  const b = other[at] ?? ''
  const role = features[at]?.role
  if (a === '' || b === '' || role === undefined) return undefined
  return weights[at]?.[a === b ? 0 : comparisons[role].compare(a, b, wordWeights[at] ?? (() => 1))]
}

/** Pairs of sampled rows with one value, spread over all values. */
function sharersOf(
  sample: readonly (readonly string[])[],
  feature: number,
  random: Random,
): readonly (readonly [readonly string[], readonly string[]])[] {
  const groups = new Map<string, (readonly string[])[]>()
  for (const readings of sample) {
    const value = readings[feature] ?? ''
    if (value === '') continue
    const group = groups.get(value)
    if (group === undefined) groups.set(value, [readings])
    else group.push(readings)
  }
  const shared = [...groups.values()].filter((group) => group.length > 1)
  const rowsShared = shared.reduce((sum, group) => sum + group.length, 0)
  const pairs: (readonly [readonly string[], readonly string[]])[] = []
  for (const group of shared) {
    const wished = Math.max(1, Math.round((sharersMax * group.length) / rowsShared))
    for (let round = 0; round < Math.min(wished, (group.length * (group.length - 1)) / 2); round += 1) {
      const at = Math.floor(random.next() * group.length)
      const one = group[at]
      const other = group[(at + 1 + Math.floor(random.next() * (group.length - 1))) % group.length]
      if (one !== undefined && other !== undefined && one !== other) pairs.push([one, other])
    }
    if (pairs.length >= 2 * sharersMax) break
  }
  return pairs
}

/** How much likelier strangers agree in `other` once they share the value of a feature, in bits. */
function liftOf(
  agreements: Agreements | undefined,
  other: number,
  shares: readonly Shares[],
  weights: readonly (readonly number[])[],
): number | undefined {
  const pairs = agreements?.pairs[other] ?? 0
  if (pairs < pairsMin) return undefined
  const usual = (shares[other] ?? []).reduce(
    (sum, share, level) => sum + (isAgreement(weights[other], weights[other]?.[level] ?? 0) ? share : 0),
    0,
  )
  const among = ((agreements?.agreeing[other] ?? 0) + 0.5) / (pairs + 1)
  return usual === 0 ? undefined : Math.log2(among / usual)
}

/** The strongest overlaps that form no circle. */
function spanningTree(features: number, overlaps: readonly Overlap[]): readonly Overlap[] {
  const group = Array.from({ length: features }, (_, at) => at)
  const kept: Overlap[] = []
  for (const overlap of [...overlaps].sort((left, right) => right.bits - left.bits)) {
    const one = group[overlap.one]
    const other = group[overlap.other]
    if (one === other || one === undefined) continue
    for (const [at, known] of group.entries()) if (known === other) group[at] = one
    kept.push(overlap)
  }
  return kept
}
