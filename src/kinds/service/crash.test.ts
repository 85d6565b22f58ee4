/**
 * Trueup dies at every boundary between intent, spawn and record of a service, and by a real SIGKILL at many moments around
 * them; the next life always ends up with exactly one copy, known by its pid, and none was ever started beside it.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Clock, systemClock } from '../../clock.ts'
import { Crash } from '../../sim/fake-world.ts'
import { hostOf, killAll, type LifeOptions, liveInstances, liveOnce } from '../../sim/testing-life.ts'
import { bootId, executableOf, readProcess } from '../../targets/process/supervision/proc.ts'
import { openProcessStore } from '../../targets/process/supervision/process-store.ts'
import { saveRecord } from './record.ts'
import { recordedOf } from './testing-record.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-crash-'))
  mkdirSync(join(folder, '.trueup'))
})
afterEach(async () => {
  await killAll(folder, 'one')
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const ownFolder = () => join(folder, '.trueup')

/** Strikes at the boundary with this number; counts them all. */
interface Fuse {
  readonly at: number
  passed: number
}

function boundary(fuse: Fuse): void {
  fuse.passed += 1
  if (fuse.passed === fuse.at) throw new Crash('the process died here')
}

/** Every call of the store and the host may be the last: right before it or right after it. */
function fragile<Port extends object>(port: Port, names: readonly (keyof Port)[], fuse: Fuse): Port {
  const wrapped = { ...port }
  for (const name of names) {
    const call: unknown = port[name]
    if (typeof call !== 'function') continue
    Object.assign(wrapped, {
      [name]: (...values: readonly unknown[]) => {
        boundary(fuse)
        const result: unknown = Reflect.apply(call, port, values)
        if (result instanceof Promise) {
          return result.then((value: unknown) => {
            boundary(fuse)
            return value
          })
        }
        boundary(fuse)
        return result
      },
    })
  }
  return wrapped
}

/** One life of Trueup on the same files: converges once, and dies where the fuse says. */
async function live(command: readonly string[], fuse: Fuse): Promise<void> {
  const wrap: NonNullable<LifeOptions['wrap']> = (ports, journal) => {
    const clock: Clock = fragile(systemClock, ['sleep'], fuse)
    const host = fragile(hostOf(folder, clock), ['launch', 'end', 'forget'], fuse)
    const store = fragile(ports.store, ['set'], fuse)
    return { ports: { ...ports, host, store }, journal: fragile(journal, ['append'], fuse) }
  }
  const services = { one: { command, onChange: 'restart', backoff: { from: '100ms', to: '100ms' }, grace: '5s' } }
  await liveOnce({ folder, services, wrap })
}

const whole = (): Fuse => ({ at: Number.POSITIVE_INFINITY, passed: 0 })

/** Tells each start of its program by the pid, which the program keeps. */
const started = () => join(folder, 'started')
const program = (seconds: string) => ['sh', '-c', `echo $$ >>started; exec sleep ${seconds}`]
const old = program('600.1')
const next = program('600.2')

