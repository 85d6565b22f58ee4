import { describe, expect, it } from 'vitest'
import { createWorkBook, type WorkChange } from './work-book.ts'

const of = { runId: 'run-1', resource: 'table/leads', verb: 'look', title: 'Look at table/leads' }

const clock = { nowMs: () => 5, monotonicMs: () => 1 }

describe('a piece of work', () => {
  it('is in the book from its begin to its end, and says how far it is', async () => {
    const book = createWorkBook(clock)
    const heard: WorkChange['is'][] = []
    const stop = book.onChange(({ is }) => heard.push(is))
    const answer = await book.during(of, async (progress) => {
      expect(book.now()).toMatchObject([{ ...of, startedAtMs: 5, pace: undefined }])
      progress(1, 3)
      expect(book.now()).toMatchObject([{ unit: 'records', pace: { done: 1, total: 3 } }])
      progress(7, 9, 'bytes')
      expect(book.now()).toMatchObject([{ unit: 'bytes', pace: { done: 7, total: 9 } }])
      return 'done'
    })
    stop()
    expect([answer, book.now(), heard]).toEqual(['done', [], ['begun', 'reported', 'reported', 'ended']])
  })

  it('leaves it however it ends, and what reports afterwards is not heard', async () => {
    const book = createWorkBook(clock)
    let late: (done: number, total: number) => void = () => undefined
    const failing = book.during(of, async (progress) => {
      late = progress
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    late(1, 2)
    expect(book.now()).toEqual([])
  })
})
