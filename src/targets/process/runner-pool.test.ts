import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { RunnerEvents, RunOptions } from './runner.ts'
import { createRunnerPool } from './runner-pool.ts'
import type { Order } from './wire.ts'

const entry = pathToFileURL('/nowhere/entry.js')
const patienceMs = 50

/** A runner that does what the test says. */
interface Puppet {
  readonly orders: Order[]
  readonly events: RunnerEvents
  isEnded: boolean
}

function poolOfPuppets(settings: { mayServe?: (options: RunOptions) => boolean } = {}) {
  const started: Puppet[] = []
  const pool = createRunnerPool({
    start(_options, events) {
      const puppet: Puppet = { orders: [], events, isEnded: false }
      started.push(puppet)
      return {
        say: (order) => void puppet.orders.push(order),
        async end() {
          puppet.isEnded = true
        },
        hold: () => undefined,
        mayServe: (options) => settings.mayServe?.(options) ?? true,
      }
    },
    abortGraceMs: 0,
    warmMax: 2,
    warmMs: 3000,
    patienceMs,
  })
  const begin = (index: number) => started[index]?.events.message({ is: 'begun' })
  const answer = (index: number, output: unknown) =>
    started[index]?.events.message({ is: 'done', output, usage: { cpuMs: 0, memoryBytes: 0 } })
  return { pool, started, begin, answer }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a run while a runner is at work', () => {
  test('is served by it, however long that takes to come up, where its run ends soon', async () => {
    const { pool, started, begin, answer } = poolOfPuppets()
    const runs = [1, 2, 3].map((input) => pool.run(entry, input, {}))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(started).toHaveLength(1)
    for (const output of ['one', 'two', 'three']) {
      begin(0)
      await vi.advanceTimersByTimeAsync(patienceMs / 3 - 1)
      answer(0, output)
    }
    expect(started).toHaveLength(1)
    expect(await Promise.all(runs)).toEqual(['one', 'two', 'three'])
  })

  test('has one of its own where that run takes longer', async () => {
    const { pool, started, begin, answer } = poolOfPuppets()
    const long = pool.run(entry, 'long', {})
    const short = pool.run(entry, 'short', {})
    begin(0)
    await vi.advanceTimersByTimeAsync(patienceMs + 1)
    expect(started.map(({ orders }) => orders.length)).toEqual([1, 1])
    answer(1, 'short')
    expect(await short).toBe('short')
    answer(0, 'long')
    expect(await long).toBe('long')
  })

  test('has one of its own where that one does not come up or ends badly', async () => {
    const { pool, started, answer } = poolOfPuppets()
    const broken = expect(pool.run(entry, null, {})).rejects.toMatchObject({ code: 'WORKER_DIED' })
    const next = pool.run(entry, null, {})
    started[0]?.events.broken('it ended with code 1')
    await broken
    expect(started).toHaveLength(2)
    answer(1, 'done')
    expect(await next).toBe('done')
  })

  test('has one of its own where that one is used up', async () => {
    const { pool, started, begin, answer } = poolOfPuppets({ mayServe: () => false })
    const first = pool.run(entry, null, {})
    const second = pool.run(entry, null, {})
    begin(0)
    answer(0, 'first')
    expect(await first).toBe('first')
    expect(started).toHaveLength(2)
    answer(1, 'second')
    expect(await second).toBe('second')
  })

  test('that is aborted while it waits never starts', async () => {
    const { pool, started, begin, answer } = poolOfPuppets()
    const first = pool.run(entry, null, {})
    const aborter = new AbortController()
    const aborted = expect(pool.run(entry, null, { signal: aborter.signal })).rejects.toMatchObject({
      code: 'ACTION_DEADLINE',
    })
    begin(0)
    aborter.abort()
    await aborted
    await vi.advanceTimersByTimeAsync(10 * patienceMs)
    answer(0, 'first')
    expect(await first).toBe('first')
    expect(started.map(({ orders }) => orders.length)).toEqual([1])
  })

  test('is an error, not a wait, once the pool is closed', async () => {
    const { pool, started } = poolOfPuppets()
    void pool.run(entry, null, {})
    const waiting = expect(pool.run(entry, null, {})).rejects.toMatchObject({ code: 'WORKER_DIED' })
    await pool.close()
    await waiting
    await vi.advanceTimersByTimeAsync(10 * patienceMs)
    expect(started.map(({ isEnded }) => isEnded)).toEqual([true])
  })
})
