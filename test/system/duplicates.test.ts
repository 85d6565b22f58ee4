/**
 * Duplicates from finding to undo, by the command line on real files: sure ones are merged with all that refers to them,
 * the others wait, what a person said lasts, and a merge that is taken back leaves no trace.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { documents, startTrueup, trueupJson } from '../support/cli.ts'
import { type DuplicatesWorld, doubtfulOf, duplicatesWorld, keyOf, repeatOf } from '../support/duplicates-world.ts'
import { python } from '../support/python.ts'

const worlds: DuplicatesWorld[] = []
afterEach(() => {
  for (const world of worlds.splice(0)) world.remove()
})

function worldOf(options: Parameters<typeof duplicatesWorld>[0]): DuplicatesWorld {
  const world = duplicatesWorld(options)
  worlds.push(world)
  return world
}

const groupsSchema = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      state: z.string(),
      confidence: z.number(),
      rule: z.string(),
      keys: z.array(z.string()),
      survivorId: z.string(),
      pairs: z.array(z.object({ explanation: z.string() })),
      actionId: z.string().nullable(),
    }),
  ),
  counts: z.object({ merge: z.number(), review: z.number() }),
})
const mergedSchema = z.object({
  id: z.string(),
  removed: z.array(z.string()),
  references: z.array(z.object({ table: z.string(), count: z.number() })),
  actionId: z.string().nullable(),
})
const toldSchema = z.object({ ids: z.array(z.string()), actionId: z.string().nullable() })
const addedSchema = z.object({ id: z.string(), actionId: z.string().nullable(), matchedId: z.string().nullable() })
const listSchema = z.object({ items: z.array(z.unknown()) })
const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) })

const apply = async (world: DuplicatesWorld) =>
  (await trueupJson(['apply'], documents.apply, { in: world.folder })).document
const groups = async (world: DuplicatesWorld, ...args: string[]) =>
  (await trueupJson(['leads', 'duplicates', ...args], groupsSchema, { in: world.folder })).document
const undo = (world: DuplicatesWorld, id: string) => trueupJson(['undo', id], documents.undo, { in: world.folder })
const keysIn = (world: DuplicatesWorld) => world.rows('SELECT id FROM leads').map(({ id }) => id)

/** The table as declared, with nothing merged yet. */
async function prepared(options: Parameters<typeof duplicatesWorld>[0]): Promise<DuplicatesWorld> {
  const world = worldOf(options)
  await trueupJson(['apply', 'database/main', 'table/leads'], documents.apply, { in: world.folder })
  return world
}

function mergeOf(document: Awaited<ReturnType<typeof apply>>): string {
  const merges = document.run.executed.filter(({ verb }) => verb === 'merge')
  expect(merges).toHaveLength(1)
  return merges[0]?.id ?? ''
}

test('sure duplicates are merged with what refers to them, doubtful ones wait, and undo splits exactly what was merged', async () => {
  const world = await prepared({ people: 200, repeated: 5, doubtful: 3 })
  const before = world.content()

  const applied = await apply(world)
  const merge = mergeOf(applied)
  expect(keysIn(world)).toHaveLength(203)
  // The newest record stays, and takes what it lacks.
  expect(world.rows(`SELECT * FROM leads WHERE id = '${repeatOf(0)}'`)).toMatchObject([
    {
      email: expect.stringContaining('@'),
      phone: '+12125551000',
      title: 'CTO',
      tags: 'new, old',
      ai_message: 'Dear Ann',
      created_at: '2026-01-01T10:00:00.000Z',
    },
  ])
  expect(world.rows(`SELECT text FROM calls WHERE lead_id = '${repeatOf(0)}' ORDER BY id`)).toEqual([
    { text: 'first call' },
    { text: 'second call' },
  ])
  // A member of the same campaign twice is one member.
  expect(world.rows(`SELECT campaign FROM campaign_members WHERE lead_id = '${repeatOf(0)}' ORDER BY 1`)).toEqual([
    { campaign: 'spring' },
    { campaign: 'summer' },
  ])
  expect(world.rows('PRAGMA foreign_key_check')).toEqual([])

  const waiting = (await groups(world)).items
  expect(waiting.map(({ state, keys }) => [state, [...keys].sort()])).toEqual(
    expect.arrayContaining([['review', [doubtfulOf(5), keyOf(5)].sort()]]),
  )
  expect(waiting.every(({ state, confidence }) => state === 'review' && confidence < 0.95)).toBe(true)
  expect(applied.actions.filter(({ verb }) => verb === 'merge').map(({ risk }) => risk)).toEqual(
    waiting.map(() => 'high'),
  )

  expect((await undo(world, merge)).document.items).toMatchObject([{ is: 'undone', conflicts: [] }])
  expect(world.content()).toEqual(before)
})

