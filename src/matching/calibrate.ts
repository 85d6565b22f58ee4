/**
 * Fits the model to the table it stands for: how many duplicates there are (the prior), and how often duplicates differ
 * in each feature. The second starts from the fixed m and moves only as far as pairs that all other features make
 * duplicates show; so a column that nobody keeps up to date stops speaking against duplicates.
 */
import { comparisons } from './comparison.ts'
import { type MatchModel, probabilityOf, weightsOf } from './model.ts'
import type { PairStore } from './pair-store.ts'
import { weigh } from './score.ts'

export interface Calibration {
  readonly model: MatchModel
  readonly pairs: PairStore
  /** log2 of how many records share the value of a feature in a row. */
  readonly countBits: (feature: number, row: number) => number
}

const rounds = 3
/** Of more pairs, so many evenly spread ones stand for all. */
const pairsRead = 40_000
/** The fixed m weigh as much as so many pairs of duplicates. */
const fixedPairs = 25
/** Without the feature in question, a pair must be a duplicate with so many bits to show how often it differs. */
const sureBits = 3.3

/** The model with prior and m fitted in turns. */
export function calibrated(calibration: Calibration): MatchModel {
  let { model } = calibration
  for (let round = 0; round < rounds; round += 1) {
    const fixed = round === 0 ? model.duplicateShares : calibration.model.duplicateShares
    model = { ...model, priorBits: priorOf({ ...calibration, model }) }
    model = withShares(model, levelsOfDuplicates({ ...calibration, model }), fixed)
  }
  return { ...model, priorBits: priorOf({ ...calibration, model }) }
}

/** For each feature and level, how many sure duplicates show it. */
function levelsOfDuplicates({ model, pairs, countBits }: Calibration): readonly number[][] {
  const counts = model.duplicateShares.map((shares) => shares.map(() => 0))
  const step = Math.max(1, Math.floor(pairs.count / pairsRead))
  for (let at = 0; at < pairs.count; at += step) {
    const one = pairs.oneAt(at)
    const other = pairs.otherAt(at)
    const levels = pairs.levelsAt(at)
    const evidence = weigh(
      model,
      levels,
      (feature) => countBits(feature, one),
      (feature) => countBits(feature, other),
    )
    for (const { feature, level, weight, crossed } of evidence.features) {
      if (crossed || evidence.bits - weight + model.priorBits < sureBits) continue
      const counted = counts[feature]
      if (counted !== undefined) counted[level] = (counted[level] ?? 0) + 1
    }
  }
  return counts
}

function withShares(model: MatchModel, counts: readonly number[][], fixed: readonly (readonly number[])[]): MatchModel {
  const duplicateShares = fixed.map((shares, feature) => {
    const counted = counts[feature] ?? []
    const total = counted.reduce((sum, count) => sum + count, 0)
    const fitted = shares.map((share, level) => (share * fixedPairs + (counted[level] ?? 0)) / (fixedPairs + total))
    return within(fitted, shares)
  })
  return {
    ...model,
    duplicateShares,
    weights: duplicateShares.map((shares, feature) =>
      weightsOf(
        comparisons[model.features[feature]?.role ?? 'ignored'].levels,
        shares,
        model.strangerShares[feature] ?? [],
      ),
    ),
  }
}

/** However a table looks, equality stays evidence: its m falls to this share of the fixed one at most. */
const equalityKept = 0.35

/** Keeps the m of equality from falling further; what is missing is taken from "different". */
function within(fitted: readonly number[], fixed: readonly number[]): readonly number[] {
  const short = Math.max(0, (fixed[0] ?? 0) * equalityKept - (fitted[0] ?? 0))
  if (short === 0) return fitted
  const last = fitted.length - 1
  return fitted.map((share, level) =>
    level === 0 ? share + short : level === last ? Math.max(0.01, share - short) : share,
  )
}

/** The prior stays within so many bits of one duplicate pair per row: evidence that says more is evidence gone wrong. */
const bitsBelow = 6
const bitsAbove = 5
const priorRounds = 30

/**
 * Log-odds in bits that a random pair is a duplicate, such that the expected number of duplicates equals the sum of the
 * probabilities. Pairs that were not kept count as strangers.
 */
function priorOf({ model, pairs, countBits }: Calibration): number {
  const all = (model.rows * (model.rows - 1)) / 2
  if (all === 0) return 0
  const step = Math.max(1, Math.floor(pairs.count / pairsRead))
  const bits = new Float64Array(Math.ceil(pairs.count / step))
  for (let at = 0; at < pairs.count; at += step) {
    const one = pairs.oneAt(at)
    const other = pairs.otherAt(at)
    bits[at / step] = weigh(
      model,
      pairs.levelsAt(at),
      (feature) => countBits(feature, one),
      (feature) => countBits(feature, other),
    ).bits
  }
  const usual = -Math.log2(Math.max(2, model.rows))
  let prior = usual
  for (let round = 0; round < priorRounds; round += 1) {
    let expected = 0
    for (const bit of bits) expected += probabilityOf(bit + prior) * step
    const share = Math.min(0.5, Math.max(expected, 1e-9) / all)
    const next = Math.min(usual + bitsAbove, Math.max(usual - bitsBelow, Math.log2(share / (1 - share))))
    if (Math.abs(next - prior) < 0.01) return next
    prior = next
  }
  return prior
}
