import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { desiredStateSchema } from '../desired/schema.ts'
import { OperationalError } from '../errors.ts'
import { openJournal } from '../journal/store.ts'
import { seededRandom } from '../random.ts'
import { createFakeWorld, fakeKind } from '../sim/fake-world.ts'
import { createVirtualClock } from '../sim/virtual-clock.ts'
import { converge, createEngine } from './engine.ts'
import { takeLease } from './lease.ts'

const startMs = Date.UTC(2026, 0, 5, 12)

/** An engine that sets one cell, whose actions are given `listen` to call with their signal; `start` is called before each. */
function setting(listen: (signal: AbortSignal) => void, start: () => void = () => undefined) {
  const clock = createVirtualClock(startMs)
  const journal = openJournal(':memory:', clock)
  const taken = takeLease({ journal, clock, holder: 'test:1', isAlive: () => true })
  const lease = {
    ...taken,
    beforeEffect() {
      start()
      taken.beforeEffect()
    },
  }
  const cells = fakeKind(createFakeWorld({ a: 1 }), () => ({ a: { value: 5, risk: 'low' } }))
  const engine = createEngine({
    journal,
    kinds: [
      {
        ...cells,
        apply(action, context) {
          listen(context.signal)
          return cells.apply(action, context)
        },
      },
    ],
    clock,
    random: seededRandom(1),
    log: pino({ level: 'silent' }),
    lease,
  })
  engine.declare(1, desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test' }))
  return { engine, lease }
}

it('what listened to an action is let go when the action has ended, however long the controller lives on', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage: unknown = runInNewContext('gc')
  let listener: WeakRef<() => void> | undefined
  const { engine, lease } = setting((signal) => {
    const own = () => undefined
    listener = new WeakRef(own)
    signal.addEventListener('abort', own)
  })
  const running = new AbortController()
  const { executed } = await converge(engine, { keys: undefined, actor: 'controller', signal: running.signal })
  expect(executed).toHaveLength(1)
  await setImmediate()
  if (typeof collectGarbage === 'function') collectGarbage()
  expect(listener?.deref()).toBeUndefined()
  expect([running.signal.aborted, lease.signal.aborted]).toEqual([false, false])
})

it('an action that cannot be begun leaves nothing that listens', async () => {
  let starts = 0
  const full = () => {
    starts += 1
    throw new OperationalError('JOURNAL_UNWRITABLE', 'the disk is full')
  }
  const { engine, lease } = setting(() => undefined, full)
  const running = new AbortController()
  const before = getEventListeners(lease.signal, 'abort').length
  await converge(engine, { keys: undefined, actor: 'controller', signal: running.signal })
  expect(starts).toBeGreaterThan(0)
  expect(getEventListeners(lease.signal, 'abort')).toHaveLength(before)
})

it('an action is told when the controller stops', async () => {
  const running = new AbortController()
  const reasons: unknown[] = []
  const { engine } = setting((signal) => {
    running.abort(new Error('the controller stops'))
    reasons.push(signal.reason)
  })
  await converge(engine, { keys: undefined, actor: 'controller', signal: running.signal })
  expect(reasons).toEqual([new Error('the controller stops')])
})
