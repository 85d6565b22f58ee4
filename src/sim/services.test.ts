import { afterEach, describe, expect, it } from 'vitest'
import { type ProgramBench, startProgramBench } from './testing-programs.ts'

const second = 1000
const minute = 60 * second

let bench: ProgramBench
afterEach(() => bench.stop())

/** How long it takes on the virtual clock until the lock is held again, to the half second. */
async function downFor(lockName: string, mostMs: number): Promise<number> {
  let downMs = 0
  while (!bench.host.runs(lockName)) {
    if (downMs > mostMs) throw new Error(`${lockName} did not come back within ${mostMs} ms`)
    await bench.clock.advance(500)
    downMs += 500
  }
  return downMs
}

const worker = { services: { worker: { command: ['worker'] } } }

describe('a service that is killed', () => {
  it('comes back after 10 s, doubled each time up to 5 minutes, give or take a tenth', async () => {
    bench = await startProgramBench(worker)
    expect(bench.host.runs('service-worker')).toBe(true)
    const pauses: number[] = []
    for (let kill = 1; kill <= 10; kill += 1) {
      await bench.clock.advance(20 * second)
      bench.host.finish('service-worker', 137)
      await bench.clock.advance(500)
      if (kill >= 3) {
        const waiting = bench.condition('service', 'worker', 'Waiting')
        expect(waiting).toMatchObject({ status: 'true', reason: 'CrashLoop' })
        expect(waiting?.message).toContain(`failed ${kill} times in a row, last with SIGKILL after 20 s`)
        expect(waiting?.message).toContain('the last words')
        expect(waiting?.message).toMatch(/next try at 2026-/)
        expect(bench.condition('service', 'worker', 'Ready')?.status).toBe('false')
      } else expect(bench.condition('service', 'worker', 'Waiting')?.reason).toBe('BackingOff')
      pauses.push(500 + (await downFor('service-worker', 6 * minute)))
      expect(bench.condition('service', 'worker', 'Ready')?.status).toBe('true')
    }
    const expected = [10, 20, 40, 80, 160, 300, 300, 300, 300, 300]
    for (const [index, pause] of pauses.entries()) {
      const usual = (expected[index] ?? 0) * second
      expect(pause).toBeGreaterThanOrEqual(usual * 0.9)
      // Half a second of the test's steps and a quarter of the loop's come on top.
      expect(pause).toBeLessThanOrEqual(usual * 1.1 + 1500)
    }
  })

  it('starts anew with its pauses after 10 minutes of health', async () => {
    bench = await startProgramBench(worker)
    for (let kill = 0; kill < 4; kill += 1) {
      await bench.clock.advance(second)
      bench.host.finish('service-worker', 1)
      await downFor('service-worker', 6 * minute)
    }
    await bench.clock.advance(11 * minute)
    bench.host.finish('service-worker', 1)
    expect(await downFor('service-worker', minute)).toBeLessThanOrEqual(13 * second)
  })

  it('keeps its pauses over restarts of the controller, which starts no second copy', async () => {
    bench = await startProgramBench(worker)
    for (let kill = 0; kill < 4; kill += 1) {
      await bench.clock.advance(second)
      bench.host.finish('service-worker', 1)
      await downFor('service-worker', 6 * minute)
    }
    const launched = bench.host.launched.length
    await bench.restart()
    expect(bench.host.launched).toHaveLength(launched)
    bench.host.finish('service-worker', 1)
    await bench.clock.advance(second)
    await bench.restart()
    expect(bench.condition('service', 'worker', 'Waiting')?.message).toContain('failed 5 times in a row')
    expect(await downFor('service-worker', 6 * minute)).toBeGreaterThan(130 * second)
  })

  it('is due at once when the clock was set back since', async () => {
    bench = await startProgramBench(worker)
    await bench.clock.advance(20 * second)
    bench.host.finish('service-worker', 1)
    bench.clock.jumpWallClock(-60 * minute)
    expect(await downFor('service-worker', minute)).toBeLessThanOrEqual(14 * second)
  })
})

