/** Programs that do not behave, under a real controller: each ends in the right state, within its limits. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { trueup } from '../support/cli.ts'
import { eventually, type RunningController, startRun } from '../support/controller.ts'

let folder: string
let controller: RunningController | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-hostile-'))
})

afterEach(async () => {
  await controller?.kill()
  controller = undefined
  // Their graces are not waited for.
  for (const pid of processesOf(folder)) kill(Number(pid))
  const stopped = await trueup(['service', 'stop', '--all'], { in: folder })
  expect(stopped.status, stopped.stdout + stopped.stderr).toBe(0)
  // Whatever they did: nothing of them is left.
  await eventually(
    () => processesOf(folder),
    (pids) => pids.length === 0,
  )
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** Every live process that works in the folder, whatever it calls itself. */
function processesOf(path: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`WHERE=${path}\0`)
    } catch {
      // Gone meanwhile, or another user's.
      return false
    }
  })
}

const python = (...lines: string[]) => ['python3', '-c', lines.join('\n')]
const quick = { backoff: { from: '100ms', to: '1s' }, grace: '1s' }

async function run(services: Readonly<Record<string, object>>): Promise<RunningController> {
  const marked = Object.fromEntries(
    Object.entries(services).map(([name, one]) => [name, { ...quick, environment: { WHERE: folder }, ...one }]),
  )
  // JSON is YAML.
  const state = { apiVersion: 'trueup/v1', name: 'test', services: marked }
  writeFileSync(join(folder, 'desired-state.yaml'), JSON.stringify(state))
  controller = await startRun(folder)
  return controller
}

const serviceSchema = z.object({
  name: z.string(),
  state: z.string(),
  pid: z.number().nullable(),
  processes: z.number(),
  starts: z.number(),
  failures: z.number(),
  lastExits: z.array(z.object({ code: z.number().nullable(), reason: z.string() })),
})
type Service = z.output<typeof serviceSchema>

