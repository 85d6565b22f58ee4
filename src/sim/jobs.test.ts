import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { nextMoment } from '../engine/schedule.ts'
import { type ProgramBench, startProgramBench } from './testing-programs.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

let bench: ProgramBench
afterEach(() => bench.stop())

const jobsOf = (job: object) => ({ jobs: { nightly: { command: ['nightly'], ...job } } })
const quick = () => ({ afterMs: 2 * second, code: 0 })

async function start(job: object) {
  bench = await startProgramBench(jobsOf(job))
  bench.host.script = quick
  return bench
}

/** What became of each scheduled moment, from the orders that were carried out. */
function dealtWith(): { ran: number[]; skipped: number } {
  const records = bench
    .engine()
    .ledger.records({ limit: 10_000 })
    .filter(({ state }) => state === 'verified')
  const ran = records.flatMap(({ action }) =>
    action.verb === 'run' && typeof action.input.scheduledForMs === 'number' ? [action.input.scheduledForMs] : [],
  )
  const skipped = records.reduce((sum, { action }) => {
    const { skipped: one } = action.input
    return sum + (typeof one === 'object' && one !== null && 'count' in one ? Number(one.count) : 0)
  }, 0)
  return { ran: ran.sort((one, other) => one - other), skipped }
}

async function state(): Promise<string> {
  const [declared] = bench.engine().statuses.all()
  const observation = declared?.observation
  return observation?.is === 'present' &&
    typeof observation.state === 'object' &&
    observation.state !== null &&
    'name' in observation.state
    ? String(observation.state.name)
    : 'none'
}

describe('a job', () => {
  it('is New, then Running, then Ok; Failed when it fails; Late when it has not succeeded in time', async () => {
    await start({ schedule: '0 * * * *', succeedWithin: '3h' })
    expect(await state()).toBe('New')
    await bench.clock.advance(hour + second)
    expect(await state()).toBe('Running')
    await bench.clock.advance(minute)
    expect(await state()).toBe('Ok')
    bench.host.script = () => ({ afterMs: second, code: 1 })
    await bench.clock.advance(hour)
    expect(await state()).toBe('Failed')
    expect(bench.condition('job', 'nightly', 'Waiting')?.reason).toBe('JobFailed')
    await bench.clock.advance(3 * hour)
    expect(await state()).toBe('Late')
    expect(bench.condition('job', 'nightly', 'Ready')?.reason).toBe('JobLate')
    bench.host.script = quick
    await bench.clock.advance(hour)
    expect(await state()).toBe('Ok')
    expect(bench.condition('job', 'nightly', 'Ready')?.status).toBe('true')
  })

  it('runs no second time while it runs, and says which moments were left out', async () => {
    await start({ schedule: '*/10 * * * *' })
    bench.host.script = () => ({ afterMs: 25 * minute, code: 0 })
    await bench.clock.advance(hour)
    const { ran, skipped } = dealtWith()
    expect(ran).toHaveLength(2)
    expect(skipped).toBe(4)
  })

  it('may run beside itself where that is declared', async () => {
    await start({ schedule: '*/10 * * * *', overlap: 'allow' })
    bench.host.script = () => ({ afterMs: 25 * minute, code: 0 })
    await bench.clock.advance(hour)
    expect(dealtWith()).toMatchObject({ skipped: 0 })
    expect(bench.host.launched).toHaveLength(6)
  })

  it('is ended when it runs for too long, and has failed then', async () => {
    await start({ schedule: '0 * * * *', maxRuntime: '10m' })
    bench.host.script = () => undefined
    await bench.clock.advance(hour + 9 * minute)
    expect(bench.host.runs('job-nightly')).toBe(true)
    await bench.clock.advance(2 * minute)
    expect(bench.host.runs('job-nightly')).toBe(false)
    expect(await state()).toBe('Failed')
    expect(bench.condition('job', 'nightly', 'Waiting')?.message).toContain('it ran for longer than 10 min')
  })

  it.each([
    ['once', 1, 3],
    ['none', 0, 4],
  ] as const)(
    'makes up with catchUp %s by %i run for what was missed while Trueup was down',
    async (catchUp, runs, left) => {
      await start({ schedule: '0 * * * *', catchUp })
      await bench.stopLoop()
      await bench.clock.advance(4 * hour + 20 * minute)
      await bench.restart()
      bench.host.script = quick
      await bench.clock.advance(minute)
      expect(bench.host.launched).toHaveLength(runs)
      expect(dealtWith().skipped).toBe(left)
    },
  )
})

describe('a clock that is set by an hour', () => {
  it.each([
    ['forward', hour],
    ['back', -hour],
  ])('%s: no moment is run twice, and none is left out unsaid', async (_way, jumpMs) => {
    await start({ schedule: '*/15 * * * *' })
    const fromMs = bench.clock.nowMs()
    await bench.clock.advance(2 * hour)
    bench.clock.jumpWallClock(jumpMs)
    await bench.clock.advance(3 * hour)
    const { ran, skipped } = dealtWith()
    expect(new Set(ran).size).toBe(ran.length)
    expect(bench.host.launched).toHaveLength(ran.length)
    expect(ran.length + skipped).toBe(momentsUpTo(fromMs, Math.max(...ran)))
  })

  it('whatever jumps and restarts come when, no moment is run twice, and all up to the last one are run or named', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            afterMs: fc.integer({ min: 0, max: hour }),
            jumpMs: fc.constantFrom(hour, -hour),
            // Killed and started again right then, or down while the clock is set and for a while after.
            downMs: fc.constantFrom(undefined, 0, 20 * minute),
          }),
          { maxLength: 4 },
        ),
        async (jumps) => {
          await start({ schedule: '*/15 * * * *' })
          const fromMs = bench.clock.nowMs()
          for (const { afterMs, jumpMs, downMs } of jumps) {
            await bench.clock.advance(afterMs)
            if (downMs !== undefined) await bench.stopLoop()
            bench.clock.jumpWallClock(jumpMs)
            if (downMs === undefined) continue
            await bench.clock.advance(downMs)
            await bench.restart()
          }
          // After so long the clock is past everything that was dealt with, however often it was set back.
          await bench.clock.advance(5 * hour)
          const { ran, skipped } = dealtWith()
          expect(new Set(ran).size).toBe(ran.length)
          expect(ran.length + skipped).toBe(momentsUpTo(fromMs, Math.max(...ran)))
          await bench.stop()
        },
      ),
      { numRuns: 4 },
    )
    bench = await startProgramBench({})
  })

  it('back by more than a day: the schedule is taken up again rather than waited for', async () => {
    await start({ schedule: '0 * * * *' })
    await bench.clock.advance(hour + minute)
    bench.clock.jumpWallClock(-48 * hour)
    await bench.clock.advance(2 * hour)
    expect(bench.host.launched.length).toBeGreaterThanOrEqual(2)
  })
})

function momentsUpTo(fromMs: number, lastMs: number): number {
  let count = 0
  const schedule = { cron: '*/15 * * * *', timezone: 'UTC' }
  for (let at = nextMoment(schedule, fromMs); at !== undefined && at <= lastMs; at = nextMoment(schedule, at))
    count += 1
  return count
}
