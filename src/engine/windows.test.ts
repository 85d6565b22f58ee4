import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { policySchema } from '../desired/schema.ts'
import { type Severity, severities } from './drift.ts'
import { type Window, windowAt, windowText } from './windows.ts'

const windowsOf = (...windows: unknown[]): readonly Window[] => policySchema.parse({ windows }).windows
const at = (text: string) => Date.parse(text)

/** `open`, `until 2026-…`, or `no end`. */
function stateAt(windows: readonly Window[], risk: Severity, text: string): string {
  const state = windowAt(windows, risk, at(text))
  if (state.is === 'open') return 'open'
  return state.untilMs === undefined
    ? 'no end'
    : `until ${new Date(state.untilMs).toISOString().replace(':00.000Z', 'Z')}`
}

describe('a deny window', () => {
  const weekend = windowsOf({ deny: 'high', days: ['sat', 'sun'], between: '00:00-24:00', timezone: 'Europe/Berlin' })

  it('stops its level and those above, on its days, until its last minute has gone', () => {
    expect(stateAt(weekend, 'high', '2026-11-21T12:00Z')).toBe('until 2026-11-22T23:00Z')
    expect(stateAt(weekend, 'critical', '2026-11-22T22:59:59.999Z')).toBe('until 2026-11-22T23:00Z')
    expect(stateAt(weekend, 'high', '2026-11-22T23:00Z')).toBe('open')
    expect(stateAt(weekend, 'high', '2026-11-20T22:59Z')).toBe('open')
    expect(stateAt(weekend, 'medium', '2026-11-21T12:00Z')).toBe('open')
  })

  it('names itself', () => {
    const state = windowAt(weekend, 'high', at('2026-11-21T12:00Z'))
    expect(state.is === 'denied' && windowText(state.window)).toBe('deny high, sat sun 00:00-24:00 (Europe/Berlin)')
  })

  it('goes over midnight from the day it names', () => {
    const nights = windowsOf({ deny: 'low', days: ['sun'], between: '22:00-06:00' })
    expect(stateAt(nights, 'low', '2026-11-22T05:00Z')).toBe('open')
    expect(stateAt(nights, 'low', '2026-11-22T22:00Z')).toBe('until 2026-11-23T06:00Z')
    expect(stateAt(nights, 'low', '2026-11-23T05:59Z')).toBe('until 2026-11-23T06:00Z')
    expect(stateAt(nights, 'low', '2026-11-23T22:00Z')).toBe('open')
  })

  it('beats an allow window, and together with others opens only when all have ended', () => {
    const both = windowsOf(
      { allow: 'low', between: '00:00-12:00' },
      { deny: 'low', between: '10:00-11:00' },
      { deny: 'low', between: '11:00-11:30' },
    )
    expect(stateAt(both, 'low', '2026-11-23T09:59Z')).toBe('open')
    expect(stateAt(both, 'low', '2026-11-23T10:00Z')).toBe('until 2026-11-23T11:30Z')
    expect(stateAt(both, 'low', '2026-11-23T12:00Z')).toBe('until 2026-11-24T00:00Z')
  })

  it('may have no end', () => {
    const [window] = windowsOf({ deny: 'critical' })
    expect(windowAt(windowsOf({ deny: 'critical' }), 'critical', at('2026-11-23T10:00Z'))).toEqual({
      is: 'denied',
      untilMs: undefined,
      window,
    })
  })
})

