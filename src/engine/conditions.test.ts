import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Condition, conditionTypes, mergeConditions, type ResourceStatus, reasonOf, whyOf } from './conditions.ts'
import type { Drift } from './drift.ts'

const nowMs = Date.parse('2026-11-23T10:00:00Z')
const leads = { kind: 'table', name: 'leads' }

const condition = (over: Partial<Condition> = {}): Condition => ({
  type: 'Ready',
  status: 'true',
  reason: 'Converged',
  message: 'it is as declared',
  sinceMs: nowMs,
  generation: 1,
  ...over,
})

const drift = (path: string, severity: Drift['severity']): Drift => ({
  id: path,
  resource: leads,
  path,
  severity,
  category: 'data',
  desired: 'a',
  observed: 'b',
  affected: { count: 3, sample: [] },
  message: `3 values of ${path} differ`,
  cause: 'drift',
})

/** `label: text`, one for each line. */
const why = (over: Partial<ResourceStatus> = {}) =>
  whyOf({ key: leads, conditions: [condition()], drift: [], observedAtMs: nowMs - 40_000, ...over }, nowMs).map(
    ({ label, text }) => `${label}: ${text}`,
  )

describe('conditions', () => {
  it('keep their moment while status and reason stay, and take the rest from the newer look', () => {
    const before = [condition({ sinceMs: 1 })]
    expect(mergeConditions(before, [condition({ message: 'as declared', generation: 2 })])).toEqual([
      condition({ sinceMs: 1, message: 'as declared', generation: 2 }),
    ])
    expect(mergeConditions(before, [condition({ status: 'false' })])[0]?.sinceMs).toBe(nowMs)
    expect(mergeConditions(before, [condition({ reason: 'Adopted' })])[0]?.sinceMs).toBe(nowMs)
  })

  it('of other types stay', () => {
    const suspended = condition({ type: 'Suspended', reason: 'ByHand', sinceMs: 1 })
    expect(mergeConditions([suspended], [condition()])).toEqual([suspended, condition()])
  })

  it('are there once a type, and merging the same again changes nothing', () => {
    const someone = fc
      .record({
        type: fc.constantFrom(...conditionTypes),
        status: fc.constantFrom('true' as const, 'false' as const),
        reason: fc.constantFrom('A', 'B'),
        sinceMs: fc.nat(5),
      })
      .map(condition)
    fc.assert(
      fc.property(fc.array(someone), fc.array(someone), (a, b) => {
        const merged = mergeConditions(mergeConditions([], a), b)
        expect(new Set(merged.map(({ type }) => type)).size).toBe(merged.length)
        expect(
          mergeConditions(
            merged,
            merged.map((one) => ({ ...one, sinceMs: 9 })),
          ),
        ).toEqual(merged)
      }),
    )
  })
})

describe('a reason', () => {
  it('is written in one word, whatever it is made from', () => {
    expect(['DATABASE_LOCKED', 'breaker-open', 'Converged', 'mode-observe'].map(reasonOf)).toEqual([
      'DatabaseLocked',
      'BreakerOpen',
      'Converged',
      'ModeObserve',
    ])
  })
})

describe('why', () => {
  it('says of what is ready that nothing needs doing', () => {
    expect(why()).toEqual([
      'resource: table/leads is ready',
      'reason: Converged: it is as declared',
      'evidence: last looked at 2026-11-23T09:59:20.000Z (40 s ago)',
      'evidence: no drift is known',
      'since: 2026-11-23T10:00:00.000Z (0 s ago)',
      'wake-up: whenever something changes',
      'next step: nothing needs doing',
    ])
  })

  it('says of what waits for what, since when, until when and what can be done, worst drift first', () => {
    const conditions = [
      condition({ status: 'false', reason: 'ApprovalNeeded', message: '2 actions wait' }),
      condition({
        type: 'Waiting',
        reason: 'ApprovalNeeded',
        message: '2 actions wait',
        sinceMs: nowMs - 7_200_000,
        wakeUpMs: nowMs + 600_000,
        nextStep: 'trueup approvals',
      }),
      condition({ type: 'Stalled', status: 'false' }),
    ]
    expect(why({ conditions, drift: [drift('email', 'low'), drift('phone', 'critical')] })).toEqual([
      'resource: table/leads is waiting',
      'reason: ApprovalNeeded: 2 actions wait',
      'evidence: last looked at 2026-11-23T09:59:20.000Z (40 s ago)',
      'evidence: critical drift of phone: 3 values of phone differ',
      'evidence: low drift of email: 3 values of email differ',
      'since: 2026-11-23T08:00:00.000Z (2 h ago)',
      'wake-up: 2026-11-23T10:10:00.000Z (in 10 min)',
      'next step: trueup approvals',
    ])
  })

  it('puts first what holds everything else, and leaves nothing out', () => {
    const conditions = [
      condition({
        type: 'Stalled',
        reason: 'DiskFull',
        message: 'no room',
        nextStep: 'free space',
        wakeUpMs: nowMs + 3_600_000,
      }),
      condition({ type: 'Suspended', reason: 'ByHand', message: 'suspended by ann', nextStep: 'resume it' }),
    ]
    const lines = why({ conditions })
    expect(lines[0]).toBe('resource: table/leads is suspended')
    expect(lines).toEqual(
      expect.arrayContaining([
        'reason: DiskFull: no room',
        'next step: free space',
        'next step: resume it',
        'wake-up: 2026-11-23T11:00:00.000Z (in 60 min)',
      ]),
    )
  })

  it('shortens long evidence and says by how much', () => {
    const lines = why({ drift: Array.from({ length: 8 }, (_, index) => drift(`f${index}`, 'low')) })
    expect(lines.filter((line) => line.includes('drift of'))).toHaveLength(5)
    expect(lines).toContain('evidence: and 3 more differences')
  })

  it('has an answer for every resource, even one never looked at', () => {
    expect(why({ conditions: [], observedAtMs: undefined })[0]).toBe('resource: table/leads has not been looked at')
    const someone = fc
      .record({
        type: fc.constantFrom(...conditionTypes),
        status: fc.constantFrom('true' as const, 'false' as const, 'unknown' as const),
      })
      .map(condition)
    fc.assert(
      fc.property(fc.array(someone, { maxLength: 6 }), (conditions) => {
        const labels = new Set(
          whyOf({ key: leads, conditions, drift: [], observedAtMs: undefined }, nowMs).map(({ label }) => label),
        )
        expect([...labels]).toEqual(['resource', 'reason', 'evidence', 'since', 'wake-up', 'next step'])
      }),
    )
  })
})