describe('how a program ends', () => {
  it('with 0 after a while: it is started again without a pause', async () => {
    bench = await startProgramBench(worker)
    await bench.clock.advance(minute)
    bench.host.finish('service-worker', 0)
    expect(await downFor('service-worker', minute)).toBeLessThanOrEqual(2 * second)
    expect(bench.condition('service', 'worker', 'Ready')?.status).toBe('true')
  })

  it('with 0 over and over right after its start: it pauses as after failures and does not spin', async () => {
    bench = await startProgramBench(worker)
    bench.host.script = () => ({ afterMs: 1, code: 0 })
    bench.host.finish('service-worker', 0)
    await bench.clock.advance(10 * minute)
    expect(bench.host.launched.length).toBeLessThan(9)
    expect(bench.condition('service', 'worker', 'Waiting')?.reason).toBe('CrashLoop')
  })

  it('with 78: it waits for another declaration, however long, also over restarts of the controller', async () => {
    bench = await startProgramBench(worker)
    await bench.clock.advance(second)
    bench.host.finish('service-worker', 78)
    await bench.clock.advance(3 * 60 * minute)
    await bench.restart()
    await bench.clock.advance(60 * minute)
    expect(bench.host.runs('service-worker')).toBe(false)
    expect(bench.condition('service', 'worker', 'Waiting')?.reason).toBe('ConfigurationWrong')
    bench.declare({ services: { worker: { command: ['worker', '--mended'] } } })
    await bench.clock.advance(second)
    expect(bench.host.runs('service-worker')).toBe(true)
  })

  it.each([
    ['never', 1, false],
    ['never', 0, false],
    ['on-failure', 0, false],
    ['on-failure', 1, true],
  ] as const)('with restart %s and status %i: started again is %s', async (restart, code, again) => {
    bench = await startProgramBench({ services: { worker: { command: ['worker'], restart } } })
    await bench.clock.advance(minute)
    bench.host.finish('service-worker', code)
    await bench.clock.advance(10 * minute)
    expect(bench.host.runs('service-worker')).toBe(again)
    const ready = bench.condition('service', 'worker', 'Ready')?.status
    expect(ready).toBe(code === 0 || again ? 'true' : 'false')
  })
})

describe('a changed declaration', () => {
  it('waits for a person where it is not told to restart', async () => {
    bench = await startProgramBench(worker)
    bench.declare({ services: { worker: { command: ['worker', '--new'] } } })
    await bench.clock.advance(minute)
    expect(bench.host.launched.map(({ command }) => command)).toEqual([['worker']])
    expect(bench.condition('service', 'worker', 'Waiting')?.reason).toBe('ApprovalNeeded')
  })

  it('of several services restarts one at a time, the next when the one before is ready', async () => {
    const services = (mark: string) => ({
      services: Object.fromEntries(
        ['a', 'b', 'c'].map((name) => [name, { command: [name, mark], onChange: 'restart' }]),
      ),
    })
    bench = await startProgramBench(services('old'))
    // The new version of whichever comes first does not start.
    bench.host.script = (order) => (order.command[1] === 'new' ? { afterMs: 50, code: 1 } : undefined)
    bench.declare(services('new'))
    await bench.clock.advance(8 * minute)
    const touched = new Set(
      bench.host.launched.filter(({ command }) => command[1] === 'new').map(({ lockName }) => lockName),
    )
    expect(touched.size).toBe(1)
    expect(['a', 'b', 'c'].filter((name) => bench.host.runs(`service-${name}`))).toHaveLength(2)
    const held = ['a', 'b', 'c'].filter(
      (name) => bench.condition('service', name, 'Waiting')?.reason === 'RollingRestart',
    )
    expect(held).toHaveLength(2)
    bench.host.script = () => undefined
    await bench.clock.advance(10 * minute)
    expect(new Set(bench.host.launched.slice(-3).map(({ command }) => command.join(' ')))).toEqual(
      new Set(['a new', 'b new', 'c new']),
    )
  })
})

describe('a service that depends on another', () => {
  it('starts after it, and waits with a reason while it is down', async () => {
    bench = await startProgramBench({
      services: { late: { command: ['late'], dependsOn: ['early'] }, early: { command: ['early'] } },
    })
    await bench.clock.advance(15 * second)
    expect(bench.host.launched.map(({ command }) => command[0])).toEqual(['early', 'late'])
    bench.host.finish('service-early', 1)
    bench.host.finish('service-late', 0)
    await bench.clock.advance(2 * second)
    expect(bench.host.runs('service-late')).toBe(false)
    expect(bench.condition('service', 'late', 'Waiting')?.reason).toBe('Dependency')
    await bench.clock.advance(30 * second)
    expect(bench.host.runs('service-late')).toBe(true)
  })
})
