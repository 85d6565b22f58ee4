import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Policy, policySchema } from '../desired/schema.ts'
import { type Action, reversibilities } from './action.ts'
import { type BreakerState, closedBreaker, stepBreaker } from './breaker.ts'
import { severities } from './drift.ts'
import { decideGate, type GateInput, gateDecisions } from './gate.ts'

const nowMs = Date.parse('2026-11-23T10:00:00Z')
const anHour = 3_600_000

const action = (over: Partial<Action> = {}): Action => ({
  id: 'abc',
  resource: { kind: 'table', name: 'leads' },
  verb: 'standardize',
  input: {},
  summary: 'standardize 3 values of email',
  risk: 'low',
  findings: [],
  precondition: 'evidence',
  affected: { count: 3, sample: [] },
  population: 100,
  preview: [],
  reversible: 'exact',
  recovery: 'transactional',
  cost: { bucket: 'sqlite:main', tokens: 1 },
  resolves: ['fields.email.format'],
  order: 0,
  cause: 'drift',
  requestedBy: undefined,
  specHash: 'spec',
  undoes: undefined,
  plannedAtMs: nowMs,
  ...over,
})

const policyOf = (over: object = {}): Policy => policySchema.parse(over)
const openBreaker: BreakerState = [1, 2, 3, 4, 5].reduce(
  (state) => stepBreaker(state, { is: 'failed', atMs: nowMs, message: 'locked' }),
  closedBreaker,
)
const approvalBy = (approver: string, over: object = {}) => ({
  approver,
  atMs: nowMs - 1000,
  expiresAtMs: nowMs + anHour,
  ...over,
})

const gate = (over: Partial<GateInput> = {}) =>
  decideGate({
    action: action(),
    policy: policyOf(),
    nowMs,
    approvals: [],
    breaker: closedBreaker,
    dependencies: [],
    observeOnly: false,
    mode: 'enforce',
    ...over,
  })
const codes = (over: Partial<GateInput>) => gate(over).reasons.map(({ code }) => code)

