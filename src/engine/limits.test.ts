import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createVirtualClock } from '../sim/virtual-clock.ts'
import { createLimits, type Rate } from './limits.ts'

const rate = (over: Partial<Rate> = {}): Rate => ({ perSecond: 10, burst: 5, concurrency: 1, ...over })

function limitsAt(rates: Record<string, Rate> = { sqlite: rate() }) {
  const clock = createVirtualClock(Date.UTC(2026, 10, 23))
  return { clock, limits: createLimits({ clock, rates }) }
}

/** The most tokens above `t × perSecond` that were spent within any span; at most the burst when the pace held. */
function excessOf(spent: readonly { atMs: number; tokens: number }[], perSecond: number): number {
  let most = 0
  for (const [from, first] of spent.entries()) {
    let sum = 0
    for (const one of spent.slice(from)) {
      sum += one.tokens
      most = Math.max(most, sum - ((one.atMs - first.atMs) * perSecond) / 1000)
    }
  }
  return most
}

describe('a bucket', () => {
  it('gives its burst at once and then what flows in', async () => {
    const { limits, clock } = limitsAt()
    expect([
      limits.reserve('sqlite:main', 4),
      limits.reserve('sqlite:main', 1),
      limits.reserve('sqlite:main', 1),
    ]).toEqual([0, 0, 100])
    expect(limits.reserve('sqlite:main', 2)).toBe(300)
    await clock.advance(800)
    expect([limits.reserve('sqlite:main', 5), limits.reserve('sqlite:main', 1)]).toEqual([0, 100])
  })

  it('holds no more than its burst, however long it rests', async () => {
    const { limits, clock } = limitsAt()
    await clock.advance(1e9)
    expect([limits.reserve('sqlite:main', 5), limits.reserve('sqlite:main', 1)]).toEqual([0, 100])
  })

  it('lets what costs more than its burst begin when it is full, and the next wait for the debt', () => {
    const { limits } = limitsAt()
    expect([limits.reserve('sqlite:main', 25), limits.reserve('sqlite:main', 1)]).toEqual([0, 2100])
  })

  it('is one for each target, with the rate of its name, its sort, or the fallback', () => {
    const { limits } = limitsAt({ sqlite: rate(), 'sqlite:big': rate({ burst: 1 }) })
    const names = ['sqlite:main', 'sqlite:other', 'sqlite:big', 'process']
    for (const name of names) limits.reserve(name, 5)
    expect(names.map((name) => limits.reserve(name, 1))).toEqual([100, 100, 500, 200])
  })

  it('starts with a generous rate for SQLite', () => {
    const { limits } = limitsAt({})
    expect([limits.reserve('sqlite:main', 20), limits.reserve('sqlite:main', 1)]).toEqual([0, 50])
  })

  it('refuses tokens and rates that are none', async () => {
    for (const tokens of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      expect(() => limitsAt().limits.reserve('sqlite:main', tokens)).toThrow('tokens')
      await expect(limitsAt().limits.run('sqlite:main', async () => 'ran', { tokens })).rejects.toThrow('tokens')
    }
    const none: readonly Partial<Rate>[] = [{ perSecond: 0 }, { burst: 0 }, { concurrency: 0 }, { concurrency: 1.5 }]
    for (const over of none) expect(() => limitsAt({ x: rate(over) })).toThrow('a rate has')
  })
})

describe('work on a bucket', () => {
  it('runs one at a time, in its order, and gives its result or its error', async () => {
    const { limits, clock } = limitsAt()
    const seen: string[] = []
    const work = (name: string) => async () => {
      seen.push(`${name} begins`)
      await clock.sleep(50)
      seen.push(`${name} ends`)
      if (name === 'b') throw new Error('b failed')
      return name
    }
    const all = Promise.allSettled(['a', 'b', 'c'].map((name) => limits.run('sqlite:main', work(name))))
    const other = limits.run('sqlite:other', work('other'))
    await clock.advance(150)
    expect((await all).map((one) => (one.status === 'fulfilled' ? one.value : 'failed'))).toEqual(['a', 'failed', 'c'])
    expect(await other).toBe('other')
    expect(seen.filter((text) => !text.startsWith('other'))).toEqual([
      'a begins',
      'a ends',
      'b begins',
      'b ends',
      'c begins',
      'c ends',
    ])
    expect(seen.indexOf('other begins')).toBeLessThan(seen.indexOf('a ends'))
  })

  it('that costs much is not overtaken by cheap work behind it, while what costs nothing waits for nobody', async () => {
    const { limits, clock } = limitsAt({ sqlite: rate({ concurrency: 4 }) })
    const begun: string[] = []
    const work = (name: string, tokens: number) =>
      limits.run('sqlite:main', async () => void begun.push(`${name} at ${clock.monotonicMs() - startMs}`), { tokens })
    const startMs = clock.monotonicMs()
    limits.reserve('sqlite:main', 5)
    const all = [work('costly', 5), work('cheap', 1), work('free', 0)]
    await clock.advance(1000)
    await Promise.all(all)
    expect(begun).toEqual(['free at 0', 'costly at 500', 'cheap at 600'])
  })

  it('does not begin when it is aborted before, and lets the next begin', async () => {
    const { limits, clock } = limitsAt({ sqlite: rate({ burst: 1, perSecond: 1 }) })
    const abort = new AbortController()
    const ran: string[] = []
    const work = (name: string) => async () => {
      ran.push(name)
    }
    const first = limits.run('sqlite:main', work('first'), { tokens: 1 })
    const waiting = limits.run('sqlite:main', work('waiting'), { tokens: 1, signal: abort.signal })
    const queued = limits.run('sqlite:main', work('queued'), { signal: abort.signal })
    const last = limits.run('sqlite:main', work('last'))
    const refused = Promise.allSettled([waiting, queued])
    await clock.advance(10)
    abort.abort(new Error('the lease is lost'))
    await clock.advance(10)
    await Promise.all([first, last])
    expect((await refused).map((one) => (one.status === 'rejected' ? String(one.reason) : 'ran'))).toEqual([
      'Error: the lease is lost',
      'Error: the lease is lost',
    ])
    expect(ran).toEqual(['first', 'last'])
  })

  it('never goes beyond the pace or the concurrency, whatever comes when and takes how long', async () => {
    const aPiece = fc.record({ afterMs: fc.nat(400), tokens: fc.nat(4), takesMs: fc.constantFrom(0, 0, 30, 3000) })
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          perSecond: fc.constantFrom(0.5, 3, 10, 20),
          burst: fc.integer({ min: 4, max: 8 }),
          concurrency: fc.integer({ min: 1, max: 3 }),
        }),
        fc.array(aPiece, { minLength: 1, maxLength: 25 }),
        async (pace, pieces) => {
          const { limits, clock } = limitsAt({ sqlite: pace })
          const spent: { atMs: number; tokens: number }[] = []
          let running = 0
          let most = 0
          for (const { afterMs, tokens, takesMs } of pieces) {
            await clock.advance(afterMs)
            void limits.run(
              'sqlite:main',
              async () => {
                spent.push({ atMs: clock.monotonicMs(), tokens })
                running += 1
                most = Math.max(most, running)
                await clock.sleep(takesMs)
                running -= 1
              },
              { tokens },
            )
          }
          await clock.advance(1_000_000)
          expect(spent.length).toBe(pieces.length)
          expect(most).toBeLessThanOrEqual(pace.concurrency)
          expect(excessOf(spent, pace.perSecond)).toBeLessThanOrEqual(pace.burst + 1e-6)
        },
      ),
      { numRuns: 200 },
    )
  })
})
