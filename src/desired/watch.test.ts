import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../clock.ts'
import { type FileWatch, type WatchedContent, type WatchOptions, watchFile } from './watch.ts'

const cleanups: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'trueup-watch-'))
  cleanups.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/**
 * The poll is slow enough that only events can be what is noticed; the other times are longer than in use, so that a
 * busy machine does not stretch a pause of an editor beyond them.
 */
const byEvents: WatchOptions = {
  clock: systemClock,
  warn: () => undefined,
  settleMs: 100,
  absentMs: 800,
  pollEveryMs: 3_600_000,
}

async function watched(file: string, options: WatchOptions = byEvents): Promise<{ told: string[]; watch: FileWatch }> {
  const told: string[] = []
  const watch = await watchFile(file, options, (content) => told.push(textOf(content)))
  cleanups.push(() => watch.close())
  return { told, watch }
}

const textOf = (content: WatchedContent): string =>
  content.is === 'content' ? new TextDecoder().decode(content.bytes) : content.is

/** Waits for the first notification and then long enough for a second one to show. */
async function settled(told: readonly string[]): Promise<readonly string[]> {
  await vi.waitFor(() => expect(told.length).toBeGreaterThan(0), { timeout: 10_000, interval: 10 })
  await pause(1200)
  return told
}

describe('each way of saving leads to exactly one notification', () => {
  const ways: readonly { name: string; save: (file: string, text: string) => Promise<void> | void }[] = [
    { name: 'writing in place', save: (file, text) => writeFileSync(file, text) },
    {
      name: 'writing beside it and renaming over it (vim, VS Code, sed -i)',
      save: (file, text) => {
        writeFileSync(`${file}.tmp`, text)
        renameSync(`${file}.tmp`, file)
      },
    },
    {
      name: 'renaming the old one away first (emacs, vim with backup)',
      save: async (file, text) => {
        renameSync(file, `${file}~`)
        await pause(20)
        writeFileSync(file, text)
        unlinkSync(`${file}~`)
      },
    },
    {
      name: 'truncating, and writing a moment later (nano, shell redirection)',
      save: async (file, text) => {
        const descriptor = openSync(file, 'r+')
        ftruncateSync(descriptor, 0)
        await pause(80)
        writeSync(descriptor, text)
        closeSync(descriptor)
      },
    },
    {
      name: 'writing in pieces',
      save: async (file, text) => {
        writeFileSync(file, '')
        for (const piece of text.match(/.{1,4}/gs) ?? []) {
          appendFileSync(file, piece)
          await pause(10)
        }
      },
    },
    {
      name: 'deleting it and creating it anew (git checkout)',
      save: async (file, text) => {
        unlinkSync(file)
        await pause(60)
        writeFileSync(file, text)
      },
    },
    {
      name: 'another process that redirects into it',
      save: (file, text) => {
        execFileSync('sh', ['-c', 'printf %s "$2" > "$1"', 'sh', file, text])
      },
    },
  ]

  it.each(ways)('$name', async ({ save }) => {
    const file = join(folder(), 'desired-state.yaml')
    writeFileSync(file, 'name: before')
    const { told, watch } = await watched(file)
    expect(textOf(watch.initial)).toBe('name: before')
    await save(file, 'name: after the edit')
    expect(await settled(told)).toEqual(['name: after the edit'])
  })

  it('and so does the next save, and the one after it', async () => {
    const file = join(folder(), 'desired-state.yaml')
    writeFileSync(file, '0')
    const { told } = await watched(file)
    for (const text of ['1', '2', '3']) {
      writeFileSync(`${file}.tmp`, text)
      renameSync(`${file}.tmp`, file)
      await vi.waitFor(() => expect(told.at(-1)).toBe(text), { timeout: 10_000 })
    }
    expect(told).toEqual(['1', '2', '3'])
  })
})

