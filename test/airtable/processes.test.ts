/** Real processes: the pace that they share, what one leaves to the next, and what a killed one leaves behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { seededRandom, systemRandom } from '../../src/random.ts'
import { createSecretReader } from '../../src/targets/airtable/secret.ts'
import { openAirtableTargets } from '../../src/targets/airtable/target.ts'
import { tableId } from '../sandbox/leads-base.ts'
import { baseId } from '../sandbox/support.ts'
import { type AirtableWorld, openWorld, quiet, signal } from './world.ts'

let at: AirtableWorld
beforeEach(async () => {
  at = await openWorld({ targets: { clock: systemClock } })
})
afterEach(() => at.close())

/** A program with a target of its own, on the same permits; `body` sees `target`, `signal` and `say`. */
function program(
  body: string,
  options: { store?: string; transport?: string } = {},
): {
  readonly child: ChildProcess
  readonly said: Promise<readonly string[]>
} {
  const dist = (file: string) => JSON.stringify(join(process.cwd(), 'dist', file))
  const script = `
    import { systemClock as clock } from ${dist('clock.js')}
    import { openLog } from ${dist('log.js')}
    import { systemRandom as random } from ${dist('random.js')}
    import { openAirtableTargets } from ${dist('targets/airtable/target.js')}
    import { createOfficialTransport } from ${dist('targets/airtable/official-transport.js')}
    const say = (what) => process.stdout.write(JSON.stringify(what) + '\\n')
    const signal = new AbortController().signal
    const official = createOfficialTransport({ clock })
    const targets = await openAirtableTargets({
      storePath: ${JSON.stringify(options.store ?? join(at.folder, 'other', 'airtable.db'))}, purpose: 'act',
      readCopy: async () => undefined, secrets: { read: () => 'patOther' }, endpointOf: (endpoint) => endpoint,
      permits: { folder: ${JSON.stringify(join(at.folder, 'run'))} }, clock, random, log: openLog('silent'),
      transport: ${options.transport ?? 'official'},
    })
    const target = targets.of(${JSON.stringify(at.declaration)})
    ${body}
    await targets.close()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const said = new Promise<readonly string[]>((resolve) => {
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
    })
    child.on('close', () => resolve(text.split('\n').filter((line) => line !== '')))
  })
  return { child, said }
}

const refused = () => at.sandbox.control.requests().filter(({ status }) => status === 429)

describe('processes of one user', () => {
  it('keep the pace together: two streams of writes beside a third, and not one 429', async () => {
    const stream = `
      const calls = Array.from({ length: 16 }, () => target.base.list('${tableId}', { pageSize: 1 }, { signal, priority: 'write' }))
      say((await Promise.all(calls)).length)`
    const [one, two] = [program(stream), program(stream)]
    const own = Promise.all(Array.from({ length: 8 }, () => at.target.base.list(tableId, {}, { signal })))
    expect(await one.said).toEqual(['16'])
    expect(await two.said).toEqual(['16'])
    expect(await own).toHaveLength(8)
    expect(refused()).toEqual([])
    expect(at.sandbox.control.requests()).toHaveLength(40)
    // Whoever made them, the calls are counted once.
    expect(at.target.base.usage().calls).toBe(40)
  })

  it('live on while a call waits for its turn, although nothing else keeps them', async () => {
    const waiting = program(`
      for (let count = 0; count < 7; count += 1) await target.base.list('${tableId}', {}, { signal })
      say('done')`)
    expect(await waiting.said).toEqual(['"done"'])
    expect(waiting.child.exitCode).toBe(0)
  })
})

describe('a process that is killed', () => {
  it('between fetching payloads and keeping them loses and repeats none of them', async () => {
    const store = join(at.folder, 'killed', 'airtable.db')
    const first = program(
      `
      const { id } = await target.base.createWebhook({ signal })
      target.feed.adopt({ id })
      await target.feed.poll({ signal, maxAgeMs: 0 })
      say('ready')`,
      { store },
    )
    expect(await first.said).toEqual(['"ready"'])
    const colleague = at.sandbox.control.colleague(baseId)
    const ids = Array.from({ length: 60 }, (_, index) => colleague.createRecord(tableId, { Name: `n${index}` }))
    for (const fetched of [1, 2]) {
      const killed = program(`await target.feed.poll({ signal, maxAgeMs: 0 }); say('survived')`, {
        store,
        transport: `(() => { let fetched = 0; return { async send(request) {
          const sent = await official.send(request)
          if (request.path.endsWith('/payloads') && ++fetched === ${fetched}) process.kill(process.pid, 'SIGKILL')
          return sent } } })()`,
      })
      expect(await killed.said).toEqual([])
      expect(killed.child.signalCode).toBe('SIGKILL')
    }
    const last = program(
      `
      say(target.feed.pending('${tableId}').length)
      await target.feed.poll({ signal, maxAgeMs: 0 })
      for (const { recordId, what } of target.feed.pending('${tableId}')) say(recordId + ' ' + what)
      say(target.feed.needsScan('${tableId}'))`,
      { store },
    )
    const [kept, ...told] = await last.said
    // The page before the one at which it was killed had been kept, with its place.
    expect(kept).toBe('50')
    expect(told).toEqual([...ids.map((id) => `"${id} created"`), '"the webhook is new"'])
  })
})

describe('a look', () => {
  it('changes no file of the workspace, and its calls are counted by who acts next', async () => {
    await at.target.base.list(tableId, {}, { signal })
    const { id } = await at.target.base.createWebhook({ signal })
    at.target.feed.adopt({ id })
    await at.target.feed.poll({ signal, maxAgeMs: 0 })
    const acted = at.target.base.usage().calls
    const storePath = join(at.folder, '.trueup', 'airtable.db')
    const before = filesOf(join(at.folder, '.trueup'))
    const bytes = readStore(storePath)
    const looking = await openAirtableTargets({
      storePath,
      purpose: 'look',
      readCopy: () => Promise.resolve(bytes),
      secrets: createSecretReader({ environment: at.environment, directory: at.folder }),
      endpointOf: (endpoint) => endpoint,
      permits: { folder: join(at.folder, 'run') },
      clock: systemClock,
      random: systemRandom,
      log: quiet,
    })
    const target = looking.of(at.declaration)
    at.sandbox.control.colleague(baseId).createRecord(tableId, { Name: 'Ada' })
    await target.feed.poll({ signal, maxAgeMs: 0 })
    await target.schema({ signal, maxAgeMs: 0 })
    expect(target.feed.pending(tableId)).toHaveLength(1)
    expect(target.base.usage().calls).toBe(acted + 2)
    await looking.close()
    expect(filesOf(join(at.folder, '.trueup'))).toEqual(before)
    expect(at.target.feed.pending(tableId)).toEqual([])
    expect(at.target.base.usage().calls).toBe(acted + 2)
  })

  it('at a workspace that has no store yet makes none', async () => {
    const storePath = join(at.folder, 'none', 'airtable.db')
    const looking = await openAirtableTargets({
      storePath,
      purpose: 'look',
      readCopy: () => Promise.resolve(undefined),
      secrets: { read: () => 'patX' },
      endpointOf: (endpoint) => endpoint,
      permits: { folder: join(at.folder, 'run') },
      clock: systemClock,
      random: seededRandom(1),
      log: quiet,
    })
    await looking.of(at.declaration).schema({ signal, maxAgeMs: 0 })
    await looking.close()
    expect(() => statSync(join(at.folder, 'none'))).toThrow('ENOENT')
  })
})

describe('the store', () => {
  it('is private, holds no token, and is refused when a newer program made it', async () => {
    await at.target.schema({ signal, maxAgeMs: 0 })
    const folder = join(at.folder, '.trueup')
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    await at.targets.close()
    for (const place of [folder, join(at.folder, 'run')]) {
      for (const name of readdirSync(place))
        expect(readFileSync(join(place, name), 'latin1')).not.toContain('patPLANTED')
    }
    const path = join(folder, 'airtable.db')
    const db = new Database(path)
    db.pragma('user_version = 99')
    db.close()
    const opened = await openAirtableTargets({
      storePath: path,
      purpose: 'act',
      readCopy: () => Promise.resolve(undefined),
      secrets: { read: () => 'patX' },
      endpointOf: (endpoint) => endpoint,
      permits: 'alone',
      clock: systemClock,
      random: seededRandom(1),
      log: quiet,
    })
    expect(() => opened.of(at.declaration)).toThrow(expect.objectContaining({ code: 'JOURNAL_TOO_NEW' }))
    await opened.close()
    writeFileSync(path, 'no database at all, but long enough to be taken for one'.repeat(30))
    const broken = openAirtableTargets({
      storePath: path,
      purpose: 'look',
      readCopy: () => Promise.resolve(readFileSync(path)),
      secrets: { read: () => 'patX' },
      endpointOf: (endpoint) => endpoint,
      permits: 'alone',
      clock: systemClock,
      random: seededRandom(1),
      log: quiet,
    })
    await expect(broken).rejects.toMatchObject({ code: 'DATABASE_CORRUPT' })
  })
})

/** Names, sizes and times of the files of a folder. */
function filesOf(folder: string) {
  return readdirSync(folder).map((name) => {
    const { size, mtimeMs, ctimeMs } = statSync(join(folder, name))
    return { name, size, mtimeMs, ctimeMs }
  })
}

function readStore(path: string): Buffer {
  const db = new Database(path, { readonly: true })
  const bytes = db.serialize()
  db.close()
  return bytes
}
