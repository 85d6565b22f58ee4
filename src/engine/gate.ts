/**
 * Whether an action may run, decided at the moment it would be dispatched. Pure. All reasons are given, never only the
 * first: who waits for one thing learns of the others too.
 *
 * Keeps true: more risk, records or obstacles never loosen the decision; an approval never overrides what it
 * cannot mend (a mode, window, suspension, breaker, dependency or budget).
 */
import type { Policy } from '../desired/schema.ts'
import type { Action } from './action.ts'
import { type BreakerState, breakerAt } from './breaker.ts'
import { severities } from './drift.ts'
import { isSamePerson, personOf } from './person.ts'
import { keyText, type ResourceKey } from './resource.ts'
import { windowAt, windowText } from './windows.ts'

/** From the loosest to the strictest: `wait` is what no approval can help now, `refuse` what no time can. */
export const gateDecisions = ['auto', 'approve', 'approve-twice', 'wait', 'refuse'] as const
export type GateDecision = (typeof gateDecisions)[number]

/** From how many affected records on a share of the population counts: one of ten records is no blast. */
export const blastShareRowsMin = 20

/** Why an action does not run by itself; stable, people and scripts match on them. */
export const gateCodes = [
  'mode-observe',
  'observe-only',
  'rejected',
  'window',
  'suspended',
  'disk-short',
  'journal-unwritable',
  'breaker-open',
  'dependency',
  'budget',
  'risk',
  'irreversible',
  'asks-person',
  'blast-radius-rows',
  'blast-radius-percent',
  'quarantined',
  'approval-expired',
  'approval-before-undo',
  'approval-by-requester',
  'backup-first',
] as const
export type GateCode = (typeof gateCodes)[number]

export interface GateReason {
  readonly code: GateCode
  /** What this reason asks for by itself; `note` explains why an approval does not count. */
  readonly asks: Exclude<GateDecision, 'auto'> | 'note'
  /** One sentence for a person. */
  readonly message: string
  /** When a wait ends by itself, where that is known. */
  readonly untilMs?: number
  /** What a person does about it, where that is not to be seen elsewhere. */
  readonly nextStep?: string
}

/** What keeps actions from being carried out, whatever they are: the machine cannot bear it now. */
export interface Obstacle {
  readonly code: Extract<GateCode, 'disk-short' | 'journal-unwritable'>
  /** What alone is held back, `database main`: what writes to it; absent: everything. */
  readonly of?: string
  readonly message: string
  readonly nextStep: string
}

/** A limit on what may be spent in a period, for example an outside system's calls a month. */
export interface Budget {
  readonly name: string
  readonly remainingTokens: number
  readonly refillsAtMs?: number
}

export interface GateApproval {
  readonly approver: string
  readonly atMs: number
  readonly expiresAtMs: number
}

export interface GateInput {
  readonly action: Action
  readonly policy: Policy
  readonly nowMs: number
  /** The approvals of this very action that were not revoked. */
  readonly approvals: readonly GateApproval[]
  readonly rejected?: { readonly by: string; readonly reason: string } | undefined
  /** An action like it was undone at that moment; approvals given before do not count. */
  readonly quarantined?: { readonly sinceMs: number; readonly by: string } | undefined
  readonly suspended?: { readonly by: string; readonly reason: string } | undefined
  readonly breaker: BreakerState
  readonly dependencies: readonly {
    readonly key: ResourceKey
    readonly status: 'usable' | 'unusable' | 'unknown'
    /** What is the matter with it, where that is known. */
    readonly why?: string
  }[]
  /** The resource is declared so that it is never written. */
  readonly observeOnly: boolean
  /** How this run works; the policy's mode counts too, and `observe` wins. */
  readonly mode: Policy['mode']
  readonly budget?: Budget | undefined
  /** What is made before it, as a sentence; it holds nothing up here. */
  readonly first?: string | undefined
  readonly obstacles?: readonly Obstacle[]
}

