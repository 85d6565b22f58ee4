/**
 * `kill -9` of the real process while it pushes and pulls, at a base that drops replies, stalls, fails and repeats itself:
 * afterwards both sides are equal, no record is doubled, and no edit of either side is lost.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom } from '../../src/random.ts'
import type { FaultInput } from '../../src/sandbox/faults/fault.ts'
import { startTrueup, trueup } from '../support/cli.ts'
import { createSyncWorld, type SyncWorld } from '../support/sync-world.ts'

/** `npm run soak:sync` kills a hundred times. */
const kills = Number(process.env.SYNC_KILLS ?? 5)
const seed = Number(process.env.SYNC_SEED ?? 20261126)
const leads = 40
const editsPerRound = 6

const faults: readonly FaultInput[] = [
  { kind: 'drop-reply', times: 1 },
  { kind: 'drop-reply', method: 'PATCH', times: 2 },
  { kind: 'server-error', commit: true, times: 1 },
  { kind: 'server-error', times: 2 },
  { kind: 'unavailable', commit: true, times: 1 },
  { kind: 'html', times: 1 },
  { kind: 'truncate', method: 'PATCH', times: 1 },
  { kind: 'duplicate-payloads', times: 2 },
  { kind: 'split-payloads', times: 2 },
  { kind: 'expire-iterators', times: 1 },
]

let world: SyncWorld
beforeAll(async () => {
  world = await createSyncWorld({ leads, isTrusting: true })
}, 120_000)
afterAll(() => world.close())

test(`killed ${kills} times in the midst of a push or a pull (seed ${seed})`, async () => {
  const random = seededRandom(seed)
  const below = (max: number) => Math.floor(random.next() * max)
  const folder = world.workspace.folder
  /** The newest value of each cell: titles are edited here, companies there. */
  const expected = new Map(Array.from({ length: leads }, (_, index) => [`k${index}`, { title: 'CEO', company: '' }]))
  /** People whom colleagues added, by name: their key is made by Trueup. */
  const bornThere = new Set<string>()
  let killed = 0
  for (let round = 0; killed < kills; round += 1) {
    if (round > kills * 4) throw new Error(`only ${killed} of ${round} runs were killed before their end`)
    for (let edit = 0; edit < editsPerRound; edit += 1) {
      const mine = `k${below(leads)}`
      world.editHere(mine, 'title', `Title ${round}.${edit}`)
      expected.set(mine, { ...cellsOf(expected, mine), title: `Title ${round}.${edit}` })
      const theirs = `k${below(leads)}`
      world.editThere(theirs, { Company: `Company ${round}.${edit}` })
      expected.set(theirs, { ...cellsOf(expected, theirs), company: `Company ${round}.${edit}` })
    }
    const key = `n${round}`
    world.workspace.write(
      `INSERT INTO leads (id, full_name, email, title) VALUES ('${key}', 'New ${round}', 'n${round}@x.example', 'CTO')`,
    )
    expected.set(key, { title: 'CTO', company: '' })
    bornThere.add(`Theirs ${round}`)
    world.addThere({ 'Full Name': `Theirs ${round}`, Email: `t${round}@x.example` })
    const fault = faults[below(faults.length)]
    if (fault !== undefined) world.control.addFault({ ...fault, after: below(4) })
    const from = world.control.requests().length
    const run = startTrueup(['sync', round % 2 === 0 ? 'push' : 'pull'], { in: folder })
    const at = from + 1 + below(6)
    const delayMs = below(25)
    while (!run.hasEnded() && world.control.requests().length < at) await pause(1)
    await pause(delayMs)
    if (run.hasEnded()) continue
    await run.kill()
    killed += 1
  }
  world.control.clearFaults()

  for (const command of ['push', 'pull', 'push']) {
    const { status, stdout, stderr } = await trueup(['sync', command], { in: folder })
    expect(status, `${stdout}${stderr}`).toBe(0)
  }
  const verify = await trueup(['sync', 'verify'], { in: folder })
  expect(verify.status, verify.stdout).toBe(0)

  const here = world.workspace.rows('SELECT id, full_name, title, company FROM leads')
  const all = world.control.colleague(world.baseId).records('Leads')
  expect(all.length).toBe(expected.size + bornThere.size)
  expect(world.remote().size).toBe(all.length)
  expect(here.length).toBe(all.length)
  for (const [key, cells] of expected) {
    const row = here.find(({ id }) => id === key)
    expect({ key, title: row?.title, company: row?.company ?? '' }).toEqual({ key, ...cells })
  }
  const names = here.map(({ full_name }) => full_name)
  for (const name of bornThere) expect(names.filter((one) => one === name)).toEqual([name])
}, 1_800_000)

function cellsOf(expected: ReadonlyMap<string, { title: string; company: string }>, key: string) {
  const found = expected.get(key)
  if (found === undefined) throw new Error(`${key} is no lead of this test`)
  return found
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds))
}
