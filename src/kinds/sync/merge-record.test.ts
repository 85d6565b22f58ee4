import { describe, expect, it } from 'vitest'
import { mergeRecord, type RecordInput } from './merge-record.ts'

const record = (over: Partial<RecordInput>) =>
  mergeRecord({
    local: 'there',
    remote: 'there',
    deletions: 'approve',
    changedSinceAgreed: () => false,
    verdict: undefined,
    held: false,
    ...over,
  })

describe('a pair of records', () => {
  it('is compared field by field while both are there', () => {
    expect(record({})).toEqual({ is: 'compare' })
  })

  it('is completed where one side never had it', () => {
    expect(record({ remote: 'never' })).toEqual({ is: 'create-remote' })
    expect(record({ local: 'never' })).toEqual({ is: 'create-local' })
  })

  it('is deleted on the other side too where one side deleted it', () => {
    expect(record({ remote: 'gone' })).toEqual({ is: 'delete-local' })
    expect(record({ local: 'gone', deletions: 'propagate' })).toEqual({ is: 'delete-remote' })
  })

  it('is not deleted where the remaining record was edited meanwhile: a person chooses', () => {
    const edited = { changedSinceAgreed: () => true }
    expect(record({ remote: 'gone', ...edited })).toEqual({ is: 'conflict', deleted: 'remote' })
    expect(record({ remote: 'gone', verdict: 'local', ...edited })).toEqual({ is: 'create-remote' })
    expect(record({ remote: 'gone', verdict: 'airtable', ...edited })).toEqual({ is: 'delete-local' })
    expect(record({ local: 'gone', verdict: 'local', ...edited })).toEqual({ is: 'delete-remote' })
    expect(record({ local: 'gone', verdict: 'airtable', ...edited })).toEqual({ is: 'create-local' })
  })

  it('is a question for a person whichever side deleted it', () => {
    expect(record({ local: 'gone', changedSinceAgreed: () => true })).toEqual({ is: 'conflict', deleted: 'local' })
    expect(record({ local: 'gone', deletions: 'propagate', changedSinceAgreed: () => true })).toEqual({
      is: 'conflict',
      deleted: 'local',
    })
  })

  it('is left as it is where deletions are ignored, and where an undo left it', () => {
    expect(record({ remote: 'gone', deletions: 'ignore' })).toEqual({ is: 'leave', why: 'ignored' })
    expect(record({ local: 'gone', deletions: 'ignore' })).toEqual({ is: 'leave', why: 'ignored' })
    expect(record({ local: 'gone', deletions: 'ignore', verdict: 'airtable' })).toEqual({ is: 'create-local' })
    for (const gone of [{ remote: 'never' }, { local: 'gone' }, { remote: 'gone', verdict: 'airtable' }] as const)
      expect(record({ ...gone, held: true })).toEqual({ is: 'leave', why: 'held' })
    expect(record({ held: true })).toEqual({ is: 'compare' })
  })

  it('is forgotten once neither side has it', () => {
    for (const local of ['gone', 'never'] as const)
      for (const remote of ['gone', 'never'] as const)
        expect(record({ local, remote, held: true, changedSinceAgreed: () => true })).toEqual({ is: 'forget' })
  })
})
