/** The commands of the sync without a running controller, on a real workspace and a sandbox over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { documents, trueup, trueupJson } from '../support/cli.ts'
import { createSyncWorld, type SyncWorld } from '../support/sync-world.ts'

const runsSchema = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      table: z.string(),
      state: z.string(),
      moved: z.number(),
      actions: z.array(z.object({ verb: z.string(), changed: z.number() })),
      openConflicts: z.number(),
      waitingActions: z.number(),
    }),
  ),
})
const statusSchema = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      counts: z.record(z.string(), z.number()),
      openConflicts: z.number(),
      webhook: z.boolean(),
      lastPullAt: z.string().nullable(),
      calls: z.object({ made: z.number(), limit: z.number().nullable() }).nullable(),
    }),
  ),
})
const conflictsSchema = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      leadId: z.string(),
      field: z.string().nullable(),
      kind: z.string(),
      state: z.string(),
      localValue: z.json(),
      airtableValue: z.json(),
      baseValue: z.json(),
      choice: z.string().nullable(),
    }),
  ),
})
const verifySchema = z.object({
  equal: z.boolean(),
  tables: z.array(
    z.object({ table: z.string(), localCount: z.number(), airtableCount: z.number(), cells: z.number() }),
  ),
  items: z.array(
    z.object({
      id: z.string(),
      key: z.string(),
      field: z.string().nullable(),
      local: z.json(),
      airtable: z.json(),
      why: z.string(),
    }),
  ),
})
const resolvedSchema = z.object({
  id: z.string(),
  state: z.string(),
  choice: z.string(),
  actionId: z.string().nullable(),
})

let world: SyncWorld
const json = <Document>(args: readonly string[], schema: z.ZodType<Document>) =>
  trueupJson(args, schema, { in: world.workspace.folder })

describe('without a controller', () => {
  beforeAll(async () => {
    world = await createSyncWorld({ leads: 8 })
  })
  afterAll(() => world.close())

  test('what was pushed is there, the status says so, and verify proves it', async () => {
    expect(world.remote().size).toBe(8)
    const { status, document } = await json(['sync', 'status'], statusSchema)
    expect(status).toBe(0)
    expect(document.items).toMatchObject([
      { id: 'leads', counts: { synced: 8, pending: 0, conflict: 0 }, openConflicts: 0, webhook: true },
    ])
    expect(document.items[0]?.calls).toMatchObject({ limit: 100_000 })
    expect(document.items[0]?.lastPullAt).not.toBeNull()
    const verified = await json(['sync', 'verify'], verifySchema)
    expect(verified).toMatchObject({ status: 0, document: { equal: true, items: [] } })
    expect(verified.document.tables).toEqual([expect.objectContaining({ localCount: 8, airtableCount: 8, cells: 40 })])
  })

  test('push and pull say what they moved', async () => {
    world.editHere('k6', 'title', 'CTO')
    const pushed = await json(['sync', 'push', 'leads'], runsSchema)
    expect(pushed).toMatchObject({ status: 0, document: { items: [{ state: 'done', moved: 1 }] } })
    expect(world.remote().get('k6')?.cells.Title).toBe('CTO')

    world.editThere('k7', { Title: 'Head of Sales' })
    const pulled = await trueup(['sync', 'pull'], { in: world.workspace.folder })
    expect(pulled.stdout).toContain('1 moved')
    expect(pulled.status).toBe(0)
    expect(world.here('k7')).toMatchObject({ title: 'Head of Sales' })

    const again = await trueup(['sync', 'pull', '--full'], { in: world.workspace.folder })
    expect(again).toMatchObject({ status: 0, stdout: expect.stringContaining('nothing to move') })
  })

  test('a conflict waits for a person, who may take either side, neither, or another value', async () => {
    for (const key of ['k0', 'k1', 'k2', 'k3']) {
      world.editHere(key, 'title', `${key} here`)
      world.editThere(key, { Title: `${key} there` })
    }
    const pulled = await json(['sync', 'pull'], runsSchema)
    expect(pulled).toMatchObject({ status: 2, document: { items: [{ moved: 0, openConflicts: 4 }] } })
    expect(await json(['sync', 'status'], statusSchema)).toMatchObject({
      status: 2,
      document: { items: [{ counts: { conflict: 4, synced: 4 } }] },
    })

    const listed = await json(['conflicts'], conflictsSchema)
    expect(listed.status).toBe(2)
    const found = new Map(listed.document.items.map((one) => [one.leadId, one]))
    expect(found.get('k0')).toMatchObject({
      field: 'title',
      kind: 'values',
      state: 'open',
      localValue: 'k0 here',
      airtableValue: 'k0 there',
      baseValue: 'CEO',
    })
    const text = await trueup(['conflicts', '--table', 'leads'], { in: world.workspace.folder })
    expect(text.stdout).toMatch(/"k0 here".*\n.*"k0 there"/)

    const choices = {
      k0: ['--take', 'local'],
      k1: ['--take', 'airtable'],
      k2: ['--take', 'apart'],
      k3: ['--value', 'both'],
    }
    for (const [key, choice] of Object.entries(choices)) {
      const resolved = await json(
        ['resolve', found.get(key)?.id ?? '', ...choice, '--comment', 'asked Ann'],
        resolvedSchema,
      )
      expect(resolved, key).toMatchObject({ status: 0, document: { state: 'resolved' } })
    }
    expect((await json(['conflicts'], conflictsSchema)).status).toBe(0)
    expect(await json(['sync', 'push'], runsSchema)).toMatchObject({ status: 0 })

    const titles = Object.keys(choices).map((key) => [world.here(key)?.title, world.remote().get(key)?.cells.Title])
    expect(titles).toEqual([
      ['k0 here', 'k0 here'],
      ['k1 there', 'k1 there'],
      ['k2 here', 'k2 there'],
      ['both', 'both'],
    ])
    const all = await json(['conflicts', '--all'], conflictsSchema)
    expect(all.document.items.map(({ choice }) => choice).sort()).toEqual(['airtable', 'apart', 'apart', 'local'])
    // What was left apart is named as such.
    expect(await json(['sync', 'verify'], verifySchema)).toMatchObject({
      status: 2,
      document: { items: [{ id: 'leads/k2/title', why: 'apart', local: 'k2 here', airtable: 'k2 there' }] },
    })
    world.editHere('k2', 'title', 'k2 again')
    expect(await json(['sync', 'push'], runsSchema)).toMatchObject({ status: 0 })
    expect(world.remote().get('k2')?.cells.Title).toBe('k2 again')
  })

  test('the journal names who chose what and why, and holds no value', async () => {
    const entries = world.journal("SELECT type, actor, body FROM entries WHERE type = 'conflict.resolved'")
    expect(entries).toHaveLength(4)
    for (const { actor, body } of entries) {
      expect(actor).toMatch(/^local:/)
      expect(body).toMatch(/"comment":"asked Ann"/)
      expect(body).toMatch(/"choice":"(local|airtable|apart|value)"/)
      expect(body).not.toMatch(/ here| there|both/)
    }
  })

  test('a choice on values that changed since is refused, and one on nothing is an error', async () => {
    world.editHere('k4', 'title', 'first')
    world.editThere('k4', { Title: 'theirs' })
    await trueup(['sync', 'pull'], { in: world.workspace.folder })
    const [conflict] = (await json(['conflicts'], conflictsSchema)).document.items
    world.editHere('k4', 'title', 'second')
    await trueup(['sync', 'pull'], { in: world.workspace.folder })
    const stale = await json(['resolve', conflict?.id ?? '', '--take', 'local'], documents.error)
    expect(stale).toMatchObject({ status: 3, document: { error: { code: 'CONFLICT_STALE' } } })
    const [next] = (await json(['conflicts'], conflictsSchema)).document.items
    expect(next).toMatchObject({ localValue: 'second', airtableValue: 'theirs' })
    expect(await json(['resolve', next?.id ?? '', '--take', 'airtable'], resolvedSchema)).toMatchObject({ status: 0 })
    expect(await json(['resolve', next?.id ?? '', '--take', 'local'], documents.error)).toMatchObject({
      status: 3,
      document: { error: { message: expect.stringContaining('has chosen already') } },
    })
    expect(await json(['resolve', 'none', '--take', 'local'], documents.error)).toMatchObject({
      status: 1,
      document: { error: { code: 'NOT_FOUND' } },
    })
    await trueup(['sync', 'push'], { in: world.workspace.folder })
    expect(world.here('k4')).toMatchObject({ title: 'theirs' })
  })

  test('verify finds what differs, whatever was remembered', async () => {
    world.editThere('k5', { Title: 'planted', Verified: true })
    world.addThere({ 'Full Name': 'Zoe', Email: 'zoe@x.example' })
    const { status, document } = await json(['sync', 'verify'], verifySchema)
    expect(status).toBe(2)
    expect(document.equal).toBe(false)
    expect(document.items).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ key: 'k5', field: 'title', local: 'CEO', airtable: 'planted', why: 'differs' }),
        expect.objectContaining({ key: 'k5', field: 'verified', local: false, airtable: true }),
        expect.objectContaining({ field: null, why: 'only-in-airtable' }),
      ]),
    )
    const text = await trueup(['sync', 'verify'], { in: world.workspace.folder })
    expect(text.stdout).toContain('title: "CEO" here, "planted" in Airtable')
    // Only looking: nothing was taken over.
    expect(world.here('k5')).toMatchObject({ title: 'CEO' })
  })

  test('a table without a mirror is named as such', async () => {
    for (const command of ['push', 'verify']) {
      const answer = await json(['sync', command, 'none'], documents.error)
      expect(answer.document.error).toMatchObject({ code: 'NOT_FOUND', hint: 'Mirrored are: leads' })
    }
  })
})
