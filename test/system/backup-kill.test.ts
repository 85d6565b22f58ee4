/**
 * The command line killed at random moments while it makes, puts aside and restores sets. Seen from outside: under a final
 * name there is a whole set or nothing, and there are never fewer verified sets than before. BACKUP_KILLS says how many.
 */
import { existsSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { seededRandom } from '../../src/random.ts'
import { listSets } from '../../src/targets/backup/sets.ts'
import { verifyWith } from '../../src/workspace/restore-set.ts'
import { createBackupWorld, quietContext } from '../support/backup-world.ts'
import { startTrueup } from '../support/cli.ts'

const kills = Number(process.env.BACKUP_KILLS ?? 2)
const seed = Number(process.env.BACKUP_SEED ?? Math.floor(Math.random() * 1_000_000))
const random = seededRandom(seed)

const world = createBackupWorld({ backup: 'to: [backups/]\n    keep: { hourly: 0, daily: 0, weekly: 1 }' })
afterAll(() => world.remove())
const at = { in: world.folder }

const create = () =>
  world.open(async ({ port }) => {
    const made = await port.create({ name: null, actor: 'test' })
    if (made.is !== 'created') throw new Error(made.message)
    return made.set
  })
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
  expect((await create()).verifiedHow).toBe('restored')
  // The command line takes a second more to start.
  const takesMs = performance.now() - beganMs + 1000
  expect((await create()).verifiedHow).toBe('restored')

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
  await world.open(async ({ apply, workspace }) => {
    const { executed } = await apply()
    expect(executed.filter(({ execution }) => execution.is !== 'succeeded')).toEqual([])
    for (const { id } of list())
      expect(await verifyWith(workspace, { id, identities: [] }, quietContext)).toMatchObject({ verified: true })
  })
  expect((await create()).verifiedHow).toBe('restored')
  expect(readdirSync(world.path('backups')).filter((name) => name.startsWith('.making'))).toEqual([])
  expect(readdirSync(world.path('.trueup/scratch'))).toEqual([])
})
