import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextMoment } from '../../engine/schedule.ts'
import { type Due, dueOf } from './schedule.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

interface Walk {
  readonly ran: readonly number[]
  readonly skipped: number
}

/** Looks at a schedule at each of these moments, as the kind does: what is run or left out moves the watermark. */
function walk(schedule: { cron: string; timezone: string }, fromMs: number, looks: readonly number[]): Walk {
  let watermarkMs = fromMs
  const ran: number[] = []
  let skipped = 0
  for (const nowMs of looks) {
    const due: Due = dueOf({ schedule, overlap: 'forbid', catchUp: 'once', watermarkMs, nowMs, isRunning: false })
    if (due.is === 'run') {
      ran.push(due.scheduledForMs)
      skipped += due.skipped?.count ?? 0
      watermarkMs = due.scheduledForMs
    }
    if (due.is === 'skip') {
      skipped += due.skipped.count
      watermarkMs = due.watermarkMs
    }
  }
  return { ran, skipped }
}

const everyMinutes = (fromMs: number, untilMs: number, stepMs = minute) =>
  Array.from({ length: Math.floor((untilMs - fromMs) / stepMs) }, (_, index) => fromMs + (index + 1) * stepMs)

const newYork = 'America/New_York'
const iso = (moments: readonly number[]) => moments.map((atMs) => new Date(atMs).toISOString().slice(0, 16))

describe('the change to summer time', () => {
  const fromMs = Date.UTC(2026, 2, 7, 12)
  const looks = everyMinutes(fromMs, Date.UTC(2026, 2, 9, 12))

  it('runs a job of the hour that is not there once, at the moment at which the clock goes forward', () => {
    expect(iso(walk({ cron: '30 2 * * *', timezone: newYork }, fromMs, looks).ran)).toEqual([
      '2026-03-08T07:00',
      '2026-03-09T06:30',
    ])
  })

  it('runs an hourly job every hour, 23 times on that day', () => {
    const { ran, skipped } = walk({ cron: '0 * * * *', timezone: newYork }, fromMs, looks)
    expect(skipped).toBe(0)
    expect(ran.map((atMs, index) => atMs - (ran[index - 1] ?? atMs - hour))).toEqual(ran.map(() => hour))
    const ofThatDay = ran.filter((atMs) => atMs >= Date.UTC(2026, 2, 8, 5) && atMs < Date.UTC(2026, 2, 9, 4))
    expect(ofThatDay).toHaveLength(23)
  })
})

describe('the change from summer time', () => {
  const fromMs = Date.UTC(2026, 9, 31, 12)
  const looks = everyMinutes(fromMs, Date.UTC(2026, 10, 2, 12))

  it('runs a daily job of the hour that is there twice once, at its first coming', () => {
    expect(iso(walk({ cron: '30 1 * * *', timezone: newYork }, fromMs, looks).ran)).toEqual([
      '2026-11-01T05:30',
      '2026-11-02T06:30',
    ])
  })

  it('runs an hourly job every hour, 25 times on that day', () => {
    const { ran } = walk({ cron: '0 * * * *', timezone: newYork }, fromMs, looks)
    const ofThatDay = ran.filter((atMs) => atMs >= Date.UTC(2026, 10, 1, 4) && atMs < Date.UTC(2026, 10, 2, 5))
    expect(ofThatDay).toHaveLength(25)
  })
})

it('a daily job in any zone is dealt with once on each day of the year, whenever it is looked at', () => {
  const zones = [newYork, 'Europe/Berlin', 'America/Santiago', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC']
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: 0, max: 23 }),
      fc.integer({ min: 0, max: 59 }),
      fc.array(fc.integer({ min: 1, max: 5 * day }), { minLength: 150, maxLength: 150 }),
      (timezone, hourOfDay, minuteOfHour, steps) => {
        const schedule = { cron: `${minuteOfHour} ${hourOfDay} * * *`, timezone }
        const fromMs = Date.UTC(2026, 0, 1, 12)
        let nowMs = fromMs
        const looks = steps.map((step) => {
          nowMs += step
          return nowMs
        })
        const { ran, skipped } = walk(schedule, fromMs, looks)
        expect(new Set(ran).size).toBe(ran.length)
        const first = nextMoment(schedule, fromMs) ?? 0
        const last = ran.at(-1) ?? first
        const days = Math.round((last - first) / day) + (ran.length === 0 ? 0 : 1)
        expect(ran.length + skipped).toBe(days)
      },
    ),
    { numRuns: 60 },
  )
})

it('a clock that goes to and fro never makes a moment run twice, nor leaves one out unsaid', () => {
  const schedule = { cron: '*/15 * * * *', timezone: newYork }
  // Around both changes of the clock, and on a plain day.
  const starts = [Date.UTC(2026, 2, 8, 5), Date.UTC(2026, 10, 1, 4), Date.UTC(2026, 5, 1)]
  const steps = fc.array(fc.integer({ min: -hour, max: 2 * hour }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(fc.constantFrom(...starts), steps, (fromMs, moves) => {
      let nowMs = fromMs
      const looks = moves.map((move) => {
        nowMs += move
        return nowMs
      })
      const { ran, skipped } = walk(schedule, fromMs, looks)
      expect(new Set(ran).size).toBe(ran.length)
      expect(ran.length + skipped).toBe(countUpTo(schedule, fromMs, ran.at(-1) ?? 0))
    }),
  )
})

it('names every moment of a long absence, and says so where there were too many to count', () => {
  const schedule = { cron: '* * * * *', timezone: 'UTC' }
  const fromMs = Date.UTC(2026, 0, 1)
  const missed = (days: number) => {
    const rest = { overlap: 'forbid', catchUp: 'none', watermarkMs: fromMs, isRunning: false } as const
    const due = dueOf({ schedule, ...rest, nowMs: fromMs + days * day + 2 * minute })
    return due.is === 'run' ? due : undefined
  }
  expect(missed(3)).toMatchObject({
    skipped: { count: 3 * 1440 + 1, fromMs: fromMs + minute, toMs: fromMs + 3 * day + minute },
    scheduledForMs: fromMs + 3 * day + 2 * minute,
  })
  const long = missed(20)
  expect(long?.scheduledForMs).toBe(fromMs + 20 * day + 2 * minute)
  expect(long?.skipped?.reason).toContain('there were more, which are not counted')
})

function countUpTo(schedule: { cron: string; timezone: string }, fromMs: number, lastMs: number): number {
  let count = 0
  for (let at = nextMoment(schedule, fromMs); at !== undefined && at <= lastMs; at = nextMoment(schedule, at))
    count += 1
  return count
}