async function serviceOf(name: string): Promise<Service> {
  const data = await controller?.query(
    '{ services { name state pid processes starts failures lastExits { code reason } } }',
  )
  const found = z
    .object({ services: z.array(serviceSchema) })
    .parse(data)
    .services.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no service is named ${name}`)
  return found
}
const service = (name: string, isIt: (one: Service) => boolean) => eventually(() => serviceOf(name), isIt)
const crashLoop = (name: string) => service(name, (one) => one.state === 'crash-loop')
const reasons = (one: Service) => one.lastExits.map(({ reason }) => reason).join('\n')
const why = async (name: string) => (await trueup(['why', `service/${name}`], { in: folder })).stdout

describe('a program that', () => {
  test('ends at once, badly, well, or by a double fork, becomes a crash loop and does not spin', async () => {
    await run({
      bad: { command: ['sh', '-c', 'exit 3'] },
      well: { command: ['true'] },
      missing: { command: ['no-such-program'] },
      daemon: {
        command: python(
          'import os',
          'if os.fork(): os._exit(0)',
          'os.setsid()',
          'if os.fork(): os._exit(0)',
          'os.execvp("sleep", ["sleep", "598"])',
        ),
      },
      steady: { command: ['sleep', '600'] },
    })
    const steady = await service('steady', (one) => one.state === 'running')
    expect(reasons(await crashLoop('bad'))).toContain('exit 3')
    expect(reasons(await crashLoop('well'))).toContain('exit 0')
    expect(reasons(await crashLoop('missing'))).toContain('exit 127 (the program was not found)')
    // What it left was ended before each start: never two of it.
    const daemon = await crashLoop('daemon')
    expect(daemon.starts).toBeGreaterThanOrEqual(3)
    const left = processesOf(folder).filter((pid) => wordsOf(pid) === 'sleep 598')
    expect(left.length).toBeLessThanOrEqual(1)
    await expect.poll(() => why('bad'), { timeout: 20_000 }).toContain('CrashLoop')
    // A pause of a second at the end, and more before: what spins would have been started hundreds of times by now.
    for (const name of ['bad', 'well', 'missing']) expect((await serviceOf(name)).starts).toBeLessThan(60)
    expect((await serviceOf('steady')).pid).toBe(steady.pid)
  })

  test('leaks descriptors or processes is stopped at its limit; one that leaves zombies runs on', async () => {
    await run({
      files: {
        command: python('held = []', 'while True: held.append(open("/dev/null"))'),
        limits: { descriptors: 64 },
      },
      forks: {
        command: python('import subprocess, time', 'while True: subprocess.Popen(["sleep", "600"]); time.sleep(0.05)'),
        limits: { processes: 10 },
        backoff: { from: '30s', to: '30s' },
      },
      zombies: {
        command: python(
          'import os, time',
          'for turn in range(20):',
          '    if os.fork() == 0: os._exit(0)',
          'time.sleep(600)',
        ),
        limits: { processes: 10 },
      },
    })
    await crashLoop('files')
    // Between two of its ends it runs for a moment, and is well then.
    await expect.poll(() => why('files'), { timeout: 20_000 }).toContain('Too many open files')
    const forks = await service('forks', (one) => one.state === 'backing-off')
    expect(forks).toMatchObject({ processes: 0, failures: 1 })
    expect(await why('forks')).toMatch(/it runs \d+ processes, more than the 10 of its limit/)
    expect(await serviceOf('zombies')).toMatchObject({ state: 'running', processes: 1, starts: 1 })
  })

  test('is deaf to SIGTERM is killed after its grace when it is restarted, and holds up nobody meanwhile', async () => {
    const deaf = { command: ['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'], grace: '20s' }
    // More than the loop has workers; each is ended because its probe says so.
    const names = ['deaf1', 'deaf2', 'deaf3', 'deaf4', 'deaf5', 'deaf6']
    const probe = { exec: ['test', '!', '-e', join(folder, 'sick')], every: '100ms', failures: 1, startup: '0s' }
    await run({
      ...Object.fromEntries(names.map((name) => [name, { ...deaf, probe }])),
      short: { ...deaf, grace: '300ms' },
      other: { command: ['sleep', '600'] },
    })
    for (const name of [...names, 'short', 'other']) await service(name, (one) => one.state === 'running')
    const before = await serviceOf('other')
    writeFileSync(join(folder, 'sick'), '')
    // All of them are in their grace.
    await eventually(
      async () => (await Promise.all(names.map(serviceOf))).map(({ state }) => state),
      (states) => states.every((state) => state === 'not-ready'),
    )
    process.kill(before.pid ?? 0, 'SIGKILL')
    await service('other', (one) => one.state === 'running' && one.pid !== before.pid)
    const short = await serviceOf('short')
    expect((await trueup(['service', 'restart', 'short'], { in: folder })).status).toBe(0)
    await service('short', (one) => one.state === 'running' && one.pid !== short.pid)
    // They are still in it.
    for (const name of names) expect((await serviceOf(name)).starts).toBe(1)
  })

  test('has a probe that hangs is restarted with that as the reason, and no probe is left', async () => {
    const probe = { exec: ['sh', '-c', 'sleep 599 & sleep 599'], every: '100ms', timeout: '200ms', failures: 2 }
    await run({ hanging: { command: ['sleep', '600'], probe: { ...probe, startup: '0s' } } })
    const hanging = await service('hanging', (one) => one.starts >= 3)
    expect(reasons(hanging)).toContain('its probe failed (the probe did not end within 0.2 s)')
    await controller?.kill()
    await eventually(
      () => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && wordsOf(pid) === 'sleep 599'),
      (left) => left.length === 0,
    )
  })

  test('writes as fast as it can stays within its files, runs on, and is told of', async () => {
    const line = 'x'.repeat(200)
    await run({ flood: { command: ['yes', line], log: { size: '1MB', files: 3 } } })
    const flood = await service('flood', (one) => one.state === 'running')
    const written = () => Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${flood.pid}/io`, 'utf8'))?.[1] ?? 0)
    await eventually(written, (bytes) => bytes > 150_000_000)
    const sizes = readdirSync(join(folder, '.trueup', 'logs')).map(
      (name) => statSync(join(folder, '.trueup', 'logs', name), { throwIfNoEntry: false })?.size ?? 0,
    )
    expect(sizes.length).toBeLessThanOrEqual(3)
    expect(Math.max(...sizes)).toBeLessThan(1_400_000)
    expect(await serviceOf('flood')).toMatchObject({ pid: flood.pid, starts: 1, state: 'running' })
    await eventually(
      async () => {
        await controller?.query('mutation { reconcile(input: { kind: "service", name: "flood" }) { __typename } }')
        return (await trueup(['health', '--json'], { in: folder })).stdout
      },
      (text) => text.includes('it writes so much that its logs hold the last'),
    )
  })
})

function wordsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean).join(' ')
  } catch {
    // Gone meanwhile.
    return ''
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
