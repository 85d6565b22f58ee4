/**
 * Airtable does not answer for half an hour (`npm run soak:degradation`: for a day): it is asked seldom, told of once, and what was
 * written here and there meanwhile is caught up with few calls.
 */
import { expect, test } from 'vitest'
import { createLoop } from '../../src/engine/loop.ts'
import { openLog } from '../../src/log.ts'
import { seededRandom } from '../../src/random.ts'
import { openSyncWorld } from './world.ts'

const isLong = process.env.DEGRADATION === 'all'
const rounds = isLong ? 24 : 3
const roundMs = isLong ? 3_600_000 : 600_000
const hours = (rounds * roundMs) / 3_600_000
const leads = 30

test(`Airtable down for ${hours} hours: few calls, one condition, few events, and all is caught up`, async () => {
  const world = await openSyncWorld({ declared: { airtable: { pull: { every: '10m' } } } })
  const loop = createLoop({
    engine: world.engine,
    kinds: world.kinds,
    clock: world.clock,
    random: seededRandom(3),
    log: openLog('silent'),
    onInvariantViolation: (error) => {
      throw error
    },
  })
  const pass = (ms: number) => world.pump(world.clock.sleep(ms))
  try {
    for (let n = 0; n < leads; n += 1) world.insert({ id: `k${n}`, full_name: `Person ${n}`, email: `p${n}@x.example` })
    loop.start()
    await pass(10 * 60_000)
    expect(Object.keys(world.records())).toHaveLength(leads)
    world.calls()

    world.sandbox.control.addFault({ kind: 'drop-request' })
    for (let round = 0; round < rounds; round += 1) {
      // Agents go on writing.
      world.update(`k${round}`, { company: `Company ${round}` })
      await pass(roundMs)
    }
    const tried = world.calls()
    // The breaker lets one probe through each five minutes at the most once it has opened.
    expect(tried).toBeLessThanOrEqual(12 * hours + 40)
    const [status] = world.engine.statuses.all()
    const holding = status?.conditions.filter((one) => one.status === 'true') ?? []
    expect(holding.map(({ reason }) => reason)).toEqual(['AirtableUnreachable'])
    expect(status?.conditions.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'unknown' })
    // Those of the start among them; they count up and do not grow with the hours.
    expect(world.events.page(0, 1000).length).toBeLessThanOrEqual(10)
    const planned = world.journal.db.prepare<[], number>('SELECT count(*) FROM actions').pluck().get() ?? 0
    expect(planned).toBeLessThanOrEqual(rounds + 4)

    world.colleague().updateRecord('Leads', idOf('k29'), { Company: 'Written there' })
    world.sandbox.control.clearFaults()
    // By the next probe and poll, and without anybody doing anything.
    await pass(20 * 60_000)
    const byKey = new Map(Object.values(world.records()).map((cells) => [cells['Lead ID'], cells.Company]))
    for (let round = 0; round < rounds; round += 1) expect(byKey.get(`k${round}`)).toBe(`Company ${round}`)
    expect(world.rows().k29?.company).toBe('Written there')
    expect(world.calls()).toBeLessThanOrEqual(40)
    expect(world.engine.statuses.all()[0]?.conditions.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'true',
    })
  } finally {
    await world.pump(loop.stop())
    await world.close()
  }

  function idOf(key: string): string {
    const found = Object.entries(world.records()).find(([, cells]) => cells['Lead ID'] === key)
    if (found === undefined) throw new Error(`${key} is not in the base`)
    return found[0]
  }
}, 1_200_000)