test('an undone merge is not made again unasked, and approving it makes it again', async () => {
  const world = await prepared({ people: 150, repeated: 2, doubtful: 0 })
  await undo(world, mergeOf(await apply(world)))
  const again = await apply(world)
  expect(again.run.executed).toEqual([])
  expect(again.actions).toMatchObject([{ verb: 'merge', gate: { runnable: false } }])
  expect(keysIn(world)).toHaveLength(152)
  await trueupJson(['approve', again.actions[0]?.id ?? ''], documents.answers, { in: world.folder })
  await apply(world)
  expect(keysIn(world)).toHaveLength(150)
})

test('what was changed after a merge is left alone by its undo, and is named', async () => {
  const world = await prepared({ people: 150, repeated: 1, doubtful: 0 })
  const merge = mergeOf(await apply(world))
  world.write(`UPDATE leads SET title = 'CEO' WHERE id = '${repeatOf(0)}'`)
  const undone = await undo(world, merge)
  expect(undone.document.items).toMatchObject([{ conflicts: [repeatOf(0)] }])
  expect(world.rows(`SELECT title FROM leads WHERE id = '${repeatOf(0)}'`)).toEqual([{ title: 'CEO' }])
})

test('"not a duplicate" holds after later looks, a changed row and a lost cache, until it is undone', async () => {
  const world = await prepared({ people: 150, repeated: 1, doubtful: 0 })
  const pair = [keyOf(0), repeatOf(0)]
  const told = await trueupJson(['leads', 'not-duplicate', ...pair, '--reason', 'twins'], toldSchema, {
    in: world.folder,
  })
  expect(told.status).toBe(0)
  const nothing = async () => {
    expect((await apply(world)).run.executed.filter(({ verb }) => verb === 'merge')).toEqual([])
    expect(keysIn(world)).toHaveLength(151)
    expect((await groups(world)).items).toEqual([])
  }
  await nothing()
  world.write(`UPDATE leads SET title = 'CFO' WHERE id = '${repeatOf(0)}'`)
  await nothing()
  for (const table of ['passes', 'edges', 'groups', 'members', 'touched', 'prints']) {
    const cache = new Database(`${world.folder}/.trueup/duplicates.db`)
    cache.exec(`DELETE FROM ${table}`)
    cache.close()
  }
  await nothing()

  await undo(world, told.document.actionId ?? '')
  expect((await groups(world)).items.map(({ keys }) => [...keys].sort())).toEqual([[...pair].sort()])
})

test('a look after a change compares the changed row alone, and finds what a full pass finds', async () => {
  const world = await prepared({ people: 3000, repeated: 0, doubtful: 0 })
  expect((await groups(world)).items).toEqual([])
  const pass = () => {
    const store = new Database(`${world.folder}/.trueup/duplicates.db`, { readonly: true })
    const row = store.prepare<[], { at_ms: number }>('SELECT at_ms FROM passes').get()
    const touched = store.prepare<[], number>('SELECT count(*) FROM touched').pluck().get()
    store.close()
    return { atMs: row?.at_ms, touched }
  }
  await apply(world)
  const first = pass()
  world.write(
    `INSERT INTO leads (id, full_name, company, linkedin_url) SELECT 'new', full_name, company, linkedin_url FROM leads WHERE id = '${keyOf(70)}'`,
  )
  const merged = await apply(world)
  expect(mergeOf(merged)).not.toBe('')
  expect(pass().atMs).toBe(first.atMs)
  expect(pass().touched).toBe(2)
  expect(keysIn(world)).toHaveLength(3000)
})