describe('allow windows', () => {
  it('let their level and those above through only then, and leave lower ones alone', () => {
    const windows = windowsOf(
      { allow: 'medium', days: ['sat'], between: '22:00-23:00' },
      { allow: 'medium', days: ['mon'], between: '01:00-02:00' },
    )
    expect(stateAt(windows, 'low', '2026-11-23T10:00Z')).toBe('open')
    expect(stateAt(windows, 'medium', '2026-11-23T01:30Z')).toBe('open')
    expect(stateAt(windows, 'high', '2026-11-23T02:00Z')).toBe('until 2026-11-28T22:00Z')
    expect(stateAt(windows, 'high', '2026-11-28T23:00Z')).toBe('until 2026-11-30T01:00Z')
  })

  it('name themselves', () => {
    expect(windowsOf({ allow: 'low', between: '01:00-02:00' }).map(windowText)).toEqual([
      'allow low, every day 01:00-02:00 (UTC)',
    ])
  })

  it('are found where they open just a day later, or a week', () => {
    const windows = windowsOf({ allow: 'low', days: ['tue'], between: '10:00-11:00' })
    expect(stateAt(windows, 'low', '2026-11-23T10:00Z')).toBe('until 2026-11-24T10:00Z')
    expect(stateAt(windows, 'low', '2026-11-24T11:00Z')).toBe('until 2026-12-01T10:00Z')
  })

  it('of several levels must all be open for the highest', () => {
    const windows = windowsOf(
      { allow: 'medium', days: ['sat', 'sun'] },
      { allow: 'critical', days: ['sun'], between: '02:00-04:00' },
    )
    expect(stateAt(windows, 'high', '2026-11-28T10:00Z')).toBe('open')
    expect(stateAt(windows, 'critical', '2026-11-28T10:00Z')).toBe('until 2026-11-29T02:00Z')
    expect(stateAt(windows, 'critical', '2026-11-23T10:00Z')).toBe('until 2026-11-29T02:00Z')
  })
})

describe('daylight saving', () => {
  it('lets an hour that Berlin repeats be inside both times', () => {
    const windows = windowsOf({ deny: 'low', between: '02:00-02:30', timezone: 'Europe/Berlin' })
    expect(stateAt(windows, 'low', '2026-10-25T00:15Z')).toBe('until 2026-10-25T00:30Z')
    expect(stateAt(windows, 'low', '2026-10-25T00:45Z')).toBe('open')
    expect(stateAt(windows, 'low', '2026-10-25T01:15Z')).toBe('until 2026-10-25T01:30Z')
  })

  it('begins a span that Berlin skips when the clock has jumped', () => {
    const windows = windowsOf({ deny: 'low', between: '02:30-03:30', timezone: 'Europe/Berlin' })
    expect(stateAt(windows, 'low', '2026-03-29T00:59:59.999Z')).toBe('open')
    expect(stateAt(windows, 'low', '2026-03-29T01:00Z')).toBe('until 2026-03-29T01:30Z')
    const skipped = windowsOf({ allow: 'low', days: ['sun'], between: '02:15-02:45', timezone: 'Europe/Berlin' })
    expect(stateAt(skipped, 'low', '2026-03-29T00:00Z')).toBe('until 2026-04-05T00:15Z')
  })

  it('ends a night in New York an hour later or earlier in UTC', () => {
    const night = windowsOf({ deny: 'low', days: ['sat'], between: '22:00-06:00', timezone: 'America/New_York' })
    expect(stateAt(night, 'low', '2026-11-01T02:00Z')).toBe('until 2026-11-01T11:00Z')
    expect(stateAt(night, 'low', '2026-03-08T03:00Z')).toBe('until 2026-03-08T10:00Z')
    const opens = windowsOf({ allow: 'low', days: ['sun'], between: '06:00-07:00', timezone: 'America/New_York' })
    expect(stateAt(opens, 'low', '2026-10-31T22:00Z')).toBe('until 2026-11-01T11:00Z')
    expect(stateAt(opens, 'low', '2026-10-31T12:00Z')).toBe('until 2026-11-01T11:00Z')
  })

  it('ends a span at the change itself, where the clock jumps over or back behind its end', () => {
    const back = windowsOf({ deny: 'low', between: '02:30-03:30', timezone: 'Europe/Berlin' })
    expect(stateAt(back, 'low', '2026-10-25T00:40Z')).toBe('until 2026-10-25T01:00Z')
    expect(stateAt(back, 'low', '2026-10-25T01:00Z')).toBe('open')
    expect(stateAt(back, 'low', '2026-10-25T01:30Z')).toBe('until 2026-10-25T02:30Z')
    const over = windowsOf({ deny: 'low', between: '01:00-02:30', timezone: 'America/New_York' })
    expect(stateAt(over, 'low', '2026-03-08T06:30Z')).toBe('until 2026-03-08T07:00Z')
  })
})

/** The rule told once more, by reading a clock: slow, without edges. */
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const weekdays: readonly string[] = days
const readers = new Map(
  ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata'].map((timeZone) => [
    timeZone,
    new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    }),
  ]),
)

