/**
 * What stands for the entries that retention removed: an entry of the chain itself, which names the last one removed and its
 * hash, signed with the key of the heads. From there the chain goes on to be checked.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { chainStart } from './chain.ts'

export const retainedType = 'journal.retained'

const bodySchema = z.object({
  /** The last entry that was removed. */
  upTo: z.int().min(1),
  /** Its hash, which the first entry that is left follows. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  removed: z.int().min(1),
  /** Entries from before this moment were removed; ISO 8601, UTC. */
  before: z.string(),
  mac: z.string().regex(/^[0-9a-f]{64}$/),
})

export type AnchorBody = z.output<typeof bodySchema>
export interface Anchor extends AnchorBody {
  /** The entry that says so. */
  readonly seq: number
}

function macOf(key: string, { upTo, hash, removed, before }: Omit<AnchorBody, 'mac'>): string {
  return createHmac('sha256', Buffer.from(key, 'hex'))
    .update(`trueup anchor v1\n${upTo}\n${hash}\n${removed}\n${before}`)
    .digest('hex')
}

export function signAnchor(key: string, anchor: Omit<AnchorBody, 'mac'>): AnchorBody {
  return { ...anchor, mac: macOf(key, anchor) }
}

export function isGenuineAnchor(anchor: AnchorBody, key: string): boolean {
  return timingSafeEqual(Buffer.from(macOf(key, anchor)), Buffer.from(anchor.mac))
}

/** The SQL that finds the newest of them. */
export const newestAnchorSql = `SELECT seq, body FROM entries WHERE type = '${retainedType}' ORDER BY seq DESC LIMIT 1`

/** Reads a row of {@link newestAnchorSql}. Undefined for none, and for one that no Trueup wrote: then entries are missing. */
export function anchorOf(row: { readonly seq: number; readonly body: string } | undefined): Anchor | undefined {
  if (row === undefined) return undefined
  try {
    const parsed = bodySchema.safeParse(JSON.parse(row.body))
    return parsed.success ? { ...parsed.data, seq: row.seq } : undefined
  } catch {
    // No JSON: the walk over the chain names the entry.
    return undefined
  }
}

/** Where the walk over the chain begins. */
export interface ChainStart {
  readonly seq: number
  readonly hash: string
}

export function startOf(anchor: Anchor | undefined): ChainStart {
  return anchor === undefined ? { seq: 0, hash: chainStart } : { seq: anchor.upTo, hash: anchor.hash }
}
