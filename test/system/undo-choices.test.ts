/**
 * Undo of a part: by resource, record by record, and over later changes where a person says so. What is restored here goes to
 * Airtable by the sync, and what a colleague edited there meanwhile is not trampled.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { documents, trueup, trueupJson } from '../support/cli.ts'
import { type RunningController, startRun } from '../support/controller.ts'
import { createSyncWorld, type SyncWorld } from '../support/sync-world.ts'

/** `npm run soak:degradation` runs all of it. */
const isLong = process.env.DEGRADATION === 'all'

let world: SyncWorld
beforeAll(async () => {
  world = await createSyncWorld({ leads: 10, isTrusting: true })
  const file = world.workspace.path('desired-state.yaml')
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('email: { type: email,', 'email: { type: email, standardize: email,'),
  )
}, 120_000)
afterAll(() => world.close())

const conflictSchema = z.object({
  key: z.string(),
  is: z.string(),
  outcome: z.string(),
  cells: z.array(z.object({ field: z.string(), before: z.json(), made: z.json(), now: z.json() })),
  changedBy: z.object({ actor: z.string(), resource: z.string() }).nullable(),
})
const previewSchema = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      is: z.string(),
      changes: z.number(),
      conflicts: z.array(conflictSchema),
      message: z.string().nullable(),
    }),
  ),
})
const stoppedSchema = z.object({ items: z.array(z.object({ is: z.string(), conflicts: z.array(conflictSchema) })) })

const json = <Document>(args: readonly string[], schema: z.ZodType<Document>) =>
  trueupJson(args, schema, { in: world.workspace.folder })
const emailHere = (key: string) => world.here(key)?.email
const emailThere = (key: string) => world.remote().get(key)?.cells.Email

/** Writes addresses in capitals as another program would, and lets them be standardized and pushed; gives the run. */
async function standardized(keys: readonly string[], name: string): Promise<string> {
  for (const key of keys) world.editHere(key, 'email', `${name}-${key}@X.EXAMPLE`.toUpperCase())
  const { document } = await json(['apply'], documents.apply)
  expect(document.run.settled).toBe(true)
  for (const key of keys) expect([emailHere(key), emailThere(key)]).toEqual([mended(key, name), mended(key, name)])
  return document.run.id
}
const mended = (key: string, name: string) => `${name}-${key}@x.example`
const written = (key: string, name: string) => mended(key, name).toUpperCase()
const ofStandardization = ['--resource', 'standardization/leads']

test.runIf(isLong)('one record of a run is taken back, the others stay, and the mirror follows', async () => {
  const run = await standardized(['k0', 'k1', 'k2'], 'one')
  const wrong = await trueup(['undo', run, ...ofStandardization, '--key', 'k1', '--key', 'k99'], {
    in: world.workspace.folder,
  })
  expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining('k99')])
  expect(emailHere('k1')).toBe(mended('k1', 'one'))

  const { status, document } = await json(['undo', run, ...ofStandardization, '--key', 'k1'], documents.undo)
  expect([status, document.items]).toMatchObject([0, [{ is: 'undone', changed: 1, left: 2 }]])
  await trueup(['apply'], { in: world.workspace.folder })
  expect([emailHere('k1'), emailThere('k1')]).toEqual([written('k1', 'one'), written('k1', 'one')])
  expect([emailHere('k0'), emailThere('k0')]).toEqual([mended('k0', 'one'), mended('k0', 'one')])

  // The rest of the run can still be taken back, and what is back already is in nobody's way.
  const rest = await json(['undo', run, ...ofStandardization], documents.undo)
  expect([rest.status, rest.document.items]).toMatchObject([0, [{ is: 'undone', changed: 2, conflicts: [] }]])
  expect(['k0', 'k1', 'k2'].map(emailHere)).toEqual(['k0', 'k1', 'k2'].map((key) => written(key, 'one')))
  const again = await trueup(['undo', run, ...ofStandardization], { in: world.workspace.folder })
  expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('is undone')])
})

