/**
 * Counts the bytes that long work on files goes through, and reports how far it is. Pure but for the report.
 * @param sizes of the parts, in their order; what a part goes through beyond its size counts no more
 * @returns begins the part of that index, and gives what counts its bytes
 */
export function countBytes(
  sizes: readonly number[],
  report: (done: number, total: number) => void,
): (part: number) => (bytes: number) => void {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  return (part) => {
    const before = sizes.slice(0, part).reduce((sum, size) => sum + size, 0)
    const size = sizes[part] ?? 0
    let own = 0
    report(before, total)
    return (bytes) => {
      own = Math.min(own + bytes, size)
      report(before + own, total)
    }
  }
}
