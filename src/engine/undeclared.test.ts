import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { desiredStateSchema } from '../desired/schema.ts'
import { openJournal } from '../journal/store.ts'
import { seededRandom } from '../random.ts'
import { Crash, createFakeWorld, fakeKind } from '../sim/fake-world.ts'
import { createVirtualClock } from '../sim/virtual-clock.ts'
import { createEngine } from './engine.ts'
import { execute } from './executor.ts'
import { takeLease } from './lease.ts'
import { endingUndeclared } from './undeclared.ts'

function bench() {
  const world = createFakeWorld({ a: 1 })
  const clock = createVirtualClock(Date.UTC(2026, 0, 5, 12))
  const journal = openJournal(':memory:', clock)
  const lease = takeLease({ journal, clock, holder: 'test', isAlive: () => true })
  const declared = { a: { value: 5, risk: 'high' as const } }
  const kinds = [fakeKind(world, () => (isDeclared.a ? declared : {}))]
  const log = pino({ level: 'silent' })
  const engine = createEngine({ journal, kinds, clock, random: seededRandom(1), log, lease })
  const isDeclared = { a: true }
  const signal = new AbortController().signal
  const state = desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test', policy: {} })
  engine.declare(1, state)
  const key = { kind: 'cell', name: 'a' }
  return {
    ...{ world, clock, engine, lease, isDeclared },
    /** Leaves the repair of `a` half-way, of which nothing is declared any more. */
    async cutOff() {
      await engine.reconcileNow(key, { runId: 'run-1', actor: 'controller', signal, full: true })
      const [action] = engine.statuses.all().flatMap(({ actions }) => actions.map(({ action: one }) => one))
      if (action === undefined) throw new Error('nothing is planned')
      isDeclared.a = false
      engine.declare(2, state)
      world.crashAfter = 3
      const context = { runId: 'run-2', actor: 'controller', signal }
      const work = engine.alone(key, () => execute(action, context, { ...engine.ports(), lease }))
      await expect(work).rejects.toThrow(Crash)
      return action.id
    },
  }
}

describe('what was cut off on a resource that nothing declares', () => {
  it('is ended while the controller goes on, without a restart', async () => {
    const on = bench()
    const id = await on.cutOff()
    expect(on.engine.ledger.record(id)?.state).toBe('dispatched')
    const ending = endingUndeclared(on.engine, on.lease, {
      clock: on.clock,
      onFailure: (error) => {
        throw error
      },
    })
    await on.clock.advance(6000)
    expect(on.engine.ledger.record(id)?.state).toBe('verified')
    expect(on.world.effects).toEqual([id])
    ending.cancel()
  })

  it('is left alone while somebody works on it', async () => {
    const on = bench()
    const id = await on.cutOff()
    let release: () => void = () => undefined
    const held = on.engine.alone({ kind: 'cell', name: 'a' }, () => new Promise<void>((resolve) => (release = resolve)))
    const failures: unknown[] = []
    const ending = endingUndeclared(on.engine, on.lease, {
      clock: on.clock,
      onFailure: (error) => failures.push(error),
    })
    await on.clock.advance(20_000)
    expect(on.engine.ledger.record(id)?.state).toBe('dispatched')
    release()
    await held
    await on.clock.advance(1)
    expect(on.engine.ledger.record(id)?.state).toBe('verified')
    expect(failures).toEqual([])
    ending.cancel()
  })
})
