/** The sync through a running controller: its API, and the commands that go through it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { trueup, trueupJson } from '../support/cli.ts'
import { eventually, type RunningController, startRun } from '../support/controller.ts'
import { createSyncWorld, type SyncWorld } from '../support/sync-world.ts'

let world: SyncWorld
let controller: RunningController
beforeAll(async () => {
  world = await createSyncWorld({ leads: 6 })
  controller = await startRun(world.workspace.folder)
})
afterAll(async () => {
  await controller.stop()
  await world.close()
})

const nothing = z.unknown()
const runSchema = z.object({
  state: z.string(),
  openConflicts: z.number(),
  actions: z.array(z.object({ verb: z.string(), changed: z.number() })),
})
const conflictSchema = z.object({ id: z.string(), leadId: z.string(), localValue: z.json(), airtableValue: z.json() })

/** Asks for a push or a pull and waits until it has ended. */
async function moved(mutation: 'push' | 'pull'): Promise<z.output<typeof runSchema>> {
  const { receipt } = await ask(
    `mutation { receipt: ${mutation}(input: { table: "leads" }) { ... on SyncReceipt { id } ... on UserError { message } } }`,
    z.object({ receipt: z.object({ id: z.string() }) }),
  )
  const run = await eventually(
    async () =>
      (
        await ask(
          `query ($id: ID!) { syncStatus(table: "leads") { run(id: $id) { state openConflicts actions { verb changed } } } }`,
          z.object({ syncStatus: z.tuple([z.object({ run: runSchema })]) }),
          { id: receipt.id },
        )
      ).syncStatus[0].run,
    ({ state }) => state !== 'RUNNING',
  )
  return run
}

async function ask<Data>(query: string, schema: z.ZodType<Data>, variables: object = {}): Promise<Data> {
  return schema.parse(await controller.query(query, variables))
}

/**
 * Edits of both sides that neither knows of: what was told within the last two seconds counts as the moment itself, so that
 * much is waited first.
 */
async function editBoth(edits: readonly { key: string; there: Record<string, string>; here: [string, string] }[]) {
  await new Promise((done) => setTimeout(done, 2100))
  for (const { key, there } of edits) world.editThere(key, there)
  for (const { key, here } of edits) world.editHere(key, ...here)
}

async function openConflicts() {
  const { conflicts } = await ask(
    '{ conflicts(table: "leads", state: OPEN) { nodes { id leadId localValue airtableValue } } }',
    z.object({ conflicts: z.object({ nodes: z.array(conflictSchema) }) }),
  )
  return conflicts.nodes
}

async function resolve(input: object) {
  const { resolveConflict } = await ask(
    `mutation ($input: ResolveConflictInput!) { resolveConflict(input: $input) { __typename
       ... on Resolved { actionId conflict { state choice resolvedBy } } ... on UserError { code message } } }`,
    z.object({ resolveConflict: z.record(z.string(), z.json().or(nothing)) }),
    { input },
  )
  return resolveConflict
}

