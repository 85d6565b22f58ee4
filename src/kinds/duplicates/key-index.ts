/**
 * The fingerprints of a full pass in a file, sorted, so that the block of a changed record is found by a few short reads
 * and nothing of it stays in memory. Holds no values. The file is never changed: what changed since stands in the store.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { z } from 'zod'
import { blockMaxUsual, sortedEntries } from '../../matching/candidates.ts'
import type { Columns } from '../../matching/columns.ts'

/** Where a list of entries stands: `count` fingerprints from `prints` on, what belongs to each from `values` on. */
const sectionSchema = z.object({ prints: z.number(), values: z.number(), count: z.number() })
const headSchema = z.object({
  rows: z.number(),
  rowIds: z.number(),
  /** By key, exact rules first: rows of each fingerprint. */
  keys: z.array(sectionSchema),
  /** By feature: how many records have each value. */
  features: z.array(sectionSchema),
})
type Section = z.output<typeof sectionSchema>

/** The head stands at the end; its length in the last eight bytes. */
const tailBytes = 8

/** Writes the index of a pass; the file must not be there yet. */
export function writeKeyIndex(path: string, columns: Columns, rowIdOf: (row: number) => number): void {
  const file = openSync(path, 'wx', 0o600)
  let at = 0
  const write = (array: Uint32Array | Float64Array): number => {
    const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength)
    const from = at
    for (let done = 0; done < bytes.length; ) {
      const count = writeSync(file, bytes, done, bytes.length - done, at)
      done += count
      at += count
    }
    return from
  }
  try {
    const rowIds = write(Float64Array.from({ length: columns.rows }, (_, row) => rowIdOf(row)))
    const keys = [...columns.rules.map((prints) => [prints]), ...columns.keys].map((slots): Section => {
      const { prints, rows } = sortedEntries(slots, columns.rows)
      return { count: prints.length, prints: write(prints), values: write(rows) }
    })
    const features = columns.prints.map((column): Section => {
      const counted = countsOf(column)
      return { count: counted.prints.length, prints: write(counted.prints), values: write(counted.counts) }
    })
    const head = Buffer.from(JSON.stringify({ rows: columns.rows, rowIds, keys, features }))
    const tail = Buffer.alloc(tailBytes)
    tail.writeDoubleLE(head.length)
    writeSync(file, head, 0, head.length, at)
    writeSync(file, tail, 0, tailBytes, at + head.length)
  } finally {
    closeSync(file)
  }
}

function countsOf(column: Uint32Array): { readonly prints: Uint32Array; readonly counts: Uint32Array } {
  const sorted = column.slice().sort()
  let distinct = 0
  const prints = new Uint32Array(sorted.length)
  const counts = new Uint32Array(sorted.length)
  for (let at = 0; at < sorted.length; at += 1) {
    const print = sorted[at] ?? 0
    if (print === 0) continue
    if (distinct === 0 || prints[distinct - 1] !== print) {
      prints[distinct] = print
      distinct += 1
    }
    counts[distinct - 1] = (counts[distinct - 1] ?? 0) + 1
  }
  return { prints: prints.subarray(0, distinct), counts: counts.subarray(0, distinct) }
}

export interface KeyIndex {
  /** Records with this fingerprint of a key, as they were at the pass; at most those that a block may have. */
  rowIdsWith(key: number, print: number): readonly number[]
  /** How many records had this value of a feature. */
  countOf(feature: number, print: number): number
  /** All records of the pass. */
  allRowIds(): Iterable<number>
  close(): void
}

/** Opens an index; it must be closed. Throws where the file is not there or is none. */
export function openKeyIndex(path: string): KeyIndex {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const tail = Buffer.alloc(tailBytes)
    readSync(file, tail, 0, tailBytes, size - tailBytes)
    const length = tail.readDoubleLE()
    if (!Number.isSafeInteger(length) || length < 2 || length > size)
      throw new RangeError(`${path} is no index of keys`)
    const text = Buffer.alloc(length)
    readSync(file, text, 0, length, size - tailBytes - length)
    return indexOver(file, headSchema.parse(JSON.parse(text.toString('utf8'))))
  } catch (error) {
    closeSync(file)
    throw error
  }
}

/** Read at once and kept: 1,024 entries, 512 rowids. */
const pageBytes = 4096
/** 1 MiB; the index of a table of some ten thousand rows stays as a whole. */
const pagesMax = 256
/** So far a search asks for single words, which are the same for most searches: of a million rows a thousand of each list. */
const searchEntries = pageBytes / 4

/** Gives the bytes at a place, with all after them in their page. Nothing that is asked for crosses a page: lists are aligned. */
function pagesOf(file: number): (place: number) => Buffer {
  const pages = new Map<number, Buffer>()
  return (place) => {
    const number = Math.floor(place / pageBytes)
    let page = pages.get(number)
    if (page === undefined) {
      page = Buffer.alloc(pageBytes)
      readSync(file, page, 0, pageBytes, number * pageBytes)
      const [oldest] = pages.size < pagesMax ? [] : pages.keys()
      if (oldest !== undefined) pages.delete(oldest)
      pages.set(number, page)
    }
    return page.subarray(place % pageBytes)
  }
}

function indexOver(file: number, head: z.output<typeof headSchema>): KeyIndex {
  const bytesAt = pagesOf(file)
  const word = Buffer.alloc(4)
  /** Words that the first steps of every search ask for, by their place in the file. */
  const known = new Map<number, number>()
  const wordAt = (from: number, at: number) => bytesAt(from + at * 4).readUInt32LE()
  const knownWordAt = (from: number, at: number) => {
    const place = from + at * 4
    const kept = known.get(place)
    if (kept !== undefined) return kept
    readSync(file, word, 0, 4, place)
    const read = word.readUInt32LE()
    known.set(place, read)
    return read
  }
  const rowIdAt = (row: number) => bytesAt(head.rowIds + row * 8).readDoubleLE()
  /** The first entry that has the fingerprint, or would. */
  const firstOf = ({ prints, count }: Section, print: number): number => {
    let [low, high] = [0, count]
    while (low < high) {
      const middle = (low + high) >>> 1
      const found = high - low > searchEntries ? knownWordAt(prints, middle) : wordAt(prints, middle)
      if (found < print) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    rowIdsWith(key, print) {
      const section = head.keys[key]
      const found: number[] = []
      if (section === undefined) return found
      for (let at = firstOf(section, print); at < section.count && found.length < blockMaxUsual; at += 1) {
        if (wordAt(section.prints, at) !== print) break
        found.push(rowIdAt(wordAt(section.values, at)))
      }
      return found
    },
    countOf(feature, print) {
      const section = head.features[feature]
      if (section === undefined) return 0
      const at = firstOf(section, print)
      return at < section.count && wordAt(section.prints, at) === print ? wordAt(section.values, at) : 0
    },
    *allRowIds() {
      for (let row = 0; row < head.rows; row += 1) yield rowIdAt(row)
    },
    close: () => closeSync(file),
  }
}
