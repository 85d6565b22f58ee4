import { pino } from 'pino'
import { describe, expect, it, vi } from 'vitest'
import { systemClock } from '../clock.ts'
import { desiredStateSchema } from '../desired/schema.ts'
import { OperationalError } from '../errors.ts'
import { openJournal } from '../journal/store.ts'
import { seededRandom } from '../random.ts'
import { createFakeWorld, type DeclaredCell, type FakeWorld, fakeKind } from '../sim/fake-world.ts'
import { createVirtualClock, type VirtualClock } from '../sim/virtual-clock.ts'
import { createEngine } from './engine.ts'
import type { Kind } from './kind.ts'
import { takeLease } from './lease.ts'
import { createLoop, type Loop } from './loop.ts'
import type { Scope } from './observation.ts'

const log = pino({ level: 'silent' })
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

const whole: Scope = { is: 'full' }
const nothing: Scope = { is: 'rows', rowIds: [] }
const otherRow: Scope = { is: 'rows', rowIds: [2] }

/** A loop over cells whose looks take a while; counts the looks under way. */
function slowLoop(risk: 'low' | 'high' = 'low') {
  const world = createFakeWorld({ a: 1, b: 1 })
  const journal = openJournal(':memory:', systemClock)
  const lease = takeLease({ journal, clock: systemClock, holder: 'test', isAlive: () => true })
  const cells = fakeKind(world, () => ({ a: { value: 5, risk }, b: { value: 5, risk: 'low' } }))
  const asKind: Kind = cells
  const looks = { underWay: 0, total: 0, mostOfOneKey: 0 }
  const byKey = new Map<string, number>()
  const kind: Kind = {
    ...cells,
    // Nothing but the first look is told of any change.
    ...(risk === 'high'
      ? { changes: async (_, cursor) => ({ scope: cursor === undefined ? whole : nothing, cursor: '1' }) }
      : {}),
    async observe(resource, scope, context) {
      const name = resource.key.name
      looks.underWay += 1
      looks.total += 1
      byKey.set(name, (byKey.get(name) ?? 0) + 1)
      looks.mostOfOneKey = Math.max(looks.mostOfOneKey, byKey.get(name) ?? 0)
      await pause(5)
      byKey.set(name, (byKey.get(name) ?? 1) - 1)
      looks.underWay -= 1
      return asKind.observe(resource, scope, context)
    },
  }
  const random = seededRandom(1)
  const engine = createEngine({ journal, kinds: [kind], clock: systemClock, random, log, lease })
  engine.declare(1, desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test' }))
  const loop: Loop = createLoop({
    engine,
    kinds: [kind],
    clock: systemClock,
    random,
    log,
    onInvariantViolation: () => undefined,
  })
  return { world, engine, loop, looks }
}

/** A loop over a cell that is told of `changed` rows after its first look, and whose first three repairs meet a held lock. */
function lockedLoop(changed: Scope) {
  const world = createFakeWorld({ a: 1 })
  const clock = createVirtualClock(Date.UTC(2026, 0, 1))
  const journal = openJournal(':memory:', clock)
  const lease = takeLease({ journal, clock, holder: 'test', isAlive: () => true })
  const cells = fakeKind(world, () => ({ a: { value: 5, risk: 'low' } }))
  const asKind: Kind = cells
  let locks = 3
  const kind: Kind = {
    ...cells,
    changes: async (_, cursor) => ({ scope: cursor === undefined ? whole : changed, cursor: '1' }),
    observe: async (resource, scope, context) =>
      scope.is === 'full'
        ? asKind.observe(resource, scope, context)
        : { is: 'present', state: 5, fingerprint: 'the other row is as declared' },
    async apply(action, context) {
      locks -= 1
      if (locks >= 0) throw new OperationalError('DATABASE_LOCKED', 'the lock is held')
      return asKind.apply(action, context)
    },
    probe: async () => 'not-applied',
  }
  const random = seededRandom(1)
  const engine = createEngine({ journal, kinds: [kind], clock, random, log, lease })
  engine.declare(1, desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test' }))
  const loop = createLoop({ engine, kinds: [kind], clock, random, log, onInvariantViolation: () => undefined })
  const key = { kind: 'cell', name: 'a' }
  const isReady = () =>
    engine.statuses.get(key)?.conditions.some(({ type, status }) => type === 'Ready' && status === 'true')
  return { world, clock, engine, loop, key, isReady }
}

describe('the loop', () => {
  it('repairs what it finds at the start and what happens later', async () => {
    const { world, loop } = slowLoop()
    loop.start()
    await pause(150)
    expect([...world.cells.values()]).toEqual([5, 5])
    world.cells.set('a', 2)
    loop.wake({ kind: 'cell', name: 'a' })
    await pause(100)
    expect(world.cells.get('a')).toBe(5)
    await loop.stop()
  })

  it('carries out what was let through meanwhile, also where nothing has changed since the last look', async () => {
    const { world, engine, loop } = slowLoop('high')
    const key = { kind: 'cell', name: 'a' }
    loop.start()
    await vi.waitFor(() => expect(engine.statuses.get(key)?.actions).toHaveLength(1))
    const [waiting] = engine.statuses.get(key)?.actions ?? []
    engine.approve({ actionId: waiting?.action.id ?? '', approver: 'token:alice' })
    loop.wake(key)
    await vi.waitFor(() => expect(world.cells.get('a')).toBe(5))
    await loop.stop()
  })

  it('shows at once what a look at changed rows found, also where a person has to let its repair through', async () => {
    const world = createFakeWorld({ a: 5 })
    const clock = createVirtualClock(Date.UTC(2026, 0, 1))
    const journal = openJournal(':memory:', clock)
    const lease = takeLease({ journal, clock, holder: 'test', isAlive: () => true })
    const cells = fakeKind(world, () => ({ a: { value: 5, risk: 'high' } }))
    const row: Scope = { is: 'rows', rowIds: [1] }
    const kind: Kind = {
      ...cells,
      changes: async (_, cursor) => ({ scope: cursor === undefined ? whole : row, cursor: '1' }),
    }
    const random = seededRandom(1)
    const engine = createEngine({ journal, kinds: [kind], clock, random, log, lease })
    engine.declare(1, desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test' }))
    const loop = createLoop({ engine, kinds: [kind], clock, random, log, onInvariantViolation: () => undefined })
    const key = { kind: 'cell', name: 'a' }
    loop.start()
    await clock.advance(100)
    expect(engine.statuses.get(key)?.drift).toEqual([])
    world.cells.set('a', 2)
    loop.wake(key)
    await clock.advance(100)
    expect(engine.statuses.get(key)?.drift).toMatchObject([{ path: 'value', observed: 2 }])
    await loop.stop()
  })

  it('leaves more and more time between tries of what fails, however soon the kind would be looked at again', async () => {
    const world = createFakeWorld({ a: 1 })
    const clock = createVirtualClock(Date.UTC(2026, 0, 1))
    const journal = openJournal(':memory:', clock)
    const lease = takeLease({ journal, clock, holder: 'test', isAlive: () => true })
    const cells = fakeKind(world, () => ({ a: { value: 5, risk: 'low' } }))
    const triedAtMs: number[] = []
    const kind: Kind = {
      ...cells,
      lookAgainAfterMs: () => 0,
      async apply() {
        triedAtMs.push(clock.monotonicMs())
        throw new OperationalError('PROCESS_NOT_STARTED', 'the lock is held')
      },
      probe: async () => 'not-applied',
    }
    const random = seededRandom(1)
    const engine = createEngine({ journal, kinds: [kind], clock, random, log, lease })
    engine.declare(1, desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test' }))
    const loop = createLoop({ engine, kinds: [kind], clock, random, log, onInvariantViolation: () => undefined })
    loop.start()
    await clock.advance(10_000)
    const pauses = triedAtMs.slice(1).map((atMs, at) => Math.round((atMs - (triedAtMs[at] ?? 0)) / 1000))
    expect(pauses.slice(0, 3)).toEqual([1, 2, 4])
    await loop.stop()
  })

  describe.each([
    ['nothing', nothing],
    ['another row', otherRow],
  ])('where a lock kept a repair of the whole table from being made and %s has changed since', (_, changed) => {
    it('tries it again after a pause, and says until then that it is not as declared', async () => {
      const { world, clock, engine, loop, key, isReady } = lockedLoop(changed)
      loop.start()
      await clock.advance(100)
      expect(isReady()).toBe(false)
      await clock.advance(20_000)
      expect(world.cells.get('a')).toBe(5)
      expect(engine.statuses.get(key)?.actions).toEqual([])
      await loop.stop()
    })

    it('keeps at it though it is woken at once, as by an edit of the policy', async () => {
      const { world, clock, loop, key, isReady } = lockedLoop(changed)
      loop.start()
      await clock.advance(100)
      loop.wake(key)
      await clock.advance(100)
      expect(isReady()).toBe(false)
      await clock.advance(20_000)
      expect(world.cells.get('a')).toBe(5)
      expect(isReady()).toBe(true)
      await loop.stop()
    })
  })

  it('never looks at one resource twice at once, and has nothing under way once it has stopped', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { loop, looks } = slowLoop()
      loop.start()
      const untilMs = Date.now() + 40
      while (Date.now() < untilMs) {
        loop.wake({ kind: 'cell', name: 'a' })
        loop.wake({ kind: 'cell', name: 'b' })
        await pause(1)
      }
      await loop.stop()
      const { total } = looks
      expect(looks.underWay).toBe(0)
      expect(looks.mostOfOneKey).toBe(1)
      await pause(15)
      expect(looks.total).toBe(total)
    }
  })

  it('works on others while any number of resources wait for something outside, and keeps its bound otherwise', async () => {
    for (const isOutside of [true, false]) {
      const names = ['a', 'b', 'c', 'd', 'e', 'last']
      const world = createFakeWorld(Object.fromEntries(names.map((name) => [name, 1])))
      const journal = openJournal(':memory:', systemClock)
      const lease = takeLease({ journal, clock: systemClock, holder: 'test', isAlive: () => true })
      const cells = fakeKind(world, () => Object.fromEntries(names.map((name) => [name, { value: 5, risk: 'low' }])))
      const asKind: Kind = cells
      let release: () => void = () => undefined
      const released = new Promise<void>((done) => {
        release = done
      })
      let waiting = 0
      const kind: Kind = {
        ...cells,
        // Each a target of its own, as services are.
        plan: (resource, observation, drift) =>
          asKind
            .plan(resource, observation, drift)
            .map((draft) => ({ ...draft, cost: { bucket: resource.key.name, tokens: 1 } })),
        async apply(action, context) {
          if (action.resource.name !== 'last') {
            waiting += 1
            const wait = () => released
            await (isOutside && context.outside !== undefined ? context.outside(wait) : wait())
          }
          return asKind.apply(action, context)
        },
      }
      const random = seededRandom(1)
      const engine = createEngine({ journal, kinds: [kind], clock: systemClock, random, log, lease })
      engine.declare(1, desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test' }))
      const onInvariantViolation = () => undefined
      const loop = createLoop({ engine, kinds: [kind], clock: systemClock, random, log, onInvariantViolation })
      loop.start()
      await vi.waitFor(() => expect(waiting).toBe(isOutside ? 5 : 4))
      if (isOutside) await vi.waitFor(() => expect(world.cells.get('last')).toBe(5))
      else expect(world.cells.get('last')).toBe(1)
      release()
      await vi.waitFor(() => expect([...world.cells.values()]).toEqual(names.map(() => 5)))
      await loop.stop()
    }
  })

  it('rests while nobody is free for what is due, instead of asking again and again', async () => {
    const names = ['a', 'b', 'c', 'd', 'late']
    const world = createFakeWorld(Object.fromEntries(names.map((name) => [name, 1])))
    const virtual = createVirtualClock(Date.UTC(2026, 0, 1))
    let timers = 0
    const clock: VirtualClock = {
      ...virtual,
      after(delayMs, run) {
        timers += 1
        if (timers > 1000) throw new Error('it does not rest')
        return virtual.after(delayMs, run)
      },
    }
    const journal = openJournal(':memory:', clock)
    const lease = takeLease({ journal, clock, holder: 'test', isAlive: () => true })
    const cells = fakeKind(world, () =>
      Object.fromEntries(names.map((name) => [name, { value: 5, risk: 'low' as const }])),
    )
    let release: () => void = () => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const asKind: Kind = cells
    const kind: Kind = {
      ...cells,
      async observe(...args) {
        await released
        return asKind.observe(...args)
      },
    }
    const random = seededRandom(1)
    const engine = createEngine({ journal, kinds: [kind], clock, random, log, lease })
    engine.declare(1, desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test' }))
    const onInvariantViolation = () => undefined
    const loop = createLoop({ engine, kinds: [kind], clock, random, log, onInvariantViolation })
    loop.start()
    await virtual.advance(5000)
    expect(timers).toBeLessThan(50)
    release()
    await virtual.advance(5000)
    expect([...world.cells.values()]).toEqual(names.map(() => 5))
    await loop.stop()
  })
})

/** A loop on a virtual clock over the cells of a world. */
function virtualLoop(options: {
  readonly world: FakeWorld
  readonly cells: Readonly<Record<string, DeclaredCell>>
  readonly change?: (kind: Kind) => Partial<Kind>
  readonly onBroken?: (message: string) => void
}) {
  const clock = createVirtualClock(Date.UTC(2026, 0, 1))
  const journal = openJournal(':memory:', clock)
  const lease = takeLease({ journal, clock, holder: 'test', isAlive: () => true })
  const cells: Kind = fakeKind(options.world, () => options.cells)
  let looks = 0
  const kind: Kind = {
    ...cells,
    ...options.change?.(cells),
    async observe(...args) {
      looks += 1
      return (options.change?.(cells).observe ?? cells.observe)(...args)
    },
  }
  const random = seededRandom(1)
  const engine = createEngine({ journal, kinds: [kind], clock, random, log, lease })
  const onInvariantViolation = (error: Error) => options.onBroken?.(error.message)
  const loop = createLoop({ engine, kinds: [kind], clock, random, log, onInvariantViolation })
  let generation = 0
  const declare = (policy: object) => {
    generation += 1
    return engine.declare(generation, desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test', policy }))
      .changed
  }
  return { clock, journal, engine, loop, declare, looks: () => looks }
}

describe('what is due and may not be done', () => {
  const cells = { a: { value: 5, risk: 'high' } } as const
  const key = { kind: 'cell', name: 'a' }

  it('is looked at once a minute while it waits for a person, and done at once when it is let through', async () => {
    const world = createFakeWorld({ a: 1 })
    const { clock, engine, loop, declare, looks } = virtualLoop({
      world,
      cells,
      change: () => ({ lookAgainAfterMs: () => 0 }),
    })
    declare({})
    loop.start()
    await clock.advance(10 * 60_000)
    expect(looks()).toBeLessThan(30)
    engine.approve({ actionId: engine.statuses.get(key)?.actions[0]?.action.id ?? '', approver: 'token:alice' })
    loop.wake(key)
    await clock.advance(100)
    expect(world.cells.get('a')).toBe(5)
    await loop.stop()
  })

  it('is done at once when the policy no longer holds it', async () => {
    const world = createFakeWorld({ a: 1 })
    const { clock, loop, declare } = virtualLoop({ world, cells: { a: { value: 5, risk: 'low' } } })
    declare({ mode: 'observe', resync: '12h' })
    loop.start()
    await clock.advance(60_000)
    expect(world.cells.get('a')).toBe(1)
    loop.redeclare(declare({ mode: 'enforce', resync: '12h' }))
    await clock.advance(1000)
    expect(world.cells.get('a')).toBe(5)
    await loop.stop()
  })
})

describe('what depends on something else', () => {
  const cells = { a: { value: 5, risk: 'low' }, b: { value: 5, risk: 'low', dependsOn: ['a'] } } as const

  it('rests while the first look at that takes long, and is looked at when it has ended', async () => {
    const world = createFakeWorld({ a: 1, b: 1 })
    let release: () => void = () => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const { clock, loop, declare, looks } = virtualLoop({
      world,
      cells,
      change: (kind) => ({
        async observe(...args) {
          await released
          return kind.observe(...args)
        },
      }),
    })
    declare({})
    loop.start()
    let timers = 0
    while (clock.monotonicMs() < 10_000) {
      timers += 1
      await clock.advance(clock.nextTimerInMs() ?? 1000)
    }
    expect(timers).toBeLessThan(20)
    expect(looks()).toBe(1)
    release()
    await clock.advance(10)
    expect([...world.cells.values()]).toEqual([5, 5])
    await loop.stop()
  })

  it('is looked at as soon as that is usable again, though nothing was done to it', async () => {
    const world = createFakeWorld({ a: 5, b: 5 })
    const down = new Set(['a'])
    const { clock, loop, declare } = virtualLoop({
      world,
      cells,
      change: (kind) => ({
        observe: async (resource, ...rest) => {
          const seen = await kind.observe(resource, ...rest)
          return seen.is === 'present' && down.has(resource.key.name) ? { ...seen, withheld: 'it is starting' } : seen
        },
      }),
    })
    declare({ resync: '12h' })
    world.cells.set('b', 1)
    loop.start()
    await clock.advance(60_000)
    expect(world.cells.get('b')).toBe(1)
    down.clear()
    loop.wake({ kind: 'cell', name: 'a' })
    await clock.advance(1000)
    expect(world.cells.get('b')).toBe(5)
    await loop.stop()
  })
})

it('an action that does not end is stopped at its deadline, by the clock that the engine was given', async () => {
  const world = createFakeWorld({ a: 1 })
  let begun = 0
  const { clock, engine, loop, declare } = virtualLoop({
    world,
    cells: { a: { value: 5, risk: 'low' } },
    change: () => ({
      async apply(_, { signal }) {
        begun += 1
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        signal.throwIfAborted()
        throw new Error('it was not stopped')
      },
      probe: async () => 'not-applied',
    }),
  })
  declare({})
  loop.start()
  await clock.advance(59 * 60_000)
  expect(begun).toBe(1)
  await clock.advance(2 * 60_000)
  const [record] = engine.ledger.records({ limit: 1 })
  const said = engine.statuses.get({ kind: 'cell', name: 'a' })?.conditions.map(({ message }) => message)
  expect(record?.state).not.toBe('succeeded')
  expect(said?.join()).toContain('did not end within 3600 s')
  await loop.stop()
})

it.each(['rejects', 'suspends'])(
  'what waits for its turn at the target is not done when a person %s it meanwhile',
  async (how) => {
    const world = createFakeWorld({ a: 1, b: 1 })
    let release: () => void = () => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const broken: string[] = []
    const { clock, journal, engine, loop, declare } = virtualLoop({
      world,
      cells: { a: { value: 5, risk: 'low' }, b: { value: 5, risk: 'low' } },
      onBroken: (message) => broken.push(message),
      change: (kind) => ({
        async apply(action, context) {
          if (action.resource.name === 'a') await released
          return kind.apply(action, context)
        },
      }),
    })
    declare({})
    loop.start()
    await clock.advance(100)
    const [waiting] = engine.ledger.records({ resource: 'cell/b', limit: 1 })
    expect(waiting?.state).toBe('planned')
    if (how === 'rejects') engine.reject({ actionId: waiting?.action.id ?? '', actor: 'token:ann', reason: 'not now' })
    else
      journal.append([
        { type: 'resource.suspended', actor: 'token:ann', resource: 'cell/b', body: { reason: 'a pause' } },
      ])
    release()
    await clock.advance(10_000)
    expect([broken, world.cells.get('a'), world.cells.get('b')]).toEqual([[], 5, 1])
    await loop.stop()
  },
)
