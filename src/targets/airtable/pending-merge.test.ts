import { describe, expect, it } from 'vitest'
import { merged } from './pending-merge.ts'
import type { FeedRecord, PendingRecord } from './ports.ts'

const recordId = 'recABCDEFGHIJKLMN'
const change = (given: Partial<FeedRecord>): FeedRecord => ({
  tableId: 'tblLeads000000001',
  recordId,
  what: 'changed',
  cells: {},
  previous: {},
  untold: [],
  ...given,
  isWhole: (given.untold ?? []).length === 0,
})
const all = (...changes: readonly (FeedRecord | 'stale')[]): PendingRecord | undefined => {
  let known: PendingRecord | undefined
  let isStale = false
  changes.forEach((one, index) => {
    if (one === 'stale') isStale = true
    else known = merged(known, one, 1000 - index, index + 1, isStale)
  })
  return known
}

describe('what is pending of a record', () => {
  it('has the newest cells, the first ones before, and the newest moment', () => {
    const first = change({ cells: { a: 2 }, previous: { a: 1 } })
    const second = change({ cells: { a: 3, b: 'x' }, previous: { a: 2, b: null } })
    expect(all(first, second)).toEqual({
      recordId,
      seq: 2,
      what: 'changed',
      atMs: 1000,
      createdMs: undefined,
      cells: { a: 3, b: 'x' },
      previous: { a: 1, b: null },
      passed: { a: [2] },
      untold: [],
      isWhole: true,
    })
  })

  it('keeps the values in between, which people may have meant, but not those that only came again', () => {
    const to = (value: number) => change({ cells: { a: value } })
    expect(all(to(1), to(2), to(2), to(3))?.passed).toEqual({ a: [1, 2] })
    expect(all(to(1), change({ what: 'destroyed' }))?.passed).toEqual({})
  })

  it('stays a creation while it is only changed, with nothing before it', () => {
    const made = change({ what: 'created', createdMs: 5, cells: { a: 1 } })
    expect(all(made, change({ cells: { a: 2, b: 1 }, previous: { a: 1, b: null } }))).toMatchObject({
      what: 'created',
      createdMs: 5,
      cells: { a: 2, b: 1 },
      previous: {},
    })
  })

  it('ends with a deletion that only a new creation undoes', () => {
    const gone = change({ what: 'destroyed' })
    const late = change({ cells: { a: 1 } })
    expect(all(late, gone, late)).toMatchObject({ what: 'destroyed', cells: {}, seq: 3 })
    const restored = change({ what: 'created', cells: { a: 9 } })
    expect(all(late, gone, restored)).toMatchObject({ what: 'created', cells: { a: 9 }, isWhole: true })
  })

  it('is not whole until a later payload tells what an earlier one could not', () => {
    const untold = change({ untold: ['links'] })
    expect(all(untold, change({ cells: { a: 1 } }))).toMatchObject({ untold: ['links'], isWhole: false })
    expect(all(untold, change({ cells: { links: null } }))).toMatchObject({ untold: [], isWhole: true })
    expect(all(change({ cells: { links: null } }), untold)).toMatchObject({ cells: {}, untold: ['links'] })
  })

  it('is to be read when a payload came late, which tells what is no longer so', () => {
    const newer = change({ cells: { a: 2 }, previous: { a: 1 } })
    expect(all(newer, 'stale', change({ cells: { a: 1 } }))).toMatchObject({ cells: {}, untold: ['*'], isWhole: false })
    expect(all(change({ what: 'destroyed' }), 'stale', change({}))).toMatchObject({ what: 'changed', isWhole: false })
  })
})
