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
  /** Exact rules that the pair meets, one bit for each by its place among them. */
  readonly exact?: number
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
  const rows = edges.reduce((most, edge) => Math.max(most, edge.one, edge.other), -1) + 1
  const groups: number[][] = []
  /** One more than the number of a row's group; 0 while it stands alone. */
  const groupOf = new Uint32Array(rows)
  const membersOf = (row: number) => groups[(groupOf[row] ?? 0) - 1] ?? [row]
  // Sorted numbers take a tenth of what a set of them would.
  const supported = Float64Array.from(edges, (edge) => pairKey(edge.one, edge.other)).sort()
  const ask = (one: number, other: number) => holds(supported, pairKey(one, other)) || isSupported(one, other)
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
    const one = membersOf(edge.one)
    const other = membersOf(edge.other)
    if ((one.length > 1 && one === other) || !mayJoin(one, other)) continue
    const joined = [...one, ...other]
    groups.push(joined)
    for (const row of joined) groupOf[row] = groups.length
  }
  const found = groups.filter((group, at) => groupOf[group[0] ?? 0] === at + 1)
  for (const group of found) group.sort((one, other) => one - other)
  return found.sort((one, other) => (one[0] ?? 0) - (other[0] ?? 0))
}

/** Whether a sorted array has a number. */
function holds(sorted: Float64Array, wanted: number): boolean {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1
    else high = middle
  }
  return sorted[low] === wanted
}

/** The same order for the same pairs, however they were found. */
export function strongestFirst(edges: readonly Edge[]): readonly Edge[] {
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
