import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { shortHashOf } from '../../json.ts'
import { openLog } from '../../log.ts'
import { seededRandom } from '../../random.ts'
import { SlidingWindow } from '../../sandbox/limits/sliding-window.ts'
import { createVirtualClock, type VirtualClock } from '../../sim/virtual-clock.ts'
import { createPace, type Pace, type Permit, type PermitWish } from './pace.ts'
import { permitRuleOf, permitsIn } from './permits.ts'
import { openRuntimeFile } from './runtime-file.ts'

const startMs = Date.UTC(2026, 10, 20)
const deadlineMs = 30_000
const about = { endpointUrl: 'https://api.airtable.com', base: 'appTest0000000001', nowMs: startMs }

let folder = ''
let clock: VirtualClock
let paces: Pace[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pace-'))
  clock = createVirtualClock(startMs)
  paces = []
})
afterEach(() => {
  for (const pace of paces) pace.close()
  rmSync(folder, { recursive: true, force: true })
})

let seeds = 0
/** A pace as one process has it; all of one test share a file. */
function openPace(
  options: { requestsPerSecond?: number; boot?: string; place?: string; clock?: VirtualClock } = {},
): Pace {
  const place = options.place ?? join(folder, 'run')
  seeds += 1
  const pace = createPace({
    open: () => openRuntimeFile(place, about),
    requestsPerSecond: options.requestsPerSecond ?? 5,
    boot: options.boot ?? 'boot',
    clock: options.clock ?? clock,
    random: seededRandom(seeds),
    log: openLog('silent'),
  })
  paces.push(pace)
  return pace
}

const wish = (priority: PermitWish['priority'] = 'write', signal = new AbortController().signal): PermitWish => ({
  priority,
  deadlineMs,
  signal,
  doing: 'testing',
})

/** Whether a permit is there within so many milliseconds. */
async function within(taking: Promise<Permit>, ms: number): Promise<Permit | undefined> {
  let got: Permit | undefined
  void taking.then(
    (permit) => {
      got = permit
    },
    () => undefined,
  )
  await clock.advance(ms)
  return got
}

describe('the permits of a base', () => {
  it('are five, each back a second after its answer', async () => {
    const pace = openPace()
    const first = await Promise.all(Array.from({ length: 5 }, () => pace.take(wish())))
    const sixth = pace.take(wish())
    expect(await within(sixth, 5000)).toBeUndefined()
    first[2]?.answered()
    expect(await within(sixth, 999)).toBeUndefined()
    expect(await within(sixth, 1)).toBeDefined()
  })

  it('come back 31 seconds after a call that got no answer: it may arrive for 30, and then a second has to pass', async () => {
    const pace = openPace()
    const all = await Promise.all(Array.from({ length: 5 }, () => pace.take(wish())))
    for (const permit of all) permit.lost()
    const next = pace.take(wish())
    expect(await within(next, 30_999)).toBeUndefined()
    expect(await within(next, 1)).toBeDefined()
  })

  it('follow the declared pace, never above it', () => {
    expect([1, 2.5, 5, 0.5, 0.01].map((pace) => permitRuleOf(pace))).toEqual([
      { permits: 1, backAfterMs: 1000 },
      { permits: 2, backAfterMs: 1000 },
      { permits: 5, backAfterMs: 1000 },
      { permits: 1, backAfterMs: 2000 },
      { permits: 1, backAfterMs: 100_000 },
    ])
  })

  it('go to writes before reads before polls, in the order of asking among equals', async () => {
    const pace = openPace({ requestsPerSecond: 1 })
    let permit = await pace.take(wish())
    const served: string[] = []
    const ask = (name: string, priority: PermitWish['priority']) =>
      pace.take(wish(priority)).then((got) => {
        served.push(name)
        permit = got
      })
    void ask('poll', 'poll')
    void ask('read', 'read')
    void ask('first write', 'write')
    void ask('second write', 'write')
    for (let calls = 0; calls < 4; calls += 1) {
      permit.answered()
      await clock.advance(1000)
    }
    expect(served).toEqual(['first write', 'second write', 'read', 'poll'])
  })

  it('go to a poll in the end, however many writes there are', async () => {
    const pace = openPace({ requestsPerSecond: 1 })
    let polled = false
    let permit = await pace.take(wish())
    void pace.take(wish('poll')).then((got) => {
      polled = true
      permit = got
    })
    for (let calls = 0; calls < 70 && !polled; calls += 1) {
      const write = pace.take(wish())
      write.then(
        (got) => {
          permit = got
        },
        () => undefined,
      )
      permit.answered()
      await clock.advance(1000)
    }
    expect(polled).toBe(true)
  })

  it('are left by who does not want any longer', async () => {
    const pace = openPace({ requestsPerSecond: 1 })
    const permit = await pace.take(wish())
    const stopped = new AbortController()
    const second = pace.take(wish('write', stopped.signal))
    const third = pace.take(wish())
    stopped.abort()
    await expect(second).rejects.toMatchObject({ code: 'ACTION_DEADLINE' })
    permit.answered()
    expect(await within(third, 1000)).toBeDefined()
  })
})

