/** Damage as disks and crashes do it, the same for the same seed. Pure: bytes in, bytes out. */
import type { Random } from '../../src/random.ts'

export const corruptionClasses = [
  'bits-in-content',
  'bits-anywhere',
  'zeroed-pages',
  'truncated',
  'wrong-header',
  'mismatched-wal',
] as const
export type CorruptionClass = (typeof corruptionClasses)[number]

export interface Corrupted {
  readonly what: CorruptionClass
  readonly file: Buffer
  /** Laid beside the file; undefined where there is none. */
  readonly wal: Buffer | undefined
  /** Numbers of the pages that are not as they were. */
  readonly pages: ReadonlySet<number>
}

/** @param wal the -wal of another database with pages of the same size */
export function corrupt(
  what: CorruptionClass,
  sound: Buffer,
  wal: Buffer,
  pageSize: number,
  random: Random,
): Corrupted {
  const below = (limit: number) => Math.floor(random.next() * limit)
  const file = Buffer.from(sound)
  const pages = sound.length / pageSize
  let kept = file
  switch (what) {
    case 'bits-in-content':
      // Inside of words, so that the page stays one that SQLite finds sound.
      for (let flips = 0; flips < 3; flips += 1) {
        const at = wordAt(file, below(file.length))
        file[at] = (file[at] ?? 0) ^ 2
      }
      break
    case 'bits-anywhere': {
      const page = 1 + below(pages - 1)
      for (let flips = 0; flips < 24; flips += 1) {
        const at = page * pageSize + below(flips < 12 ? 24 : pageSize)
        file[at] = (file[at] ?? 0) ^ (1 << below(8))
      }
      break
    }
    case 'zeroed-pages':
      for (let count = 1 + below(3); count > 0; count -= 1) {
        const page = below(pages)
        file.fill(0, page * pageSize, (page + 1) * pageSize)
      }
      break
    case 'truncated':
      kept = file.subarray(0, pageSize + below(file.length - pageSize))
      break
    case 'wrong-header':
      file.fill(below(2) === 0 ? 0 : 0xa5, 0, below(2) === 0 ? 16 : 100)
      break
    case 'mismatched-wal':
      break
  }
  const changed = new Set<number>()
  for (let page = 1; page <= pages; page += 1) {
    const [from, to] = [(page - 1) * pageSize, page * pageSize]
    if (!kept.subarray(from, to).equals(sound.subarray(from, to))) changed.add(page)
  }
  return { what, file: kept, wal: what === 'mismatched-wal' ? wal : undefined, pages: changed }
}

/** The place of a letter within a longer run of letters, from a place on. */
function wordAt(file: Buffer, from: number): number {
  const isLetter = (at: number) => /[a-z]/.test(String.fromCharCode(file[at % file.length] ?? 0))
  for (let at = from; ; at += 1) {
    if ([-2, -1, 0, 1, 2].every((step) => isLetter(at + step + file.length))) return at % file.length
  }
}
