/** Pairs that come into question, kept flat: two rows and a level for each feature, so that a million of them fit. */
import type { Levels } from './score.ts'

export interface PairStore {
  readonly count: number
  readonly add: (one: number, other: number, levels: Levels) => void
  readonly oneAt: (at: number) => number
  readonly otherAt: (at: number) => number
  /** A view that the next `add` may void. */
  readonly levelsAt: (at: number) => Levels
}

const roomAtFirst = 1024

export function pairStore(features: number): PairStore {
  let rows = new Uint32Array(roomAtFirst * 2)
  let levels = new Uint8Array(roomAtFirst * features)
  let count = 0
  const grow = () => {
    const widerRows = new Uint32Array(rows.length * 2)
    widerRows.set(rows)
    rows = widerRows
    const widerLevels = new Uint8Array(levels.length * 2)
    widerLevels.set(levels)
    levels = widerLevels
  }
  return {
    get count() {
      return count
    },
    add(one, other, found) {
      if (count * 2 === rows.length) grow()
      rows[count * 2] = one
      rows[count * 2 + 1] = other
      levels.set(found, count * features)
      count += 1
    },
    oneAt: (at) => rows[at * 2] ?? 0,
    otherAt: (at) => rows[at * 2 + 1] ?? 0,
    levelsAt: (at) => levels.subarray(at * features, (at + 1) * features),
  }
}
