/**
 * Groups of records that are one thing. Two groups become one only where at least half of all pairs across them are
 * supported and none is excluded, so that one wrong edge cannot chain two things together.
 */

/** A supported pair of rows. */
export interface Edge {
  readonly one: number
  readonly other: number
  /** Confidence from 0 to 1. */
  readonly confidence: number
}

export interface Clustering {
  /** Edges of the pass; any order. */
  readonly edges: readonly Edge[]
  /** Whether a pair that has no edge because no key brought it together would be supported. Asked for few pairs. */
  readonly isSupported: (one: number, other: number) => boolean
  /** Whether a person said that the two are not duplicates. */
  readonly isExcluded: (one: number, other: number) => boolean
}

/** Share of pairs across two groups that must be supported. Measured: see docs/adr. */
export const supportMin = 0.5

/** Groups of two and more rows, each in ascending order; by their first rows. The same whatever the order of edges. */
export function clusterOf({ edges, isSupported, isExcluded }: Clustering): readonly (readonly number[])[] {
  const groups = new Map<number, number[]>()
  const supported = new Set(edges.map((edge) => pairKey(edge.one, edge.other)))
  const ask = (one: number, other: number) => {
    const key = pairKey(one, other)
    if (supported.has(key)) return true
    return isSupported(one, other)
  }
  const mayJoin = (one: readonly number[], other: readonly number[]) => {
    const needed = Math.ceil(one.length * other.length * supportMin)
    let found = 0
    let left = one.length * other.length
    for (const a of one) for (const b of other) if (isExcluded(a, b)) return false
    for (const a of one)
      for (const b of other) {
        if (ask(a, b)) found += 1
        left -= 1
        if (found >= needed) return true
        if (found + left < needed) return false
      }
    return found >= needed
  }
  for (const edge of strongestFirst(edges)) {
    const one = groups.get(edge.one) ?? [edge.one]
    const other = groups.get(edge.other) ?? [edge.other]
    if (one === other || !mayJoin(one, other)) continue
    const joined = [...one, ...other]
    for (const row of joined) groups.set(row, joined)
  }
  const found = [...new Set(groups.values())]
  for (const group of found) group.sort((one, other) => one - other)
  return found.sort((one, other) => (one[0] ?? 0) - (other[0] ?? 0))
}

function strongestFirst(edges: readonly Edge[]): readonly Edge[] {
  return [...edges].sort(
    (left, right) =>
      right.confidence - left.confidence ||
      Math.min(left.one, left.other) - Math.min(right.one, right.other) ||
      Math.max(left.one, left.other) - Math.max(right.one, right.other),
  )
}

/** One number for an unordered pair of rows below 2^26. */
export function pairKey(one: number, other: number): number {
  return Math.min(one, other) * 2 ** 26 + Math.max(one, other)
}