describe('the gate', () => {
  it('lets a small repair of low risk through without a reason', () => {
    expect(gate()).toEqual({
      decision: 'auto',
      runnable: true,
      approvalsNeeded: 0,
      approvalsGiven: 0,
      reasons: [],
      wakeUpMs: undefined,
    })
  })

  it('asks a person where the action wants one, however loose the policy is', () => {
    const loose = policyOf({ approvals: { high: 'auto' } })
    expect(gate({ action: action({ risk: 'high' }), policy: loose }).decision).toBe('auto')
    const asking = { action: action({ risk: 'high', needsApproval: true }), policy: loose }
    expect(gate(asking)).toMatchObject({ decision: 'approve', runnable: false })
    expect(gate(asking).reasons).toEqual([
      { code: 'asks-person', asks: 'approve', message: 'it is never done without a person, whatever the policy says' },
    ])
    expect(gate({ ...asking, approvals: [approvalBy('ann')] }).runnable).toBe(true)
  })

  it('asks for approvals as the policy says for the risk', () => {
    expect(severities.map((risk) => gate({ action: action({ risk }) }).decision)).toEqual([
      'auto',
      'auto',
      'approve',
      'approve-twice',
    ])
    const loose = policyOf({ approvals: { medium: 'approve', high: 'auto', critical: 'auto' } })
    expect(gate({ action: action({ risk: 'high' }), policy: loose }).decision).toBe('approve')
  })

  it('runs what as many different people approved as it needs', () => {
    const critical = action({ risk: 'critical' })
    const run = (...approvers: string[]) =>
      gate({ action: critical, approvals: approvers.map((name) => approvalBy(name)) })
    expect(run('ann', 'ann')).toMatchObject({ runnable: false, approvalsNeeded: 2, approvalsGiven: 1 })
    expect(run('ann', 'bob')).toMatchObject({ decision: 'approve-twice', runnable: true, approvalsGiven: 2 })
  })

  it('does not count the requester of a critical action, and says so', () => {
    const mine = (risk: Action['risk']) => action({ risk, cause: 'undo', requestedBy: 'ann' })
    const approvals = [approvalBy('ann'), approvalBy('bob')]
    const refused = gate({ action: mine('critical'), approvals })
    expect(refused).toMatchObject({ runnable: false, approvalsGiven: 1 })
    expect(refused.reasons.map(({ code }) => code)).toEqual(['risk', 'approval-by-requester'])
    expect(gate({ action: mine('high'), approvals: [approvalBy('ann')] }).runnable).toBe(true)
  })

  it('a person at the terminal and with a token is one', () => {
    const critical = (requestedBy: string | undefined) => action({ risk: 'critical', cause: 'undo', requestedBy })
    const approvals = [approvalBy('local:ann'), approvalBy('token:ann')]
    expect(gate({ action: critical(undefined), approvals })).toMatchObject({ runnable: false, approvalsGiven: 1 })
    expect(gate({ action: critical('local:ann'), approvals: [approvalBy('token:ann')] }).approvalsGiven).toBe(0)
  })

  it('does not count an approval from the moment it expires', () => {
    const high = action({ risk: 'high' })
    const until = (expiresAtMs: number) => gate({ action: high, approvals: [approvalBy('ann', { expiresAtMs })] })
    expect(until(nowMs + 1).runnable).toBe(true)
    expect(until(nowMs)).toMatchObject({
      runnable: false,
      approvalsGiven: 0,
      reasons: [{ code: 'risk' }, { code: 'approval-expired' }],
    })
  })

  it('asks anew for what was undone, and does not count what was approved before', () => {
    const quarantined = { sinceMs: nowMs - 500, by: 'bob' }
    expect(gate({ quarantined })).toMatchObject({ decision: 'approve', runnable: false })
    expect(codes({ quarantined, approvals: [approvalBy('ann')] })).toEqual(['quarantined', 'approval-before-undo'])
    const approvedAt = (atMs: number) => gate({ quarantined, approvals: [approvalBy('ann', { atMs })] }).runnable
    expect([approvedAt(quarantined.sinceMs - 1), approvedAt(quarantined.sinceMs)]).toEqual([false, true])
  })

  it('holds what affects more records than the blast radius', () => {
    const affects = (count: number, population: number) =>
      codes({ action: action({ affected: { count, sample: [] }, population }) })
    expect(affects(500, 100_000)).toEqual([])
    expect(affects(501, 100_000)).toEqual(['blast-radius-rows'])
    expect(affects(501, 0)).toEqual(['blast-radius-rows'])
    expect(affects(50, 1000)).toEqual([])
    expect(affects(51, 1000)).toEqual(['blast-radius-percent'])
    expect(affects(600, 1000)).toEqual(['blast-radius-rows', 'blast-radius-percent'])
  })

  it('does not take a share of a few records for a blast', () => {
    const affects = (count: number, population: number) =>
      codes({ action: action({ affected: { count, sample: [] }, population }) })
    expect([affects(1, 10), affects(19, 19), affects(20, 20)]).toEqual([[], [], ['blast-radius-percent']])
  })

  it('holds what cannot be undone, while findings alone weigh through the risk that the kind took from them', () => {
    const findings = [{ code: 'view-follows', count: 1, message: 'the view hot_leads will use the new name' }]
    expect(gate({ action: action({ findings }) })).toMatchObject({ decision: 'auto', runnable: true })
    const result = gate({ action: action({ reversible: 'irreversible', findings }) })
    expect(result).toMatchObject({ decision: 'approve', approvalsNeeded: 1 })
    expect(result.reasons.map(({ message }) => message)).toEqual(['it cannot be undone'])
  })

  it('lets through what a person alone can take back: it added something empty, and its risk says the rest', () => {
    expect(gate({ action: action({ reversible: 'by-hand' }) })).toMatchObject({ decision: 'auto', runnable: true })
    expect(gate({ action: action({ reversible: 'by-hand', risk: 'high' }) })).toMatchObject({ decision: 'approve' })
  })

  it('gives all reasons at once and the moment the last known obstacle ends', () => {
    const everything: Partial<GateInput> = {
      action: action({
        risk: 'critical',
        reversible: 'irreversible',
        affected: { count: 900, sample: [] },
        population: 1000,
        findings: [{ code: 'x', count: 1, message: 'm' }],
        requestedBy: 'ann',
        cost: { bucket: 'airtable:base', tokens: 10 },
      }),
      policy: policyOf({ mode: 'observe', windows: [{ deny: 'low', between: '09:00-12:00' }] }),
      rejected: { by: 'bob', reason: 'no' },
      quarantined: { sinceMs: nowMs - 500, by: 'bob' },
      suspended: { by: 'bob', reason: 'holiday' },
      breaker: openBreaker,
      dependencies: [
        { key: { kind: 'database', name: 'main' }, status: 'unusable' },
        { key: { kind: 'table', name: 'b' }, status: 'unknown' },
        { key: { kind: 'table', name: 'c' }, status: 'usable' },
      ],
      observeOnly: true,
      budget: { name: 'calls a month', remainingTokens: 9, refillsAtMs: nowMs + 60 * anHour },
      approvals: [approvalBy('ann', { atMs: nowMs }), approvalBy('bob'), approvalBy('eve', { expiresAtMs: nowMs })],
    }
    const result = gate(everything)
    expect(result.decision).toBe('refuse')
    expect(result.reasons.map(({ code }) => code)).toEqual([
      'observe-only',
      'rejected',
      'mode-observe',
      'window',
      'suspended',
      'breaker-open',
      'dependency',
      'dependency',
      'budget',
      'risk',
      'irreversible',
      'blast-radius-rows',
      'blast-radius-percent',
      'quarantined',
      'approval-by-requester',
      'approval-before-undo',
      'approval-expired',
    ])
    expect(result.reasons.map(({ message }) => message)).toEqual([
      'table/leads is declared to be observed only',
      'rejected by bob: no',
      'the mode is observe: drift is reported and nothing is repaired',
      'repairs of critical risk are held by a window: deny low, every day 09:00-12:00 (UTC)',
      'suspended by bob: holiday',
      'Failing: failed 5 times in a row, the last time with: locked',
      'database/main, on which it depends, is not usable',
      'table/b, on which it depends, has not been looked at',
      'it costs 10 and calls a month has 9 left',
      'its risk is critical',
      'it cannot be undone',
      'it affects 900 records, more than the 500 of policy.blastRadius.rows',
      'it affects 90 % of 1000 records, more than the 5 % of policy.blastRadius.percent',
      'it was undone by bob, and is not done again unasked',
      'ann asked for it, and may not approve a critical action of their own',
      'bob approved before it was undone',
      'the approval by eve has expired',
    ])
    const asked = (of: 'refuse' | 'wait' | 'note') =>
      result.reasons.flatMap(({ asks, code }) => (asks === of ? [code] : []))
    expect(asked('refuse')).toEqual(['observe-only', 'rejected'])
    expect(asked('wait')).toEqual(result.reasons.slice(2, 9).map(({ code }) => code))
    expect(asked('note')).toEqual(['approval-by-requester', 'approval-before-undo', 'approval-expired'])
    expect(result.wakeUpMs).toBeUndefined()
    expect(gate({ ...everything, observeOnly: false, rejected: undefined }).wakeUpMs).toBe(nowMs + 60 * anHour)
    expect(gate({ ...everything, observeOnly: false, rejected: undefined, budget: undefined }).wakeUpMs).toBe(
      nowMs + 2 * anHour,
    )
  })

  it('waits for what the machine cannot bear now, and says what a person does about it', () => {
    const obstacle = { code: 'disk-short' as const, message: 'the disk is nearly full', nextStep: 'free 2 GB' }
    expect(gate({ obstacles: [obstacle], approvals: [approvalBy('ann')] })).toMatchObject({
      decision: 'wait',
      runnable: false,
      wakeUpMs: undefined,
      reasons: [{ ...obstacle, asks: 'wait' }],
    })
  })

  it('says when each obstacle ends by itself, where that is known', () => {
    const waits = {
      breaker: openBreaker,
      suspended: { by: 'bob', reason: 'holiday' },
      budget: { name: 'calls', remainingTokens: 0, refillsAtMs: nowMs + 5 },
    }
    expect(gate(waits).reasons.map(({ code, untilMs }) => [code, untilMs])).toEqual([
      ['suspended', undefined],
      ['breaker-open', nowMs + 60_000],
      ['budget', nowMs + 5],
    ])
    expect(Object.hasOwn(gate(waits).reasons[0] ?? {}, 'untilMs')).toBe(false)
    expect(gate(waits).wakeUpMs).toBe(nowMs + 60_000)
  })

  it('lets through what costs all that is left of a budget', () => {
    expect(gate({ budget: { name: 'calls', remainingTokens: 1 } }).decision).toBe('auto')
  })

  it('says what is the matter with what it depends on, where that is known', () => {
    const dependencies = [
      { key: { kind: 'database', name: 'main' }, status: 'unusable' as const, why: 'it is damaged' },
    ]
    expect(gate({ dependencies }).reasons[0]?.message).toBe(
      'database/main, on which it depends, is not usable: it is damaged',
    )
  })

  it('tells of the backup that is made first, and waits for nobody because of it', () => {
    expect(gate({ first: 'a backup of main is made first' })).toMatchObject({
      decision: 'auto',
      runnable: true,
      approvalsNeeded: 0,
      reasons: [{ code: 'backup-first', asks: 'note', message: 'a backup of main is made first' }],
    })
  })

  it('keeps silent about approvals that do not count where enough others do', () => {
    const approvals = [approvalBy('ann', { expiresAtMs: nowMs }), approvalBy('bob')]
    expect(codes({ action: action({ risk: 'high' }), approvals })).toEqual(['risk'])
  })

  it('observes where either the run or the policy says so', () => {
    expect(codes({ mode: 'observe' })).toEqual(['mode-observe'])
    expect(codes({ policy: policyOf({ mode: 'observe' }) })).toEqual(['mode-observe'])
  })

  it('tells the share in tenths of a percent, rounded up: what is above the limit is never told as the limit itself', () => {
    const message = (count: number, population: number) =>
      gate({ action: action({ affected: { count, sample: [] }, population }) }).reasons.map(({ message }) => message)
    expect(message(90, 300)).toEqual([
      'it affects 30 % of 300 records, more than the 5 % of policy.blastRadius.percent',
    ])
    expect(message(100, 300)).toEqual([
      'it affects 33.4 % of 300 records, more than the 5 % of policy.blastRadius.percent',
    ])
    expect(message(401, 8000)).toEqual([
      'it affects 5.1 % of 8000 records, more than the 5 % of policy.blastRadius.percent',
    ])
  })

  it('says what a person does about repairs that somebody always takes back', () => {
    const succeeded = { is: 'succeeded', atMs: nowMs, resolves: ['mode.file'] } as const
    const drift = [{ path: 'mode.file', desired: 'a', observed: 'b', affected: { count: 1, sample: [] } }]
    const ineffective = [1, 2, 3].reduce((state) => stepBreaker(state, { ...succeeded, drift }), closedBreaker)
    const [reason] = gate({ breaker: ineffective }).reasons
    expect(reason).toMatchObject({ code: 'breaker-open', message: expect.stringContaining('Ineffective') })
    expect(reason?.nextStep).toMatch(/trueup why .*trueup apply/)
  })

  it('lets a probe through a breaker that has cooled down', () => {
    expect(gate({ breaker: openBreaker })).toMatchObject({ decision: 'wait', wakeUpMs: nowMs + 60_000 })
    expect(gate({ breaker: openBreaker, nowMs: nowMs + 60_000 }).decision).toBe('auto')
  })
})

