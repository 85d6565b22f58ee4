/**
 * The least of a set of keys in logarithmic time, where every key is there once at most and can be moved or taken out.
 * Keeps true: a parent is never after its children, and `positions` names the place of every key.
 */
export interface KeyedHeap<Rank> {
  readonly size: number
  /** The rank of a key, or undefined when it is not there. */
  get(key: string): Rank | undefined
  /** Puts a key in, or moves it to another rank. */
  set(key: string, rank: Rank): void
  /** Takes a key out; false when it was not there. */
  delete(key: string): boolean
  /** The key of the least rank, which stays. */
  peek(): { readonly key: string; readonly rank: Rank } | undefined
}

/** Makes an empty heap. `compare` is negative when its first rank comes first; it must be a total order. */
export function createKeyedHeap<Rank>(compare: (a: Rank, b: Rank) => number): KeyedHeap<Rank> {
  const entries: { readonly key: string; readonly rank: Rank }[] = []
  const positions = new Map<string, number>()

  const put = (index: number, entry: { readonly key: string; readonly rank: Rank }): void => {
    entries[index] = entry
    positions.set(entry.key, index)
  }

  /** Moves `entry` from the free place `index` up or down to where it belongs. */
  const settle = (start: number, entry: { readonly key: string; readonly rank: Rank }): void => {
    let index = start
    for (;;) {
      const above = (index - 1) >> 1
      const parent = index > 0 ? entries[above] : undefined
      if (parent === undefined || compare(parent.rank, entry.rank) <= 0) break
      put(index, parent)
      index = above
    }
    for (;;) {
      const left = entries[2 * index + 1]
      const right = entries[2 * index + 2]
      const isRight = left !== undefined && right !== undefined && compare(right.rank, left.rank) < 0
      const child = isRight ? right : left
      if (child === undefined || compare(entry.rank, child.rank) <= 0) break
      put(index, child)
      index = 2 * index + (isRight ? 2 : 1)
    }
    put(index, entry)
  }

  return {
    get size() {
      return entries.length
    },
    get(key) {
      const index = positions.get(key)
      return index === undefined ? undefined : entries[index]?.rank
    },
    set(key, rank) {
      settle(positions.get(key) ?? entries.length, { key, rank })
    },
    delete(key) {
      const index = positions.get(key)
      if (index === undefined) return false
      positions.delete(key)
      const last = entries.pop()
      if (last !== undefined && last.key !== key) settle(index, last)
      return true
    },
    peek() {
      return entries[0]
    },
  }
}