function isInside(window: Window, atMs: number): boolean {
  const [weekday = '', time = ''] = (readers.get(window.timezone)?.format(atMs) ?? '').toLowerCase().split(/[ ,]+/)
  const today = weekdays.indexOf(weekday)
  const isOn = (index: number) => window.days === undefined || window.days.some((day) => day === days[(index + 7) % 7])
  const [from = '', to = ''] = window.between.split('-')
  return from < to
    ? isOn(today) && from <= time && time < to
    : (isOn(today) && time >= from) || (isOn(today - 1) && time < to)
}

function isOpen(windows: readonly Window[], risk: Severity, atMs: number): boolean {
  const levels = severities.slice(0, severities.indexOf(risk) + 1)
  const isDenied = windows.some(
    (window) => window.deny !== undefined && levels.includes(window.deny) && isInside(window, atMs),
  )
  const isAllowed = levels.every((level) => {
    const allows = windows.filter((window) => window.allow === level)
    return allows.length === 0 || allows.some((window) => isInside(window, atMs))
  })
  return !isDenied && isAllowed
}

const aTime = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom(0, 0, 15, 30, 59))
  .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`)
const aWindow: fc.Arbitrary<Window> = fc
  .record({
    rule: fc.constantFrom('deny' as const, 'allow' as const),
    level: fc.constantFrom(...severities),
    days: fc.option(fc.subarray([...days], { minLength: 1 }), { nil: undefined }),
    start: aTime,
    end: fc.oneof(aTime, fc.constant('24:00')),
    timezone: fc.constantFrom(...readers.keys()),
  })
  .map(({ rule, level, start, end, ...rest }) => ({
    [rule]: level,
    between: `${start}-${end}`,
    timezone: rest.timezone,
    ...(rest.days === undefined ? {} : { days: rest.days }),
  }))

/** Around the changes of Berlin, New York and Lord Howe Island, and at any other time. */
const aMoment = fc
  .tuple(
    fc.constantFrom(
      '2026-03-29T01:00Z',
      '2026-10-25T01:00Z',
      '2026-03-08T07:00Z',
      '2026-11-01T06:00Z',
      '2026-04-04T15:00Z',
      '2027-07-01T00:00Z',
    ),
    fc.oneof(fc.integer({ min: -2 * 86_400_000, max: 86_400_000 }), fc.integer({ min: -7_200_000, max: 7_200_000 })),
  )
  .map(([text, shift]) => at(text) + shift)

describe('against a clock that is read minute by minute', () => {
  it('says the same, and names the exact moment it opens', () => {
    fc.assert(
      fc.property(
        fc.array(aWindow, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(...severities),
        aMoment,
        (windows, risk, nowMs) => {
          const state = windowAt(windows, risk, nowMs)
          expect(state.is === 'open').toBe(isOpen(windows, risk, nowMs))
          if (state.is === 'open') return
          const { untilMs } = state
          const limitMs = Math.min(untilMs ?? Number.POSITIVE_INFINITY, nowMs + 3 * 86_400_000)
          for (let minute = Math.ceil((nowMs + 1) / 60_000) * 60_000; minute < limitMs; minute += 60_000) {
            if (isOpen(windows, risk, minute)) expect.fail(`open at ${new Date(minute).toISOString()}`)
          }
          if (untilMs === undefined) return
          expect(isOpen(windows, risk, untilMs)).toBe(true)
          expect(isOpen(windows, risk, untilMs - 1)).toBe(false)
          expect(windowAt(windows, risk, untilMs)).toEqual({ is: 'open' })
        },
      ),
      { numRuns: 250 },
    )
  })

  it('never lets more risk through, nor sooner', () => {
    fc.assert(
      fc.property(fc.array(aWindow, { maxLength: 4 }), aMoment, (windows, nowMs) => {
        const moments = severities.map((risk) => {
          const state = windowAt(windows, risk, nowMs)
          return state.is === 'open' ? nowMs : (state.untilMs ?? Number.POSITIVE_INFINITY)
        })
        expect(moments).toEqual([...moments].sort((a, b) => a - b))
      }),
      { numRuns: 200 },
    )
  })
})
