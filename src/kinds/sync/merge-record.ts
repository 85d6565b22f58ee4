/**
 * What becomes of a pair of records: who is made, who is deleted, and which cells go where. Pure. A record that was
 * deleted on one side and edited on the other is never deleted without a person.
 */
/** Where one side's record is. */
export type Presence = 'there' | 'never' | 'gone'

export interface RecordInput {
  readonly local: Presence
  readonly remote: Presence
  readonly deletions: 'approve' | 'propagate' | 'ignore'
  /** Whether the remaining record changed since both sides agreed; only asked where the other is gone. */
  readonly changedSinceAgreed: () => boolean
  /** What a person said about a record that one side deleted and the other edited. */
  readonly verdict: 'local' | 'airtable' | undefined
  /** Left alone until the record changes again: an undo took the last step back. */
  readonly held: boolean
}

export type RecordDecision =
  | { readonly is: 'compare' }
  | { readonly is: 'create-remote' | 'create-local' | 'delete-remote' | 'delete-local' }
  /** Deleted on `deleted`, edited on the other side. */
  | { readonly is: 'conflict'; readonly deleted: 'local' | 'remote' }
  /** Nothing is left of it on either side, or nothing may be done: the pair is forgotten, or kept as it is. */
  | { readonly is: 'forget' }
  | { readonly is: 'leave'; readonly why: 'ignored' | 'held' }

export function mergeRecord(input: RecordInput): RecordDecision {
  const { local, remote } = input
  if (local === 'there') return remote === 'there' ? { is: 'compare' } : onOneSide(input, 'local', remote)
  return remote === 'there' ? onOneSide(input, 'remote', local) : { is: 'forget' }
}

function onOneSide(input: RecordInput, side: 'local' | 'remote', other: Exclude<Presence, 'there'>): RecordDecision {
  if (input.held) return { is: 'leave', why: 'held' }
  if (other === 'gone') return afterDeletion(input, side)
  return { is: side === 'local' ? 'create-remote' : 'create-local' }
}

/** `left` still has its record; the other side deleted its own. */
function afterDeletion(input: RecordInput, left: 'local' | 'remote'): RecordDecision {
  const deleted = left === 'local' ? 'remote' : 'local'
  const remove = { is: left === 'local' ? 'delete-local' : 'delete-remote' } as const
  const restore = { is: left === 'local' ? 'create-remote' : 'create-local' } as const
  if (input.verdict !== undefined) return (input.verdict === 'local') === (left === 'local') ? restore : remove
  if (input.deletions === 'ignore') return { is: 'leave', why: 'ignored' }
  return input.changedSinceAgreed() ? { is: 'conflict', deleted } : remove
}
