import { createHash } from 'node:crypto'
import { canonicalJson, type JsonObject } from '../json.ts'

/** What the first entry follows. */
export const chainStart = '0'.repeat(64)

/** The stored columns of an entry that its hash covers. */
export interface ChainedRow {
  readonly seq: number
  readonly at_ms: number
  readonly type: string
  readonly actor: string
  readonly resource: string | null
  readonly action_id: string | null
  readonly run_id: string | null
  /** JSON text, as stored. */
  readonly body: string
  readonly hash: string
}

/** SHA-256 over the hash before and every column of the entry. */
export function hashOfRow(previousHash: string, row: Omit<ChainedRow, 'hash'>): string {
  const content: JsonObject = {
    seq: row.seq,
    atMs: row.at_ms,
    type: row.type,
    actor: row.actor,
    resource: row.resource,
    actionId: row.action_id,
    runId: row.run_id,
    body: row.body,
  }
  return createHash('sha256').update(previousHash).update(canonicalJson(content)).digest('hex')
}

export type ChainCheck =
  | { readonly is: 'whole'; readonly entries: number; readonly head: string }
  | { readonly is: 'broken'; readonly seq: number; readonly problem: string }

/** Walks the chain and names the first entry that does not fit. `start` is what the first of the rows follows. */
export function checkChain(
  rows: Iterable<ChainedRow>,
  start: { readonly seq: number; readonly hash: string } = { seq: 0, hash: chainStart },
): ChainCheck {
  let previous = start.hash
  let entries = start.seq
  for (const row of rows) {
    entries += 1
    if (row.seq !== entries) return { is: 'broken', seq: row.seq, problem: `entry ${entries} is missing` }
    if (hashOfRow(previous, row) !== row.hash) return { is: 'broken', seq: row.seq, problem: 'content and hash differ' }
    previous = row.hash
  }
  return { is: 'whole', entries, head: previous }
}