describe('through the API', () => {
  test('a pull takes over what changed there, and a lead says how it stands', async () => {
    world.editThere('k0', { Title: 'Head of Sales' })
    expect(await moved('pull')).toMatchObject({ state: 'DONE', actions: [{ changed: 1 }] })
    expect(world.here('k0')).toMatchObject({ title: 'Head of Sales' })

    const status = '{ status recordId detail localChangedAt airtableChangedAt airtableUrl }'
    const { lead, syncStatus } = await ask(
      `{ lead(id: "k0") { title syncStatus ${status} }
         syncStatus { table webhook openConflicts counts { status count } calls { made limit } lead(id: "k0") ${status} } }`,
      z.object({ lead: z.object({ title: z.string(), syncStatus: nothing }), syncStatus: z.array(nothing) }),
    )
    const standing = { status: 'SYNCED', recordId: world.remote().get('k0')?.id, airtableUrl: null }
    expect(lead).toMatchObject({ title: 'Head of Sales', syncStatus: standing })
    expect(syncStatus).toMatchObject([{ table: 'leads', webhook: true, openConflicts: 0, lead: standing }])
  })

  test('the value that a policy overruled stays in the history, with what overruled it', async () => {
    await editBoth([{ key: 'k1', there: { Company: 'Theirs' }, here: ['company', 'Ours'] }])
    await moved('push')
    await eventually(
      () => world.remote().get('k1')?.cells.Company,
      (value) => value === 'Ours',
    )
    const entrySchema = z.object({
      node: z.object({
        id: z.string(),
        actionId: z.string(),
        runId: z.string().nullable(),
        direction: z.string(),
        cells: z.array(
          z.object({ field: z.string(), before: z.json(), after: z.json(), lost: z.boolean(), reason: z.string() }),
        ),
      }),
    })
    const pageSchema = z.object({
      syncHistory: z.object({
        edges: z.array(entrySchema),
        pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
      }),
    })
    const page = (after: string | null) =>
      ask(
        `query ($after: String) { syncHistory(table: "leads", leadId: "k1", first: 1, after: $after) {
           edges { node { id actionId runId direction cells { field before after lost reason } } }
           pageInfo { hasNextPage endCursor } } }`,
        pageSchema,
        { after },
      )
    const { syncHistory: newest } = await page(null)
    const [entry] = newest.edges
    expect(entry?.node).toMatchObject({
      direction: 'PUSH',
      cells: [{ field: 'company', before: 'Theirs', after: 'Ours', lost: true, reason: 'local_wins' }],
    })
    expect(entry?.node.runId).toMatch(/^run-/)
    // The push of the new lead comes before it.
    expect(newest.pageInfo.hasNextPage).toBe(true)
    const { syncHistory: older } = await page(newest.pageInfo.endCursor)
    expect(older.edges[0]?.node).toMatchObject({ direction: 'PUSH', cells: expect.any(Array) })
    expect(older.edges[0]?.node.id).not.toBe(entry?.node.id)
    expect(older.pageInfo.hasNextPage).toBe(false)
  })

  test('conflicts are in the queue, and each choice is carried out', async () => {
    await editBoth(
      ['k2', 'k3', 'k4'].map((key) => ({ key, there: { Title: `${key} there` }, here: ['title', `${key} here`] })),
    )
    await moved('pull')
    await eventually(openConflicts, (found) => found.length === 3)
    const { interventionQueue } = await ask(
      '{ interventionQueue { reason message nextStep resource { kind name } conflict { id leadId field lead { id ... on Lead { title } } } } }',
      z.object({ interventionQueue: z.array(z.looseObject({ reason: z.string() })) }),
    )
    expect(interventionQueue.filter(({ reason }) => reason === 'conflict')).toHaveLength(3)
    expect(interventionQueue.filter(({ reason }) => reason === 'by-hand')).toEqual([])
    expect(interventionQueue).toContainEqual(
      expect.objectContaining({
        message: expect.stringContaining('title of k2'),
        conflict: expect.objectContaining({ leadId: 'k2', field: 'title', lead: { id: 'k2', title: 'k2 here' } }),
      }),
    )

    const byKey = new Map((await openConflicts()).map((one) => [one.leadId, one]))
    expect(byKey.get('k2')).toMatchObject({ localValue: 'k2 here', airtableValue: 'k2 there' })
    expect(await resolve({ id: byKey.get('k2')?.id, take: 'LOCAL', comment: 'ours is right' })).toMatchObject({
      __typename: 'Resolved',
      conflict: { state: 'RESOLVED', choice: 'local' },
    })
    expect(await resolve({ id: byKey.get('k3')?.id, take: 'AIRTABLE' })).toMatchObject({ __typename: 'Resolved' })
    const byValue = await resolve({ id: byKey.get('k4')?.id, value: 'neither' })
    expect(byValue).toMatchObject({ __typename: 'Resolved', actionId: expect.any(String) })

    const titles = () => ['k2', 'k3', 'k4'].map((key) => [world.here(key)?.title, world.remote().get(key)?.cells.Title])
    const wanted = [
      ['k2 here', 'k2 here'],
      ['k3 there', 'k3 there'],
      ['neither', 'neither'],
    ]
    await eventually(titles, (found) => JSON.stringify(found) === JSON.stringify(wanted))
    expect(await openConflicts()).toEqual([])

    // The write of another value is an action like any other: undone here, the earlier value goes back there, too.
    const { undo } = await ask(
      'mutation ($id: ID!) { undo(input: { id: $id }) { __typename ... on UserError { message } } }',
      z.object({ undo: z.object({ __typename: z.string() }) }),
      { id: byValue.actionId },
    )
    expect(undo.__typename).toBe('Undoing')
    await eventually(
      () => world.remote().get('k4')?.cells.Title,
      (title) => title === 'k4 here',
    )

    expect(await resolve({ id: byKey.get('k2')?.id, take: 'AIRTABLE' })).toMatchObject({
      __typename: 'ConflictStale',
      code: 'CONFLICT_STALE',
    })
    expect(await resolve({ id: 'none', take: 'LOCAL' })).toMatchObject({ __typename: 'NotFound' })
    expect(await resolve({ id: 'none' })).toMatchObject({ __typename: 'InputInvalid' })
  })

  test('a given value is checked as any written one', async () => {
    await editBoth([{ key: 'k5', there: { Email: 'theirs@x.example' }, here: ['email', 'ours@x.example'] }])
    await moved('pull')
    const [conflict] = await eventually(openConflicts, (found) => found.length === 1)
    expect(await resolve({ id: conflict?.id, value: 'p0@x.example' })).toMatchObject({
      __typename: 'InputInvalid',
      message: expect.stringContaining('k0 has it'),
    })
    expect(await resolve({ id: conflict?.id, value: 'no address' })).toMatchObject({ __typename: 'InputInvalid' })
    expect((await openConflicts()).map(({ id }) => id)).toEqual([conflict?.id])
    expect(await resolve({ id: conflict?.id, value: 'k5@x.example' })).toMatchObject({ __typename: 'Resolved' })
    await eventually(
      () => world.remote().get('k5')?.cells.Email,
      (email) => email === 'k5@x.example',
    )
  })

  test('who chose is in the audit log, without values', async () => {
    const { auditLog } = await ask(
      '{ auditLog(first: 200) { entries { type actor resource body } } }',
      z.object({
        auditLog: z.object({
          entries: z.array(
            z.object({ type: z.string(), actor: z.string(), resource: z.string().nullable(), body: z.json() }),
          ),
        }),
      }),
    )
    const chosen = auditLog.entries.filter(({ type }) => type === 'conflict.resolved')
    expect(chosen).toHaveLength(4)
    expect(chosen).toContainEqual(
      expect.objectContaining({
        actor: 'token:admin',
        resource: 'sync/leads',
        body: expect.objectContaining({ key: 'k2', field: 'title', choice: 'local', comment: 'ours is right' }),
      }),
    )
    expect(JSON.stringify(chosen)).not.toMatch(/neither|k2 there|x\.example/)
    expect(auditLog.entries.filter(({ type }) => type === 'sync.asked').length).toBeGreaterThan(2)
  })
})

