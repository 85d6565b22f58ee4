/**
 * Pairs worth comparing: records that share a key. Each pair comes once, by the first key it shares. A block that is too
 * large is not compared in full but through a window over its sorted rows, and is reported: nothing is dropped silently.
 */

/** A block that was only compared through a window. */
export interface OversizedBlock {
  /** Position of its key. */
  readonly key: number
  readonly rows: number
}

export interface Candidates {
  /** Pairs that were visited. */
  readonly candidates: number
  readonly oversized: readonly OversizedBlock[]
}

export interface Blocking {
  readonly rows: number
  /** For each key its columns of fingerprints; 0 for none. Those of oversized blocks are emptied on the way. */
  readonly keys: readonly (readonly Uint32Array[])[]
  /** Larger blocks are windowed. */
  readonly blockMax: number
  /** How many neighbours on each side a row of an oversized block is compared with. */
  readonly windowRows: number
}

/** Defaults of data quality at a million leads: see docs/duplicates.md. */
export const blockMaxUsual = 400
export const windowRowsUsual = 30

export type VisitPair = (one: number, other: number) => void

/** Visits every pair of a small table. */
export function visitAllPairs(rows: number, visit: VisitPair): Candidates {
  for (let one = 0; one < rows; one += 1) for (let other = one + 1; other < rows; other += 1) visit(one, other)
  return { candidates: (rows * (rows - 1)) / 2, oversized: [] }
}

/** Visits every pair that shares a key, the lower row first. */
export function visitCandidates(blocking: Blocking, visit: VisitPair): Candidates {
  let pairs = 0
  const oversized: OversizedBlock[] = []
  const counted: VisitPair = (one, other) => {
    pairs += 1
    visit(Math.min(one, other), Math.max(one, other))
  }
  for (const [key, columns] of blocking.keys.entries()) {
    const entries = sortedEntries(columns, blocking.rows)
    const { prints, rows } = entries
    for (let from = 0; from < prints.length; ) {
      let end = from + 1
      while (end < prints.length && prints[end] === prints[from]) end += 1
      if (end - from > 1) {
        const block = rows.subarray(from, end)
        if (block.length <= blocking.blockMax) visitBlock(blocking, key, prints[from] ?? 0, block, counted)
        else {
          oversized.push({ key, rows: block.length })
          visitWindow(blocking, key, block, counted)
          empty(columns, block, prints[from] ?? 0)
        }
      }
      from = end
    }
  }
  return { candidates: pairs, oversized }
}

function visitBlock(blocking: Blocking, key: number, print: number, block: Uint32Array, visit: VisitPair): void {
  for (let at = 0; at < block.length; at += 1) {
    const one = block[at] ?? 0
    for (let next = at + 1; next < block.length; next += 1) {
      const other = block[next] ?? 0
      if (one !== other && !metBefore(blocking, key, print, one, other)) visit(one, other)
    }
  }
}

/** Whether the two rows share an earlier key, or an earlier value of this one. */
function metBefore({ keys }: Blocking, key: number, print: number, one: number, other: number): boolean {
  for (let earlier = 0; earlier <= key; earlier += 1) {
    const columns = keys[earlier]
    if (columns === undefined) continue
    if (columns.length === 1) {
      if (earlier === key) continue
      const found = columns[0]?.[one] ?? 0
      if (found !== 0 && found === columns[0]?.[other]) return true
      continue
    }
    for (const column of columns) {
      const found = column[one] ?? 0
      if (found === 0 || (earlier === key && found >= print)) continue
      for (const facing of columns) if (facing[other] === found) return true
    }
  }
  return false
}

/** Rows of the block in the order of another key, each with its neighbours. */
function visitWindow({ keys, windowRows }: Blocking, key: number, block: Uint32Array, visit: VisitPair): void {
  const order = keys[(key + 1) % keys.length]?.[0]
  const sorted = [...block].sort((one, other) => (order?.[one] ?? 0) - (order?.[other] ?? 0) || one - other)
  for (let at = 0; at < sorted.length; at += 1)
    for (let next = at + 1; next < Math.min(sorted.length, at + 1 + windowRows); next += 1) {
      const one = sorted[at] ?? 0
      const other = sorted[next] ?? 0
      if (one !== other) visit(one, other)
    }
}

function empty(columns: readonly Uint32Array[], block: Uint32Array, print: number): void {
  for (const row of block) for (const column of columns) if (column[row] === print) column[row] = 0
}

/** Fingerprints of a key with their rows, sorted by both. */
export interface Entries {
  readonly prints: Uint32Array
  readonly rows: Uint32Array
}

/** All fingerprints of a key with their rows, by fingerprint and then row: four passes of a stable counting sort. */
export function sortedEntries(columns: readonly Uint32Array[], rows: number): Entries {
  let count = 0
  for (const column of columns) for (let row = 0; row < rows; row += 1) if (column[row] !== 0) count += 1
  let prints = new Uint32Array(count)
  let owners = new Uint32Array(count)
  let at = 0
  for (let row = 0; row < rows; row += 1)
    for (const column of columns) {
      const print = column[row] ?? 0
      if (print === 0) continue
      prints[at] = print
      owners[at] = row
      at += 1
    }
  let printsNext = new Uint32Array(count)
  let ownersNext = new Uint32Array(count)
  for (let shift = 0; shift < 32; shift += 8) {
    const starts = new Uint32Array(257)
    for (let from = 0; from < count; from += 1) {
      const after = (((prints[from] ?? 0) >>> shift) & 255) + 1
      starts[after] = (starts[after] ?? 0) + 1
    }
    for (let bucket = 0; bucket < 256; bucket += 1)
      starts[bucket + 1] = (starts[bucket + 1] ?? 0) + (starts[bucket] ?? 0)
    for (let from = 0; from < count; from += 1) {
      const print = prints[from] ?? 0
      const bucket = (print >>> shift) & 255
      const to = starts[bucket] ?? 0
      starts[bucket] = to + 1
      printsNext[to] = print
      ownersNext[to] = owners[from] ?? 0
    }
    const [printsDone, ownersDone] = [printsNext, ownersNext]
    printsNext = prints
    ownersNext = owners
    prints = printsDone
    owners = ownersDone
  }
  return { prints, rows: owners }
}
