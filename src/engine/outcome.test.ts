import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OperationalError } from '../errors.ts'
import { failureStreakSchema, noFailures, type Outcome, type Settled, settle } from './outcome.ts'

const nowMs = Date.parse('2026-11-23T10:00:00Z')
const context = { nowMs, generation: 7, streak: noFailures }
const locked = (message = 'main is locked', retryAtMs?: number) =>
  new OperationalError('DATABASE_LOCKED', message, retryAtMs === undefined ? {} : { retryAtMs })

/** `Ready true Converged`, one line for each condition. */
const linesOf = ({ conditions }: Settled) => conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`)
const conditionOf = (settled: Settled, type: string) => settled.conditions.find((one) => one.type === type)

/** Settles outcomes one after the other, each with the streak of the one before. */
function settleAll(...outcomes: Outcome[]): Settled {
  return outcomes.reduce<Settled>(
    (before, outcome) => settle(outcome, { ...context, streak: before.streak }),
    settle({ is: 'converged' }, context),
  )
}

describe('what converged', () => {
  it('is ready and needs no look, unless one is due', () => {
    const settled = settle({ is: 'converged' }, context)
    expect(settled.queue).toEqual({ is: 'ok' })
    expect(linesOf(settled)).toEqual([
      'Ready true Converged',
      'Progressing false NotProgressing',
      'Waiting false NotWaiting',
      'Stalled false NotStalled',
    ])
    expect(settle({ is: 'converged', lookAgainAfterMs: 60_000 }, context).queue).toEqual({
      is: 'again',
      afterMs: 60_000,
    })
  })
})

describe('what waits', () => {
  const waits = (untilMs?: number): Outcome => ({
    is: 'waiting',
    reason: { code: 'approval-needed', message: '2 actions wait for an approval', nextStep: 'trueup approvals' },
    ...(untilMs === undefined ? {} : { untilMs }),
  })

  it('says for what, until when and what can be done', () => {
    const settled = settle(waits(nowMs + 60_000), context)
    expect(settled.queue).toEqual({ is: 'again', afterMs: 60_000 })
    expect(conditionOf(settled, 'Waiting')).toEqual({
      type: 'Waiting',
      status: 'true',
      reason: 'ApprovalNeeded',
      message: '2 actions wait for an approval',
      nextStep: 'trueup approvals',
      wakeUpMs: nowMs + 60_000,
      sinceMs: nowMs,
      generation: 7,
    })
    expect(linesOf(settled)[0]).toBe('Ready false ApprovalNeeded')
  })

  it('is looked at within the hour, even where the end is far or not known, and does not spin where it has passed', () => {
    expect(settle(waits(nowMs + 86_400_000), context).queue).toEqual({ is: 'again', afterMs: 3_600_000 })
    expect(conditionOf(settle(waits(nowMs + 86_400_000), context), 'Waiting')?.wakeUpMs).toBe(nowMs + 86_400_000)
    expect(settle(waits(), context).queue).toEqual({ is: 'again', afterMs: 3_600_000 })
    expect(settle(waits(nowMs - 5), context).queue).toEqual({ is: 'again', afterMs: 1000 })
  })
})

describe('what failed', () => {
  it('is tried again with the backoff of the queue, and says what a person can do', () => {
    const settled = settle({ is: 'retry', error: locked() }, context)
    expect(settled.queue).toEqual({ is: 'retry' })
    expect(linesOf(settled)).toEqual([
      'Ready false DatabaseLocked',
      'Progressing true DatabaseLocked',
      'Waiting false NotWaiting',
      'Stalled false NotStalled',
    ])
    expect(conditionOf(settled, 'Progressing')?.nextStep).toContain('tried again by itself')
  })

  it('is of unknown state where it could not be looked at', () => {
    expect(linesOf(settle({ is: 'retry', error: locked(), during: 'look' }, context))[0]).toBe(
      'Ready unknown DatabaseLocked',
    )
  })

  it('is tried again at the moment the error names, where that is to come', () => {
    expect(settle({ is: 'retry', error: locked('x', nowMs + 30_000) }, context).queue).toEqual({
      is: 'again',
      afterMs: 30_000,
    })
    expect(settle({ is: 'retry', error: locked('x', nowMs - 1) }, context).queue).toEqual({ is: 'retry' })
  })

  it('is stalled from the fifth time in a row that it fails the same, whatever the figures, and probed every hour', () => {
    const failures = [1, 2, 3, 4, 5, 6].map(
      (rows): Outcome => ({ is: 'retry', error: locked(`locked with ${rows} rows to go`, nowMs + 1500) }),
    )
    expect(linesOf(settleAll(...failures.slice(0, 4)))[3]).toBe('Stalled false NotStalled')
    for (const settled of [settleAll(...failures.slice(0, 5)), settleAll(...failures)]) {
      expect(linesOf(settled)).toEqual([
        'Ready false DatabaseLocked',
        'Progressing false NotProgressing',
        'Waiting false NotWaiting',
        'Stalled true DatabaseLocked',
      ])
      expect(settled.queue).toEqual({ is: 'again', afterMs: 3_600_000 })
      expect(conditionOf(settled, 'Stalled')).toMatchObject({ wakeUpMs: nowMs + 3_600_000 })
    }
  })

  it('is not stalled when it fails in different ways, or came true between', () => {
    const same: Outcome = { is: 'retry', error: locked() }
    const other: Outcome = { is: 'retry', error: new OperationalError('DISK_FULL', 'no room') }
    expect(settleAll(same, same, same, same, other, same).queue).toEqual({ is: 'retry' })
    expect(settleAll(same, same, same, same, { is: 'converged' }, same).queue).toEqual({ is: 'retry' })
  })

  it('is stalled at once where trying again cannot help, and probed all the same', () => {
    const settled = settle(
      { is: 'terminal', error: new OperationalError('DATABASE_CORRUPT', 'main is corrupt') },
      context,
    )
    expect(linesOf(settled)[3]).toBe('Stalled true DatabaseCorrupt')
    expect(settled.queue).toEqual({ is: 'again', afterMs: 3_600_000 })
  })
})

const aMoment = fc.option(fc.integer({ min: nowMs - 1e8, max: nowMs + 1e9 }), { nil: undefined })
const anOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc
    .option(fc.nat(1e7), { nil: undefined })
    .map((wait): Outcome => ({ is: 'converged', ...(wait === undefined ? {} : { lookAgainAfterMs: wait }) })),
  aMoment.map(
    (untilMs): Outcome => ({
      is: 'waiting',
      reason: { code: 'window', message: 'held' },
      ...(untilMs === undefined ? {} : { untilMs }),
    }),
  ),
  fc
    .tuple(aMoment, fc.constantFrom('retry' as const, 'terminal' as const))
    .map(([retryAtMs, is]): Outcome => ({ is, error: locked('locked', retryAtMs) })),
)

it('whatever happens, nothing spins, nothing that is untrue is left alone, and one condition at most explains it', () => {
  fc.assert(
    fc.property(fc.array(anOutcome, { minLength: 1, maxLength: 12 }), (outcomes) => {
      const settled = settleAll(...outcomes)
      const isReady = conditionOf(settled, 'Ready')?.status === 'true'
      if (settled.queue.is === 'ok') expect(isReady).toBe(true)
      if (settled.queue.is === 'again') expect(settled.queue.afterMs).toBeGreaterThanOrEqual(1000)
      if (settled.queue.is === 'again' && !isReady) expect(settled.queue.afterMs).toBeLessThanOrEqual(3_600_000)
      const active = settled.conditions.filter(({ type, status }) => type !== 'Ready' && status === 'true')
      expect(active.length).toBe(isReady ? 0 : 1)
      for (const { type, wakeUpMs } of active) if (type !== 'Progressing') expect(wakeUpMs).toBeGreaterThan(nowMs)
      expect(failureStreakSchema.parse(JSON.parse(JSON.stringify(settled.streak)))).toEqual(settled.streak)
    }),
    { numRuns: 500 },
  )
})
