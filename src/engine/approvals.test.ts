import { describe, expect, it } from 'vitest'
import { policySchema } from '../desired/schema.ts'
import { openJournal } from '../journal/store.ts'
import { createVirtualClock } from '../sim/virtual-clock.ts'
import type { Action } from './action.ts'
import { approve, reject } from './approvals.ts'
import { closedBreaker } from './breaker.ts'
import { decideGate } from './gate.ts'
import { createLedger } from './ledger.ts'

const anHour = 3_600_000

const critical: Action = {
  id: 'drop-city',
  resource: { kind: 'table', name: 'leads' },
  verb: 'drop-column',
  input: {},
  summary: 'drop the column city',
  risk: 'critical',
  findings: [],
  precondition: 'evidence',
  affected: { count: 3, sample: [] },
  population: 100,
  preview: [],
  reversible: 'exact',
  recovery: 'transactional',
  cost: { bucket: 'sqlite:main', tokens: 1 },
  resolves: ['columns.city'],
  order: 0,
  cause: 'drift',
  requestedBy: 'token:ann',
  specHash: 'spec',
  undoes: undefined,
  plannedAtMs: 0,
}

/** A journal that knows the action, and people who decide about it; the gate is asked as the engine asks it. */
function desk(action: Action = critical) {
  const clock = createVirtualClock(Date.UTC(2026, 10, 23))
  const journal = openJournal(':memory:', clock)
  const ledger = createLedger(journal)
  const gateOf = (of: Action) =>
    decideGate({
      action: of,
      policy: policySchema.parse({}),
      nowMs: clock.nowMs(),
      approvals: ledger.record(of.id)?.approvals ?? [],
      breaker: closedBreaker,
      dependencies: [],
      observeOnly: false,
      mode: 'enforce',
    })
  const pending = () => ({ action, gate: gateOf(action) })
  return {
    clock,
    ledger,
    entries: () => journal.entries({ limit: 100 }).length,
    gate: () => gateOf(action),
    state: () => ledger.record(action.id)?.state,
    approve: (approver: string, stands = true, comment?: string) =>
      approve({ actionId: action.id, approver, comment, expireAfterMs: anHour }, stands ? pending() : undefined, {
        ledger,
        clock,
        gateOf,
      }),
    reject: (actor: string, stands = true) =>
      reject({ actionId: action.id, actor, reason: 'not now' }, stands ? pending() : undefined, ledger),
  }
}

describe('approving', () => {
  it('counts people, until as many approved as the action needs', () => {
    const at = desk()
    expect(at.approve('token:bob')).toEqual({ is: 'approved', actionId: critical.id, given: 1, needed: 2 })
    expect(at.approve('local:bob')).toMatchObject({ given: 1, needed: 2 })
    expect(at.gate().runnable).toBe(false)
    expect(at.approve('token:eve')).toMatchObject({ given: 2, needed: 2 })
    expect(at.gate().runnable).toBe(true)
  })

  it('holds for so long as the policy says, and anew where the same person approves again', async () => {
    const at = desk({ ...critical, risk: 'high' })
    at.approve('token:bob')
    await at.clock.advance(anHour - 1)
    expect(at.gate().runnable).toBe(true)
    await at.clock.advance(1)
    expect(at.gate()).toMatchObject({ runnable: false, approvalsGiven: 0 })
    at.approve('token:bob')
    expect(at.gate().runnable).toBe(true)
  })

  it('lifts a rejection, so that whoever rejected can think again', () => {
    const at = desk()
    at.approve('token:bob')
    at.reject('token:eve')
    expect(at.state()).toBe('rejected')
    // What was approved before the rejection does not count any more.
    expect(at.approve('token:eve')).toMatchObject({ given: 1, needed: 2 })
  })

  it('is refused to who asked for a critical action, and then changes nothing', () => {
    const at = desk()
    expect(at.approve('local:Ann')).toEqual({
      is: 'self-approval',
      actionId: critical.id,
      message: 'who asked for a critical action cannot approve it; another person must',
    })
    expect(at.entries()).toBe(0)
    at.reject('token:eve')
    const entries = at.entries()
    expect(at.approve('token:ann')).toMatchObject({ is: 'self-approval' })
    expect([at.state(), at.entries()]).toEqual(['rejected', entries])
  })

  it('is open to who asked for an action of less risk', () => {
    expect(desk({ ...critical, risk: 'high' }).approve('token:ann')).toMatchObject({ given: 1, needed: 1 })
  })

  it('tells what became of an action that stands no longer', () => {
    const at = desk()
    expect(at.approve('token:bob', false)).toEqual({ is: 'not-found', actionId: critical.id })
    at.ledger.plan(critical)
    at.ledger.move(
      'action.superseded',
      critical,
      { actor: 'controller' },
      { message: 'the rows have changed', successor: 'x' },
    )
    expect(at.approve('token:bob', false)).toEqual({
      is: 'stale',
      actionId: critical.id,
      message: 'it no longer stands: the rows have changed',
      successor: 'x',
    })
  })

  it('tells that the evidence changed where nothing else is known of what replaced it', () => {
    const at = desk()
    at.ledger.plan(critical)
    at.ledger.move('action.superseded', critical, { actor: 'controller' }, { successor: 3 })
    expect(at.approve('token:bob', false)).toMatchObject({
      message: 'it no longer stands: the evidence changed',
      successor: undefined,
    })
  })

  it('is kept with its comment, of an action that is planned or was planned again', () => {
    const at = desk()
    at.ledger.plan(critical)
    at.approve('token:bob', true, 'as agreed')
    at.approve('token:eve')
    expect(at.ledger.record(critical.id)?.approvals.map(({ comment }) => comment)).toEqual(['as agreed', undefined])
    at.ledger.move('action.superseded', critical, { actor: 'controller' }, {})
    expect(at.approve('token:bob')).toMatchObject({ is: 'approved', given: 1 })
  })

  it('does not revive an action that has ended, though an older look still shows it', () => {
    const at = desk()
    at.ledger.plan(critical)
    for (const type of ['action.intended', 'action.checkpointed', 'action.dispatched', 'action.failed'] as const)
      at.ledger.move(type, critical, { actor: 'controller' }, {})
    expect(at.approve('token:bob')).toMatchObject({
      is: 'stale',
      message: 'it is failed already',
      successor: undefined,
    })
    expect(at.state()).toBe('failed')
  })
})

