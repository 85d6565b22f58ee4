/**
 * Likeness of texts of several words: the share of what they say that both say, where a rare word says more than a
 * common one, and a misspelt, shortened or split word still counts in part.
 */
import { editsWithin } from './edit-distance.ts'
import { jaroWinkler } from './jaro-winkler.ts'

/** How much a word says, in bits or any other unit; the rarer the more. */
export type WordWeight = (word: string) => number

const wordsMax = 40

/** From 0 (no word in common) to 1 (the same words in any order). Symmetric. */
export function wordLikeness(one: string, other: string, weightOf: WordWeight): number {
  const ones = one.split(' ', wordsMax)
  const others = other.split(' ', wordsMax)
  const [few, many] = ones.length < others.length || (ones.length === others.length && one < other) ? [ones, others] : [others, ones]
  let total = 0
  for (const word of few) total += weightOf(word)
  for (const word of many) total += weightOf(word)
  if (total === 0) return 0
  const taken = new Uint8Array(many.length)
  let shared = 0
  const left: string[] = []
  for (const word of few) {
    const at = many.findIndex((candidate, index) => taken[index] === 0 && candidate === word)
    if (at < 0) left.push(word)
    else {
      taken[at] = 1
      shared += 2 * weightOf(word)
    }
  }
  for (const word of left) {
    let best = 0
    let bestAt = -1
    for (const [at, candidate] of many.entries()) {
      if (taken[at] === 1) continue
      const likeness = likenessOfWords(word, candidate)
      if (likeness > best) {
        best = likeness
        bestAt = at
      }
    }
    const counterpart = many[bestAt]
    if (counterpart === undefined) continue
    taken[bestAt] = 1
    shared += best * (weightOf(word) + weightOf(counterpart))
  }
  return Math.min(1, shared / total)
}

/** Below this, two words are two words. */
const likenessMin = 0.9

function likenessOfWords(one: string, other: string): number {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  // 2011 and 2012, or S90 and S91, differ by one character and by all that matters.
  if (/\d/u.test(short) || /\d/u.test(long)) return 0
  if (long.startsWith(short)) return short.length >= 3 ? 0.85 : 0.5
  if (short.length >= 4 && editsWithin(short, long, 1) <= 1) return 0.9
  const likeness = short.length >= 4 ? jaroWinkler(short, long) : 0
  return likeness >= likenessMin ? likeness - 0.1 : 0
}

/** Whether two texts are the same but for spaces: `pridham street` and `pridhamstreet`. */
export function equalJoined(one: string, other: string): boolean {
  return one.replaceAll(' ', '') === other.replaceAll(' ', '')
}
