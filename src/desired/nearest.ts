/** Finds the word that somebody probably meant. */

/** How many letters must be inserted, removed, replaced or swapped with their neighbour to get from one to the other. */
export function editDistance(one: string, other: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1]
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      )
      if (row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]) {
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1)
      }
      current.push(best)
    }
    beforeLast = last
    last = current
  }
  return last[other.length] ?? 0
}

/** Case, separators and a plural s do not count as differences when a name was probably only spelled another way. */
function folded(word: string): string {
  return word
    .toLowerCase()
    .replace(/[\s_.-]+/g, '')
    .replace(/s$/, '')
}

/** Words longer than this are no typing slips of a short name, and comparing them would cost. */
const lengthMax = 64

/** Slips in shorter words cannot be told from other words. */
const lengthMin = 3

/**
 * The candidate that the word is a likely slip of: one edit in three letters at most, or a short form; undefined when
 * none is near.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > lengthMax) return undefined
  let found: string | undefined
  let foundDistance = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const distance = distanceOf(word, candidate)
    if (distance < foundDistance) {
      found = candidate
      foundDistance = distance
    }
  }
  return found
}

/** How far a candidate is from what was written; infinite where nobody would take one for the other. */
function distanceOf(word: string, candidate: string): number {
  if (candidate === word || candidate.length > lengthMax) return Number.POSITIVE_INFINITY
  if (folded(candidate) === folded(word)) return 0.5
  const [short, long] = [word.toLowerCase(), candidate.toLowerCase()].sort((one, other) => one.length - other.length)
  if (short === undefined || long === undefined || short.length < lengthMin) return Number.POSITIVE_INFINITY
  const distance = editDistance(short, long)
  if (distance <= Math.max(1, Math.floor(long.length / 3))) return distance
  return long.startsWith(short) ? long.length : Number.POSITIVE_INFINITY
}
