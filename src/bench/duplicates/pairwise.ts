/** Pairwise precision, recall and F1 of groups against the truth, as the literature on record linkage counts them. */

export interface Pairwise {
  readonly precision: number
  readonly recall: number
  readonly f1: number
  /** Pairs that are duplicates in truth. */
  readonly truePairs: number
  readonly foundPairs: number
  readonly correctPairs: number
}

/** @param truth the thing that each row is; rows without one are things of their own */
export function pairwise(groups: readonly (readonly number[])[], truth: readonly string[]): Pairwise {
  let foundPairs = 0
  let correctPairs = 0
  for (const group of groups) {
    foundPairs += pairsIn(group.length)
    for (const count of countsOf(group.map((row) => truth[row] ?? '')).values()) correctPairs += pairsIn(count)
  }
  let truePairs = 0
  for (const count of countsOf(truth).values()) truePairs += pairsIn(count)
  return scored(correctPairs, foundPairs, truePairs)
}

/** The same of single pairs. */
export function pairwiseOf(pairs: readonly (readonly [number, number])[], truth: readonly string[]): Pairwise {
  const correct = pairs.filter(([one, other]) => truth[one] !== '' && truth[one] === truth[other]).length
  let truePairs = 0
  for (const count of countsOf(truth).values()) truePairs += pairsIn(count)
  return scored(correct, pairs.length, truePairs)
}

function scored(correctPairs: number, foundPairs: number, truePairs: number): Pairwise {
  const precision = foundPairs === 0 ? 1 : correctPairs / foundPairs
  const recall = truePairs === 0 ? 1 : correctPairs / truePairs
  const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall)
  return { precision, recall, f1, truePairs, foundPairs, correctPairs }
}

function pairsIn(count: number): number {
  return (count * (count - 1)) / 2
}

function countsOf(values: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) if (value !== '') counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}
