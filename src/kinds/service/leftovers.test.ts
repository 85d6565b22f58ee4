/** Processes that an instance left behind, which hold its lock: they are ended before the next one is started. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../clock.ts'
import { killAll, type LifeOptions, liveInstances, liveOnce } from '../../sim/testing-life.ts'
import { recordedOf } from './testing-record.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-leftovers-'))
  mkdirSync(join(folder, '.trueup'))
})
afterEach(async () => {
  await killAll(folder, 'one')
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const daemon = [
  'python3',
  '-c',
  'import os\nif os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\nos.execvp("sleep", ["sleep", "600"])',
]
const live = (wrap?: LifeOptions['wrap']) =>
  liveOnce({
    folder,
    services: { one: { command: daemon, backoff: { from: '100ms', to: '100ms' }, grace: '5s' } },
    ...(wrap === undefined ? {} : { wrap }),
  })

/** Sees no process that was left behind, as a look in the moment of a fork does. */
const unseen: NonNullable<LifeOptions['wrap']> = (ports, journal) => ({
  ports: {
    ...ports,
    host: {
      ...ports.host,
      liveWith: () => [],
      find(instance) {
        const found = ports.host.find(instance)
        return found.is === 'ended' ? { ...found, leftovers: [] } : found
      },
    },
  },
  journal,
})

async function untilDaemonized(): Promise<string> {
  for (;;) {
    const [uuid] = liveInstances(folder, 'one')
    if (uuid !== undefined) return uuid
    await systemClock.sleep(5)
  }
}

/** Lives on until it has come about, fifty times at most. */
async function until(isSo: () => boolean, wrap?: LifeOptions['wrap']): Promise<void> {
  for (let lives = 0; lives < 50 && !isSo(); lives += 1) {
    await live(wrap)
    await systemClock.sleep(50)
  }
}

test('a start that they prevented holds up nothing: the next look sees them, ends them and starts', async () => {
  await live()
  const first = await untilDaemonized()
  // Once its pause is over.
  await until(() => recordedOf(folder, 'one')?.starts === 2, unseen)
  // Nothing was started beside them, and the failed start says so.
  expect(liveInstances(folder, 'one')).toEqual([first])
  expect(recordedOf(folder, 'one')).toMatchObject({ starts: 2, startedAtMs: null })
  // A process shows no mark in the instant of an exec, so that a look may miss it: a running controller looks again, as here.
  await until(() => recordedOf(folder, 'one')?.startedAtMs !== null)
  expect(recordedOf(folder, 'one')?.startedAtMs).not.toBeNull()
  expect(liveInstances(folder, 'one')).not.toContain(first)
})