const startedPids = () =>
  existsSync(started())
    ? readFileSync(started(), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map(Number)
    : []

/** The program tells its start itself, some moments after it was launched. */
const hasStarted = () => vi.waitFor(() => expect(startedPids()).not.toEqual([]), 10_000)

/** Exactly one copy runs, as declared; it is the only one that was started, and the record names it. */
async function expectOne(command: readonly string[]): Promise<void> {
  await hasStarted()
  const uuids = liveInstances(folder, 'one')
  expect(uuids).toHaveLength(1)
  const record = recordedOf(folder, 'one')
  expect(record).toMatchObject({ instance: { uuid: uuids[0] }, launch: { command } })
  expect(record?.startedAtMs).not.toBeNull()
  if (record === undefined) throw new Error('nothing is recorded')
  const pid = record.instance.main?.pid
  expect(hostOf(folder).find(record.instance)).toMatchObject({ is: 'running', instance: { main: { pid } } })
  expect(startedPids()).toEqual([pid])
}

/** The process dies at each of some sixty boundaries with `npm run soak:services`, at every third one of them otherwise. */
const everyPoint = process.env.CRASH_POINTS === 'all' ? 1 : 3

describe('a crash at every boundary', () => {
  test('of a first start, a restart and a start after a failure ends with one copy', async () => {
    let points = 0
    for (const scenario of ['first', 'restart', 'after-failure'] as const) {
      for (let at = 1; ; at += everyPoint) {
        rmSync(ownFolder(), { recursive: true, force: true })
        mkdirSync(ownFolder())
        if (scenario !== 'first') {
          rmSync(started(), { force: true })
          await live(old, whole())
          // Told later, it would be taken for one that was started afterwards.
          await hasStarted()
        }
        if (scenario === 'after-failure') {
          await killAll(folder, 'one')
          await systemClock.sleep(120)
        }
        rmSync(started(), { force: true })
        const command = scenario === 'restart' ? next : old
        const died = await live(command, { at, passed: 0 }).then(
          () => false,
          (error: unknown) => {
            if (error instanceof Crash) return true
            throw error
          },
        )
        await live(command, whole())
        await expectOne(command)
        await killAll(folder, 'one')
        if (!died) break
        points += 1
      }
    }
    expect(points).toBeGreaterThanOrEqual(60 / everyPoint)
  }, 240_000)
})

describe('a pid that was given to a stranger while Trueup was down', () => {
  test.each(['another start time', 'all that a forged record can hold'])(
    'with %s: the stranger is neither adopted nor signalled, and the service is started anew',
    async (sameness) => {
      await live(old, whole())
      const record = recordedOf(folder, 'one')
      if (record === undefined) throw new Error('nothing is recorded')
      await killAll(folder, 'one')
      const stranger = spawn('sleep', ['600'], { stdio: 'ignore' })
      try {
        const pid = stranger.pid ?? 0
        const ticks = readProcess(pid)?.startTicks ?? 0
        const main = {
          bootId: bootId(),
          pid,
          startTicks: sameness === 'another start time' ? ticks - 1 : ticks,
          executable: executableOf(pid) ?? null,
        }
        const store = openProcessStore(join(ownFolder(), 'processes.db'), { keep: true })
        saveRecord(store, 'one', { ...record, instance: { ...record.instance, main } })
        store.close()
        // Its shim died with it, so that nothing tells that it ended.
        rmSync(join(ownFolder(), 'run', `${record.instance.uuid}.exit`), { force: true })
        rmSync(started(), { force: true })
        for (let turn = 0; turn < 100 && startedPids().length === 0; turn += 1) {
          await live(next, whole())
          await systemClock.sleep(20)
        }
        await expectOne(next)
        expect(stranger.exitCode ?? stranger.signalCode).toBeNull()
        expect(readProcess(pid)?.state).not.toBe('Z')
      } finally {
        stranger.kill('SIGKILL')
      }
    },
  )
})

describe('a real SIGKILL', () => {
  test('soon after the intent was written leaves one copy, which the next life adopts', async () => {
    const compiled = (path: string) => JSON.stringify(pathToFileURL(resolve('dist', path)).href)
    const script = join(folder, 'life.mjs')
    writeFileSync(
      script,
      `import { openWorkspace } from ${compiled('workspace/open.js')}
       import { converge } from ${compiled('engine/engine.js')}
       import { systemClock } from ${compiled('clock.js')}
       import { systemRandom } from ${compiled('random.js')}
       import { openLog } from ${compiled('log.js')}
       const workspace = await openWorkspace({ stateFile: process.argv[2], purpose: 'act', environment: process.env,
         clock: systemClock, random: systemRandom, log: openLog('silent') })
       await converge(workspace.engine, { keys: undefined, actor: 'test', signal: new AbortController().signal })
       await workspace.close()`,
    )
    writeFileSync(
      join(folder, 'desired-state.yaml'),
      `apiVersion: trueup/v1\nname: x\nservices:\n  one: ${JSON.stringify({ command: old, backoff: { from: '100ms', to: '100ms' } })}\n`,
    )
    /** A life that is killed so long after this file of `.trueup` has come; without one it ends by itself. */
    const life = async (file?: string, delayMs = 0) => {
      const child = spawn(process.execPath, [script, join(folder, 'desired-state.yaml')], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { PATH: process.env.PATH, HOME: process.env.HOME },
      })
      const over = new Promise<void>((done) => child.once('exit', () => done()))
      const has = () => file === undefined || existsSync(join(ownFolder(), file))
      while (child.exitCode === null && !has()) await systemClock.sleep(1)
      if (file !== undefined) {
        await systemClock.sleep(delayMs)
        child.kill('SIGKILL')
      }
      await over
    }
    let cut = 0
    const moments = [
      ['processes.db', 0],
      ['processes.db', 10],
      ['run/service-one.lock', 0],
      ['run/service-one.lock', 2],
      ['run/service-one.lock', 5],
      ['run/service-one.lock', 10],
    ] as const
    for (const [file, delayMs] of moments) {
      rmSync(ownFolder(), { recursive: true, force: true })
      mkdirSync(ownFolder())
      rmSync(started(), { force: true })
      await life(file, delayMs)
      // A shim that was spawned gets as far as its program, whether Trueup lives or not.
      await systemClock.sleep(200)
      if (liveInstances(folder, 'one').length === 1) cut += 1
      await life()
      // What ran when Trueup died is the one that runs: it was adopted, not started anew.
      await expectOne(old)
      await killAll(folder, 'one')
    }
    expect(cut).toBeGreaterThan(0)
  }, 240_000)
})
