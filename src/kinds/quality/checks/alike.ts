import { foldLetters } from '../../../values/fold.ts'
import { hashText } from '../../../values/text-hash.ts'
import { beginning, type GroupCheck, textOf } from './check.ts'

/**
 * Texts that say nearly the same are put into one bucket: of the words that begin with a small letter (names, companies and
 * figures, which a template is filled in with, do not), in runs of four, the least by each of five orders (min-hashing,
 * Broder 1997, https://doi.org/10.1109/SEQUEN.1997.666900). Two texts whose runs are equal to the share s have one bucket
 * with s⁵; of three buckets they share one with 1 − (1 − s⁵)³: 0.99 of those equal to 95 %, 0.93 to 90 %, 0.09 to 50 %.
 */
const bands = 3
const orders = 5
const runWords = 4
/** Shorter texts are alike by nature. */
const wordsMin = 12

/** No more than `max` different texts are nearly the same. Equal ones are the matter of `repeated`. */
export function alike(field: string, max: number): GroupCheck {
  const most = max === 1 ? 'no other text' : `fewer than ${max} other texts`
  return {
    is: 'group',
    id: `${field}.alike`,
    field,
    title: `is nearly the same as ${most}`,
    fault: `is nearly the same as in other rows`,
    severity: 'low',
    reads: [field],
    remedy: `Write ${field} anew where texts differ by little more than what a template was filled in with, or raise quality.alike of the field.`,
    rule: { is: 'alike', max },
    bands,
    reason: `is nearly the same text as in other rows`,
    placesOf: (row) => {
      const text = textOf(row(field))
      const buckets = text === undefined ? undefined : bucketsOf(beginning(text))
      const value = text === undefined ? 0 : hashText(text.trim())
      return Array.from({ length: bands }, (_, band) => {
        const group = buckets?.[band]
        return group === undefined ? undefined : { group, value }
      })
    },
  }
}

/** One bucket for each band; undefined for a text of too few words. */
function bucketsOf(text: string): readonly number[] | undefined {
  const words: number[] = []
  for (const [word] of text.matchAll(/[\p{L}\p{N}][\p{L}\p{M}\p{N}'’]*/gu))
    if (!/^[\p{Lu}\p{Lt}\p{N}]/u.test(word)) words.push(hashText(foldLetters(word)) % 2 ** 32)
  if (words.length < wordsMin) return undefined
  const least = new Uint32Array(bands * orders).fill(0xffffffff)
  for (let at = 0; at + runWords <= words.length; at += 1) {
    let run = 0
    for (let next = 0; next < runWords; next += 1) run = mixed((Math.imul(run, 31) ^ (words[at + next] ?? 0)) >>> 0)
    for (let order = 0; order < least.length; order += 1) {
      const hash = mixed((run ^ Math.imul(order + 1, 0x9e3779b1)) >>> 0)
      if (hash < (least[order] ?? 0)) least[order] = hash
    }
  }
  return Array.from({ length: bands }, (_, band) =>
    hashText(least.subarray(band * orders, (band + 1) * orders).join(' ')),
  )
}

/** The finalizer of MurmurHash3, by Austin Appleby (public domain): each order of one number needs a hash of its own. */
function mixed(value: number): number {
  let word = value
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
  return (word ^ (word >>> 16)) >>> 0
}
