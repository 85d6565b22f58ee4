import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { createVirtualClock, type VirtualClock } from '../sim/virtual-clock.ts'
import { createQueue, type Queue, type QueueOutcome } from './queue.ts'

function queueAt(options: { backoff?: { jitter?: number }; chance?: number } = {}): {
  queue: Queue
  clock: VirtualClock
} {
  const clock = createVirtualClock(Date.UTC(2026, 10, 23))
  const random =
    options.chance === undefined ? seededRandom(1) : { ...seededRandom(1), next: () => options.chance ?? 0 }
  return { clock, queue: createQueue({ clock, random, backoff: options.backoff ?? {} }) }
}

describe('the queue', () => {
  it('holds a key once, however often it is added', () => {
    const { queue } = queueAt()
    queue.add('table/leads')
    queue.add('table/leads')
    expect([queue.waiting(), queue.take(), queue.take()]).toEqual([1, 'table/leads', undefined])
  })

  it('gives a key that was added while in work again, but only after it is done', () => {
    const { queue } = queueAt()
    queue.add('table/leads')
    queue.take()
    queue.add('table/leads')
    expect(queue.take()).toBeUndefined()
    queue.done('table/leads', { is: 'ok' })
    expect(queue.take()).toBe('table/leads')
  })

  it('takes greater priorities first and equal ones in their order; a repeated wish can only raise', () => {
    const { queue } = queueAt()
    queue.add('a')
    queue.add('b')
    queue.add('c', { priority: 5 })
    queue.add('d')
    queue.add('d', { priority: 9 })
    queue.add('c', { priority: -3 })
    expect([queue.take(), queue.take(), queue.take(), queue.take()]).toEqual(['d', 'c', 'a', 'b'])
  })

  it('lets the earlier of two delays win, and an immediate wish over any delay', async () => {
    const { queue, clock } = queueAt()
    queue.addAfter('a', 5000)
    queue.addAfter('a', 9000)
    expect(queue.nextDueInMs()).toBe(5000)
    queue.addAfter('a', 2000)
    expect([queue.nextDueInMs(), queue.waiting(), queue.take()]).toEqual([2000, 0, undefined])
    queue.add('a')
    expect(queue.take()).toBe('a')
    queue.done('a', { is: 'ok' })
    await clock.advance(10_000)
    expect([queue.take(), queue.nextDueInMs()]).toEqual([undefined, undefined])
  })

  it('doubles the wait of a failing key from the first to the cap, and begins anew after a success', async () => {
    const { queue, clock } = queueAt({ backoff: { jitter: 0 } })
    const waits: (number | undefined)[] = []
    queue.add('a')
    for (let round = 0; round < 9; round += 1) {
      queue.take()
      queue.done('a', { is: 'retry' })
      waits.push(queue.nextDueInMs())
      await clock.advance(queue.nextDueInMs() ?? 0)
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
    queue.take()
    queue.done('a', { is: 'again', afterMs: 50 })
    expect(queue.nextDueInMs()).toBe(50)
    await clock.advance(50)
    queue.take()
    queue.done('a', { is: 'retry' })
    expect(queue.nextDueInMs()).toBe(1000)
  })

  it('keeps every wait within its bounds, whatever chance says', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 200 }),
        (chance, count) => {
          const { queue } = queueAt({ chance })
          for (let failed = 1; failed <= count; failed += 1) {
            queue.add('a')
            queue.take()
            queue.done('a', { is: 'retry' })
            const wait = Math.min(60_000, 1000 * 2 ** (failed - 1))
            expect(queue.nextDueInMs()).toBeGreaterThanOrEqual(wait * 0.9)
            expect(queue.nextDueInMs()).toBeLessThanOrEqual(wait)
          }
        },
      ),
      { numRuns: 50 },
    )
  })

  it('calls back at once for what was added before anybody listened', () => {
    const { queue } = queueAt()
    const taken: (string | undefined)[] = []
    queue.add('a')
    queue.onWork(() => taken.push(queue.take()))
    queue.add('b')
    expect(taken).toEqual(['a', 'b'])
  })

  it('wakes its listener when a delay ends, also one longer than a timer can be, and no more once closed', async () => {
    const { queue, clock } = queueAt()
    const taken: string[] = []
    const listening = queue.onWork(() => taken.push(`${queue.take()} at ${clock.monotonicMs()}`))
    queue.addAfter('far', 3_000_000_000)
    queue.addAfter('near', 70)
    await clock.advance(3_000_000_000)
    expect(taken).toEqual(['near at 70', 'far at 3000000000'])
    listening.close()
    queue.addAfter('later', 10)
    await clock.advance(10)
    expect([taken.length, clock.nextTimerInMs(), queue.waiting()]).toEqual([2, undefined, 1])
  })

  it('drops a forgotten key, even one whose work then fails, unless it is wanted anew', () => {
    const { queue } = queueAt()
    for (const key of ['a', 'b', 'c']) queue.add(key)
    for (const _key of ['a', 'b']) queue.take()
    for (const key of ['a', 'b', 'c']) queue.forget(key)
    queue.add('b')
    queue.done('a', { is: 'retry' })
    queue.done('b', { is: 'ok' })
    expect([queue.take(), queue.take(), queue.nextDueInMs()]).toEqual(['b', undefined, undefined])
  })

  it('refuses to end work that nobody began, and delays and backoffs that are none', () => {
    const { queue, clock } = queueAt()
    queue.add('a')
    expect(() => queue.done('a', { is: 'ok' })).toThrow('only while it is in work')
    expect(() => queue.addAfter('a', Number.NaN)).toThrow('finite')
    expect(() => createQueue({ clock, random: seededRandom(1), backoff: { firstMs: 0 } })).toThrow('backoff')
  })
})

