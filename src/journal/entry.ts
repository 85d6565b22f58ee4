import type { JsonObject } from '../json.ts'

/** The states of an action, in the order it goes through them. */
export const actionStates = [
  'planned',
  'approved',
  'intended',
  'checkpointed',
  'dispatched',
  'succeeded',
  'failed',
  'unknown',
  'verified',
  'rejected',
  'superseded',
  'undone',
] as const
export type ActionState = (typeof actionStates)[number]

/** Entries that move an action from state to state; `transitions.ts` says which may follow which. */
export const actionEntryTypes = [
  'action.planned',
  'action.approved',
  'action.approval-revoked',
  'action.rejected',
  'action.reconsidered',
  'action.superseded',
  'action.intended',
  'action.checkpointed',
  'action.dispatched',
  'action.interrupted',
  'action.succeeded',
  'action.failed',
  'action.unknown',
  'action.verified',
  'action.undone',
] as const
export type ActionEntryType = (typeof actionEntryTypes)[number]

/** Entries about anything else. */
export const otherEntryTypes = [
  'generation.accepted',
  'generation.waiting',
  'generation.approved',
  'generation.rejected',
  'lease.taken',
  'resource.suspended',
  'resource.resumed',
  'resource.accepted',
  'quarantine.set',
  'quarantine.lifted',
  'token.created',
  'token.rotated',
  'token.revoked',
  'access.signed-in',
  'access.sign-in-refused',
  'access.refused',
  'access.unmasked',
  'leads.exported',
  'checkpoints.expired',
  'journal.retained',
  'conflict.resolved',
  'sync.asked',
  'suppression.lifted',
  'contact.allowed',
  'alert.silenced',
  'alert.silence-lifted',
] as const
export type OtherEntryType = (typeof otherEntryTypes)[number]

export type EntryType = ActionEntryType | OtherEntryType

/** What is appended. Bodies hold counts, codes, fingerprints and record keys, never cell values or secrets: they are kept for ever. */
export interface NewEntry {
  readonly type: EntryType
  /** Who: `controller`, `local:NAME`, `token:SUBJECT` or `proxy:SUBJECT`. */
  readonly actor: string
  /** `kind/name` of the resource it is about. */
  readonly resource?: string
  readonly actionId?: string
  readonly runId?: string
  readonly body: JsonObject
}

/** A journaled entry: each one's hash covers its content and the hash before it. */
export interface Entry {
  readonly seq: number
  readonly atMs: number
  readonly type: EntryType
  readonly actor: string
  readonly resource: string | null
  readonly actionId: string | null
  readonly runId: string | null
  readonly body: JsonObject
  readonly hash: string
}
