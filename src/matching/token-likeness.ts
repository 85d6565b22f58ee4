/**
 * Likeness of texts of several words: the share of what they say that both say, where a rare word says more than a
 * common one, and a misspelt, shortened or split word still counts in part.
 */
import { editsWithin } from './edit-distance.ts'
import { jaroWinkler } from './jaro-winkler.ts'
import { bitCount } from './sketch.ts'
import type { WordBag } from './vocabulary.ts'

/** Of texts with more unmatched words than this, misspelt words are not looked for. */
const leftMax = 8

/** What two texts of several words have in common. */
export interface Common {
  /** Bits of words that both have, of both texts together; misspelt words in part. */
  readonly shared: number
  /** Bits of all words of both. */
  readonly total: number
  /** The same for the text that says less alone. */
  readonly ofLesser: number
}

/** What two bags of at most 31 words share. Symmetric. */
export function commonOf(one: WordBag, other: WordBag): Common {
  let sharedOne = 0
  let sharedOther = 0
  let matched = 0
  let left = 0
  for (let at = 0; at < one.words.length; at += 1) {
    const facing = other.words.indexOf(one.words[at] ?? '')
    if (facing < 0) left |= 1 << at
    else {
      matched |= 1 << facing
      sharedOne += one.weights[at] ?? 0
      sharedOther += other.weights[facing] ?? 0
    }
  }
  const facingLeft = ((1 << other.words.length) - 1) & ~matched
  if (left !== 0 && facingLeft !== 0 && bitCount(left) <= leftMax && bitCount(facingLeft) <= leftMax) {
    const near = misspelt(one, left, other, facingLeft)
    sharedOne += near.one
    sharedOther += near.other
  }
  const total = one.total + other.total
  const ofLesser = one.total <= other.total ? sharedOne / (one.total || 1) : sharedOther / (other.total || 1)
  return {
    shared: sharedOne + sharedOther,
    total,
    ofLesser: one.total === other.total ? Math.max(sharedOne, sharedOther) / (one.total || 1) : ofLesser,
  }
}

/** From 0 (no word in common) to 1 (the same words in any order). Symmetric. */
export function wordLikeness(one: WordBag, other: WordBag): number {
  const { shared, total } = commonOf(one, other)
  return total === 0 ? 0 : Math.min(1, shared / total)
}

interface NearWords {
  readonly at: number
  readonly facing: number
  readonly likeness: number
  readonly says: number
}

/** What the unmatched words share when the most alike are paired, best first. */
function misspelt(one: WordBag, left: number, other: WordBag, facingLeft: number): { one: number; other: number } {
  const pairs: NearWords[] = []
  for (let at = 0; at < one.words.length; at += 1) {
    if ((left & (1 << at)) === 0) continue
    for (let facing = 0; facing < other.words.length; facing += 1) {
      if ((facingLeft & (1 << facing)) === 0) continue
      const likeness = likenessOfWords(one.words[at] ?? '', other.words[facing] ?? '')
      if (likeness > 0)
        pairs.push({ at, facing, likeness, says: likeness * ((one.weights[at] ?? 0) + (other.weights[facing] ?? 0)) })
    }
  }
  if (pairs.length > 1) pairs.sort((first, second) => second.says - first.says)
  let taken = 0
  let takenFacing = 0
  const shared = { one: 0, other: 0 }
  for (const { at, facing, likeness } of pairs) {
    if ((taken & (1 << at)) !== 0 || (takenFacing & (1 << facing)) !== 0) continue
    taken |= 1 << at
    takenFacing |= 1 << facing
    shared.one += likeness * (one.weights[at] ?? 0)
    shared.other += likeness * (other.weights[facing] ?? 0)
  }
  return shared
}

/** Below this, two words are two words. */
const likenessMin = 0.9

function likenessOfWords(one: string, other: string): number {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  if (short.length < 3 || long.length - short.length > 12) return short.length === 1 && long.startsWith(short) ? 0.5 : 0
  // 2011 and 2012, or S90 and S91, differ by one character and by all that matters.
  if (hasDigit(short) || hasDigit(long)) return 0
  if (long.startsWith(short)) return 0.85
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

const spacesMax = 4
const joinedMax = 80

/** Whether two texts are the same but for spaces: `pridham street` and `pridhamstreet`. */
export function equalJoined(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > spacesMax || Math.max(one.length, other.length) > joinedMax) return false
  return (one.includes(' ') || other.includes(' ')) && one.replaceAll(' ', '') === other.replaceAll(' ', '')
}