/** The plainest thing that behaves as the queue must: a list of keys with a due moment, sorted whenever asked. */
interface ModelKey {
  wish: { atMs: number; order: number; priority: number } | undefined
  inWork: boolean
  isForgotten: boolean
  failures: number
}

class Model {
  nowMs = 0
  order = 0
  calls = 0
  readonly keys = new Map<string, ModelKey>()

  key(name: string): ModelKey {
    const found = this.keys.get(name) ?? { wish: undefined, inWork: false, isForgotten: false, failures: 0 }
    this.keys.set(name, found)
    return found
  }
  /** A wish without a priority never raises one that is due already. */
  wants(name: string, atMs: number, priority?: number): void {
    const key = this.key(name)
    const { wish } = key
    key.isForgotten = false
    this.order += 1
    if (wish !== undefined && wish.atMs <= this.nowMs)
      wish.priority = Math.max(wish.priority, priority ?? wish.priority)
    else if (wish === undefined || atMs < wish.atMs) key.wish = { atMs, order: this.order, priority: priority ?? 0 }
  }
  due(): string[] {
    return [...this.keys]
      .flatMap(([name, { wish, inWork }]) =>
        wish !== undefined && !inWork && wish.atMs <= this.nowMs ? [{ name, ...wish }] : [],
      )
      .sort((a, b) => b.priority - a.priority || a.atMs - b.atMs || a.order - b.order)
      .map(({ name }) => name)
  }
  ends(name: string, outcome: QueueOutcome): void {
    const key = this.key(name)
    key.inWork = false
    key.failures = outcome.is === 'retry' && !key.isForgotten ? key.failures + 1 : 0
    if (key.wish !== undefined && key.wish.atMs <= this.nowMs) {
      this.order += 1
      key.wish = { ...key.wish, atMs: this.nowMs, order: this.order }
    } else if (!key.isForgotten && outcome.is !== 'ok') {
      this.wants(name, this.nowMs + (outcome.is === 'again' ? outcome.afterMs : this.backoff(key.failures)))
    }
    key.isForgotten = false
  }
  backoff(failures: number): number {
    return Math.min(60_000, 1000 * 2 ** (failures - 1))
  }
  nextDueInMs(): number | undefined {
    const moments = [...this.keys.values()].flatMap(({ wish, inWork }) => {
      if (wish === undefined || (inWork && wish.atMs <= this.nowMs)) return []
      return [Math.max(0, wish.atMs - this.nowMs)]
    })
    return moments.length === 0 ? undefined : Math.min(...moments)
  }
}