describe('commands go through it', () => {
  test('push waits until what changed is there', async () => {
    world.workspace.write("INSERT INTO leads (id, full_name, email) VALUES ('k9', 'New', 'new@x.example')")
    const pushed = await trueup(['sync', 'push'], { in: world.workspace.folder })
    expect(pushed).toMatchObject({ status: 0 })
    expect(world.remote().get('k9')?.cells).toMatchObject({ 'Full Name': 'New' })
  })

  test('conflicts, resolve and status', async () => {
    await editBoth([{ key: 'k0', there: { Title: 'there' }, here: ['title', 'here'] }])
    const pulled = await trueup(['sync', 'pull'], { in: world.workspace.folder })
    expect(pulled).toMatchObject({ status: 2, stdout: expect.stringContaining('1 to choose between') })
    const [conflict] = await eventually(openConflicts, (found) => found.length === 1)
    const listed = await trueup(['conflicts'], { in: world.workspace.folder })
    expect(listed).toMatchObject({ status: 2, stdout: expect.stringContaining(conflict?.id ?? 'none') })
    const resolved = await trueup(['resolve', conflict?.id ?? '', '--take', 'airtable'], { in: world.workspace.folder })
    expect(resolved).toMatchObject({ status: 0, stdout: expect.stringContaining('The controller carries it out') })
    await eventually(
      () => world.here('k0')?.title,
      (title) => title === 'there',
    )
    const stale = await trueup(['resolve', conflict?.id ?? '', '--take', 'local'], { in: world.workspace.folder })
    expect(stale.status).toBe(3)
  })

  test('verify reads both sides beside it and finds them equal', async () => {
    const { status, document } = await trueupJson(
      ['sync', 'verify'],
      z.object({ equal: z.boolean(), items: z.array(z.json()) }),
      { in: world.workspace.folder },
    )
    expect(document).toMatchObject({ equal: true, items: [] })
    expect(status).toBe(0)
  })
})