test('later changes are told with their writer and decided one by one; nothing of a colleague is trampled', async () => {
  const lifted = await json(['approvals'], documents.approvals)
  await trueup(['approve', ...lifted.document.items.map(({ id }) => id)], { in: world.workspace.folder })
  await trueup(['apply'], { in: world.workspace.folder })
  const run = await standardized(['k3', 'k4', 'k5', 'k6'], 'two')

  world.editHere('k3', 'email', 'agent@x.example')
  world.editThere('k4', { Email: 'colleague@x.example' })
  await trueup(['sync', 'pull'], { in: world.workspace.folder })
  expect(emailHere('k4')).toBe('colleague@x.example')

  const undo = ['undo', run, ...ofStandardization]
  const preview = await json([...undo, '--dry-run'], previewSchema)
  expect(preview.document.items).toMatchObject([
    {
      is: 'undo',
      changes: 2,
      conflicts: [
        {
          key: 'k4',
          is: 'changed',
          outcome: 'kept',
          cells: [
            { field: 'email', before: written('k4', 'two'), made: mended('k4', 'two'), now: 'colleague@x.example' },
          ],
          changedBy: { actor: 'controller', resource: 'sync/leads' },
        },
        { key: 'k3', cells: [{ now: 'agent@x.example' }], changedBy: null },
      ],
    },
  ])
  const stopped = await json([...undo, '--on-conflict', 'stop', '--take', 'k3'], stoppedSchema)
  expect([stopped.status, stopped.document.items]).toMatchObject([3, [{ is: 'stopped', conflicts: [{ key: 'k4' }] }]])
  expect(['k3', 'k5'].map(emailHere)).toEqual(['agent@x.example', mended('k5', 'two')])

  // A colleague edits one more, which nothing here knows yet.
  world.editThere('k5', { Email: 'late@x.example' })
  const decided = await json([...undo, '--on-conflict', 'stop', '--take', 'k3', '--keep-theirs', 'k4'], documents.undo)
  expect([decided.status, decided.document.items]).toMatchObject([0, [{ is: 'undone', changed: 3, conflicts: ['k4'] }]])
  await trueup(['apply'], { in: world.workspace.folder })
  expect([emailHere('k3'), emailThere('k3')]).toEqual([written('k3', 'two'), written('k3', 'two')])
  expect([emailHere('k4'), emailThere('k4')]).toEqual(['colleague@x.example', 'colleague@x.example'])
  expect([emailHere('k6'), emailThere('k6')]).toEqual([written('k6', 'two'), written('k6', 'two')])
  // Both sides changed: the table declares that a person decides.
  expect(emailThere('k5')).toBe('late@x.example')
  const open = await json(
    ['conflicts'],
    z.object({ items: z.array(z.object({ localValue: z.json(), airtableValue: z.json() })) }),
  )
  expect(open.document.items).toMatchObject([{ localValue: written('k5', 'two'), airtableValue: 'late@x.example' }])

  // What was left alone can be taken after all.
  const [original] = world.journal(
    `SELECT id FROM actions WHERE run_id = '${run}' AND resource = 'standardization/leads'`,
  )
  const taken = await json(['undo', String(original?.id), '--key', 'k4', '--take', 'k4'], documents.undo)
  expect([taken.status, taken.document.items]).toMatchObject([0, [{ is: 'undone', changed: 1 }]])
  expect(emailHere('k4')).toBe(written('k4', 'two'))
})

test.runIf(isLong)(
  'a push is taken back in Airtable record by record, over what a colleague wrote only where that is asked for',
  async () => {
    world.editHere('k7', 'title', 'CTO')
    world.editHere('k8', 'title', 'CFO')
    await trueup(['sync', 'push'], { in: world.workspace.folder })
    world.editThere('k8', { Title: 'Treasurer' })
    // Known here and agreed on by both sides, it is still not what the push wrote.
    await trueup(['sync', 'pull'], { in: world.workspace.folder })
    const [push] = world.journal(
      `SELECT id FROM actions WHERE resource = 'sync/leads' AND json_extract(body, '$.verb') LIKE 'push%' ORDER BY last_seq DESC LIMIT 1`,
    )
    const undo = ['undo', String(push?.id)]
    const one = await json([...undo, '--key', 'k7'], documents.undo)
    expect([one.status, one.document.items]).toMatchObject([0, [{ is: 'undone', changed: 1, left: 2 }]])
    const title = (key: string) => world.remote().get(key)?.cells.Title
    expect([title('k7'), title('k8'), world.here('k7')?.title]).toEqual(['CEO', 'Treasurer', 'CTO'])

    const preview = await json([...undo, '--dry-run'], previewSchema)
    expect(preview.document.items[0]?.conflicts).toMatchObject([
      { key: 'k8', cells: [{ field: 'title', before: 'CEO', made: 'CFO', now: 'Treasurer' }] },
    ])
    const forced = await json([...undo, '--key', 'k8', '--take', 'k8'], documents.undo)
    expect([forced.status, title('k8')]).toEqual([0, 'CEO'])
  },
)

test.runIf(isLong)('through the API of a running controller it is the same', async () => {
  world.editHere('k9', 'title', 'CTO')
  const updated = await json(['leads', 'update', 'k9', '{"title":"COO"}'], z.looseObject({ actionId: z.string() }))
  const id = updated.document.actionId
  world.editHere('k9', 'title', 'CMO')
  const controller: RunningController = await startRun(world.workspace.folder)
  try {
    const dry = await controller.query(
      `mutation ($id: ID!) { undo(input: { id: $id, dryRun: true }) { ... on NotUndoable { message hint } ... on Undoing { actions { state changes } conflictDetails { key kind outcome cells { field before made now } changedBy { actor } } left { message } } } }`,
      { id },
    )
    expect(dry).toMatchObject({
      undo: {
        conflictDetails: [
          {
            key: 'k9',
            kind: 'CHANGED',
            outcome: 'KEPT',
            cells: [{ field: 'title', before: 'CTO', made: 'COO', now: 'CMO' }],
          },
        ],
      },
    })
    const stopped = await json(['undo', id, '--on-conflict', 'stop'], z.object({ conflicts: z.array(conflictSchema) }))
    expect([stopped.status, stopped.document.conflicts]).toMatchObject([3, [{ key: 'k9', outcome: 'kept' }]])
    expect(world.here('k9')?.title).toBe('CMO')
    const taken = await json(
      ['undo', id, '--take', 'k9'],
      z.object({ items: z.array(z.object({ state: z.string(), changes: z.number() })) }),
    )
    expect([taken.status, taken.document.items]).toEqual([0, [{ state: 'verified', changes: 1 }]])
    expect(world.here('k9')?.title).toBe('CTO')
  } finally {
    await controller.stop()
  }
})
