/** How many duplicates a table holds, told from the evidence of its candidates: the prior that makes confidences true. */

/** Rounds in which the estimate settles. */
const roundsMax = 40
/** The prior stays within so many bits of one duplicate pair per row: evidence that says more is evidence gone wrong. */
const bitsBelow = 6
const bitsAbove = 5

/**
 * Log-odds in bits that a random pair is a duplicate, such that the expected number of duplicates equals the sum of the
 * probabilities. Pairs that were not compared count as strangers.
 * @param bits evidence of the compared pairs that come into question, without a prior
 */
export function calibratedPrior(bits: Float64Array, rows: number): number {
  const pairs = (rows * (rows - 1)) / 2
  if (pairs === 0) return 0
  const usual = -Math.log2(Math.max(2, rows))
  let prior = usual
  for (let round = 0; round < roundsMax; round += 1) {
    const odds = 2 ** prior
    let expected = 0
    for (const bit of bits) {
      const ratio = 2 ** Math.min(60, bit) * odds
      expected += ratio / (1 + ratio)
    }
    const share = Math.min(0.5, Math.max(expected, 1e-9) / pairs)
    const next = Math.min(usual + bitsAbove, Math.max(usual - bitsBelow, Math.log2(share / (1 - share))))
    if (Math.abs(next - prior) < 0.01) return next
    prior = next
  }
  return prior
}
