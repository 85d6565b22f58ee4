import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { desiredStateSchema } from '../desired/schema.ts'
import { type JournalStore, openJournal } from '../journal/store.ts'
import { seededRandom } from '../random.ts'
import { Crash, createFakeWorld, type DeclaredCell, type FakeWorld, fakeKind } from '../sim/fake-world.ts'
import { createVirtualClock, type VirtualClock } from '../sim/virtual-clock.ts'
import { converge, createEngine, type Engine } from './engine.ts'
import { takeLease } from './lease.ts'
import type { UndoSelection } from './undo.ts'
import { requestUndo } from './undo-request.ts'

const startMs = Date.UTC(2026, 0, 5, 12)
const log = pino({ level: 'silent' })

interface Bench {
  readonly world: FakeWorld
  readonly clock: VirtualClock
  readonly journal: JournalStore
  engine: Engine
  declared: Record<string, DeclaredCell>
  /** A new process on the same journal and world, as after kill -9. */
  restart(): void
  run(actor?: string): ReturnType<typeof converge>
}

function bench(cells: Record<string, number>, declared: Record<string, DeclaredCell>, policy: object = {}): Bench {
  const world = createFakeWorld(cells)
  const clock = createVirtualClock(startMs)
  const journal = openJournal(':memory:', clock)
  let starts = 0
  let generation = 0
  const start = (): Engine => {
    starts += 1
    const lease = takeLease({
      journal,
      clock,
      holder: `test:${starts}`,
      isAlive: (holder) => holder === `test:${starts}`,
    })
    const made = createEngine({
      journal,
      kinds: [fakeKind(world, () => self.declared)],
      clock,
      random: seededRandom(starts),
      log,
      lease,
    })
    generation += 1
    made.declare(generation, desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test', policy }))
    return made
  }
  const self: Bench = {
    world,
    clock,
    journal,
    declared,
    engine: undefined as never,
    restart() {
      self.engine = start()
    },
    run: (actor = 'controller') => {
      generation += 1
      self.engine.declare(generation, desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test', policy }))
      return converge(self.engine, { keys: undefined, actor, signal: new AbortController().signal })
    },
  }
  self.engine = start()
  return self
}

const low = (value: number): DeclaredCell => ({ value, risk: 'low' })
const high = (value: number): DeclaredCell => ({ value, risk: 'high' })
const critical = (value: number): DeclaredCell => ({ value, risk: 'critical' })
const pendingIds = (engine: Engine): string[] =>
  engine.statuses.all().flatMap((status) => status.actions.map(({ action }) => action.id))

async function undo(on: Bench, id: string) {
  const results = await requestUndo(
    { of: { is: 'id', id }, actor: 'token:alice', signal: new AbortController().signal },
    on.engine,
  )
  return results[0]
}

describe('converging', () => {
  it('brings the world to what is declared, and then does nothing more and writes nothing more', async () => {
    const on = bench({ a: 1, b: 2 }, { a: low(5), b: low(2) })
    await on.run()
    expect(on.world.cells.get('a')).toBe(5)
    const entries = on.journal.entries({ limit: 1000 }).length
    const second = await on.run()
    expect(second.executed).toEqual([])
    expect(on.journal.entries({ limit: 1000 })).toHaveLength(entries)
  })

  it('repairs the same drift again, as another action, when the world breaks it again the same way', async () => {
    const on = bench({ a: 1 }, { a: low(5) })
    await on.run()
    on.world.cells.set('a', 1)
    await on.run()
    on.world.cells.set('a', 1)
    await on.run()
    expect(on.world.cells.get('a')).toBe(5)
    expect(new Set(on.world.effects).size).toBe(3)
  })

  it('reads an unreadable thing never as absent and plans nothing from it', async () => {
    const on = bench({ a: 1, b: 1 }, { a: low(5), b: low(5) })
    on.world.unreadable.add('a')
    await on.run()
    expect(on.world.cells.get('a')).toBe(1)
    expect(on.world.cells.get('b')).toBe(5)
    expect(on.engine.statuses.get({ kind: 'cell', name: 'a' })?.observation?.is).toBe('unreadable')
  })

  it('tries once what is refused, says so, and goes on with the rest', async () => {
    const on = bench({ a: 1, b: 1 }, { a: low(5), b: low(5) })
    on.world.refusing.set('a', 0)
    await on.run()
    expect(on.world.refusing.get('a')).toBe(1)
    expect(on.world.cells.get('b')).toBe(5)
    const conditions = on.engine.statuses.get({ kind: 'cell', name: 'a' })?.conditions
    expect(conditions).toContainEqual(
      expect.objectContaining({ type: 'Stalled', status: 'true', reason: 'SchemaChangeRefused' }),
    )
  })

  it('repairs nothing in mode observe', async () => {
    const on = bench({ a: 1 }, { a: low(5) }, { mode: 'observe' })
    await on.run()
    expect(on.world.effects).toEqual([])
    expect(pendingIds(on.engine)).toHaveLength(1)
  })
})

describe('who only looks', () => {
  it('never calls a resource as declared while a repair of it could be made at once, and changes nothing', async () => {
    const { world, clock, journal } = bench({ a: 1, b: 2 }, { a: low(5), b: low(2) })
    const engine = createEngine({
      journal,
      kinds: [fakeKind(world, () => ({ a: low(5), b: low(2) }))],
      clock,
      random: seededRandom(9),
      log,
      lease: undefined,
    })
    engine.declare(9, desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test' }))
    await converge(engine, { keys: undefined, actor: 'test', signal: new AbortController().signal })
    expect(world.effects).toEqual([])
    const conditionOf = (name: string, type: string) =>
      engine.statuses.get({ kind: 'cell', name })?.conditions.find((one) => one.type === type)
    expect(conditionOf('a', 'Ready')).toMatchObject({ status: 'false', reason: 'RepairsPlanned' })
    expect(conditionOf('a', 'Waiting')?.nextStep).toContain('trueup apply')
    expect(conditionOf('b', 'Ready')).toMatchObject({ status: 'true', reason: 'Converged' })
  })
})

describe('what only a person can mend', () => {
  it('keeps a resource from being ready when it is severe, and names the next step', async () => {
    const on = bench({ a: 1 }, { a: { value: 5, risk: 'low', byHand: 'ask the owner' } })
    await on.run()
    const status = on.engine.statuses.get({ kind: 'cell', name: 'a' })
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Waiting', status: 'true', reason: 'ByHand', nextStep: 'ask the owner' }),
    )
    expect(status?.conditions.find(({ type }) => type === 'Ready')?.status).toBe('false')
    expect(on.engine.ledger.acceptedSpec({ kind: 'cell', name: 'a' })).toBeDefined()
  })
})

describe('what only a person can take back', () => {
  const added = { value: 5, risk: 'low', undoneByHand: 'delete it in the app' } as const

  it('runs by itself at low risk, and asking for its undo tells the person what to do and changes nothing', async () => {
    const on = bench({ a: 1 }, { a: added })
    await on.run()
    const [id = ''] = on.world.effects
    expect(on.world.cells.get('a')).toBe(5)
    expect(await undo(on, id)).toEqual({ is: 'by-hand', actionId: id, steps: 'delete it in the app' })
    expect(on.world.cells.get('a')).toBe(5)
    expect(on.engine.ledger.record(id)?.state).toBe('verified')
  })

  it('does not keep the rest of a run from being undone', async () => {
    const on = bench({ a: 1, b: 1, c: 1 }, { a: low(5), b: added, c: low(5) })
    const { runId } = await on.run()
    const request = { of: { is: 'id' as const, id: runId }, actor: 'token:alice', signal: new AbortController().signal }
    const results = await requestUndo(request, on.engine)
    expect(results.map(({ is }) => is)).toEqual(['undone', 'by-hand', 'undone'])
    expect([...on.world.cells.values()]).toEqual([1, 5, 1])
  })
})

describe('an undo of much', () => {
  const taking = (on: Bench, of: UndoSelection) =>
    requestUndo({ of, actor: 'token:alice', signal: new AbortController().signal }, on.engine)

  it('of what cannot be taken back says so and goes on with the rest of the run', async () => {
    const on = bench({ a: 1, b: 1, c: 1 }, { a: low(5), b: low(5), c: low(5) })
    const { runId } = await on.run()
    // Somebody else changed it: this kind gives no undo then.
    on.world.cells.set('b', 9)
    const results = await taking(on, { is: 'id', id: runId })
    expect(results.map(({ is }) => is)).toEqual(['undone', 'kept', 'undone'])
    expect([...on.world.cells.values()]).toEqual([1, 9, 1])
  })

  it('since a moment takes back what was done from then on, of one resource or of all, and nothing twice', async () => {
    const on = bench({ a: 1, b: 1 }, { a: low(2), b: low(2) })
    await on.run()
    await on.clock.advance(60_000)
    const sinceMs = on.clock.nowMs()
    on.declared = { a: low(3), b: low(3) }
    await on.run()
    await on.clock.advance(60_000)
    on.declared = { a: low(4), b: low(4) }
    await on.run()
    expect([...on.world.cells.values()]).toEqual([4, 4])
    expect(await taking(on, { is: 'since', sinceMs: on.clock.nowMs() + 1, resource: undefined })).toEqual([])
    const ofA = await taking(on, { is: 'since', sinceMs, resource: 'cell/a' })
    expect(ofA.map(({ is }) => is)).toEqual(['undone', 'undone'])
    expect([...on.world.cells.values()]).toEqual([2, 4])
    const all = await taking(on, { is: 'since', sinceMs, resource: undefined })
    expect(all.map(({ is }) => is)).toEqual(['undone', 'undone'])
    expect([...on.world.cells.values()]).toEqual([2, 2])
    expect(await taking(on, { is: 'since', sinceMs, resource: undefined })).toEqual([])
  })
})

describe('approval', () => {
  it('lets a high risk run only once a person approved it, also across a restart', async () => {
    const on = bench({ a: 1 }, { a: high(5) })
    await on.run()
    const [id = ''] = pendingIds(on.engine)
    expect(on.world.effects).toEqual([])
    expect(on.engine.approve({ actionId: id, approver: 'token:alice' })).toMatchObject({ is: 'approved' })
    on.restart()
    await on.run()
    expect(on.world.effects).toEqual([id])
  })

  it('is void when the world moved on, and says so', async () => {
    const on = bench({ a: 1 }, { a: high(5) })
    await on.run()
    const [id = ''] = pendingIds(on.engine)
    on.engine.approve({ actionId: id, approver: 'token:alice' })
    on.world.cells.set('a', 2)
    await on.run()
    expect(on.world.effects).toEqual([])
    const answer = on.engine.approve({ actionId: id, approver: 'token:alice' })
    expect(answer).toMatchObject({
      is: 'stale',
      message: expect.stringContaining('the records it was planned on have changed'),
      successor: pendingIds(on.engine)[0],
    })
    expect(pendingIds(on.engine)).not.toContain(id)
  })

  it('expires', async () => {
    const on = bench({ a: 1 }, { a: high(5) }, { approvals: { expireAfter: '1h' } })
    await on.run()
    const [id = ''] = pendingIds(on.engine)
    on.engine.approve({ actionId: id, approver: 'token:alice' })
    await on.clock.advance(3_600_001)
    on.restart()
    await on.run()
    expect(on.world.effects).toEqual([])
  })

  it('takes two different people for a critical risk', async () => {
    const on = bench({ a: 1 }, { a: critical(5) })
    await on.run()
    const [id = ''] = pendingIds(on.engine)
    on.engine.approve({ actionId: id, approver: 'token:alice' })
    on.engine.approve({ actionId: id, approver: 'token:alice' })
    await on.run()
    expect(on.world.effects).toEqual([])
    on.engine.approve({ actionId: id, approver: 'token:bob' })
    await on.run()
    expect(on.world.effects).toEqual([id])
  })

  it('is asked for by how the newest look rates the action, which the record tells where it is no longer as planned', async () => {
    const on = bench({ a: 1, b: 1 }, { a: high(5), b: high(5) })
    await on.run()
    const [a = '', b = ''] = pendingIds(on.engine)
    on.engine.approve({ actionId: b, approver: 'token:alice' })
    on.world.rated.set('a', 'low')
    on.world.rated.set('b', 'critical')
    await on.run()
    expect(on.world.effects).toEqual([a])
    expect(on.engine.ledger.record(a)?.action.risk).toBe('low')
    on.engine.approve({ actionId: b, approver: 'token:bob' })
    await on.run()
    expect(on.world.effects).toEqual([a, b])
    expect(on.engine.ledger.record(b)?.action.risk).toBe('critical')
  })

  it('is not asked for again after a rejection, until the evidence changes', async () => {
    const on = bench({ a: 1 }, { a: high(5) })
    await on.run()
    const [id = ''] = pendingIds(on.engine)
    expect(on.engine.reject({ actionId: id, actor: 'token:alice', reason: 'not now' })).toBe(true)
    await on.run()
    expect(on.engine.pending(id)?.gate.decision).toBe('refuse')
    on.world.cells.set('a', 3)
    await on.run()
    const [next = ''] = pendingIds(on.engine)
    expect(next).not.toBe(id)
    expect(on.engine.pending(next)?.gate.decision).toBe('approve')
  })
})

describe('a rejection', () => {
  it('holds for smaller actions on the same drift too', async () => {
    const on = bench({ a: 1 }, { a: high(5) })
    await on.run()
    const [id = ''] = pendingIds(on.engine)
    const rejected = on.engine.pending(id)?.action
    if (rejected === undefined) throw new Error('nothing is pending')
    on.engine.reject({ actionId: id, actor: 'token:alice', reason: 'leave it' })
    expect(on.engine.gating.gate({ ...rejected, id: 'a-part-of-it', risk: 'low' })).toMatchObject({
      decision: 'refuse',
      runnable: false,
    })
  })

  it('holds however much else of the same resource was rejected after it, and for nothing else', async () => {
    const on = bench({ a: 1 }, { a: high(5) })
    await on.run()
    const [id = ''] = pendingIds(on.engine)
    const rejected = on.engine.pending(id)?.action
    if (rejected === undefined) throw new Error('nothing is pending')
    on.engine.reject({ actionId: id, actor: 'token:alice', reason: 'leave it' })
    for (let other = 0; other < 120; other += 1) {
      const action = { ...rejected, id: `other-${other}`, resolves: [`other.${other}`] }
      on.engine.ledger.plan(action)
      on.engine.ledger.move('action.rejected', action, { actor: 'token:bob' }, { by: 'token:bob', reason: 'not this' })
    }
    const decisionOn = (over: object) => on.engine.gating.gate({ ...rejected, id: 'another', ...over }).reasons
    expect(decisionOn({})).toContainEqual(expect.objectContaining({ message: 'rejected by token:alice: leave it' }))
    for (const over of [{ verb: 'another' }, { resolves: ['another'] }, { resource: { kind: 'cell', name: 'b' } }])
      expect(decisionOn(over).map(({ code }) => code)).not.toContain('rejected')
  })
})

describe('undo', () => {
  it('gives the value back and does not apply the same declaration again behind the person', async () => {
    const on = bench({ a: 1 }, { a: low(5) })
    await on.run()
    const [id = ''] = on.world.effects
    expect((await undo(on, id))?.is).toBe('undone')
    expect(on.world.cells.get('a')).toBe(1)
    await on.run()
    expect(on.world.cells.get('a')).toBe(1)
    const [held = ''] = pendingIds(on.engine)
    on.engine.approve({ actionId: held, approver: 'token:alice' })
    await on.run()
    expect(on.world.cells.get('a')).toBe(5)
  })

  it('is applied again without asking once the declaration is edited', async () => {
    const on = bench({ a: 1 }, { a: low(5) })
    await on.run()
    await undo(on, on.world.effects[0] ?? '')
    on.declared = { a: low(6) }
    await on.run()
    expect(on.world.cells.get('a')).toBe(6)
  })

  it.each([0, 1, 2, 3])('that a crash cut off can be asked for again at once (boundary %i)', async (boundaries) => {
    const on = bench({ a: 1 }, { a: low(5) })
    await on.run()
    const [id = ''] = on.world.effects
    on.world.crashAfter = boundaries
    await expect(undo(on, id)).rejects.toThrow(Crash)
    on.restart()
    expect(await undo(on, id)).toMatchObject({ is: 'undone', actionId: id })
    expect(on.world.cells.get('a')).toBe(1)
    expect(on.engine.ledger.record(id)?.state).toBe('undone')
  })

  it('never overwrites what was changed since', async () => {
    const on = bench({ a: 1 }, { a: low(5) })
    await on.run()
    on.world.cells.set('a', 9)
    await expect(undo(on, on.world.effects[0] ?? '')).rejects.toMatchObject({ code: 'ACTION_NOT_UNDOABLE' })
    expect(on.world.cells.get('a')).toBe(9)
  })
})

/** What may happen around the engine between its own steps. */
const happening = fc.oneof(
  fc.record({
    is: fc.constant('outside edit' as const),
    cell: fc.constantFrom('a', 'b', 'c'),
    value: fc.integer({ min: 0, max: 4 }),
  }),
  fc.record({
    is: fc.constant('declare' as const),
    cell: fc.constantFrom('a', 'b', 'c'),
    value: fc.integer({ min: 5, max: 7 }),
    risk: fc.constantFrom('low' as const, 'high' as const),
  }),
  fc.record({ is: fc.constant('crash within' as const), boundaries: fc.integer({ min: 0, max: 9 }) }),
  fc.record({ is: fc.constant('approve' as const), index: fc.nat(3) }),
  fc.record({ is: fc.constant('undo' as const), index: fc.nat(5) }),
  fc.record({ is: fc.constant('unreadable' as const), cell: fc.constantFrom('a', 'b', 'c') }),
  fc.record({ is: fc.constant('readable' as const) }),
  fc.record({ is: fc.constant('run' as const) }),
  fc.record({ is: fc.constant('an hour passes' as const) }),
)

async function surviving(on: Bench, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof Error && 'code' in error) return
    if (!(error instanceof Crash)) throw error
  }
  if (on.world.crashAfter === undefined && on.journal.check().is !== 'whole') throw new Error('broken chain')
}