interface Real {
  readonly queue: Queue
  readonly clock: VirtualClock
  readonly heard: { calls: number }
}

type Command = fc.AsyncCommand<Model, Real>

function command(
  text: string,
  check: (model: Model) => boolean,
  run: (model: Model, real: Real) => void | Promise<void>,
): Command {
  return {
    check,
    toString: () => text,
    async run(model, real) {
      await run(model, real)
      expect(real.queue.nextDueInMs()).toBe(model.nextDueInMs())
      expect(real.queue.waiting()).toBe(model.due().length)
    },
  }
}

const names = ['a', 'b', 'c', 'd']
const aKey = fc.constantFrom(...names)
const anOutcome: fc.Arbitrary<QueueOutcome> = fc.oneof(
  fc.constant({ is: 'ok' as const }),
  fc.constant({ is: 'retry' as const }),
  fc.record({ is: fc.constant('again' as const), afterMs: fc.constantFrom(0, 10, 500, 2000) }),
)

function take(model: Model, real: Real): void {
  const [expected] = model.due()
  const key = real.queue.take()
  expect(key).toBe(expected)
  if (key === undefined) return
  const state = model.key(key)
  expect(state.inWork).toBe(false)
  Object.assign(state, { wish: undefined, inWork: true })
}

const commands = fc.commands<Model, Real, false>(
  [
    fc.record({ key: aKey, priority: fc.constantFrom(-1, 0, 0, 0, 3) }).map(({ key, priority }) =>
      command(
        `add(${key}, ${priority})`,
        () => true,
        (model, real) => {
          real.queue.add(key, { priority })
          model.wants(key, model.nowMs, priority)
        },
      ),
    ),
    fc.record({ key: aKey, delayMs: fc.constantFrom(-5, 0, 5, 400, 1500, 90_000) }).map(({ key, delayMs }) =>
      command(
        `addAfter(${key}, ${delayMs})`,
        () => true,
        (model, real) => {
          real.queue.addAfter(key, delayMs)
          model.wants(key, model.nowMs + Math.max(0, delayMs))
        },
      ),
    ),
    fc.constant(command('take()', () => true, take)),
    fc.record({ key: aKey, outcome: anOutcome }).map(({ key, outcome }) =>
      command(
        `done(${key}, ${JSON.stringify(outcome)})`,
        (model) => model.keys.get(key)?.inWork === true,
        (model, real) => {
          real.queue.done(key, outcome)
          model.ends(key, outcome)
        },
      ),
    ),
    fc.constantFrom(1, 5, 400, 1000, 70_000).map((ms) =>
      command(
        `advance(${ms})`,
        () => true,
        async (model, real) => {
          const before = model.due().length
          const calls = real.heard.calls
          await real.clock.advance(ms)
          model.nowMs += ms
          expect(real.heard.calls > calls).toBe(model.due().length > before)
        },
      ),
    ),
    aKey.map((key) =>
      command(
        `forget(${key})`,
        () => true,
        (model, real) => {
          real.queue.forget(key)
          Object.assign(model.key(key), { wish: undefined, failures: 0, isForgotten: model.key(key).inWork })
        },
      ),
    ),
  ],
  { maxCommands: 60 },
)

describe('against its model', () => {
  it('loses no wish, has no key in work twice, and takes keys in their order', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (list) => {
        const { queue, clock } = queueAt({ backoff: { jitter: 0 } })
        const heard = { calls: 0 }
        queue.onWork(() => {
          heard.calls += 1
        })
        const model = new Model()
        const real = { queue, clock, heard }
        await fc.asyncModelRun(() => ({ model, real }), list)
        // Then everything that is still wanted is taken, once all work ends well and time goes by.
        for (const [key, { inWork }] of model.keys) {
          if (!inWork) continue
          queue.done(key, { is: 'ok' })
          model.ends(key, { is: 'ok' })
        }
        await clock.advance(100_000)
        model.nowMs += 100_000
        const wanted = model.due()
        expect(wanted.map(() => queue.take())).toEqual(wanted)
        expect(queue.take()).toBeUndefined()
      }),
      { numRuns: 1000 },
    )
  })
})
