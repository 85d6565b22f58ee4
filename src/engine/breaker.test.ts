import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../json.ts'
import {
  type BreakerEvent,
  type BreakerState,
  breakerAt,
  breakerStateSchema,
  closedBreaker,
  stepBreaker,
} from './breaker.ts'

const failed = (atMs: number): BreakerEvent => ({ is: 'failed', atMs, message: 'the disk is full' })
const difference = (path: string, count = 3) => ({ path, desired: 'a', observed: 'b', affected: { count, sample: [] } })
type Difference = ReturnType<typeof difference> & { readonly mark?: string }
const succeeded = (atMs: number, resolves: string[], ...drift: Difference[]): BreakerEvent => ({
  is: 'succeeded',
  atMs,
  resolves,
  drift,
})
const stateAfter = (...events: BreakerEvent[]): BreakerState =>
  events.reduce((state, event) => stepBreaker(state, event), closedBreaker)
const fiveFailures = [1, 2, 3, 4, 5].map(failed)

describe('a breaker', () => {
  it('opens with the fifth failure in a row, and not when a success came between', () => {
    expect(breakerAt(stateAfter(...fiveFailures.slice(1)), 4)).toEqual({ is: 'closed' })
    expect(breakerAt(stateAfter(...fiveFailures.slice(1), succeeded(5, []), failed(6)), 6)).toEqual({ is: 'closed' })
    expect(breakerAt(stateAfter(...fiveFailures), 5)).toEqual({
      is: 'open',
      reason: 'Failing',
      sinceMs: 5,
      untilMs: 60_005,
      path: undefined,
      message: 'failed 5 times in a row, the last time with: the disk is full',
    })
  })

  it('lets one probe through when it has cooled down, and another when that one is never heard of again', () => {
    const open = stateAfter(...fiveFailures)
    expect(breakerAt(open, 60_004).is).toBe('open')
    expect(breakerAt(open, 60_005).is).toBe('half-open')
    const probing = stepBreaker(open, { is: 'dispatched', atMs: 70_000 })
    expect(breakerAt(probing, 70_000)).toMatchObject({ is: 'open', untilMs: 130_000, sinceMs: 5 })
    expect(breakerAt(probing, 130_000).is).toBe('half-open')
  })

  it('is not kept open by an action that began before it had cooled down', () => {
    const open = stateAfter(...fiveFailures)
    expect(stepBreaker(open, { is: 'dispatched', atMs: 60_004 })).toEqual(open)
    expect(stepBreaker(closedBreaker, { is: 'dispatched', atMs: 1 })).toEqual(closedBreaker)
  })

  it('closes when a probe succeeds, and waits twice as long when it fails, an hour at most', () => {
    const open = stateAfter(...fiveFailures)
    expect(breakerAt(stepBreaker(open, succeeded(70_000, [])), 70_000)).toEqual({ is: 'closed' })
    let state = open
    const waits = Array.from({ length: 8 }, (_, round) => {
      state = stepBreaker(state, failed(round))
      return state.open?.reason === 'Failing' ? state.open.probeAtMs - round : undefined
    })
    expect(waits).toEqual([120_000, 240_000, 480_000, 960_000, 1_920_000, 3_600_000, 3_600_000, 3_600_000])
  })

  it('opens as Ineffective when three successes leave the same drift, and names its path', () => {
    const once = succeeded(1, ['mode.file', 'fields.email'], difference('mode.file'))
    expect(breakerAt(stateAfter(once, once), 1)).toEqual({ is: 'closed' })
    const state = stateAfter(once, once, once)
    const reading = breakerAt(state, 9e12)
    expect(reading).toMatchObject({ is: 'open', reason: 'Ineffective', path: 'mode.file', untilMs: undefined })
    expect(reading.is === 'open' && reading.message).toBe(
      'repaired 3 times with success, and mode.file differs as before',
    )
    expect(breakerAt(stateAfter(once, once, once, succeeded(2, ['mode.file'])), 2).is).toBe('open')
  })

  it('does not take progress, or a difference that came back, for the same drift', () => {
    const batches = [30, 20, 10, 5].map((count) => succeeded(1, ['fields.email'], difference('fields.email', count)))
    expect(breakerAt(stateAfter(...batches), 1)).toEqual({ is: 'closed' })
    const left = succeeded(1, ['mode.file'], difference('mode.file'))
    expect(breakerAt(stateAfter(left, left, succeeded(2, ['mode.file']), left), 2)).toEqual({ is: 'closed' })
  })

  it('does not take a difference of other records, in the same words, for the same drift', () => {
    const ofRecords = (mark: string) => succeeded(1, ['push.new'], { ...difference('push.new'), mark })
    expect(breakerAt(stateAfter(ofRecords('a'), ofRecords('b'), ofRecords('c')), 1)).toEqual({ is: 'closed' })
    expect(breakerAt(stateAfter(ofRecords('a'), ofRecords('a'), ofRecords('a')), 1)).toMatchObject({ is: 'open' })
  })

  it('counts one drift while others are worked on', () => {
    const left = succeeded(1, ['mode.file'], difference('mode.file'))
    const other = succeeded(1, ['fields.email'], difference('fields.email', 1), difference('mode.file'))
    expect(breakerAt(stateAfter(left, other, left, failed(1), left), 1)).toMatchObject({ path: 'mode.file' })
  })

  it('does not take what else differs for the drift that was to be resolved', () => {
    const otherDiffers = succeeded(1, ['mode.file'], difference('fields.email'))
    expect(breakerAt(stateAfter(otherDiffers, otherDiffers, otherDiffers), 1)).toEqual({ is: 'closed' })
  })

  it('tells the path that stays from those that are repaired beside it', () => {
    const repairs = [30, 20, 10].map((count) =>
      succeeded(1, ['fields.email', 'mode.file'], difference('fields.email', count), difference('mode.file')),
    )
    expect(breakerAt(stateAfter(...repairs), 1)).toMatchObject({ reason: 'Ineffective', path: 'mode.file' })
  })

  it('forgets drift that went while others were worked on', () => {
    const left = succeeded(1, ['mode.file'], difference('mode.file'))
    const gone = succeeded(1, ['fields.email'], difference('fields.email', 1))
    expect(breakerAt(stateAfter(left, left, gone, left), 1)).toEqual({ is: 'closed' })
  })

  it('is closed by a new generation or a person, whatever has opened it', () => {
    const left = succeeded(1, ['x'], difference('x'))
    for (const state of [stateAfter(...fiveFailures), stateAfter(left, left, left)]) {
      expect(stepBreaker(state, { is: 'reset' })).toEqual(closedBreaker)
    }
  })
})