describe('several processes', () => {
  it('share the permits and the order', async () => {
    const [one, two] = [openPace({ requestsPerSecond: 2 }), openPace({ requestsPerSecond: 2 })]
    const first = await one.take(wish('poll'))
    await two.take(wish('poll'))
    const poll = one.take(wish('poll'))
    await clock.advance(10)
    const write = two.take(wish('write'))
    await clock.advance(10)
    first.answered()
    expect(await within(write, 1100)).toBeDefined()
    expect(await within(poll, 5000)).toBeUndefined()
  })

  it('all rest when one of them was refused for too many calls, and hear it at once when it lasts', async () => {
    const [one, two] = [openPace(), openPace()]
    one.rest(30_000)
    const waiting = two.take(wish())
    expect(await within(waiting, 29_999)).toBeUndefined()
    expect(await within(waiting, 251)).toBeDefined()
    one.rest(300_000)
    await expect(two.take(wish())).rejects.toMatchObject({
      code: 'AIRTABLE_RATE_LIMITED',
      retryAtMs: clock.nowMs() + 300_000,
    })
  })

  it('are not held up for good by one that was killed', async () => {
    const alive = openPace({ requestsPerSecond: 1 })
    const file = openRuntimeFile(join(folder, 'run'), about)
    const dead = permitsIn(file.db, permitRuleOf(1), { fileId: 'dead', boot: 'boot', nowMs: clock.monotonicMs() })
    const times = { nowMs: clock.monotonicMs(), wallMs: clock.nowMs(), deadlineMs }
    const waiter = { pace: 'dead', rank: 0, sinceMs: 0 }
    expect(dead.take(waiter, 'a call', times)).toMatchObject({ is: 'taken' })
    expect(dead.take(waiter, 'another', times)).toMatchObject({ is: 'wait' })
    file.db.close()
    const next = alive.take(wish())
    expect(await within(next, deadlineMs + 31_000 - 1)).toBeUndefined()
    expect(await within(next, 1)).toBeDefined()
  })

  it('take nothing over from before a restart of the machine', async () => {
    const before = openPace()
    await Promise.all(Array.from({ length: 5 }, () => before.take(wish())))
    before.rest(1_000_000)
    before.close()
    paces = []
    clock = createVirtualClock(startMs)
    const after = openPace({ boot: 'another boot' })
    expect(await within(after.take(wish()), 999)).toBeUndefined()
    expect(await within(after.take(wish()), 1)).toBeDefined()
  })

  it('count every call once, by month', async () => {
    const [one, two] = [openPace(), openPace()]
    for (const pace of [one, two, one]) (await pace.take(wish())).answered()
    await clock.advance(20 * 86_400_000)
    ;(await two.take(wish())).answered()
    expect(one.counted()).toEqual(two.counted())
    expect(one.counted().months).toEqual([
      { month: '2026-11', calls: 3 },
      { month: '2026-12', calls: 1 },
    ])
  })

  it('never break a strict window of a second, whatever the network does', async () => {
    const trip = fc.record({
      there: fc.oneof(fc.integer({ min: 0, max: 400 }), fc.constantFrom(0, 1, 2000)),
      back: fc.integer({ min: 0, max: 900 }),
      lost: fc.constantFrom(false, false, true),
      process: fc.integer({ min: 0, max: 2 }),
      pauseMs: fc.constantFrom(0, 0, 0, 100, 1500),
      priority: fc.constantFrom<PermitWish['priority']>('write', 'read', 'poll'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(trip, { minLength: 10, maxLength: 40 }), async (trips) => {
        const own = createVirtualClock(startMs)
        const place = mkdtempSync(join(folder, 'p'))
        const opened = [0, 1, 2].map(() => openPace({ place, clock: own }))
        const arrivals: number[] = []
        let open = trips.length
        const send = async ({ there, back, lost, process, priority }: (typeof trips)[number]) => {
          const permit = await opened[process]?.take(wish(priority))
          // What got no answer in time may still arrive for 30 seconds.
          if (lost) permit?.lost()
          await own.sleep(lost ? there * 15 : there)
          arrivals.push(own.monotonicMs())
          await own.sleep(back)
          if (!lost) permit?.answered()
          open -= 1
        }
        for (const one of trips) {
          void send(one)
          if (one.pauseMs > 0) await own.advance(one.pauseMs)
        }
        while (open > 0) await own.advance(5000)
        const window = new SlidingWindow(5, 1000, 30_000)
        expect(arrivals.every((atMs) => window.admit(atMs))).toBe(true)
        for (const pace of opened) pace.close()
      }),
      { numRuns: 20 },
    )
  }, 120_000)
})

describe('an unbroken stream of writes', () => {
  it.each([
    [60, 1],
    [180, 1],
    [180, 3],
  ])(
    'whose answers take %i ms keeps to 98 percent of what the rule allows, from %i processes',
    async (travelMs, processes) => {
      const opened = Array.from({ length: processes }, () => openPace())
      const rounds = 60
      let answered = 0
      const stream = async (pace: Pace, calls: number) => {
        await Promise.all(
          Array.from({ length: calls }, async () => {
            const permit = await pace.take(wish())
            await clock.sleep(travelMs)
            permit.answered()
            answered += 1
          }),
        )
      }
      const calls = rounds * 5
      const streams = opened.map((pace) => stream(pace, calls / processes))
      const idealMs = (rounds - 1) * (1000 + travelMs) + travelMs
      await clock.advance(Math.ceil(idealMs / 0.98))
      expect(answered).toBe(calls)
      await Promise.all(streams)
    },
  )
})

describe('the file of permits', () => {
  it('lies in a folder of its user alone, and is readable by nobody else', () => {
    const place = join(folder, 'run')
    mkdirSync(place, { mode: 0o755 })
    chmodSync(place, 0o755)
    const file = openRuntimeFile(place, about)
    expect(statSync(place).mode & 0o777).toBe(0o700)
    expect(statSync(file.db.name).mode & 0o777).toBe(0o600)
    file.db.close()
  })

  it('is removed with what lies beside it when nobody has called for two months, and no other is', async () => {
    const place = join(folder, 'run')
    mkdirSync(place)
    const names = ['airtable-0123456789ab.db', 'airtable-0123456789ab.db-wal', 'airtable-ba9876543210.db', 'other.db']
    for (const name of names) {
      writeFileSync(join(place, name), '')
      utimesSync(join(place, name), startMs / 1000 - 63 * 86_400, startMs / 1000 - 63 * 86_400)
    }
    const used = join(place, 'airtable-ba9876543210.db-wal')
    writeFileSync(used, '')
    utimesSync(used, startMs / 1000, startMs / 1000)
    openRuntimeFile(place, about).db.close()
    expect(
      readdirSync(place).filter(
        (name) => !name.includes(shortHashOf({ endpoint: about.endpointUrl, base: about.base })),
      ),
    ).toEqual(['airtable-ba9876543210.db', 'airtable-ba9876543210.db-wal', 'other.db'])
  })

  it('is done without where it cannot be had, with half of the permits', async () => {
    const place = join(folder, 'taken')
    writeFileSync(place, 'a file where the folder should be')
    const pace = openPace({ place })
    expect(pace.isShared()).toBe(false)
    await Promise.all([pace.take(wish()), pace.take(wish())])
    expect(await within(pace.take(wish()), 20_000)).toBeUndefined()
  })

  it('is found again when somebody cleared the temporary folder', async () => {
    const pace = openPace()
    rmSync(join(folder, 'run'), { recursive: true })
    await clock.advance(61_000)
    expect(await within(pace.take(wish()), 1000)).toBeDefined()
    expect(pace.isShared()).toBe(true)
    expect(openPace().counted().fileId).toBe(pace.counted().fileId)
  })
})
