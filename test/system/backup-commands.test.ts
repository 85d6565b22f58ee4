/** `trueup backup …` as a person uses it, beside a running controller and without one. */
import { truncateSync, writeFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createBackupWorld } from '../support/backup-world.ts'
import { documents, trueup, trueupJson } from '../support/cli.ts'
import { eventually, startRun } from '../support/controller.ts'

const world = createBackupWorld()
afterAll(() => world.remove())
const at = { in: world.folder }

const created = z.object({ id: z.string(), path: z.string(), verified: z.boolean(), how: z.string() })
const listed = z.object({
  items: z.array(z.object({ id: z.string(), verified: z.boolean(), problems: z.array(z.string()) })),
  backups: z.array(z.object({ name: z.string(), due: z.boolean() })),
})
const asked = z.object({
  actionId: z.string(),
  counts: z.object({ added: z.number(), changed: z.number(), removed: z.number() }),
})

describe('beside a running controller', () => {
  test('a set is made through it, and a restore waits in it until it is approved', { timeout: 120_000 }, async () => {
    const controller = await startRun(world.folder)
    try {
      await eventually(
        () => controller.query('{ backups { due sets { id } } }'),
        ({ backups }) =>
          z
            .array(z.object({ due: z.boolean() }))
            .parse(backups)
            .every(({ due }) => !due),
      )
      const made = await trueupJson(['backup', 'create', 'nightly'], created, at)
      expect(made).toMatchObject({ status: 0, document: { verified: true, how: 'restored' } })
      const { id } = made.document
      expect(made.document.path).toBe(world.path(`backups/${id}`))
      expect(
        await controller.query(
          `mutation { verifyBackup(input: { id: "${id}" }) { ... on BackupVerified { verified how } } }`,
        ),
      ).toEqual({ verifyBackup: { verified: true, how: 'restored' } })
      const metrics = await fetch(new URL('/metrics', controller.url), {
        headers: { authorization: `Bearer ${controller.token}` },
      })
      expect(await metrics.text()).toMatch(/^trueup_backup_verified_timestamp_seconds\{backup="nightly"\} \d/m)

      world.sql(`UPDATE leads SET full_name = 'overwritten' WHERE id = 'bob'`)
      const restore = await trueupJson(['backup', 'restore', id, '--database', 'main', '--table', 'leads'], asked, at)
      expect(restore).toMatchObject({ status: 2, document: { counts: { added: 0, changed: 1, removed: 0 } } })
      await eventually(
        () => controller.query('{ interventionQueue { message } }'),
        (queue) => JSON.stringify(queue).includes('Restore leads of main'),
      )
      // The same one by a moment.
      const atMoment = await trueup(['backup', 'restore', '--at', '0s', '--database', 'main', '--table', 'leads'], at)
      expect(atMoment.status).toBe(2)
      expect(atMoment.stdout).toContain(`${id}, made at`)
      expect((await trueup(['approve', restore.document.actionId], at)).status).toBe(0)
      await eventually(
        () => world.rows(world.path('data/leads.db'), `SELECT full_name FROM leads WHERE id = 'bob'`),
        ([row]) => JSON.stringify(row) === '["Bob"]',
      )
    } finally {
      await controller.stop()
    }
  })
})

describe('without one', () => {
  test('what is there is listed, `why` says how old the last verified set is, and a damaged set is named', async () => {
    const { status, document } = await trueupJson(['backup', 'list'], listed, at)
    expect(status).toBe(0)
    expect(document.items.map(({ verified }) => verified)).toEqual([true, true])
    expect(document.backups).toMatchObject([{ name: 'nightly', due: false }])
    expect((await trueup(['why', 'backup/nightly'], at)).stdout).toMatch(/the last verified set is .* old/)
    const [newest] = document.items
    truncateSync(world.path(`backups/${newest?.id}/main.db.gz`), 20)
    const verify = await trueup(['backup', 'verify', newest?.id ?? ''], at)
    expect(verify.status).toBe(2)
    expect(verify.stdout).toContain('main.db.gz has 20 bytes')
  })

  test('errors say what is missing and what to do', async () => {
    writeFileSync(world.path('empty.txt'), '# nothing\n')
    const [id = ''] = world.sets()
    for (const [args, code, hint] of [
      [['restore', id, '--into', 'out', '--identity', 'none.txt'], 'BACKUP_KEY_NEEDED', '--identity'],
      [['verify', '--identity', 'empty.txt'], 'BACKUP_KEY_NEEDED', 'age-keygen'],
      [['create', 'weekly'], 'NOT_FOUND', 'backup list'],
      [['restore', '--at', '2020-01-01', '--database', 'main'], 'NOT_FOUND', 'a later moment'],
      [['restore', '--into', 'out'], 'USAGE', 'backup list'],
    ] as const) {
      const { status, document } = await trueupJson(['backup', ...args], documents.error, at)
      expect({ args, status, code: document.error.code }).toEqual({ args, status: 1, code })
      expect(document.error.hint).toContain(hint)
    }
  })
})