const anEvent: fc.Arbitrary<BreakerEvent> = fc.oneof(
  fc.constant(failed(0)),
  fc.constant<BreakerEvent>({ is: 'dispatched', atMs: 0 }),
  fc
    .constantFrom([], ['x'], ['x', 'y'])
    .map((paths) => succeeded(0, ['x', 'y'], ...paths.map((path) => difference(path)))),
  fc.constant<BreakerEvent>({ is: 'reset' }),
)
const someEvents = fc.array(fc.tuple(anEvent, fc.nat(100_000)), { maxLength: 40 }).map((steps) => {
  let atMs = 0
  return steps.map(([event, waitMs]): BreakerEvent => {
    atMs += waitMs
    return event.is === 'reset' ? event : { ...event, atMs }
  })
})

describe('whatever happens to a breaker', () => {
  it('its state survives being journaled', () => {
    fc.assert(
      fc.property(someEvents, (events) => {
        const state = stateAfter(...events)
        const json: JsonValue = state
        expect(breakerStateSchema.parse(JSON.parse(JSON.stringify(json)))).toEqual(state)
      }),
    )
  })

  it('it lets nothing through within its cool-down, two probes never, and is never open for good by failures', () => {
    fc.assert(
      fc.property(someEvents, (events) => {
        const state = stateAfter(...events, ...Array.from({ length: 5 }, () => failed(1e9)))
        if (state.open?.reason !== 'Failing') return
        expect(breakerAt(state, 1e9).is).toBe('open')
        const { probeAtMs } = state.open
        expect(probeAtMs).toBeLessThanOrEqual(1e9 + 3_600_000)
        expect(breakerAt(state, probeAtMs).is).toBe('half-open')
        expect(breakerAt(stepBreaker(state, { is: 'dispatched', atMs: probeAtMs }), probeAtMs).is).toBe('open')
      }),
    )
  })
})
