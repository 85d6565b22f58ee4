/**
 * Edits between two texts: inserted, dropped, changed and swapped neighbouring characters (optimal string alignment), as
 * typing mistakes are made of them. Only small distances matter for matching, so counting stops at a limit.
 */

const rowLengthMax = 64
let before = new Uint8Array(rowLengthMax + 1)
let previous = new Uint8Array(rowLengthMax + 1)
let current = new Uint8Array(rowLengthMax + 1)

/**
 * How many edits turn one text into the other, symmetric; `editsMax + 1` where it takes more, or where a text has more than 64
 * characters after common ends are taken away.
 */
export function editsWithin(one: string, other: string, editsMax: number): number {
  if (one === other) return 0
  const tooMany = editsMax + 1
  if (Math.abs(one.length - other.length) > editsMax) return tooMany
  let start = 0
  let oneEnd = one.length
  let otherEnd = other.length
  // Where a text ends there is NaN, which equals nothing.
  while (one.charCodeAt(start) === other.charCodeAt(start)) start += 1
  while (oneEnd > start && otherEnd > start && one.charCodeAt(oneEnd - 1) === other.charCodeAt(otherEnd - 1)) {
    oneEnd -= 1
    otherEnd -= 1
  }
  const height = oneEnd - start
  const width = otherEnd - start
  if (Math.max(height, width) > rowLengthMax) return tooMany
  for (let column = 0; column <= width; column += 1) previous[column] = column
  for (let row = 1; row <= height; row += 1) {
    // A swap reaches back two rows: a row may rise to one above the limit and a later one fall below it again.
    if (fillRow(one, other, start, row, width) > editsMax + 1) return tooMany
    const spare = before
    before = previous
    previous = current
    current = spare
  }
  return Math.min(previous[width] ?? tooMany, tooMany)
}

/** Fills one row of the table and returns its least entry. */
function fillRow(one: string, other: string, start: number, row: number, width: number): number {
  const code = one.charCodeAt(start + row - 1)
  const codeBefore = row > 1 ? one.charCodeAt(start + row - 2) : -1
  current[0] = row
  let least = row
  for (let column = 1; column <= width; column += 1) {
    const facing = other.charCodeAt(start + column - 1)
    const changed = (previous[column - 1] ?? 0) + (code === facing ? 0 : 1)
    let edits = Math.min(changed, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1)
    if (column > 1 && code === other.charCodeAt(start + column - 2) && codeBefore === facing)
      edits = Math.min(edits, (before[column - 2] ?? 0) + 1)
    current[column] = edits
    if (edits < least) least = edits
  }
  return least
}
