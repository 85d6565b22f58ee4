/**
 * The pages of a database file that may be damaged: what its header says, or, where that is gone, what the pages
 * themselves tell; and the frames of its -wal that were committed.
 */
import type { TextEncodingName } from './record.ts'

/** Reads up to `length` bytes of a file from an offset; fewer at its end. */
export type ReadBytes = (from: number, length: number) => Uint8Array

export interface Pages {
  readonly pageSize: number
  /** Bytes of a page that hold content. */
  readonly usable: number
  /** Pages from 1 to this number are there; the last may be cut. */
  readonly count: number
  readonly encoding: TextEncodingName
  /** The first page of the list of free pages; 0: none. */
  readonly freeTrunk: number
  /** Whether the header could be believed. */
  readonly hasHeader: boolean
  /** A whole page; undefined where it is cut or beyond the end. */
  page(number: number): Uint8Array | undefined
}

const magic = 'SQLite format 3\u0000'
const sizes = [4096, 1024, 2048, 8192, 16_384, 32_768, 65_536, 512] as const
const encodings: readonly TextEncodingName[] = ['utf-8', 'utf-16le', 'utf-16be']
/** Pages that are looked at to guess the size of all. */
const samplePages = 400

export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

export function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 0x10000 + u16(bytes, at + 2)
}

/** Whether a page of zeros: nothing is on it, whatever is said of it. */
export function isBlank(page: Uint8Array): boolean {
  return page.every((byte) => byte === 0)
}

/** @param fileBytes size of the file */
export function openPages(read: ReadBytes, fileBytes: number): Pages {
  const header = read(0, 100)
  const said = u16(header, 16) === 1 ? 65_536 : u16(header, 16)
  const reserved = header[20] ?? 0
  const hasMagic = header.length === 100 && Buffer.from(header.subarray(0, 16)).toString('latin1') === magic
  const isPlausible = sizes.some((size) => size === said) && said - reserved >= 480
  const hasHeader = hasMagic && isPlausible && [1, 2, 3].includes(u32(header, 56))
  const pageSize = hasHeader ? said : guessSize(read, fileBytes, isPlausible ? said : undefined)
  const kept = isPlausible && said === pageSize ? reserved : 0
  return {
    pageSize,
    usable: pageSize - kept,
    count: Math.ceil(fileBytes / pageSize),
    encoding: encodings[u32(header, 56) - 1] ?? 'utf-8',
    freeTrunk: hasHeader ? u32(header, 32) : 0,
    hasHeader,
    page(number) {
      if (number < 1) return undefined
      const bytes = read((number - 1) * pageSize, pageSize)
      return bytes.length === pageSize ? bytes : undefined
    },
  }
}

/** The size at which the most pages begin as a b-tree page does; what the header says wins where it is as good. */
function guessSize(read: ReadBytes, fileBytes: number, said: number | undefined): number {
  const score = (size: number) => {
    const pages = Math.min(samplePages, Math.floor(fileBytes / size))
    let good = 0
    for (let index = 1; index < pages; index += 1) if (looksLikePage(read(index * size, size), size)) good += 1
    return pages <= 1 ? 0 : good / (pages - 1)
  }
  const candidates = said === undefined ? sizes : [said, ...sizes]
  return candidates.reduce((best, size) => (score(size) > score(best) ? size : best))
}

/** Cells are laid from the end of a page towards its head: one of them begins in its second half, and none behind it. */
function looksLikePage(page: Uint8Array, size: number): boolean {
  const type = page[0] ?? 0
  if (![2, 5, 10, 13].includes(type)) return false
  const cells = u16(page, 3)
  const content = u16(page, 5) === 0 ? 65_536 : u16(page, 5)
  const first = type < 8 ? 12 : 8
  if (cells === 0 || first + cells * 2 > content || content > size) return false
  const pointers = Array.from({ length: cells }, (_, index) => u16(page, first + index * 2))
  return pointers.every((at) => at >= content && at < size) && pointers.some((at) => at > size / 2)
}

/** What a -wal holds for a database of this page size. */
export interface WalFrames {
  /** The newest committed content of pages, by where it begins in the -wal. */
  readonly pages: ReadonlyMap<number, number>
  /** Pages of the database after the last commit; 0: nothing was committed. */
  readonly pageCount: number
  readonly frames: number
}

const noFrames: WalFrames = { pages: new Map(), pageCount: 0, frames: 0 }

/** Reads the frames up to the last commit (https://www.sqlite.org/fileformat2.html#the_write_ahead_log). */
export function readWal(read: ReadBytes, walBytes: number, pageSize: number): WalFrames {
  const header = read(0, 32)
  const isBig = u32(header, 0) === 0x377f0683
  if (header.length < 32 || (!isBig && u32(header, 0) !== 0x377f0682) || u32(header, 8) !== pageSize) return noFrames
  let sum = checksum(header.subarray(0, 24), [0, 0], isBig)
  if (sum[0] !== u32(header, 24) || sum[1] !== u32(header, 28)) return noFrames
  const pending = new Map<number, number>()
  let committed = noFrames
  for (let at = 32, frames = 1; at + 24 + pageSize <= walBytes; at += 24 + pageSize, frames += 1) {
    const frame = read(at, 24 + pageSize)
    const hasSalt = u32(frame, 8) === u32(header, 16) && u32(frame, 12) === u32(header, 20)
    sum = checksum(frame.subarray(0, 8), sum, isBig)
    sum = checksum(frame.subarray(24), sum, isBig)
    if (!hasSalt || sum[0] !== u32(frame, 16) || sum[1] !== u32(frame, 20)) break
    pending.set(u32(frame, 0), at + 24)
    if (u32(frame, 4) > 0) committed = { pages: new Map(pending), pageCount: u32(frame, 4), frames }
  }
  return committed
}

function checksum(
  bytes: Uint8Array,
  [first, second]: readonly [number, number],
  isBig: boolean,
): readonly [number, number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let [s0, s1] = [first, second]
  for (let at = 0; at < bytes.length; at += 8) {
    s0 = (s0 + view.getUint32(at, !isBig) + s1) >>> 0
    s1 = (s1 + view.getUint32(at + 4, !isBig) + s0) >>> 0
  }
  return [s0, s1]
}

/** The file as its committed -wal makes it. */
export function withWal(read: ReadBytes, readWalBytes: ReadBytes, frames: WalFrames, pageSize: number): ReadBytes {
  const pageOf = (number: number) => {
    const at = frames.pages.get(number)
    return at === undefined ? read((number - 1) * pageSize, pageSize) : readWalBytes(at, pageSize)
  }
  return (from, length) => {
    // All reads of more than a header are of one page.
    const number = Math.floor(from / pageSize) + 1
    const start = from - (number - 1) * pageSize
    return pageOf(number).subarray(start, Math.min(start + length, pageSize))
  }
}
