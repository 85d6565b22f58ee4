import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createVirtualClock } from './virtual-clock.ts'

const startMs = Date.UTC(2026, 10, 23)

describe('a virtual clock', () => {
  it('stands still until it is advanced', async () => {
    const clock = createVirtualClock(startMs)
    let ran = false
    clock.after(0, () => {
      ran = true
    })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect([clock.nowMs(), clock.monotonicMs(), ran]).toEqual([startMs, 0, false])
    await clock.advance(0)
    expect(ran).toBe(true)
  })

  it('runs due timers in order, each at its own moment', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(50), { maxLength: 20 }),
        fc.array(fc.nat(30), { maxLength: 6 }),
        async (delays, steps) => {
          const clock = createVirtualClock(startMs)
          const seen: { due: number; at: number; index: number }[] = []
          for (const [index, due] of delays.entries())
            clock.after(due, () => seen.push({ due, at: clock.monotonicMs(), index }))
          for (const step of steps) await clock.advance(step)
          const total = steps.reduce((sum, step) => sum + step, 0)
          const expected = delays
            .map((due, index) => ({ due, at: due, index }))
            .filter(({ due }) => steps.length > 0 && due <= total)
            .sort((a, b) => a.due - b.due || a.index - b.index)
          expect(seen).toEqual(expected)
          expect(clock.nowMs()).toBe(startMs + total)
        },
      ),
      { numRuns: 100 },
    )
  })

  it('lets a sleeper go on, and set new timers, before a later timer runs', async () => {
    const clock = createVirtualClock(startMs)
    const seen: string[] = []
    const sleeper = async () => {
      for (let round = 1; round <= 3; round += 1) {
        await clock.sleep(10)
        seen.push(`round ${round} at ${clock.monotonicMs()}`)
      }
    }
    void sleeper()
    clock.after(25, () => seen.push('timer at 25'))
    await clock.advance(100)
    expect(seen).toEqual(['round 1 at 10', 'round 2 at 20', 'timer at 25', 'round 3 at 30'])
  })

  it('runs no cancelled timer and ends a sleep when its signal is aborted', async () => {
    const clock = createVirtualClock(startMs)
    const abort = new AbortController()
    let ran = false
    clock
      .after(5, () => {
        ran = true
      })
      .cancel()
    const sleep = clock.sleep(1_000_000, abort.signal)
    abort.abort()
    await sleep
    await clock.sleep(1_000_000, abort.signal)
    await clock.advance(10)
    expect([ran, clock.nextTimerInMs()]).toEqual([false, undefined])
  })

  it('jumps its wall clock without moving its timers', async () => {
    const clock = createVirtualClock(startMs)
    clock.after(1000, () => undefined)
    clock.jumpWallClock(-3_600_000)
    expect([clock.nowMs(), clock.monotonicMs(), clock.nextTimerInMs()]).toEqual([startMs - 3_600_000, 0, 1000])
  })

  it('gives on what a timer throws, and can be advanced again', async () => {
    const clock = createVirtualClock(startMs)
    clock.after(5, () => {
      throw new Error('from a timer')
    })
    await expect(clock.advance(10)).rejects.toThrow('from a timer')
    await clock.advance(5)
    expect(clock.monotonicMs()).toBe(10)
  })

  it('refuses to go back and to be advanced by two at once', async () => {
    const clock = createVirtualClock(startMs)
    await expect(clock.advance(-1)).rejects.toThrow('0 ms or more')
    const first = clock.advance(10)
    await expect(clock.advance(10)).rejects.toThrow('one caller')
    await first
  })
})