describe('rejecting', () => {
  it('is written also of an action that the record does not know yet, or no longer', () => {
    const at = desk()
    expect(at.reject('token:eve')).toBe(true)
    expect(at.ledger.record(critical.id)?.result).toMatchObject({ by: 'token:eve', reason: 'not now' })
    at.ledger.move('action.superseded', critical, { actor: 'controller' }, {})
    expect(at.reject('token:eve')).toBe(true)
    expect(at.state()).toBe('rejected')
  })

  it('is open for what is planned, approved, or of unknown outcome', () => {
    const planned = desk()
    planned.ledger.plan(critical)
    expect(planned.reject('token:eve', false)).toBe(true)
    const approved = desk()
    approved.approve('token:bob')
    expect(approved.reject('token:eve')).toBe(true)
    const unknown = desk()
    unknown.ledger.plan(critical)
    for (const type of ['action.intended', 'action.checkpointed', 'action.dispatched', 'action.unknown'] as const)
      unknown.ledger.move(type, critical, { actor: 'controller' }, {})
    expect(unknown.reject('token:eve', false)).toBe(true)
    expect(unknown.state()).toBe('rejected')
  })

  it('of what is not pending does nothing', () => {
    const at = desk()
    expect(at.reject('token:eve', false)).toBe(false)
    at.reject('token:eve')
    const entries = at.entries()
    expect(at.reject('token:bob')).toBe(false)
    expect(at.entries()).toBe(entries)
  })
})

describe('what was undone', () => {
  it('holds an action that would do two such things since the later of them was undone', async () => {
    const at = desk()
    const undone = (id: string, path: string) => ({ ...critical, id, resolves: [path] })
    at.ledger.quarantine(undone('one', 'columns.city'), 'token:ann')
    await at.clock.advance(anHour)
    at.ledger.quarantine(undone('other', 'columns.zip'), 'token:bob')
    const later = { sinceMs: at.clock.nowMs(), by: 'token:bob' }
    expect(at.ledger.quarantined(critical.resource, 'spec', ['columns.city', 'columns.zip'])).toEqual(later)
    expect(at.ledger.quarantined(critical.resource, 'spec', ['columns.zip', 'columns.city'])).toEqual(later)
    expect(at.ledger.quarantined(critical.resource, 'spec', ['columns.name'])).toBeUndefined()
    expect(at.ledger.quarantined(critical.resource, 'another spec', ['columns.zip'])).toBeUndefined()
  })
})