test('a person merges any records, chooses what remains, and splits them again', async () => {
  const world = await prepared({ people: 150, repeated: 0, doubtful: 0 })
  const before = world.content()
  const [one, other] = [keyOf(10), keyOf(11)]
  const shown = await trueupJson(['leads', 'merge', one, other, '--dry-run'], mergedSchema, { in: world.folder })
  expect(shown.document).toMatchObject({ actionId: null })
  expect(world.content()).toEqual(before)
  const merged = await trueupJson(
    ['leads', 'merge', one, other, '--survivor', one, '--take', `phone=${other}`, '--reason', 'the same desk'],
    mergedSchema,
    { in: world.folder },
  )
  expect(merged.document).toMatchObject({ id: one, removed: [other] })
  expect(world.rows(`SELECT id, phone FROM leads WHERE id IN ('${one}', '${other}')`)).toEqual([
    { id: one, phone: '+12125551011' },
  ])
  expect(world.rows(`SELECT count(*) AS n FROM calls WHERE lead_id = '${one}'`)).toEqual([{ n: 2 }])
  await undo(world, merged.document.actionId ?? '')
  expect(world.content()).toEqual(before)
})

test('merges that make no sense are refused with what is wrong', async () => {
  const world = await prepared({ people: 150, repeated: 0, doubtful: 0 })
  const refusal = async (...args: string[]) =>
    (await trueupJson(['leads', ...args], errorSchema, { in: world.folder })).document.error
  expect(await refusal('merge', keyOf(1), keyOf(1))).toMatchObject({ code: 'LEAD_INVALID' })
  expect(await refusal('merge', keyOf(1), 'nobody')).toMatchObject({ code: 'NOT_FOUND' })
  expect(await refusal('merge', keyOf(1), keyOf(2), '--survivor', keyOf(3))).toMatchObject({ code: 'LEAD_INVALID' })
  expect(await refusal('merge', keyOf(1), keyOf(2), '--take', `nothing=${keyOf(1)}`)).toMatchObject({
    code: 'LEAD_INVALID',
  })
  expect(await refusal('not-duplicate', keyOf(1), 'nobody')).toMatchObject({ code: 'NOT_FOUND' })
  expect(await refusal('duplicates', '--table', 'nothing')).toMatchObject({ code: 'NOT_FOUND' })
})

test.each([
  ['flag', { rows: 151, same: false, code: undefined }],
  ['merge', { rows: 150, same: true, code: undefined }],
  ['refuse', { rows: 150, same: false, code: 'LEAD_DUPLICATE' }],
] as const)('a new lead that is known already is answered as declared: %s', async (onInsert, expected) => {
  const world = await prepared({ people: 150, repeated: 0, doubtful: 0 })
  world.edit((yaml) => yaml.replace('      merge:', `      onInsert: ${onInsert}\n      merge:`))
  const [known] = world.rows(`SELECT full_name, company, linkedin_url FROM leads WHERE id = '${keyOf(30)}'`)
  const values = JSON.stringify({ ...known, ai_message: 'a first word' })
  const schema = z.union([addedSchema, errorSchema])
  const { document } = await trueupJson(['leads', 'add', values], schema, { in: world.folder })
  if ('error' in document) expect(document.error.code).toBe(expected.code)
  else {
    expect(expected.code).toBeUndefined()
    expect(document.matchedId).toBe(keyOf(30))
    expect(document.id === keyOf(30)).toBe(expected.same)
  }
  expect(keysIn(world)).toHaveLength(expected.rows)
  const message = expected.same ? 'a first word' : null
  expect(world.rows(`SELECT ai_message FROM leads WHERE id = '${keyOf(30)}'`)).toEqual([{ ai_message: message }])
})