export interface GateResult {
  /** What the gate asks for, whether or not it has been given. */
  readonly decision: GateDecision
  /** Whether it may be dispatched now. */
  readonly runnable: boolean
  readonly approvalsNeeded: number
  /** Approvals by different people that count. */
  readonly approvalsGiven: number
  readonly reasons: readonly GateReason[]
  /** For `wait`: when the last obstacle whose end is known ends; undefined when none is known. */
  readonly wakeUpMs: number | undefined
}

/** How many people must approve for it. */
const approvalsFor: Readonly<Record<GateReason['asks'], number>> = {
  note: 0,
  approve: 1,
  'approve-twice': 2,
  wait: 0,
  refuse: 0,
}

/** Decides about one action. */
export function decideGate(input: GateInput): GateResult {
  const demands = [...refusals(input), ...obstacles(input), ...concerns(input)]
  const decision = strictest(demands.map(({ asks }) => asks))
  const approvalsNeeded = Math.max(0, ...demands.map(({ asks }) => approvalsFor[asks]))
  const { given, notes } = countApprovals(input)
  const isMissing = given < approvalsNeeded
  const first: readonly GateReason[] =
    input.first === undefined ? [] : [{ code: 'backup-first', asks: 'note', message: input.first }]
  const ends = demands.flatMap(({ untilMs }) => (untilMs === undefined ? [] : [untilMs]))
  return {
    decision,
    runnable: decision !== 'refuse' && decision !== 'wait' && !isMissing,
    approvalsNeeded,
    approvalsGiven: given,
    reasons: [...demands, ...(isMissing ? notes : []), ...first],
    wakeUpMs: decision === 'wait' && ends.length > 0 ? Math.max(...ends) : undefined,
  }
}

/** What neither time nor an approval helps against. */
function refusals({ action, observeOnly, rejected }: GateInput): readonly GateReason[] {
  const reasons: GateReason[] = []
  if (observeOnly) {
    const message = `${keyText(action.resource)} is declared to be observed only`
    reasons.push({ code: 'observe-only', asks: 'refuse', message })
  }
  if (rejected !== undefined) {
    reasons.push({ code: 'rejected', asks: 'refuse', message: `rejected by ${rejected.by}: ${rejected.reason}` })
  }
  return reasons
}

/** What no approval helps against now. */
function obstacles(input: GateInput): readonly GateReason[] {
  const { action, policy, nowMs, suspended, budget } = input
  const reasons: GateReason[] = []
  const wait = (code: GateCode, message: string, untilMs?: number, nextStep?: string) =>
    reasons.push({
      ...{ code, asks: 'wait', message },
      ...(untilMs === undefined ? {} : { untilMs }),
      ...(nextStep === undefined ? {} : { nextStep }),
    })

  if (input.mode === 'observe' || policy.mode === 'observe') {
    wait('mode-observe', 'the mode is observe: drift is reported and nothing is repaired')
  }
  const window = windowAt(policy.windows, action.risk, nowMs)
  if (window.is === 'denied') {
    wait('window', `repairs of ${action.risk} risk are held by a window: ${windowText(window.window)}`, window.untilMs)
  }
  if (suspended !== undefined) wait('suspended', `suspended by ${suspended.by}: ${suspended.reason}`)
  for (const { code, message, nextStep } of input.obstacles ?? [])
    reasons.push({ code, asks: 'wait', message, nextStep })
  const breaker = breakerAt(input.breaker, nowMs)
  if (breaker.is === 'open') {
    // A failure is tried again by itself.
    const isForPeople = breaker.reason === 'Ineffective'
    const nextStep = isForPeople ? takenBackStep(keyText(action.resource)) : undefined
    wait('breaker-open', `${breaker.reason}: ${breaker.message}`, breaker.untilMs, nextStep)
  }
  for (const { key, status, why } of input.dependencies) {
    if (status === 'usable') continue
    const state = status === 'unusable' ? 'is not usable' : 'has not been looked at'
    wait('dependency', `${keyText(key)}, on which it depends, ${state}${why === undefined ? '' : `: ${why}`}`)
  }
  if (budget !== undefined && budget.remainingTokens < action.cost.tokens) {
    const message = `it costs ${action.cost.tokens} and ${budget.name} has ${budget.remainingTokens} left`
    wait('budget', message, budget.refillsAtMs)
  }
  return reasons
}

