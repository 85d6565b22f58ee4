/**
 * Likeness of texts of several words: the share of what they say that both say, where a rare word says more than a
 * common one, and a misspelt, shortened or split word still counts in part.
 */
import { editsWithin } from './edit-distance.ts'
import { jaroWinkler } from './jaro-winkler.ts'
import type { WordBag } from './vocabulary.ts'

/** Of texts with more unmatched words than this, misspelt words are not looked for. */
const leftMax = 8

/** From 0 (no word in common) to 1 (the same words in any order). Symmetric. */
export function wordLikeness(one: WordBag, other: WordBag): number {
  const total = one.total + other.total
  if (total === 0) return 0
  let shared = 0
  const left: number[] = []
  const matched = new Set<number>()
  for (const [at, word] of one.words.entries()) {
    const facing = other.words.indexOf(word)
    if (facing < 0) left.push(at)
    else {
      matched.add(facing)
      shared += (one.weights[at] ?? 0) + (other.weights[facing] ?? 0)
    }
  }
  const facingLeft = other.words.flatMap((_, at) => (matched.has(at) ? [] : [at]))
  if (left.length <= leftMax && facingLeft.length <= leftMax) shared += misspelt(one, left, other, facingLeft)
  return Math.min(1, shared / total)
}

/** What the unmatched words share when the most alike are paired, best first. */
function misspelt(one: WordBag, left: readonly number[], other: WordBag, facingLeft: readonly number[]): number {
  const pairs: { readonly at: number; readonly facing: number; readonly says: number }[] = []
  for (const at of left)
    for (const facing of facingLeft) {
      const likeness = likenessOfWords(one.words[at] ?? '', other.words[facing] ?? '')
      if (likeness > 0) pairs.push({ at, facing, says: likeness * ((one.weights[at] ?? 0) + (other.weights[facing] ?? 0)) })
    }
  pairs.sort((first, second) => second.says - first.says)
  const taken = new Set<number>()
  const takenFacing = new Set<number>()
  let shared = 0
  for (const { at, facing, says } of pairs) {
    if (taken.has(at) || takenFacing.has(facing)) continue
    taken.add(at)
    takenFacing.add(facing)
    shared += says
  }
  return shared
}

/** Below this, two words are two words. */
const likenessMin = 0.9

function likenessOfWords(one: string, other: string): number {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  // 2011 and 2012, or S90 and S91, differ by one character and by all that matters.
  if (hasDigit(short) || hasDigit(long)) return 0
  if (long.startsWith(short)) return short.length >= 3 ? 0.85 : 0.5
  if (short.length < 4 || long.length - short.length > 3) return 0
  if (editsWithin(short, long, 1) <= 1) return 0.9
  const likeness = jaroWinkler(short, long)
  return likeness >= likenessMin ? likeness - 0.1 : 0
}

function hasDigit(word: string): boolean {
  for (let at = 0; at < word.length; at += 1) {
    const code = word.charCodeAt(at)
    if (code >= 48 && code <= 57) return true
  }
  return false
}

/** Whether two texts are the same but for spaces: `pridham street` and `pridhamstreet`. */
export function equalJoined(one: string, other: string): boolean {
  return (one.includes(' ') || other.includes(' ')) && one.replaceAll(' ', '') === other.replaceAll(' ', '')
}