const anApproval = fc.record({
  approver: fc.constantFrom('ann', 'bob', 'eve', 'joe'),
  atMs: fc.integer({ min: nowMs - 1000, max: nowMs }),
  expiresAtMs: fc.integer({ min: nowMs - 1000, max: nowMs + 1000 }),
})
const aPolicy: fc.Arbitrary<Policy> = fc
  .record({
    low: fc.constantFrom('auto', 'approve', 'approve-twice'),
    medium: fc.constantFrom('auto', 'approve'),
    high: fc.constantFrom('auto', 'approve', 'approve-twice'),
    critical: fc.constantFrom('auto', 'approve-twice'),
    windows: fc.subarray([
      { deny: 'high', between: '09:00-11:00' },
      { deny: 'low', between: '20:00-22:00' },
      { allow: 'medium', between: '09:00-11:00' },
      { allow: 'critical', days: ['sun'], timezone: 'America/New_York' },
    ]),
  })
  .map(({ windows, ...approvals }) => policyOf({ windows, approvals }))

/** Each obstacle is there or not; what a person decides (the requester, approvals, risk, size) is free. */
const anInput: fc.Arbitrary<GateInput> = fc
  .record({
    policy: aPolicy,
    approvals: fc.array(anApproval, { maxLength: 5 }),
    risk: fc.constantFrom(...severities),
    count: fc.constantFrom(0, 1, 19, 20, 51, 499, 501),
    population: fc.constantFrom(0, 10, 1000, 100_000),
    reversible: fc.constantFrom(...reversibilities),
    findings: fc.subarray([
      { code: 'a', count: 0, message: 'a' },
      { code: 'b', count: 2, message: 'b' },
    ]),
    requestedBy: fc.constantFrom(undefined, 'ann', 'zoe'),
    rejected: fc.constantFrom(undefined, undefined, undefined, { by: 'bob', reason: 'no' }),
    quarantined: fc.constantFrom(undefined, undefined, { sinceMs: nowMs - 500, by: 'bob' }),
    suspended: fc.constantFrom(undefined, undefined, undefined, { by: 'bob', reason: 'holiday' }),
    breaker: fc.constantFrom(closedBreaker, closedBreaker, openBreaker),
    dependencies: fc.subarray([
      { key: { kind: 'database', name: 'main' }, status: 'usable' as const },
      { key: { kind: 'database', name: 'other' }, status: 'unusable' as const },
    ]),
    observeOnly: fc.constantFrom(false, false, false, true),
    mode: fc.constantFrom('enforce' as const, 'enforce' as const, 'observe' as const),
    budget: fc.constantFrom(undefined, { name: 'calls', remainingTokens: 5 }, { name: 'calls', remainingTokens: 0 }),
  })
  .map(({ risk, count, population, reversible, findings, requestedBy, ...rest }) => ({
    ...rest,
    nowMs,
    action: action({ risk, population, reversible, findings, requestedBy, affected: { count, sample: [] } }),
  }))