function takenBackStep(resource: string): string {
  return `find the program that takes the repair back (\`trueup why ${resource}\` says what differs) and stop it; then \`trueup apply ${resource}\` repairs again`
}

/** What a person may take responsibility for. */
function concerns({ action, policy, quarantined }: GateInput): readonly GateReason[] {
  const reasons: GateReason[] = []
  const { count } = action.affected
  const { rows, percent } = policy.blastRadius
  const approve = (code: GateCode, message: string) => reasons.push({ code, asks: 'approve', message })

  const byRisk = approvalByRisk(policy, action)
  if (byRisk !== 'auto') reasons.push({ code: 'risk', asks: byRisk, message: `its risk is ${action.risk}` })
  if (action.needsApproval === true)
    approve('asks-person', 'it is never done without a person, whatever the policy says')
  if (action.reversible === 'irreversible') approve('irreversible', 'it cannot be undone')
  if (count > rows) {
    approve('blast-radius-rows', `it affects ${count} records, more than the ${rows} of policy.blastRadius.rows`)
  }
  if (count >= blastShareRowsMin && action.population > 0 && count * 100 > percent * action.population) {
    const share = Math.ceil((count * 1000) / action.population) / 10
    const message = `it affects ${share} % of ${action.population} records, more than the ${percent} % of policy.blastRadius.percent`
    approve('blast-radius-percent', message)
  }
  if (quarantined !== undefined) {
    approve('quarantined', `it was undone by ${quarantined.by}, and is not done again unasked`)
  }
  return reasons
}

/** The strictest rule of the action's level and all below it, so that a policy cannot be looser with more risk. */
function approvalByRisk(policy: Policy, action: Action): 'auto' | 'approve' | 'approve-twice' {
  const levels = severities.slice(0, severities.indexOf(action.risk) + 1).map((level) => policy.approvals[level])
  return levels.includes('approve-twice') ? 'approve-twice' : levels.includes('approve') ? 'approve' : 'auto'
}

/** Counts people, not approvals; says of those that do not count why. */
function countApprovals(input: GateInput): { readonly given: number; readonly notes: readonly GateReason[] } {
  const counted = new Set<string>()
  const notes: GateReason[] = []
  for (const approval of input.approvals) {
    const note = faultOf(approval, input)
    if (note === undefined) counted.add(personOf(approval.approver))
    else notes.push(note)
  }
  return { given: counted.size, notes }
}

function faultOf({ approver, atMs, expiresAtMs }: GateApproval, input: GateInput): GateReason | undefined {
  const { action, nowMs, quarantined } = input
  if (expiresAtMs <= nowMs) {
    return { code: 'approval-expired', asks: 'note', message: `the approval by ${approver} has expired` }
  }
  if (quarantined !== undefined && atMs < quarantined.sinceMs) {
    const message = `${approver} approved before it was undone`
    return { code: 'approval-before-undo', asks: 'note', message }
  }
  if (action.risk === 'critical' && isSamePerson(approver, action.requestedBy)) {
    const message = `${approver} asked for it, and may not approve a critical action of their own`
    return { code: 'approval-by-requester', asks: 'note', message }
  }
  return undefined
}

function strictest(asked: readonly GateReason['asks'][]): GateDecision {
  return gateDecisions.findLast((decision) => asked.some((asks) => asks === decision)) ?? 'auto'
}