describe('any history of edits, crashes, approvals and undos', () => {
  it('has no effect without dispatch and live approval, none twice, and converges once it is calm', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 25 }), async (history) => {
        const on = bench({ a: 0, b: 0, c: 0 }, { a: low(5), b: high(5), c: low(6) })
        on.world.onEffect = (action) => {
          const record = on.engine.ledger.record(action.id)
          expect(record?.state).toBe('dispatched')
          const alive = record?.approvals.filter((one) => one.expiresAtMs > on.clock.nowMs()) ?? []
          if (action.risk === 'high' && action.cause !== 'undo') expect(alive.length).toBeGreaterThan(0)
          expect(on.world.checkpoints.has(action.id)).toBe(true)
        }
        let armed = false
        for (const step of history) {
          const before = on.world.crashAfter
          switch (step.is) {
            case 'outside edit':
              on.world.cells.set(step.cell, step.value)
              break
            case 'declare':
              on.declared = { ...on.declared, [step.cell]: { value: step.value, risk: step.risk } }
              break
            case 'crash within':
              on.world.crashAfter = step.boundaries
              armed = true
              break
            case 'approve': {
              const id = pendingIds(on.engine)[step.index]
              if (id !== undefined) on.engine.approve({ actionId: id, approver: 'token:alice' })
              break
            }
            case 'undo': {
              const id = on.world.effects.at(-1 - step.index)
              if (id !== undefined) await surviving(on, () => undo(on, id))
              break
            }
            case 'unreadable':
              on.world.unreadable.add(step.cell)
              break
            case 'readable':
              on.world.unreadable.clear()
              break
            case 'an hour passes':
              await on.clock.advance(3_600_000)
              on.restart()
              break
            case 'run':
              await surviving(on, () => on.run())
              break
          }
          if (armed && before !== undefined && on.world.crashAfter === undefined) {
            armed = false
            on.restart()
          }
        }
        on.world.crashAfter = undefined
        on.world.unreadable.clear()
        on.restart()
        for (let round = 0; round < 3; round += 1) {
          await on.run()
          for (const id of pendingIds(on.engine)) on.engine.approve({ actionId: id, approver: 'token:alice' })
        }
        const last = await on.run()
        for (const [cell, { value }] of Object.entries(on.declared)) expect(on.world.cells.get(cell)).toBe(value)
        expect(last.executed).toEqual([])
        expect(new Set(on.world.effects).size).toBe(on.world.effects.length)
        expect(on.journal.check().is).toBe('whole')
      }),
      { numRuns: 300 },
    )
    // Half a million journal writes on a machine that others use too.
  }, 240_000)
})
