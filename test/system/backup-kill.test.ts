/**
 * The command line killed at random moments while it makes, puts aside and restores sets. Seen from outside: under a final
 * name there is a whole set or nothing, and there are never fewer verified sets than before. BACKUP_KILLS says how many.
 */
import { existsSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { seededRandom } from '../../src/random.ts'
import { listSets } from '../../src/targets/backup/sets.ts'
import { createBackupWorld } from '../support/backup-world.ts'
import { documents, startTrueup, trueup, trueupJson } from '../support/cli.ts'

const kills = Number(process.env.BACKUP_KILLS ?? 2)
const seed = Number(process.env.BACKUP_SEED ?? Math.floor(Math.random() * 1_000_000))
const random = seededRandom(seed)

const world = createBackupWorld({ backup: 'to: [backups/]\n    keep: { hourly: 0, daily: 0, weekly: 1 }' })
afterAll(() => world.remove())
const at = { in: world.folder }

const created = z.object({ id: z.string(), path: z.string(), verified: z.boolean() })
const list = () => listSets(world.path('backups'), 'nightly')
const verified = (sets: ReturnType<typeof list>) => sets.filter((set) => set.verified !== undefined).length
/** Under a final name there is nothing that is not whole. */
const expectWhole = (sets: ReturnType<typeof list>) => expect(sets.flatMap(({ problem }) => problem ?? [])).toEqual([])

/** Starts the command, lets it work for a share of the time that it takes, and kills it. */
async function killed(args: readonly string[], takesMs: number): Promise<void> {
  const running = startTrueup(args, at)
  await sleep(random.next() * takesMs)
  await running.kill()
}

test(`a set is whole or not there, whenever its making is killed (seed ${seed})`, { timeout: 600_000 }, async () => {
  // Large enough for the kill to fall into every part of the work.
  world.sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
    INSERT INTO notes SELECT i + 10, 'bob', hex(randomblob(40)) FROM n`)
  const beganMs = performance.now()
  expect((await trueupJson(['backup', 'create'], created, at)).document).toMatchObject({ verified: true })
  const takesMs = performance.now() - beganMs
  expect((await trueupJson(['backup', 'create'], created, at)).document).toMatchObject({ verified: true })

  let before = list()
  for (let round = 0; round < kills; round += 1) {
    await killed(['backup', 'create'], takesMs)
    const after = list()
    expectWhole(after)
    expect(verified(after)).toBeGreaterThanOrEqual(verified(before))
    before = after
  }
  for (let round = 0; round < kills / 2; round += 1) {
    await killed(['backup', 'prune'], takesMs / 2)
    const after = list()
    expectWhole(after)
    expect(verified(after)).toBeGreaterThanOrEqual(2)
  }
  const newest = list().at(-1)
  for (let round = 0; round < kills / 2; round += 1) {
    await killed(['backup', 'restore', newest?.id ?? '', '--into', 'out'], takesMs / 2)
    if (!existsSync(world.path('out'))) continue
    expect(readdirSync(world.path('out')).sort()).toEqual(['_desired-state.yaml', '_journal.db', 'main.db'])
    expect(world.rows(world.path('out/main.db'), 'PRAGMA integrity_check')).toEqual([['ok']])
  }

  // What was cut off is ended or cleared away by the next run.
  const { document } = await trueupJson(['apply'], documents.apply, at)
  expect(document.run.executed.filter(({ outcome }) => outcome === 'failed')).toEqual([])
  expect((await trueupJson(['backup', 'create'], created, at)).document.verified).toBe(true)
  expect((await trueup(['backup', 'verify', '--all'], at)).status).toBe(0)
  expect(readdirSync(world.path('backups')).filter((name) => name.startsWith('.making'))).toEqual([])
  expect(readdirSync(world.path('.trueup/scratch'))).toEqual([])
})
