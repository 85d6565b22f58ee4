import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../clock.ts'
import { systemRandom } from '../../../random.ts'
import { type Instance, markPrefixOf } from './instance.ts'
import type { Finding, LaunchOrder, ProcessHost } from './ports.ts'
import { bootId, environmentOf, listPids, readProcess } from './proc.ts'
import { createProcessHost } from './process-host.ts'
import { markVariable } from './process-table.ts'

const never = new AbortController().signal
let folder: string
let host: ProcessHost
let started: Instance[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-host-'))
  host = hostNow()
  started = []
})

afterEach(async () => {
  for (const instance of started) await host.end(instance, 0, never)
  // What keeps a log ends a moment after its program, and would make its file anew.
  await until(() => !listPids().some((pid) => started.some(({ mark }) => environmentOf(pid, markVariable) === mark)))
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** As after a restart of Trueup. */
function hostNow(): ProcessHost {
  return createProcessHost({ clock: systemClock, ownFolder: folder, path: process.env.PATH })
}

function orderOf(command: readonly string[], rest: Partial<LaunchOrder> = {}): LaunchOrder {
  const uuid = systemRandom.uuid()
  return {
    uuid,
    mark: `${markPrefixOf(host.workspaceId, 'service', 'one')}${uuid}`,
    command,
    directory: folder,
    environment: { PATH: process.env.PATH ?? '' },
    lockName: 'service-one',
    logPath: join(folder, 'logs', 'one.log'),
    logBytesMax: 1_000_000,
    logFilesMax: 3,
    descriptorsMax: undefined,
    ...rest,
  }
}

async function launch(command: readonly string[], rest: Partial<LaunchOrder> = {}): Promise<Instance> {
  const order = orderOf(command, rest)
  started.push({ uuid: order.uuid, mark: order.mark, main: null })
  return host.launch(order)
}

const python = (...lines: string[]) => ['python3', '-u', '-c', lines.join('\n')]

async function until(isIt: () => boolean): Promise<void> {
  for (let turn = 0; turn < 400; turn += 1) {
    if (isIt()) return
    await systemClock.sleep(50)
  }
  throw new Error('it did not come about')
}

const ended = async (instance: Instance): Promise<Extract<Finding, { is: 'ended' }>> => {
  await until(() => host.find(instance).is === 'ended')
  const found = host.find(instance)
  if (found.is !== 'ended') throw new Error('it runs again')
  return found
}

/** What python3 is at last, where a version manager runs it through scripts of its own. */
const settled = (instance: Instance) =>
  until(() => {
    const found = host.find(instance)
    return found.is === 'running' && host.tail(join(folder, 'logs', 'one.log'), 1000).includes('ready')
  })

describe('a program', () => {
  test('is found by another life of Trueup by the same pid, and keeps its log', async () => {
    const instance = await launch(
      python('import time', 'print("ready")', 'while True: time.sleep(0.05); print("tick")'),
    )
    await settled(instance)
    const later = hostNow()
    expect(later.find(instance)).toMatchObject({ is: 'running', instance })
    expect(later.find({ ...instance, main: null })).toMatchObject({ instance: { main: { pid: instance.main?.pid } } })
    expect(later.liveWith(markPrefixOf(host.workspaceId, 'service', 'one'))).toEqual([instance.uuid])
    const logPath = join(folder, 'logs', 'one.log')
    const before = statSync(logPath).size
    await until(() => statSync(logPath).size > before)
    expect(statSync(logPath).mode & 0o777).toBe(0o600)
  })

  test('is not started a second time while it runs, by whomever and however often', async () => {
    const instance = await launch(['sleep', '60'])
    // Often, since a shim that is refused ends at any moment of a look, and must never be taken for its program.
    for (let turn = 0; turn < 12; turn += 1)
      await expect(host.launch(orderOf(['sleep', '60']))).rejects.toThrow('another copy')
    expect(host.liveWith(markPrefixOf(host.workspaceId, 'service', 'one'))).toEqual([instance.uuid])
  })

  test('leaves its exit status, and that of a signal', async () => {
    expect((await ended(await launch(['sh', '-c', 'exit 7']))).exit.code).toBe(7)
    const killed = await launch(['sleep', '60'])
    process.kill(killed.main?.pid ?? 0, 'SIGKILL')
    expect((await ended(killed)).exit.code).toBe(137)
  })

  test('that ends within a millisecond, or cannot be run, is an end with a status', async () => {
    expect((await ended(await launch(['true']))).exit.code).toBe(0)
    expect((await ended(await launch(['/no/such/program']))).exit.code).toBe(127)
    expect(host.tail(join(folder, 'logs', 'one.log'), 1000)).toContain('not found')
    expect((await ended(await launch(['true'], { directory: '/no/such/folder' }))).exit.code).toBe(71)
  })

  test('that is deaf to SIGTERM is killed after its grace, with its children', async () => {
    const instance = await launch(['sh', '-c', 'trap "" TERM; sleep 60 & echo ready; wait; sleep 60'])
    await settled(instance)
    await until(() => {
      const found = host.find(instance)
      return found.is === 'running' && found.usage.processes === 2
    })
    expect(await host.end(instance, 300, never)).toMatchObject({ by: 'kill' })
    expect((await ended(instance)).leftovers).toEqual([])
  })

  test('that puts itself into the background has ended; what it left is known and can be ended', async () => {
    const instance = await launch(
      python(
        'import os, time',
        'if os.fork(): os._exit(0)',
        'os.setsid()',
        'if os.fork(): os._exit(0)',
        'time.sleep(600)',
      ),
    )
    await until(() => {
      const found = host.find(instance)
      return found.is === 'ended' && found.leftovers.length === 1
    })
    // It inherited the lock: a second copy beside it would write the same files.
    await expect(host.launch(orderOf(['sleep', '60']))).rejects.toThrow('another copy')
    expect(await host.end(instance, 2000, never)).toMatchObject({ by: 'term', processes: 1 })
    expect((await ended(instance)).leftovers).toEqual([])
    await launch(['sleep', '60'])
  })

  test('with a zombie that it does not wait for runs; a zombie counts for nothing', async () => {
    const instance = await launch(
      python(
        'import os, time',
        'pid = os.fork()',
        'if pid == 0: os._exit(0)',
        'print("ready", pid)',
        'time.sleep(600)',
      ),
    )
    await settled(instance)
    const zombie = Number(/ready (\d+)/.exec(host.tail(join(folder, 'logs', 'one.log'), 1000))?.[1])
    await until(() => readProcess(zombie)?.state === 'Z')
    expect(host.find(instance)).toMatchObject({ is: 'running', usage: { processes: 1 } })
    expect(host.find({ ...instance, main: identity(zombie) })).not.toMatchObject({ is: 'running' })
  })

  test('whose shim is killed goes on, is known, and has ended unseen when it ends', async () => {
    const instance = await launch(['sh', '-c', 'echo ready; exec sleep 60'])
    await settled(instance)
    const shim = readProcess(instance.main?.pid ?? 0)?.ppid ?? 0
    process.kill(shim, 'SIGKILL')
    await until(() => readProcess(shim) === undefined || readProcess(shim)?.state === 'Z')
    expect(host.find(instance).is).toBe('running')
    await expect(host.launch(orderOf(['sleep', '60']))).rejects.toThrow('another copy')
    await host.end(instance, 2000, never)
    expect((await ended(instance)).exit).toEqual({ code: undefined, atMs: undefined })
  })

  test('that opens files without end is refused more by the system at its limit', async () => {
    const instance = await launch(python('files = []', 'while True: files.append(open("/dev/null"))'), {
      descriptorsMax: 64,
    })
    expect((await ended(instance)).exit.code).toBe(1)
    expect(host.tail(join(folder, 'logs', 'one.log'), 4000)).toContain('Too many open files')
  })
})

function identity(pid: number) {
  return { bootId: bootId(), pid, startTicks: readProcess(pid)?.startTicks ?? 0, executable: null }
}

describe('a stranger', () => {
  test('with the pid of a program that has ended is not taken for it and never signalled', async () => {
    const instance = await launch(['true'])
    await ended(instance)
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' })
    const pid = stranger.pid ?? 0
    try {
      for (const main of [
        { ...identity(pid), startTicks: identity(pid).startTicks - 1 },
        // Even boot, pid and start time of the stranger itself, as a forged record would have them.
        identity(pid),
        { ...identity(pid), bootId: 'another boot' },
      ]) {
        expect(host.find({ ...instance, main }).is).toBe('ended')
        expect(await host.end({ ...instance, main }, 0, never)).toEqual({ by: 'nothing', processes: 0 })
      }
      expect(readProcess(pid)?.state).not.toBe('Z')
      expect(stranger.exitCode).toBeNull()
    } finally {
      stranger.kill('SIGKILL')
    }
  })

  test('of another workspace with the same service is another program', async () => {
    const other = mkdtempSync(join(tmpdir(), 'trueup-host-other-'))
    try {
      const there = createProcessHost({ clock: systemClock, ownFolder: other, path: process.env.PATH })
      await launch(['sleep', '60'])
      expect(there.liveWith(markPrefixOf(there.workspaceId, 'service', 'one'))).toEqual([])
    } finally {
      rmSync(other, { recursive: true })
    }
  })
})

describe('a flood of output', () => {
  test('stays within the files that are kept, while the program goes on', async () => {
    const instance = await launch(['sh', '-c', 'echo ready; exec yes 0123456789012345678901234567890123456789'])
    await until(() => existsSync(join(folder, 'logs', 'one.log.2')))
    const written = () =>
      Number(execFileSync('sh', ['-c', `cat /proc/${instance.main?.pid}/io | sed -n 's/wchar: //p'`]))
    const enough = written() + 40_000_000
    await until(() => written() > enough)
    const files = readdirSync(join(folder, 'logs'))
    // At the moment of a rotation one of the three is missing.
    expect(['one.log', 'one.log.1', 'one.log.2']).toEqual(expect.arrayContaining(files))
    // A file is put aside when a chunk has gone over its size; chunks are a quarter of it.
    for (const name of files)
      expect(statSync(join(folder, 'logs', name), { throwIfNoEntry: false })?.size ?? 0).toBeLessThan(1_400_000)
    expect(host.find(instance).is).toBe('running')
  })
})

describe('a log that cannot be written', () => {
  test('neither ends nor holds up its program, and is written again when it can be', async () => {
    const logs = join(folder, 'logs')
    mkdirSync(logs)
    // Every write there fails as on a full disk.
    symlinkSync('/dev/full', join(logs, 'one.log'))
    const instance = await launch(
      python(
        'import time',
        'for turn in range(100000):',
        '    print("tick", turn)',
        '    open("turns", "a").write(".")',
        '    time.sleep(0.005)',
      ),
    )
    const turns = () => statSync(join(folder, 'turns'), { throwIfNoEntry: false })?.size ?? 0
    await until(() => turns() > 60)
    rmSync(join(logs, 'one.log'))
    await until(() => host.tail(join(logs, 'one.log'), 1000).includes('tick'))
    rmSync(logs, { recursive: true })
    const before = turns()
    await until(() => turns() > before + 60)
    expect(host.find(instance).is).toBe('running')
  })
})
