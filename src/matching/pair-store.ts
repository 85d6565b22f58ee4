/**
 * Pairs that come into question, kept flat so that a million of them fit: two rows, a level for each feature, and which
 * exact rules they meet.
 */
import type { Levels } from './score.ts'

export interface PairStore {
  readonly count: number
  /** @param rules the exact rules that are met, one bit each; at most 32 rules */
  readonly add: (one: number, other: number, levels: Levels, rules: number) => void
  readonly oneAt: (at: number) => number
  readonly otherAt: (at: number) => number
  readonly rulesAt: (at: number) => number
  /** A view that the next `add` may void. */
  readonly levelsAt: (at: number) => Levels
}

const roomAtFirst = 1024
const numbers = 3

export function pairStore(features: number): PairStore {
  let heads = new Uint32Array(roomAtFirst * numbers)
  let levels = new Uint8Array(roomAtFirst * features)
  let count = 0
  const grow = () => {
    const widerHeads = new Uint32Array(heads.length * 2)
    widerHeads.set(heads)
    heads = widerHeads
    const widerLevels = new Uint8Array(levels.length * 2)
    widerLevels.set(levels)
    levels = widerLevels
  }
  return {
    get count() {
      return count
    },
    add(one, other, found, rules) {
      if (count * numbers === heads.length) grow()
      heads[count * numbers] = one
      heads[count * numbers + 1] = other
      heads[count * numbers + 2] = rules
      levels.set(found, count * features)
      count += 1
    },
    oneAt: (at) => heads[at * numbers] ?? 0,
    otherAt: (at) => heads[at * numbers + 1] ?? 0,
    rulesAt: (at) => heads[at * numbers + 2] ?? 0,
    levelsAt: (at) => levels.subarray(at * features, (at + 1) * features),
  }
}
