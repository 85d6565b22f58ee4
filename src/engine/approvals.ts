/**
 * Approving and rejecting. An approval is bound to one action, which carries its evidence: when the world moves on,
 * another action takes its place and the approval is void. Refusals are values, since a person expects them.
 */
import type { Clock } from '../clock.ts'
import type { Ledger } from './ledger.ts'
import { isSamePerson } from './person.ts'
import type { GatedAction } from './status.ts'

export type ApprovalResult =
  | { readonly is: 'approved'; readonly actionId: string; readonly given: number; readonly needed: number }
  /** The action no longer stands; what took its place, in words. */
  | {
      readonly is: 'stale'
      readonly actionId: string
      readonly message: string
      readonly successor: string | undefined
    }
  | { readonly is: 'self-approval'; readonly actionId: string; readonly message: string }
  | { readonly is: 'not-found'; readonly actionId: string }

export interface ApproveRequest {
  readonly actionId: string
  /** The person, such as `token:alice`; two tokens of one person have the same. */
  readonly approver: string
  readonly comment: string | undefined
  readonly expireAfterMs: number
}

/**
 * Approves one pending action. `current` is the action as the newest look gave it, if that look still gave it; `gateOf` asks
 * the gate once the approval is recorded.
 */
export function approve(
  request: ApproveRequest,
  current: GatedAction | undefined,
  ports: {
    readonly ledger: Ledger
    readonly clock: Clock
    readonly gateOf: (action: GatedAction['action']) => GatedAction['gate']
  },
): ApprovalResult {
  const { actionId, approver } = request
  const record = ports.ledger.record(actionId)
  if (current === undefined) return gone(actionId, ports.ledger)
  const state = record?.state
  const mustBePlanned = state === undefined || state === 'superseded'
  if (!mustBePlanned && state !== 'rejected' && state !== 'planned' && state !== 'approved')
    return gone(actionId, ports.ledger)
  // Before anything is written: a refusal must not lift the rejection of another person.
  if (current.action.risk === 'critical' && isSamePerson(current.action.requestedBy, approver)) {
    return {
      is: 'self-approval',
      actionId,
      message: 'who asked for a critical action cannot approve it; another person must',
    }
  }
  if (mustBePlanned) ports.ledger.plan(current.action)
  else if (state === 'rejected') ports.ledger.move('action.reconsidered', current.action, { actor: approver }, {})
  ports.ledger.move(
    'action.approved',
    current.action,
    { actor: approver },
    {
      expiresAtMs: ports.clock.nowMs() + request.expireAfterMs,
      comment: request.comment ?? null,
    },
  )
  const gate = ports.gateOf(current.action)
  return { is: 'approved', actionId, given: gate.approvalsGiven, needed: gate.approvalsNeeded }
}

function gone(actionId: string, ledger: Ledger): ApprovalResult {
  const record = ledger.record(actionId)
  if (record === undefined) return { is: 'not-found', actionId }
  const successor = record.result?.successor
  const message =
    record.state === 'superseded'
      ? `it no longer stands: ${text(record.result?.message) ?? 'the evidence changed'}`
      : `it is ${record.state} already`
  return { is: 'stale', actionId, message, successor: typeof successor === 'string' ? successor : undefined }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Rejects a pending action: it is not proposed again until its evidence changes. False when it is not pending. */
export function reject(
  request: { readonly actionId: string; readonly actor: string; readonly reason: string },
  current: GatedAction | undefined,
  ledger: Ledger,
): boolean {
  const record = ledger.record(request.actionId)
  if (record === undefined) {
    if (current === undefined) return false
    ledger.plan(current.action)
  } else if (record.state === 'superseded' && current !== undefined) {
    ledger.plan(current.action)
  } else if (record.state !== 'planned' && record.state !== 'approved' && record.state !== 'unknown') return false
  const action = current?.action ?? record?.action
  if (action === undefined) return false
  ledger.move('action.rejected', action, { actor: request.actor }, { reason: request.reason, by: request.actor })
  return true
}
