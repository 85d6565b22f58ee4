/**
 * Signed heads of the journal's chain. The chain alone shows an entry that was changed or removed, unless whoever did it
 * reckoned all later hashes anew, or cut the end off. A head says, under a key, which hash stood at which entry at which
 * moment: kept beside the journal, and where its owner keeps copies of it, it shows both.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { type Anchor, type ChainStart, isGenuineAnchor, startOf } from './anchor.ts'
import { type ChainedRow, hashOfRow } from './chain.ts'
import type { WholeChain } from './read-chain.ts'

const hex64 = z.string().regex(/^[0-9a-f]{64}$/)

const headSchema = z.strictObject({
  /** ISO 8601, UTC. */
  at: z.string(),
  /** Sequence number of the newest entry, which is how many there are. */
  entries: z.int().min(1),
  /** Hash of that entry. */
  hash: hex64,
  /** HMAC-SHA-256 over the three. */
  mac: hex64,
})
export type Head = z.output<typeof headSchema>

function macOf(key: string, { at, entries, hash }: Omit<Head, 'mac'>): string {
  return createHmac('sha256', Buffer.from(key, 'hex'))
    .update(`trueup head v1\n${at}\n${entries}\n${hash}`)
    .digest('hex')
}

/** Signs what stands. `key` is 64 hexadecimal digits. */
export function signHead(key: string, head: Omit<Head, 'mac'>): Head {
  return { ...head, mac: macOf(key, head) }
}

/** A head as a line of its file, with its end. */
export function headLine(head: Head): string {
  return `${JSON.stringify(head)}\n`
}

export type ReadHead =
  | { readonly is: 'head'; readonly line: number; readonly head: Head }
  | { readonly is: 'nonsense'; readonly line: number }

/** Reads a file of heads. An unfinished last line is what a crash left of a head that nobody was told of: it is passed over. */
export function readHeads(text: string): readonly ReadHead[] {
  const lines = text.split('\n')
  // What follows the last line's end: nothing, or a part of a line.
  lines.pop()
  return lines.map((line, at): ReadHead => {
    const parsed = headSchema.safeParse(parsedJson(line))
    return parsed.success ? { is: 'head', line: at + 1, head: parsed.data } : { is: 'nonsense', line: at + 1 }
  })
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The caller names the line.
    return undefined
  }
}

export interface Verdict {
  /** Sequence number of the newest entry. */
  readonly entries: number
  /** How many of them retention removed; the others were all walked over. */
  readonly removed: number
  /** Hash of the newest entry; 64 zeros where there is none. */
  readonly hash: string
  readonly heads: number
  /** The newest entry that a head vouches for; 0 where none does. */
  readonly signedUpTo: number
  /** What does not fit, the earliest entry first. Empty where all is as it was written. */
  readonly problems: readonly Problem[]
}

export interface Problem {
  /** The entry; null where a line of the heads is meant. */
  readonly seq: number | null
  readonly message: string
}

/**
 * Walks the whole chain and compares it with the signed heads. `key` is undefined where it is not to be had: then the heads
 * are compared without their signatures, which is said.
 */
export function verifyJournal(
  { rows, anchor }: WholeChain,
  heads: readonly ReadHead[],
  key: string | undefined,
): Verdict {
  const all = heads.flatMap((one) => (one.is === 'head' && isGenuine(one.head, key) ? [one.head] : []))
  const start = startOf(anchor)
  // What older ones vouched for is gone, and the anchor stands for it.
  const signed = all.filter(({ entries }) => entries >= start.seq)
  const chain = walk(rows, start, new Set(signed.map(({ entries }) => entries)))
  const problems = [
    ...problemsOfAnchor(anchor, key),
    ...chain.problems,
    ...problemsOfHeads(heads, key),
    ...contradictions(signed, chain),
  ]
  const fitting = signed.filter(({ entries, hash }) => chain.hashes.get(entries) === hash)
  return {
    entries: chain.entries,
    removed: start.seq,
    hash: chain.hash,
    heads: all.length,
    signedUpTo: Math.max(0, ...fitting.map(({ entries }) => entries)),
    problems: problems.sort((one, other) => (one.seq ?? 0) - (other.seq ?? 0)),
  }
}

interface Walked {
  readonly entries: number
  readonly hash: string
  /** Stored hashes at the entries that were asked for. */
  readonly hashes: ReadonlyMap<number, string>
  readonly problems: readonly Problem[]
}

/** Names the first entry that does not follow from the one before: what comes after it proves nothing. */
function walk(rows: Iterable<ChainedRow>, start: ChainStart, asked: ReadonlySet<number>): Walked {
  const hashes = new Map<number, string>([[start.seq, start.hash]])
  let problem: Problem | undefined
  let { hash, seq: entries } = start
  for (const row of rows) {
    entries += 1
    if (problem === undefined && row.seq !== entries) problem = { seq: entries, message: `entry ${entries} is missing` }
    if (problem === undefined && hashOfRow(hash, row) !== row.hash)
      problem = { seq: row.seq, message: `entry ${row.seq} is not as it was written: content and hash differ` }
    hash = row.hash
    entries = row.seq
    if (asked.has(row.seq)) hashes.set(row.seq, row.hash)
  }
  return { entries, hash, hashes, problems: problem === undefined ? [] : [problem] }
}

/** Removed by retention, or by somebody who says so. */
function problemsOfAnchor(anchor: Anchor | undefined, key: string | undefined): readonly Problem[] {
  if (anchor === undefined || key === undefined || isGenuineAnchor(anchor, key)) return []
  return [
    {
      seq: anchor.seq,
      message: `entries up to ${anchor.upTo} are missing, and entry ${anchor.seq}, which says that they were retired, was not signed with this key`,
    },
  ]
}

function isGenuine(head: Head, key: string | undefined): boolean {
  return key === undefined || timingSafeEqual(Buffer.from(macOf(key, head)), Buffer.from(head.mac))
}

function problemsOfHeads(heads: readonly ReadHead[], key: string | undefined): readonly Problem[] {
  return heads.flatMap((one): Problem[] => {
    if (one.is === 'nonsense') return [{ seq: null, message: `line ${one.line} of the heads is none` }]
    if (isGenuine(one.head, key)) return []
    return [{ seq: null, message: `line ${one.line} of the heads was not signed with this key` }]
  })
}

/** What a head saw and the chain does not have: the end was cut off, or all from an earlier entry on was written anew. */
function contradictions(signed: readonly Head[], { entries, hashes }: Walked): readonly Problem[] {
  const wrong = signed.filter((head) => hashes.get(head.entries) !== head.hash)
  const first = wrong.reduce<Head | undefined>(
    (least, one) => (least === undefined || one.entries < least.entries ? one : least),
    undefined,
  )
  if (first === undefined) return []
  const sound = signed.filter((head) => head.entries < first.entries && hashes.get(head.entries) === head.hash)
  const from = Math.max(0, ...sound.map((head) => head.entries)) + 1
  if (first.entries > entries) {
    return [
      {
        seq: entries + 1,
        message: `entries from ${entries + 1} on are missing: there were ${first.entries} at ${first.at}`,
      },
    ]
  }
  return [
    {
      seq: from,
      message: `an entry from ${from} to ${first.entries} was written anew after it was signed at ${first.at}`,
    },
  ]
}
