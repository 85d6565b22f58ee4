import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { openLog } from '../../log.ts'
import { entryUrl } from './entry-url.ts'
import { createOffload, type OwnedOffload } from './offload.ts'

let folder: string
let offload: OwnedOffload
const serveModule = entryUrl('./serve', import.meta.url).href
const errors = entryUrl('../../errors', import.meta.url).href
let written = 0

/** An entry module of real, compiled code: `body` is the function's body. */
function entry(body: string): URL {
  written += 1
  const path = join(folder, `entry-${written}.mjs`)
  writeFileSync(
    path,
    `import { serve } from ${JSON.stringify(serveModule)}
     import { InvariantViolation, OperationalError } from ${JSON.stringify(errors)}
     serve(async (input, { progress, signal }) => { ${body} })
     export const unused = [OperationalError, InvariantViolation]`,
  )
  return pathToFileURL(path)
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'offload-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => offload.close())

const ways = ['thread', 'process'] as const
describe.each(ways)('offload to a %s', (way) => {
  const run = (
    at: URL,
    input: unknown,
    options: { signal?: AbortSignal; progress?: (d: number, t: number) => void } = {},
  ) => {
    offload = createOffload({ log: openLog('silent') })
    return way === 'thread'
      ? offload.thread(at, input, options)
      : offload.process(at, input, { deadlineMs: 20_000, ...options })
  }

  test('gives the output back, structured-cloned', async () => {
    const at = entry('return { seen: input, bytes: new Uint8Array([1, 2]), big: 9007199254740993n }')
    expect(await run(at, { a: [1, 'x', null] })).toEqual({
      seen: { a: [1, 'x', null] },
      bytes: new Uint8Array([1, 2]),
      big: 9007199254740993n,
    })
  })

  test('an OperationalError arrives with code, retry and hint', async () => {
    const at = entry(`throw new OperationalError('DATABASE_LOCKED', 'busy', { hint: 'wait a little' })`)
    await expect(run(at, null)).rejects.toMatchObject({
      name: 'OperationalError',
      code: 'DATABASE_LOCKED',
      retry: 'backoff',
      message: 'busy',
      hint: 'wait a little',
    })
  })

  test('a broken invariant stays one, and another error keeps name, message and code', async () => {
    await expect(run(entry(`throw new InvariantViolation('rule')`), null)).rejects.toMatchObject({
      name: 'InvariantViolation',
      message: 'rule',
    })
    const other = entry(`throw Object.assign(new TypeError('odd'), { code: 'SQLITE_NOTADB' })`)
    await offload.close()
    await expect(run(other, null)).rejects.toMatchObject({ name: 'TypeError', message: 'odd', code: 'SQLITE_NOTADB' })
  })

  test('reports progress, the last step always', async () => {
    const steps: number[] = []
    const at = entry('for (let i = 1; i <= 1000; i++) progress(i, 1000); return 0')
    await run(at, null, { progress: (done) => steps.push(done) })
    expect(steps.at(-1)).toBe(1000)
    expect(steps.length).toBeLessThan(1000)
  })

  test('an abort ends work that ignores it, even a loop that never yields', async () => {
    const aborter = new AbortController()
    const at = entry('progress(0, 1); for (;;) input = !input')
    const running = run(at, null, { signal: aborter.signal, progress: () => aborter.abort() })
    await expect(running).rejects.toMatchObject({ code: 'ACTION_DEADLINE' })
  })

  test('the end of a thread or process without an answer is an error with a next step', async () => {
    await expect(run(entry('process.exit(7)'), null)).rejects.toMatchObject({ code: 'WORKER_DIED' })
    await offload.close()
    const hungry = entry('const all = []; for (;;) all.push(new Array(1e6).fill(input))')
    await expect(run(hungry, 1)).rejects.toMatchObject({ code: 'WORKER_DIED' })
  })

  test('a warm one serves the next run, whatever its entry, but none after a run that went wrong', async () => {
    const count =
      'globalThis.runs = (globalThis.runs ?? 0) + 1; if (input === "throw") throw new Error("odd"); return globalThis.runs'
    const [one, other] = [entry(count), entry(count)]
    expect(await run(one, null)).toBe(1)
    const again = (at: URL, input: unknown) =>
      way === 'thread' ? offload.thread(at, input) : offload.process(at, input, { deadlineMs: 20_000 })
    expect(await again(other, null)).toBe(2)
    expect(await again(one, null)).toBe(3)
    await expect(again(one, 'throw')).rejects.toThrow('odd')
    expect(await again(one, null)).toBe(1)
  })

  test('two runs that need each other have one each', async () => {
    const at = entry(
      `const { existsSync, writeFileSync } = await import('node:fs')
       writeFileSync(input.mine, '')
       while (!existsSync(input.yours)) await new Promise((r) => setTimeout(r, 10))
       globalThis.runs = (globalThis.runs ?? 0) + 1
       return globalThis.runs`,
    )
    const [mine, yours] = [join(folder, `${way}-one`), join(folder, `${way}-other`)]
    const first = run(at, { mine, yours })
    const other = { mine: yours, yours: mine }
    const second = way === 'thread' ? offload.thread(at, other) : offload.process(at, other, { deadlineMs: 20_000 })
    expect(await Promise.all([first, second])).toEqual([1, 1])
  })

  test('an entry that does not exist or does not load is an error, not a wait', async () => {
    await expect(run(pathToFileURL(join(folder, 'nothing.mjs')), null)).rejects.toMatchObject({ code: 'WORKER_DIED' })
  })
})

describe('offload', () => {
  test('kills a process at its deadline, though it never yields', async () => {
    offload = createOffload({ log: openLog('silent') })
    const at = entry('for (;;) input = !input')
    await expect(offload.process(at, null, { deadlineMs: 300 })).rejects.toMatchObject({ code: 'ACTION_DEADLINE' })
  })

  test('a process may write as much to stdout as it likes', async () => {
    offload = createOffload({ log: openLog('silent') })
    const at = entry(`for (let i = 0; i < 200; i++) process.stdout.write('x'.repeat(10_000)); return 'ended'`)
    expect(await offload.process(at, null, { deadlineMs: 20_000 })).toBe('ended')
  })

  test('a program whose work has been answered ends by itself, with nothing left behind', async () => {
    const at = entry('return process.pid')
    const program = join(folder, 'program.mjs')
    const logModule = entryUrl('../../log', import.meta.url).href
    writeFileSync(
      program,
      `import { createOffload } from ${JSON.stringify(entryUrl('./offload', import.meta.url).href)}
       import { openLog } from ${JSON.stringify(logModule)}
       const offload = createOffload({ log: openLog('silent') })
       await offload.thread(new URL(${JSON.stringify(at.href)}), null)
       console.log(await offload.process(new URL(${JSON.stringify(at.href)}), null, { deadlineMs: 20000 }))
       if (process.argv[2] === 'close') await offload.close()`,
    )
    for (const how of ['close', 'leave']) {
      const { stdout } = await promisify(execFile)(process.execPath, [program, how], { timeout: 20_000 })
      const pid = Number(stdout)
      await vi.waitFor(() => expect(existsSync(`/proc/${pid}/exe`)).toBe(false))
    }
  })

  test('no more threads run at once than allowed, and the others get their turn', async () => {
    offload = createOffload({ log: openLog('silent'), threadsMax: 2 })
    const shared = new Int32Array(new SharedArrayBuffer(8))
    const at = entry(
      `const now = Atomics.add(input, 0, 1) + 1
       for (let most = Atomics.load(input, 1); now > most; most = Atomics.load(input, 1)) Atomics.compareExchange(input, 1, most, now)
       await new Promise((resolve) => setTimeout(resolve, 30))
       Atomics.sub(input, 0, 1)
       return now`,
    )
    await Promise.all(Array.from({ length: 7 }, () => offload.thread(at, shared)))
    expect(shared[0]).toBe(0)
    expect(shared[1]).toBe(2)
  })

  test.runIf(process.platform === 'linux')('threads stand back and the main thread does not', async () => {
    const before = getPriority(0)
    offload = createOffload({ log: openLog('silent'), niceness: 7 })
    const at = entry(`const { getPriority } = await import('node:os'); return getPriority(0)`)
    expect(await offload.thread(at, null)).toBe(Math.max(before, 7))
    expect(getPriority(0)).toBe(before)
  })

  test('work that is aborted while it waits for its turn never starts', async () => {
    offload = createOffload({ log: openLog('silent'), threadsMax: 1 })
    const shared = new Int32Array(new SharedArrayBuffer(4))
    const slow = offload.thread(entry('await new Promise((r) => setTimeout(r, 100))'), null)
    const aborter = new AbortController()
    const waiting = offload.thread(entry('Atomics.add(input, 0, 1)'), shared, { signal: aborter.signal })
    aborter.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'ACTION_DEADLINE' })
    await slow
    expect(shared[0]).toBe(0)
  })
})
