/**
 * The words of one feature and how much each says: a rare word says more than a common one. Texts are taken apart once
 * and kept for a while, since a record is compared many times.
 */

/** The words of a text, each once, with what they say. */
export interface WordBag {
  /** In the order of the text. */
  readonly words: readonly string[]
  /** Bits of each word. */
  readonly weights: readonly number[]
  readonly total: number
}

export interface Vocabulary {
  /** Texts with each word, among `filled` texts: what the rest is made of. */
  readonly counts: ReadonlyMap<string, number>
  readonly filled: number
  /** How much a word says, in bits. */
  readonly weightOf: (word: string) => number
  readonly bagOf: (reading: string) => WordBag
}

/** Of longer texts the words that say most are kept. */
const wordsMax = 24
const bagsKept = 5_000

/** Learns from a sample of readings. */
export function vocabularyOf(readings: readonly string[]): Vocabulary {
  const counts = new Map<string, number>()
  let filled = 0
  for (const reading of readings) {
    if (reading === '') continue
    filled += 1
    for (const word of new Set(reading.split(' '))) counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return vocabularyBy(counts, filled)
}

/** From counts of texts with each word among `filled` texts. */
export function vocabularyBy(counts: ReadonlyMap<string, number>, filled: number): Vocabulary {
  const rarest = Math.log2(filled + 2)
  const weightOf = (word: string) => {
    const count = counts.get(word)
    return count === undefined ? rarest : Math.max(0.1, Math.log2((filled + 2) / (count + 0.5)))
  }
  const bags = new Map<string, WordBag>()
  return {
    counts,
    filled,
    weightOf,
    bagOf(reading) {
      const known = bags.get(reading)
      if (known !== undefined) return known
      const bag = bagOf(reading, weightOf)
      if (bags.size >= bagsKept) bags.clear()
      bags.set(reading, bag)
      return bag
    },
  }
}

function bagOf(reading: string, weightOf: (word: string) => number): WordBag {
  let words = [...new Set(reading.split(' '))]
  if (words.length > wordsMax) {
    const kept = new Set(
      [...words].sort((one, other) => weightOf(other) - weightOf(one) || (one < other ? -1 : 1)).slice(0, wordsMax),
    )
    words = words.filter((word) => kept.has(word))
  }
  const weights = words.map(weightOf)
  return { words, weights, total: weights.reduce((sum, weight) => sum + weight, 0) }
}
