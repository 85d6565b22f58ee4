/**
 * Trueup dies at every boundary between intent, spawn and record of a service, and by a real SIGKILL at many moments around
 * them; the next life always ends up with exactly one copy, known by its pid.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../clock.ts'
import { desiredStateSchema } from '../../desired/schema.ts'
import { converge, createEngine } from '../../engine/engine.ts'
import { takeLease } from '../../engine/lease.ts'
import { openJournal } from '../../journal/store.ts'
import { systemRandom } from '../../random.ts'
import { Crash } from '../../sim/fake-world.ts'
import { foreignProcesses } from '../../targets/process/foreign-processes.ts'
import { createProber } from '../../targets/process/probes/prober.ts'
import { markPrefixOf } from '../../targets/process/supervision/instance.ts'
import type { ProcessHost } from '../../targets/process/supervision/ports.ts'
import { createProcessHost } from '../../targets/process/supervision/process-host.ts'
import { openProcessStore, type ProcessStore } from '../../targets/process/supervision/process-store.ts'
import { systemd } from '../../targets/process/systemd.ts'
import { serviceKind } from './index.ts'
import { recordOf } from './record.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-crash-'))
  mkdirSync(join(folder, '.trueup'))
})
afterEach(async () => {
  const host = hostNow()
  for (const uuid of host.liveWith(prefix(host))) {
    await host.end({ uuid, mark: `${prefix(host)}${uuid}`, main: null }, 0, new AbortController().signal)
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const ownFolder = () => join(folder, '.trueup')
const hostNow = (clock: Clock = systemClock) =>
  createProcessHost({ clock, ownFolder: ownFolder(), path: process.env.PATH })
const prefix = (host: ProcessHost) => markPrefixOf(host.workspaceId, 'service', 'one')

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

/** One life of Trueup: opens all anew on the same files, converges once, and dies where the fuse says. */
async function live(command: readonly string[], fuse: Fuse): Promise<void> {
  const journal = openJournal(join(ownFolder(), 'journal.db'), systemClock)
  const fragileJournal = fragile(journal, ['append'], fuse)
  const store = openProcessStore(join(ownFolder(), 'processes.db'), { keep: true })
  try {
    const lease = takeLease({ journal, clock: systemClock, holder: systemRandom.uuid(), isAlive: () => false })
    const fragileClock: Clock = fragile(systemClock, ['sleep'], fuse)
    const kind = serviceKind({
      workspace: folder,
      ownFolder: ownFolder(),
      host: fragile(hostNow(fragileClock), ['launch', 'end', 'forget'], fuse),
      store: fragile(store, ['set'], fuse),
      systemd,
      foreign: foreignProcesses,
      prober: createProber(systemClock),
      clock: systemClock,
      random: systemRandom,
      session: systemRandom.uuid(),
      environment: { PATH: process.env.PATH ?? '' },
      secrets: async () => '',
    })
    const log = pino({ level: 'silent' })
    const engine = createEngine({
      journal: fragileJournal,
      kinds: [kind],
      clock: systemClock,
      random: systemRandom,
      log,
      lease,
    })
    const services = { one: { command, onChange: 'restart', backoff: { from: '100ms', to: '100ms' }, grace: '5s' } }
    engine.declare(1, desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test', services }))
    await converge(engine, { keys: undefined, actor: 'test', signal: new AbortController().signal })
    lease.release()
  } finally {
    store.close()
    journal.close()
  }
}

const whole = (): Fuse => ({ at: Number.POSITIVE_INFINITY, passed: 0 })

/** Exactly one copy runs, as declared, and the record names it. */
async function expectOne(command: readonly string[]): Promise<void> {
  const host = hostNow()
  const uuids = host.liveWith(prefix(host))
  expect(uuids).toHaveLength(1)
  const store: ProcessStore = openProcessStore(join(ownFolder(), 'processes.db'), { keep: false })
  const record = recordOf(store, 'one')
  store.close()
  expect(record).toMatchObject({ instance: { uuid: uuids[0] }, launch: { command } })
  expect(record?.startedAtMs).not.toBeNull()
  if (record === undefined) throw new Error('nothing is recorded')
  const found = host.find(record.instance)
  expect(found).toMatchObject({ is: 'running', instance: { main: { pid: record.instance.main?.pid } } })
}

const old = ['sleep', '600.1']
const next = ['sleep', '600.2']

describe('a crash at every boundary', () => {
  test('of a first start, a start after a failure and a restart ends with one copy: 60 points and more', async () => {
    let points = 0
    for (const scenario of ['first', 'restart', 'after-failure'] as const) {
      for (let at = 1; ; at += 1) {
        rmSync(join(folder, '.trueup'), { recursive: true, force: true })
        mkdirSync(ownFolder())
        if (scenario !== 'first') await live(old, whole())
        if (scenario === 'after-failure') await endIt()
        const command = scenario === 'restart' ? next : old
        const fuse = { at, passed: 0 }
        const died = await live(command, fuse).then(
          () => false,
          (error: unknown) => {
            if (error instanceof Crash) return true
            throw error
          },
        )
        await live(command, whole())
        await expectOne(command)
        await endIt()
        if (!died) break
        points += 1
      }
    }
    expect(points).toBeGreaterThanOrEqual(60)
  }, 240_000)
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
      'apiVersion: trueup/v1\nname: x\nservices:\n  one: { command: [sleep, "600.1"], backoff: { from: 100ms, to: 100ms } }\n',
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
      await life(file, delayMs)
      // A shim that was spawned gets as far as its program, whether Trueup lives or not.
      await systemClock.sleep(200)
      const host = hostNow()
      const before = host.liveWith(prefix(host))
      expect(before.length).toBeLessThanOrEqual(1)
      await life()
      await expectOne(old)
      const after = hostNow()
      if (before.length === 1) {
        cut += 1
        // What ran when Trueup died is the one that runs: it was adopted, not started anew.
        expect(after.liveWith(prefix(after))).toEqual(before)
      }
      await endIt()
    }
    expect(cut).toBeGreaterThan(0)
  }, 240_000)
})

/** Ends whatever runs, as a stranger would, and waits until the pause has passed. */
async function endIt(): Promise<void> {
  const host = hostNow()
  for (const uuid of host.liveWith(prefix(host)))
    await host.end({ uuid, mark: `${prefix(host)}${uuid}`, main: null }, 0, new AbortController().signal)
  await systemClock.sleep(150)
}
