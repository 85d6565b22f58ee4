import { expect, test } from 'vitest'
import { diffSync } from './diff.ts'
import type { SyncState } from './state.ts'
import type { Group } from './survey.ts'

const group = (given: Partial<Group>): Group => ({
  sort: 'push-changes',
  fingerprint: 'aa',
  keys: ['k5'],
  fields: [],
  previews: [],
  lost: 0,
  ...given,
})

function driftOf(...groups: Group[]) {
  const state: SyncState = {
    is: 'surveyed',
    survey: { groups, problems: [], problemCounts: {}, openConflicts: 0 },
    localCount: 10,
    remoteCount: 10,
    statuses: {},
    withoutWebhook: undefined,
    scannedMs: undefined,
    pushHeldUntilMs: undefined,
    usage: { month: '2026-11', calls: 0, limit: undefined, forecast: 0, exhaustedSinceMs: undefined },
    askEveryMs: 60_000,
    lookAgainAfterMs: 60_000,
  }
  return diffSync('leads', { remoteTable: 'Leads', remoteKey: 'Lead ID' }, state)
}

test('a difference names the fields in which the sides differ, and no value', () => {
  const secret = { key: 'k5', field: 'phone', before: '+1 555', after: '+1 666' }
  const [drift, ...others] = driftOf(
    group({ fields: ['phone', 'company'], previews: [secret] }),
    group({ fields: ['phone'], keys: ['k6'] }),
  )
  expect(others).toEqual([])
  expect(drift).toMatchObject({
    path: 'push.changes',
    observed: 'differ in company, phone',
    affected: { count: 2, sample: ['k5', 'k6'] },
  })
  expect(JSON.stringify(drift)).not.toContain('555')
})

test.each([
  ['push-new', 'only here'],
  ['pull-deletions', 'only here'],
  ['pull-new', 'only in Airtable'],
  ['push-deletions', 'only in Airtable'],
  ['push-erasures', 'only in Airtable'],
] as const)('of records that only one side has it says which: %s, %s', (sort, observed) => {
  expect(driftOf(group({ sort }))[0]?.observed).toBe(observed)
})

test('the same words about other records are another difference', () => {
  const mark = (fingerprint: string) => driftOf(group({ sort: 'push-new', fingerprint }))[0]?.mark
  expect(mark('aa')).toBe(mark('aa'))
  expect(mark('aa')).not.toBe(mark('bb'))
})
