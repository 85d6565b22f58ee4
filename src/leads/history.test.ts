import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventsOf, type KeptChange, type KeptStep } from './history.ts'

const step = (atMs: number, ...changes: KeptChange[]): KeptStep => ({
  actionId: `a${atMs}`,
  atMs,
  isCertain: true,
  changes,
})
const cell = (column: string, before: string | null, after: string | null, follows = false): KeptChange => ({
  is: 'cell',
  column,
  before,
  after,
  follows,
})

describe('the history of a record', () => {
  it('tells what was written, newest first', () => {
    const steps = [step(2, cell('title', 'b', 'c')), step(1, cell('title', 'a', 'b'))]
    expect(eventsOf(steps, { title: 'c' })).toMatchObject([
      { is: 'changed', before: 'b', after: 'c', step: { atMs: 2 } },
      { is: 'changed', before: 'a', after: 'b', step: { atMs: 1 } },
    ])
  })

  it('tells that another program wrote between two steps, and since the last one', () => {
    const steps = [step(5, cell('title', 'theirs', 'ours')), step(1, cell('title', 'a', 'b'))]
    expect(eventsOf(steps, { title: 'later' })).toMatchObject([
      { is: 'foreign', before: 'ours', after: 'later', afterMs: 5, beforeMs: undefined },
      { is: 'changed' },
      { is: 'foreign', before: 'b', after: 'theirs', afterMs: 1, beforeMs: 5 },
      { is: 'changed' },
    ])
  })

  it('knows all of a record that was made here, and nothing of one before it was removed', () => {
    const row = { title: 'a', company: 'x' }
    const made = step(3, { is: 'insert', row })
    const removed = step(2, { is: 'delete', row: { title: 'old' } })
    expect(eventsOf([made, removed, step(1, cell('title', null, 'old'))], { title: 'a', company: 'y' })).toMatchObject([
      { is: 'foreign', field: 'company', before: 'x', after: 'y', afterMs: 3 },
      { is: 'made' },
      { is: 'removed' },
      { is: 'changed', after: 'old' },
    ])
  })

  it('takes stamps that the database writes itself for nobody', () => {
    const steps = [step(1, cell('title', 'a', 'b'), cell('updated_at', 'then', 'now', true))]
    expect(eventsOf(steps, { title: 'b', updated_at: 'later' })).toMatchObject([{ is: 'changed', field: 'title' }])
  })

  it('says nothing of fields that nothing was kept about', () => {
    expect(eventsOf([], { title: 'a' })).toEqual([])
  })

  it('tells of every value that a cell had and met at a step, whoever wrote it', () => {
    const values = fc.array(fc.constantFrom('a', 'b', 'c', null), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(values, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (written, ours) => {
        const steps: KeptStep[] = []
        let now: string | null = 'start'
        for (const [at, next] of written.entries()) {
          if (ours[at]) steps.unshift(step(at + 1, cell('title', now, next)))
          now = next
        }
        const events = eventsOf(steps, { title: now })
        // Each begins with what the one before it left, from what Trueup first met to what is there.
        const spans = [...events]
          .reverse()
          .flatMap((one) => (one.is === 'changed' || one.is === 'foreign' ? [one] : []))
        for (const [at, one] of spans.entries()) if (at > 0) expect(one.before).toBe(spans[at - 1]?.after)
        expect(spans.at(-1)?.after ?? now).toBe(now)
      }),
    )
  })
})
