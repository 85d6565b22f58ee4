import { describe, expect, it } from 'vitest'
import type { WorkView } from '../api/work-port.ts'
import { createWorkBook, type ReportProgress } from '../engine/work-book.ts'
import { createVirtualClock } from '../sim/virtual-clock.ts'
import { createWorkPort } from './work-port.ts'

const look = { runId: 'run-1', resource: 'table/leads', verb: 'look', title: 'Look at table/leads' }

/** Work that goes on until it is ended, and says how far it is whenever that is told. */
function begin(book: ReturnType<typeof createWorkBook>, of: typeof look & { readonly actionId?: string }) {
  let report: ReportProgress = () => undefined
  let end: () => void = () => undefined
  const ended = book.during(of, (progress) => {
    report = progress
    return new Promise<void>((resolve) => {
      end = resolve
    })
  })
  return {
    report: (...how: Parameters<ReportProgress>) => report(...how),
    async end() {
      end()
      await ended
    },
  }
}

function newPort() {
  const clock = createVirtualClock(Date.UTC(2026, 0, 5))
  const work = createWorkBook(clock)
  return { clock, work, port: createWorkPort({ work }, clock) }
}

describe('the work under way', () => {
  it('is told once it has lasted for a second, how far it is, how fast, and how long it still takes', async () => {
    const { clock, work, port } = newPort()
    const looking = begin(work, look)
    const sentence = () => port.underWay()[0]?.sentence
    expect(port.underWay()).toEqual([])
    await clock.advance(1000)
    expect(sentence()).toBe('Look at table/leads, for 1 s')
    looking.report(0, 1_000_000)
    for (let second = 1; second <= 15; second += 1) {
      await clock.advance(1000)
      looking.report(second * 8000, 1_000_000)
    }
    expect(sentence()).toBe('Look at table/leads: 120,000 of 1,000,000 (12 %), 8,000 a second, about 2 min left')
    expect(port.underWay()).toMatchObject([
      { resource: { kind: 'table', name: 'leads' }, actionId: null, perSecond: 8000, left: { fromMs: 110_000 } },
    ])
    await clock.advance(20_000)
    expect(sentence(), 'nothing was heard of it').toBe(
      'Look at table/leads: 120,000 of 1,000,000 (12 %), 8,000 a second',
    )
    await looking.end()
    expect(port.underWay()).toEqual([])
  })

  it('counts bytes where they are told, and has no share where nobody knows how much there is', async () => {
    const { clock, work, port } = newPort()
    const backup = begin(work, { ...look, resource: 'backup/nightly', title: 'Back up main', actionId: 'a1' })
    await clock.advance(2000)
    backup.report(4200, 0)
    expect(port.underWay()).toMatchObject([{ sentence: 'Back up main: 4,200 so far, for 2 s', total: null }])
    backup.report(250_000_000, 1_000_000_000, 'bytes')
    expect(port.underWay()).toMatchObject([
      { sentence: 'Back up main: 250 MB of 1,000 MB (25 %), for 2 s', unit: 'bytes', actionId: 'a1', left: null },
    ])
    await backup.end()
  })

  it('is watched from its begin to its end', async () => {
    const { clock, work, port } = newPort()
    const aborter = new AbortController()
    const seen: (readonly WorkView[])[] = []
    const watching = (async () => {
      for await (const now of port.watch(aborter.signal)) seen.push(now)
    })()
    const looking = begin(work, look)
    for (let second = 0; second < 4; second += 1) await clock.advance(1000)
    await looking.end()
    for (let second = 0; second < 2; second += 1) await clock.advance(1000)
    aborter.abort()
    await watching
    const told = seen.map((now) => now.map(({ title }) => title))
    expect(told[0]).toEqual([])
    expect(told).toContainEqual(['Look at table/leads'])
    expect(told.at(-1)).toEqual([])
  })
})
