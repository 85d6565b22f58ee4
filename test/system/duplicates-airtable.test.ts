/** A merge and the mirror in Airtable: the record of the one that goes follows as declared, stays away, and comes back by undo. */
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { documents, trueupJson } from '../support/cli.ts'
import { createSyncWorld, type SyncWorld } from '../support/sync-world.ts'

const worlds: SyncWorld[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})

const mergedSchema = z.object({ id: z.string(), actionId: z.string() })
const duplicates = `    duplicates:
      rules:
        - { name: email, exact: email, confidence: 0.97 }
        - { name: name, fuzzy: [full_name], threshold: 0.9 }
`

async function worldWith(leads: number, deletions: 'approve' | 'propagate' | 'ignore'): Promise<SyncWorld> {
  const world = await createSyncWorld({ leads })
  worlds.push(world)
  world.workspace.edit((yaml) => {
    const declared = yaml.replace('conflicts: manual,', `deletions: ${deletions}, conflicts: manual,`)
    return `${declared.trimEnd()}\n${duplicates}`
  })
  return world
}

const run = (world: SyncWorld, ...args: string[]) => trueupJson(args, z.unknown(), { in: world.workspace.folder })

async function merge(world: SyncWorld, survivor: string, loser: string): Promise<string> {
  const merged = await trueupJson(['leads', 'merge', survivor, loser, '--survivor', survivor], mergedSchema, {
    in: world.workspace.folder,
  })
  return merged.document.actionId
}

const waiting = async (world: SyncWorld) =>
  (await trueupJson(['approvals'], documents.approvals, { in: world.workspace.folder })).document.items

test('approve: the deletion of the record waits, no pull brings the row back, and undo brings both back', async () => {
  const world = await worldWith(5, 'approve')
  const before = world.here('k1')
  const actionId = await merge(world, 'k0', 'k1')
  await run(world, 'sync', 'pull')
  await run(world, 'apply')
  expect(world.here('k1')).toBeUndefined()
  expect(world.remote().has('k1')).toBe(true)
  const [deletion] = (await waiting(world)).filter(({ resource }) => resource.kind === 'sync')
  await run(world, 'approve', deletion?.id ?? '')
  await run(world, 'apply')
  expect(world.remote().has('k1')).toBe(false)
  expect(world.here('k1')).toBeUndefined()

  await trueupJson(['undo', actionId], documents.undo, { in: world.workspace.folder })
  await run(world, 'sync', 'push')
  expect(world.here('k1')).toEqual(before)
  expect(world.remote().get('k1')?.cells).toMatchObject({ 'Lead ID': 'k1' })
})

test('ignore: the record stays in Airtable and the row stays away', async () => {
  const world = await worldWith(5, 'ignore')
  await merge(world, 'k0', 'k1')
  await run(world, 'sync', 'pull')
  await run(world, 'sync', 'push')
  expect(world.here('k1')).toBeUndefined()
  expect(world.remote().has('k1')).toBe(true)
})

test('a pair across both sides: what is known by its address is named as a twin, what is alike is pulled and found', async () => {
  const world = await worldWith(40, 'approve')
  world.addThere({ 'Full Name': 'Person 3', Email: 'p3@x.example' })
  const alike = world.addThere({ 'Full Name': 'Ann-Kathrin Kowalczyk' })
  world.editHere('k7', 'full_name', 'Ann-Kathrin Kowalczyk')
  await run(world, 'sync', 'pull')
  const { document } = await trueupJson(['drift'], z.object({ items: z.array(z.object({ message: z.string() })) }), {
    in: world.workspace.folder,
  })
  expect(document.items.some(({ message }) => /twin|means? .*already|another record/iu.test(message))).toBe(true)
  const found = await trueupJson(
    ['leads', 'duplicates'],
    z.object({ items: z.array(z.object({ keys: z.array(z.string()) })) }),
    { in: world.workspace.folder },
  )
  expect(world.workspace.rows("SELECT count(*) AS n FROM leads WHERE email = 'p3@x.example'")).toEqual([{ n: 1 }])
  expect(world.workspace.rows("SELECT count(*) AS n FROM leads WHERE full_name LIKE 'Ann-K%'")).toEqual([{ n: 2 }])
  expect(alike).not.toBe('')
  expect(found.document.items.map(({ keys }) => keys.includes('k7'))).toEqual([true])
})
