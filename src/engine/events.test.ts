import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aggregate, type Event, type EventDraft, templateOf } from './events.ts'

const happened = (over: Partial<EventDraft> = {}): EventDraft => ({
  resource: { kind: 'table', name: 'leads' },
  level: 'warning',
  reason: 'RepairFailed',
  message: '12 of 5,012 values failed',
  atMs: 0,
  ...over,
})
const all = (...drafts: EventDraft[]) =>
  drafts.reduce<readonly Event[]>((events, next) => aggregate(events, next).events, [])

describe('events', () => {
  it('count up in one row while they repeat within half an hour of the last time', () => {
    const events = all(
      happened(),
      happened({ atMs: 1_800_000, message: '3 of 5,013 values failed' }),
      happened({ atMs: 3_600_000 }),
    )
    expect(events).toMatchObject([
      {
        count: 3,
        firstAtMs: 0,
        lastAtMs: 3_600_000,
        message: '12 of 5,012 values failed',
        template: '# of # values failed',
      },
    ])
  })

  it('make a new row later, and for another resource, reason or sentence', () => {
    const others = [
      happened({ atMs: 1_800_001 }),
      happened({ resource: { kind: 'table', name: 'people' } }),
      happened({ reason: 'Locked' }),
      happened({ message: 'all values failed' }),
    ]
    for (const other of others) expect(all(happened(), other)).toHaveLength(2)
  })

  it('keep the id of a row, and give new rows other ids', () => {
    const first = aggregate([], happened())
    const again = aggregate(first.events, happened({ atMs: 1000 }))
    const later = aggregate(again.events, happened({ atMs: 1_900_000 }))
    expect([first.isNew, again.isNew, later.isNew]).toEqual([true, false, true])
    expect(again.event.id).toBe(first.event.id)
    expect(later.event.id).not.toBe(first.event.id)
  })

  it('count up when the clock was set back a little', () => {
    expect(all(happened({ atMs: 50_000 }), happened({ atMs: 10_000 }))).toMatchObject([
      { count: 2, firstAtMs: 10_000, lastAtMs: 50_000 },
    ])
  })

  it('lose none, stay in order, and never have two rows where one would do', () => {
    const someone = fc
      .record({
        atMs: fc.nat(9_000_000),
        reason: fc.constantFrom('A', 'B'),
        message: fc.constantFrom('1 failed', '2 failed', 'done'),
      })
      .map(happened)
    fc.assert(
      fc.property(fc.array(someone, { maxLength: 40 }), (drafts) => {
        const inOrder = [...drafts].sort((a, b) => a.atMs - b.atMs)
        const events = all(...inOrder)
        expect(events.reduce((sum, { count }) => sum + count, 0)).toBe(drafts.length)
        expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
        for (const [index, one] of events.entries()) {
          for (const other of events.slice(index + 1)) {
            expect(other.lastAtMs).toBeGreaterThanOrEqual(one.lastAtMs)
            if (other.reason === one.reason && other.template === one.template)
              expect(other.firstAtMs - one.lastAtMs).toBeGreaterThan(1_800_000)
          }
        }
      }),
    )
  })

  it('keep the latest rows when there are too many', () => {
    let events: readonly Event[] = []
    for (let index = 0; index < 5; index += 1)
      events = aggregate(events, happened({ reason: `R${index}`, atMs: index }), 3).events
    expect(events.map(({ reason }) => reason)).toEqual(['R2', 'R3', 'R4'])
  })
})

describe('a template', () => {
  it('leaves out what changes from time to time and nothing else', () => {
    expect(templateOf('action 0a1b2c3d4e5f failed at 12:30:05 with "disk full", 3.5 %')).toBe(
      'action # failed at # with “…”, # %',
    )
    expect(templateOf('lead 7d444840-9dc0-11d1-b245-5ffdce74fad2 is defaced')).toBe('lead # is defaced')
    expect(templateOf('the facade was deaddead')).toBe('the facade was deaddead')
  })
})