/** Ways in which an action or its surroundings become worse. */
const worse: readonly ((input: GateInput) => GateInput)[] = [
  (input) => ({
    ...input,
    action: { ...input.action, risk: severities[severities.indexOf(input.action.risk) + 1] ?? 'critical' },
  }),
  (input) => ({
    ...input,
    action: { ...input.action, affected: { count: input.action.affected.count * 2 + 1, sample: [] } },
  }),
  (input) => ({ ...input, action: { ...input.action, reversible: 'irreversible' } }),
  (input) => ({ ...input, mode: 'observe' }),
  (input) => ({ ...input, observeOnly: true }),
  (input) => ({ ...input, suspended: { by: 'bob', reason: 'holiday' } }),
  (input) => ({ ...input, quarantined: { sinceMs: nowMs - 100, by: 'bob' } }),
  (input) => ({ ...input, rejected: { by: 'bob', reason: 'no' } }),
  (input) => ({ ...input, breaker: openBreaker }),
  (input) => ({
    ...input,
    dependencies: [...input.dependencies, { key: { kind: 'table', name: 'x' }, status: 'unknown' }],
  }),
  (input) => ({ ...input, budget: { name: 'calls', remainingTokens: 0 } }),
  (input) => ({ ...input, approvals: input.approvals.slice(1) }),
]