describe('symbolic links', () => {
  it('a Kubernetes ConfigMap: the folder behind the link is swapped', async () => {
    const mount = folder()
    const publish = (version: string, text: string): void => {
      mkdirSync(join(mount, `..${version}`))
      writeFileSync(join(mount, `..${version}`, 'desired-state.yaml'), text)
      symlinkSync(`..${version}`, join(mount, '..data_tmp'))
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'))
    }
    publish('v1', 'name: v1')
    symlinkSync(join('..data', 'desired-state.yaml'), join(mount, 'desired-state.yaml'))
    const { told, watch } = await watched(join(mount, 'desired-state.yaml'))
    expect(textOf(watch.initial)).toBe('name: v1')
    publish('v2', 'name: v2')
    rmSync(join(mount, '..v1'), { recursive: true })
    expect(await settled(told)).toEqual(['name: v2'])
    publish('v3', 'name: v3')
    await vi.waitFor(() => expect(told).toEqual(['name: v2', 'name: v3']), { timeout: 10_000 })
  })

  it('a link to a file elsewhere: the file is edited, and then the link is turned to another one', async () => {
    const [here, there, elsewhere] = [folder(), folder(), folder()]
    writeFileSync(join(there, 'real.yaml'), 'name: one')
    writeFileSync(join(elsewhere, 'other.yaml'), 'name: three')
    const link = join(here, 'desired-state.yaml')
    symlinkSync(join(there, 'real.yaml'), link)
    const { told } = await watched(link)
    writeFileSync(join(there, 'real.yaml'), 'name: two')
    await vi.waitFor(() => expect(told).toEqual(['name: two']), { timeout: 10_000 })
    symlinkSync(join(elsewhere, 'other.yaml'), `${link}.tmp`)
    renameSync(`${link}.tmp`, link)
    await vi.waitFor(() => expect(told).toEqual(['name: two', 'name: three']), { timeout: 10_000 })
    writeFileSync(join(elsewhere, 'other.yaml'), 'name: four')
    await vi.waitFor(() => expect(told).toEqual(['name: two', 'name: three', 'name: four']), { timeout: 10_000 })
  })
})

describe('what is told', () => {
  it('is nothing when the content is the same: touched, or saved without an edit', async () => {
    const file = join(folder(), 'desired-state.yaml')
    writeFileSync(file, 'name: same')
    const { told } = await watched(file)
    utimesSync(file, 1, 1)
    writeFileSync(`${file}.tmp`, 'name: same')
    renameSync(`${file}.tmp`, file)
    await pause(100)
    writeFileSync(file, 'name: other')
    expect(await settled(told)).toEqual(['name: other'])
  })

  it('is that the file is missing, once it stays so, and what it holds when it is back', async () => {
    const file = join(folder(), 'desired-state.yaml')
    writeFileSync(file, 'name: here')
    const { told } = await watched(file)
    unlinkSync(file)
    await vi.waitFor(() => expect(told).toEqual(['missing']), { timeout: 10_000 })
    writeFileSync(file, 'name: here')
    await vi.waitFor(() => expect(told).toEqual(['missing', 'name: here']), { timeout: 10_000 })
  })

  it('is a file that was not there at first', async () => {
    const file = join(folder(), 'desired-state.yaml')
    const { told, watch } = await watched(file)
    expect(watch.initial).toEqual({ is: 'missing' })
    writeFileSync(file, 'name: new')
    expect(await settled(told)).toEqual(['name: new'])
  })

  it('is that it cannot be read, for a folder and for a pipe, without waiting for a writer', async () => {
    const base = folder()
    mkdirSync(join(base, 'folder'))
    execFileSync('mkfifo', [join(base, 'pipe')])
    expect((await watched(join(base, 'folder'))).watch.initial).toEqual({
      is: 'unreadable',
      reason: 'is no regular file',
    })
    expect((await watched(join(base, 'pipe'))).watch.initial).toEqual({
      is: 'unreadable',
      reason: 'is no regular file',
    })
  })

  it('is not disturbed by busy neighbours, such as a database in the same folder', async () => {
    const base = folder()
    const file = join(base, 'desired-state.yaml')
    writeFileSync(file, 'name: before')
    const { told } = await watched(file)
    let busy = true
    const noise = (async () => {
      for (let round = 0; busy; round++) {
        writeFileSync(join(base, 'leads.db-wal'), String(round))
        await pause(5)
      }
    })()
    writeFileSync(file, 'name: after')
    expect(await settled(told)).toEqual(['name: after'])
    busy = false
    await noise
  })

  it('comes from the poll where the system sends no events', async () => {
    const base = folder()
    const file = join(base, 'late', 'desired-state.yaml')
    const { told } = await watched(file, { ...byEvents, pollEveryMs: 50 })
    mkdirSync(join(base, 'late'))
    writeFileSync(file, 'name: late')
    await vi.waitFor(() => expect(told).toEqual(['name: late']), { timeout: 10_000 })
  })

  it('ends when it is closed', async () => {
    const file = join(folder(), 'desired-state.yaml')
    writeFileSync(file, 'name: before')
    const { told, watch } = await watched(file)
    writeFileSync(file, 'name: after')
    await watch.close()
    await pause(300)
    expect(told).toEqual([])
  })
})