test('a row of an import that may be a lead which is there, and is flagged, waits in the queue beside it', async () => {
  const world = await prepared({ people: 150, repeated: 0, doubtful: 0 })
  world.edit(
    (yaml) =>
      `${yaml.replace('strategy: most_recent', 'strategy: manual').replace('      merge:', '      onInsert: flag\n      merge:')}
imports:
  slips: { from: { files: "json/*.json" }, into: leads, map: auto }
`,
  )
  const [known] = world.rows(`SELECT full_name, company, phone FROM leads WHERE id = '${keyOf(30)}'`)
  mkdirSync(join(world.folder, 'json'))
  // No address and no profile, and a slip in the name: only the likeness says who it is.
  const slip = { ...known, full_name: `${known?.full_name}s`, title: 'CFO' }
  writeFileSync(join(world.folder, 'json/slips.json'), JSON.stringify([slip]))
  await apply(world)
  const [added] = world.rows("SELECT id FROM leads WHERE title = 'CFO'")
  expect(keysIn(world)).toHaveLength(151)
  const pair = [keyOf(30), String(added?.id)].sort()
  const { items } = await groups(world, '--waiting')
  expect(items.map(({ keys }) => [...keys].sort())).toEqual([pair])
  const drift = await trueupJson(['drift', 'duplicates/leads'], listSchema, { in: world.folder })
  expect(JSON.stringify(drift.document.items)).toContain(pair[0])
  const queue = await trueupJson(['approvals'], listSchema, { in: world.folder })
  expect(JSON.stringify(queue.document.items)).toContain(items[0]?.actionId)
})

test('a group whose record changes while the plan is carried out is left whole', async () => {
  const world = await prepared({ people: 150, repeated: 3, doubtful: 0 })
  // An agent that writes one of the records again and again: whatever the merge finds, no half of it is made.
  const agent = python(
    `
import time
connection = sqlite3.connect(sys.argv[1], timeout=30)
for n in range(300):
    with connection:
        connection.execute("UPDATE leads SET title = ? WHERE id = ?", (f"t{n}", sys.argv[2]))
    time.sleep(0.01)
connection.close()`,
    world.main,
    keyOf(1),
  )
  await apply(world)
  await agent.ended()
  const keys = new Set(keysIn(world))
  expect([keyOf(1), repeatOf(1)].some((key) => keys.has(key))).toBe(true)
  const calls = world.rows(`SELECT lead_id FROM calls WHERE text = 'first call' AND id = 2`)
  // Either both are there and the call is where it was, or they are one and it followed.
  expect(calls).toEqual([{ lead_id: keys.has(keyOf(1)) ? keyOf(1) : repeatOf(1) }])
  expect(world.rows('PRAGMA foreign_key_check')).toEqual([])
})

test('killed in the middle of a merge, the next run ends it with nothing lost and nothing twice', async () => {
  const world = await prepared({ people: 2500, repeated: 1200, doubtful: 0 })
  world.edit((yaml) => yaml.replace('rows: 500', 'rows: 5000'))
  const before = world.content()
  const steps = () => {
    const has = world.rows("SELECT 1 FROM sqlite_schema WHERE name = '_trueup_actions'").length > 0
    return has ? Number(world.rows('SELECT count(*) AS n FROM _trueup_actions')[0]?.n) : 0
  }
  const begun = steps()
  const running = startTrueup(['apply'], { in: world.folder })
  while (!running.hasEnded() && steps() <= begun) await new Promise((done) => setTimeout(done, 5))
  await running.kill()

  await apply(world)
  expect(keysIn(world)).toHaveLength(2500)
  expect(world.rows('SELECT count(*) AS n FROM calls')).toEqual([{ n: 3700 }])
  expect(world.rows('PRAGMA foreign_key_check')).toEqual([])
  const { document } = await trueupJson(['drift', 'duplicates/leads'], z.object({ items: z.array(z.unknown()) }), {
    in: world.folder,
  })
  expect(document.items).toEqual([])

  // The action that was cut off is one, and is taken back as one.
  const [merge] = world.rows('SELECT DISTINCT action_id FROM _trueup_actions WHERE step > 0 ORDER BY at DESC')
  await undo(world, String(merge?.action_id))
  expect(world.content()).toEqual(before)
})