const rank = (input: GateInput) => gateDecisions.indexOf(decideGate(input).decision)

describe('whatever it decides about', () => {
  it('what is worse is never held less', () => {
    fc.assert(
      fc.property(anInput, fc.constantFrom(...worse), (input, worsen) => {
        const [before, after] = [decideGate(input), decideGate(worsen(input))]
        expect(rank(worsen(input))).toBeGreaterThanOrEqual(rank(input))
        expect(after.approvalsNeeded).toBeGreaterThanOrEqual(before.approvalsNeeded)
        expect(after.approvalsGiven).toBeLessThanOrEqual(before.approvalsGiven)
        if (!before.runnable) expect(after.runnable).toBe(false)
      }),
      { numRuns: 600 },
    )
  })

  it('gives every reason that holds by itself also when others hold', () => {
    fc.assert(
      fc.property(anInput, fc.constantFrom(...worse), (input, worsen) => {
        const demandsOf = (one: GateInput) =>
          new Set(
            decideGate(one)
              .reasons.filter(({ asks }) => asks !== 'note')
              .map(({ code }) => code),
          )
        const after = demandsOf(worsen(input))
        for (const code of demandsOf(input)) expect(after).toContain(code)
      }),
      { numRuns: 600 },
    )
  })

  it('no approval overrides a window, suspension, mode, breaker, dependency, budget or rejection', () => {
    fc.assert(
      fc.property(anInput, (input) => {
        const without = decideGate({ ...input, approvals: [] })
        const approvals = ['p', 'q', 'r'].map((name) => approvalBy(name, { atMs: nowMs }))
        const approved = decideGate({ ...input, approvals })
        expect(approved.decision).toBe(without.decision)
        expect(approved.runnable).toBe(approved.decision !== 'wait' && approved.decision !== 'refuse')
        const isHeld = approved.reasons.some(({ asks }) => asks === 'wait' || asks === 'refuse')
        if (isHeld) expect(approved.runnable).toBe(false)
      }),
      { numRuns: 400 },
    )
  })

  it('the approval of who asked never counts for a critical action, and nobody counts twice', () => {
    fc.assert(
      fc.property(anInput, (input) => {
        const people = new Set(
          input.approvals
            .filter(({ expiresAtMs }) => expiresAtMs > nowMs)
            .filter(({ atMs }) => input.quarantined === undefined || atMs >= input.quarantined.sinceMs)
            .map(({ approver }) => approver),
        )
        if (input.action.risk === 'critical' && input.action.requestedBy !== undefined)
          people.delete(input.action.requestedBy)
        expect(decideGate(input).approvalsGiven).toBe(people.size)
      }),
      { numRuns: 400 },
    )
  })

  it('a decision is always explained', () => {
    fc.assert(
      fc.property(anInput, (input) => {
        const { decision, reasons } = decideGate(input)
        if (decision === 'auto') expect(reasons).toEqual([])
        else expect(reasons.some(({ asks }) => asks === decision)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})
