/**
 * Measures a table for its model: how often strangers show each level (u) and how much each word says. From a sample,
 * with chance injected, so that one seed gives one model.
 */
import type { Random } from '../random.ts'
import { comparisons, type Level, levelOf } from './comparison.ts'
import type { Feature } from './feature.ts'
import { type MatchModel, weightsOf } from './model.ts'
import { nameWords } from './role.ts'
import { type Vocabulary, vocabularyOf } from './vocabulary.ts'

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
  const vocabularies = features.map((_, feature) => vocabularyOf(sample.map((readings) => readings[feature] ?? '')))
  const sharersMax = sharersMaxOf(features)
  const measured = features.map((_, feature) => strangerShares(feature, features, sample, vocabularies, random))
  const shares = measured.map((share, feature) =>
    withoutThings(share, (sharersMax[feature] ?? rows) / Math.max(1, rows)),
  )
  const duplicateShares = features.map(({ role }) => comparisons[role].levels.map((level) => level.m))
  return {
    features,
    rows,
    duplicateShares,
    strangerShares: shares,
    weights: duplicateShares.map((m, feature) => weightsOf(levelsOf(features[feature]), m, shares[feature] ?? [])),
    sharersMax,
    vocabularies,
    overlaps: [],
    priorBits: -Math.log2(Math.max(2, rows)),
  }
}

type Shares = readonly number[]

/** Share of pairs of strangers at each level. True pairs among random ones are too few to matter. */
function strangerShares(
  feature: number,
  features: readonly Feature[],
  sample: readonly (readonly string[])[],
  vocabularies: readonly Vocabulary[],
  random: Random,
): Shares {
  const role = features[feature]?.role ?? 'ignored'
  const comparison = comparisons[role]
  const vocabulary = vocabularies[feature] ?? vocabularyOf([])
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
    const level = levelOf(role, one, other, vocabulary)
    counts[level] = (counts[level] ?? 0) + 1
    drawn += 1
  }
  // A level that no pair of strangers showed may still come once in the number of pairs that were drawn.
  return counts.map((count) => (count + 0.5) / (drawn + 0.5 * counts.length))
}

/** Namesakes of a thing: what a table without persons is about is seldom named as another one is, so a repeated name means the same thing again. */
const namesakesMax = 4

/** In a table of persons, a common value is common among strangers; in a table of things, their names repeat because the things do. */
function sharersMaxOf(features: readonly Feature[]): readonly number[] {
  const ofPersons = features.some(({ role }) => role === 'given' || role === 'family')
  return features.map(({ role, name }) =>
    !ofPersons && (role === 'company' || (role === 'text' && isNameOfThing.test(nameWords(name))))
      ? namesakesMax
      : Number.POSITIVE_INFINITY,
  )
}

const isNameOfThing = /\b(?:name|title)\b/u

/** Strangers share a name of a thing at most as often as namesakes do; the rest were duplicates. */
function withoutThings(share: readonly number[], equalMax: number): readonly number[] {
  return share.map((u, level) => (level === 0 ? Math.min(u, equalMax) : u))
}

function levelsOf(feature: Feature | undefined): readonly Level[] {
  return comparisons[feature?.role ?? 'ignored'].levels
}
