/**
 * The evidence of a pair: a level for each feature that both records fill, and what these levels are worth together, less
 * what two features say twice. Symmetric: the order of the two records changes nothing.
 */
import { levelOf } from './comparison.ts'
import { againstMax, equalWeight, type MatchModel } from './model.ts'
import { vocabularyBy } from './vocabulary.ts'

/** A record as the model compares it. */
export interface ComparedRecord {
  /** The reading of a feature; empty where there is nothing. */
  readonly reading: (feature: number) => string
  /** log2 of how many records have the value of a feature. */
  readonly countBits: (feature: number) => number
}

/** One code for each feature: its level, {@link crossedFrom} added where names are crossed, or {@link unfilled}. */
export type Levels = Uint8Array
/** A record, or both, has nothing there. */
export const unfilled = 255
/** Fingerprints do not tell; the texts must be compared. */
export const undecided = 254
/** Levels from here on are of names taken crosswise: first name of one beside family name of the other. */
export const crossedFrom = 16

/** What one feature says about a pair. */
export interface FeatureEvidence {
  /** Position among the features. */
  readonly feature: number
  /** Position among the levels of its role; 0 is equal. */
  readonly level: number
  /** Bits for (positive) or against (negative) the two being the same, before overlaps. */
  readonly weight: number
  /** Set where first name of one stands beside family name of the other. */
  readonly crossed: boolean
}

export interface PairEvidence {
  readonly features: readonly FeatureEvidence[]
  /** Taken off the sum because features say the same twice; negative adds. */
  readonly overlapBits: number
  /** Sum of all weights without the prior. */
  readonly bits: number
}

/** Names that are written the wrong way round are rare; they count less by so many bits. */
const crossedBits = 2

const noVocabulary = vocabularyBy(new Map(), 0)

/** Compares two records by all features. */
export function compareRecords(model: MatchModel, one: ComparedRecord, other: ComparedRecord): Levels {
  const levels = new Uint8Array(model.features.length).fill(undecided)
  return decideLevels(model, one, other, levels)
}

/** Decides what a first look has left open. Changes `levels` and returns them. */
export function decideLevels(model: MatchModel, one: ComparedRecord, other: ComparedRecord, levels: Levels): Levels {
  const names = namePairOf(model)
  const namesOpen = names !== undefined && (levels[names.given] === undecided || levels[names.family] === undecided)
  for (let feature = 0; feature < levels.length; feature += 1)
    if (levels[feature] === undecided)
      levels[feature] = levelBetween(model, feature, one.reading(feature), other.reading(feature))
  if (namesOpen) crossNames(model, names, one, other, levels)
  return levels
}

function levelBetween(model: MatchModel, feature: number, a: string, b: string): number {
  const role = model.features[feature]?.role
  if (a === '' || b === '' || role === undefined) return unfilled
  return levelOf(role, a, b, model.vocabularies[feature] ?? noVocabulary)
}

export interface NamePair {
  readonly given: number
  readonly family: number
}

const namePairs = new WeakMap<MatchModel, { readonly pair: NamePair | undefined }>()

/** First and family names that belong together; undefined where the table has not both. */
export function namePairOf(model: MatchModel): NamePair | undefined {
  const known = namePairs.get(model)
  if (known !== undefined) return known.pair
  const given = model.features.findIndex((feature) => feature.role === 'given')
  const family = model.features.findIndex((feature) => feature.role === 'family')
  const pair = given < 0 || family < 0 ? undefined : { given, family }
  namePairs.set(model, { pair })
  return pair
}

/** Takes names crosswise where they are far nearer so. */
function crossNames(
  model: MatchModel,
  { given, family }: NamePair,
  one: ComparedRecord,
  other: ComparedRecord,
  levels: Levels,
): void {
  if (levels[given] === 0 || levels[family] === 0) return
  const cross = (left: ComparedRecord, right: ComparedRecord) =>
    levelBetween(model, family, left.reading(given), right.reading(family))
  const found = [cross(one, other), cross(other, one)].sort((left, right) => left - right)
  const [better = unfilled, worse = unfilled] = found
  const straight = apart(levels[given]) + apart(levels[family])
  if (apart(better) + apart(worse) + crossedApart >= straight) return
  levels[given] = better + crossedFrom
  levels[family] = worse === unfilled ? unfilled : worse + crossedFrom
}

/** By so many levels must names taken crosswise be nearer. */
const crossedApart = 2
/** Where a name is missing stands between alike and different. */
const unfilledApart = 2

/** How far apart a level is. Decided by levels and not by weights, so that it is the same whatever a table measured. */
function apart(level: number | undefined): number {
  return level === undefined || level === unfilled ? unfilledApart : level
}

type CountBits = (feature: number) => number

/**
 * What the levels of a pair are worth.
 * @param one commonness of a feature's value in one record, as log2 of a count
 */
export function weigh(model: MatchModel, levels: Levels, one: CountBits, other: CountBits): PairEvidence {
  const features: FeatureEvidence[] = []
  let bits = 0
  for (let feature = 0; feature < model.features.length; feature += 1) {
    const code = levels[feature] ?? unfilled
    if (code === unfilled) continue
    const crossed = code >= crossedFrom
    const level = crossed ? code - crossedFrom : code
    // Being nearly equal to a common value cannot say more than being equal to it.
    const equal = equalWeight(model, feature, Math.max(one(feature), other(feature)))
    const plain = level === 0 && !crossed ? equal : Math.min(model.weights[feature]?.[level] ?? 0, equal)
    const weight = Math.max(againstMax, plain) - (crossed ? crossedBits / 2 : 0)
    features.push({ feature, level, weight, crossed })
    bits += weight
  }
  const overlapBits = overlapOf(model, features)
  return { features, overlapBits, bits: bits - overlapBits }
}

/** {@link compareRecords} and {@link weigh} in one. */
export function evidenceOf(model: MatchModel, one: ComparedRecord, other: ComparedRecord): PairEvidence {
  return weigh(model, compareRecords(model, one, other), one.countBits, other.countBits)
}

function overlapOf(model: MatchModel, features: readonly FeatureEvidence[]): number {
  let bits = 0
  for (const { one, other, bits: shared, share } of model.overlaps) {
    const left = features.find((found) => found.feature === one)?.weight
    const right = features.find((found) => found.feature === other)?.weight
    if (left === undefined || right === undefined) continue
    if (left > 0 && right > 0) bits += Math.max(Math.min(shared, left, right), share * Math.min(left, right))
    else if (left < 0 && right < 0) bits += share * Math.max(left, right)
  }
  return bits
}
