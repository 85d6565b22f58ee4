/**
 * The evidence of a pair: a level and a weight for each feature that both records fill, less what two features say twice.
 * Symmetric: the order of the two records changes nothing.
 */
import { levelOf } from './comparison.ts'
import { equalWeight, type MatchModel } from './model.ts'

/** A record as the model compares it. */
export interface ComparedRecord {
  /** One reading for each feature; empty where there is nothing. */
  readonly readings: readonly string[]
  /** The sketch of each reading. */
  readonly sketches: ArrayLike<number>
  /** For each feature, log2 of how many records have its value. */
  readonly countBits: ArrayLike<number>
}

/** What one feature says about a pair. */
export interface FeatureEvidence {
  /** Position among the features. */
  readonly feature: number
  /** Position among the levels of its role; 0 is equal. */
  readonly level: number
  /** Bits for (positive) or against (negative) the two being the same, before overlaps. */
  readonly weight: number
  /** Set where first name of one equals family name of the other and the other way round. */
  readonly swapped: boolean
}

export interface PairEvidence {
  readonly features: readonly FeatureEvidence[]
  /** Taken off the sum because features say the same twice; negative adds. */
  readonly overlapBits: number
  /** Sum of all weights without the prior. */
  readonly bits: number
}

/** Swapped names are seldom; what they share counts less by so many bits. */
const swapBits = 2
/** Evidence against by one feature never outweighs this; a wrong cell is always possible. */
export const againstMax = -5

const unweighted = () => 1

/** Compares two records by all features. */
export function evidenceOf(model: MatchModel, one: ComparedRecord, other: ComparedRecord): PairEvidence {
  const features: FeatureEvidence[] = []
  for (let feature = 0; feature < model.features.length; feature += 1) {
    const found = featureEvidence(model, feature, feature, one, other)
    if (found !== undefined) features.push(found)
  }
  swapNames(model, features, one, other)
  let bits = 0
  for (const { weight } of features) bits += weight
  const overlapBits = overlapOf(model, features)
  return { features, overlapBits, bits: bits - overlapBits }
}

function featureEvidence(
  model: MatchModel,
  left: number,
  right: number,
  one: ComparedRecord,
  other: ComparedRecord,
): FeatureEvidence | undefined {
  const a = one.readings[left] ?? ''
  const b = other.readings[right] ?? ''
  const feature = model.features[left]
  if (a === '' || b === '' || feature === undefined) return undefined
  const commoner = Math.max(one.countBits[left] ?? 0, other.countBits[right] ?? 0)
  const equal = equalWeight(model, left, commoner)
  const weightOf = model.wordWeights[left] ?? unweighted
  const level = levelOf(feature.role, a, b, one.sketches[left] ?? 0, other.sketches[right] ?? 0, weightOf)
  if (level === 0) return { feature: left, level, weight: equal, swapped: false }
  const weight = model.weights[left]?.[level] ?? 0
  // Being nearly equal to a common value cannot say more than being equal to it.
  return { feature: left, level, weight: Math.max(againstMax, Math.min(weight, equal)), swapped: false }
}

/** Takes first and family name crosswise where that agrees far better. Changes `features`. */
function swapNames(model: MatchModel, features: FeatureEvidence[], one: ComparedRecord, other: ComparedRecord): void {
  for (const pair of namePairsOf(model)) {
    const found = crossedEvidence(model, pair, one, other)
    if (found.length === 0) continue
    const straight = features.filter((found) => found.feature === pair.given || found.feature === pair.family)
    const sum = (all: readonly FeatureEvidence[]) => all.reduce((bits, found) => bits + found.weight, 0)
    if (sum(found) - swapBits <= sum(straight) + 1) continue
    for (const left of straight) features.splice(features.indexOf(left), 1)
    features.push(...found.map((crossed, at) => ({ ...crossed, weight: crossed.weight - (at === 0 ? swapBits : 0) })))
  }
}

interface NamePair {
  readonly given: number
  readonly family: number
}

const namePairs = new WeakMap<MatchModel, readonly NamePair[]>()

/** First and family names that belong together: of one field, or the first of each. */
function namePairsOf(model: MatchModel): readonly NamePair[] {
  const known = namePairs.get(model)
  if (known !== undefined) return known
  const given = model.features.flatMap((feature, at) => (feature.role === 'given' ? [at] : []))
  const family = model.features.flatMap((feature, at) => (feature.role === 'family' ? [at] : []))
  const [firstGiven] = given
  const [firstFamily] = family
  const pairs = firstGiven === undefined || firstFamily === undefined ? [] : [{ given: firstGiven, family: firstFamily }]
  namePairs.set(model, pairs)
  return pairs
}

function crossedEvidence(
  model: MatchModel,
  { given, family }: NamePair,
  one: ComparedRecord,
  other: ComparedRecord,
): readonly FeatureEvidence[] {
  const found = [crossed(model, given, family, one, other), crossed(model, given, family, other, one)]
    .flatMap((evidence) => evidence ?? [])
    .sort((left, right) => left.level - right.level || right.weight - left.weight)
  if (found[0] === undefined || found[0].level > 1) return []
  return found.map((evidence, at) => ({ ...evidence, feature: at === 0 ? given : family, swapped: true }))
}

/** First name of `one` beside family name of `other`, weighed by the mean of what it would be as either. */
function crossed(
  model: MatchModel,
  given: number,
  family: number,
  one: ComparedRecord,
  other: ComparedRecord,
): { readonly level: number; readonly weight: number } | undefined {
  const asGiven = featureEvidence(model, given, family, one, other)
  const asFamily = featureEvidence(model, family, given, other, one)
  if (asGiven === undefined || asFamily === undefined) return undefined
  return { level: asFamily.level, weight: (asGiven.weight + asFamily.weight) / 2 }
}

function overlapOf(model: MatchModel, features: readonly FeatureEvidence[]): number {
  if (model.overlaps.length === 0) return 0
  let bits = 0
  for (const { one, other, bits: shared, share } of model.overlaps) {
    const left = features.find((found) => found.feature === one)?.weight
    const right = features.find((found) => found.feature === other)?.weight
    if (left === undefined || right === undefined) continue
    if (left > 0 && right > 0) bits += Math.min(shared, left, right)
    else if (left < 0 && right < 0) bits += share * Math.max(left, right)
  }
  return bits
}
