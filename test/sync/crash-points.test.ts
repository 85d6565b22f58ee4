/**
 * The process dies at every request of a push and a pull, before Airtable sees it and after. The next process ends what was
 * begun: both sides equal, nothing doubled, no edit lost.
 */
import { expect, it } from 'vitest'
import { checkOutcome, type Ledger, newLedger } from './history-check.ts'
import { Crashed, openSyncWorld, type SyncWorld, signal } from './world.ts'

/** So many different points there are at least; a run of the suite takes every fourth, `npm run soak:sync` all of them. */
const pointsMin = 60
const step = process.env.SYNC_POINTS === 'all' ? 1 : 4

it('at whatever request the process dies, the next one ends what was begun', async () => {
  let points = 0
  for (const committed of [false, true]) {
    for (let at = committed ? 1 : 0; ; at += step) {
      if (!(await dieAt(at, committed))) break
      points += step
    }
  }
  expect(points).toBeGreaterThanOrEqual(pointsMin)
}, 600_000)

/** Plays the scenario with a death at that request; false where it has fewer requests. */
async function dieAt(at: number, committed: boolean): Promise<boolean> {
  const world = await openSyncWorld({
    latencyMs: 0,
    declared: {
      airtable: { conflicts: 'most_recent', deletions: 'propagate', push: { batch: 10 }, pull: { batch: 10 } },
      policy: { approvals: { low: 'auto', medium: 'auto', high: 'auto', critical: 'auto' } },
    },
  })
  try {
    world.target.feed.adopt(await world.pump(world.target.base.createWebhook({ signal })))
    const ledger = newLedger()
    world.crashAfter(at, committed)
    const died = await runTo(world, ledger)
    world.crashAfter(Number.POSITIVE_INFINITY, false)
    await settle(world)
    try {
      await checkOutcome(world, ledger, 'propagate')
    } catch (error) {
      throw new Error(`died at request ${at}${committed ? ' after it was committed' : ''}: ${String(error)}`)
    }
    return died
  } finally {
    await world.close()
  }
}

const leads = 24
const rounds = 8

/** First a push of all, then rounds of edits, new leads and a deletion on both sides; begun anew where the process died. */
async function runTo(world: SyncWorld, ledger: Ledger): Promise<boolean> {
  for (let index = 0; index < leads; index += 1) {
    const name = `Lead ${index}`
    world.insert({ id: `k-${index}`, full_name: name, email: `l${index}@acme.org`, company: 'Acme' })
    ledger.born.add(name)
  }
  let died = await runOrDie(world)
  for (let round = 0; round < rounds; round += 1) {
    await world.clock.advance(61_000)
    editBothSides(round, world, ledger)
    if (await runOrDie(world)) died = true
  }
  return died
}

function editBothSides(round: number, world: SyncWorld, ledger: Ledger): void {
  const byName = new Map(Object.entries(world.records()).map(([id, fields]) => [fields['Full Name'], id]))
  for (let index = round % 3; index < leads; index += 3) {
    const name = `Lead ${index}`
    if (ledger.deleted.has(name)) continue
    world.update(`k-${index}`, { company: `Mine ${round}` })
    ledger.edits.push({ side: 'local', name, field: 'company', value: `Mine ${round}` })
    const id = byName.get(name)
    if (id === undefined) continue
    world.colleague().updateRecord('Leads', id, { Score: round })
    ledger.edits.push({ side: 'remote', name, field: 'score', value: round })
  }
  const guest = `Guest ${round}`
  world.colleague().createRecord('Leads', { 'Full Name': guest, Email: `g${round}@acme.org` })
  ledger.born.add(guest)
  if (round % 4 === 3) {
    world.remove(`k-${round}`)
    ledger.deleted.add(`Lead ${round}`)
  }
}

async function runOrDie(world: SyncWorld): Promise<boolean> {
  try {
    await world.run()
    return false
  } catch (error) {
    if (!(error instanceof Crashed)) throw error
    await world.restart()
    return true
  }
}

async function settle(world: SyncWorld): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    await world.clock.advance(61_000)
    await world.run()
  }
}
