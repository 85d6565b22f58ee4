/**
 * The command line killed with SIGKILL right before every step that changes files while it prunes, restores in place, puts a
 * lost database back and replaces a damaged one. BACKUP_STEPS=all tries every step of each; otherwise one of one by BACKUP_SEED.
 */
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { seededRandom } from '../../src/random.ts'
import { listSets } from '../../src/targets/backup/sets.ts'
import { type BackupWorld, createBackupWorld, type Opened } from '../support/backup-world.ts'
import { trueup } from '../support/cli.ts'

const all = process.env.BACKUP_STEPS === 'all'
const seed = Number(process.env.BACKUP_SEED ?? Math.floor(Math.random() * 1_000_000))
const random = seededRandom(seed)
const preload = resolve(process.cwd(), 'test/support/kill-at.mjs')

const worlds: BackupWorld[] = []
afterEach(() => {
  for (const world of worlds.splice(0)) world.remove()
})
const fresh = (): BackupWorld => {
  const world = createBackupWorld({
    backup: 'to: [backups/]\n    keep: { hourly: 0, daily: 0, weekly: 1, monthly: 0 }',
  })
  worlds.push(world)
  return world
}

interface Scenario {
  /** Brings a new workspace to where the command has something to do. */
  readonly prepare: (world: BackupWorld) => Promise<void>
  readonly command: readonly string[]
  /** It has at least so many steps. */
  readonly steps: number
  /** What must hold whenever it was killed, and after the next run. */
  readonly holds: (world: BackupWorld) => void
  readonly ends: (world: BackupWorld) => void
}

const file = (world: BackupWorld) => world.path('data/leads.db')
const sets = (world: BackupWorld) => listSets(world.path('backups'), 'nightly')

async function create({ port }: Opened): Promise<void> {
  const made = await port.create({ name: null, actor: 'test' })
  if (made.is !== 'created') throw new Error(made.message)
}

async function askAndApprove({ port, workspace }: Opened, world: BackupWorld): Promise<void> {
  const id = world.sets()[0] ?? ''
  const asked = await port.restore({ set: { id }, database: 'main', tables: null, keys: null, actor: 'local:me' })
  if (asked.is !== 'asked') throw new Error(asked.message)
  expect(workspace.engine.approve({ actionId: asked.actionId ?? '', approver: 'local:me' })).toMatchObject({
    is: 'approved',
  })
}

/** Whatever is there opens and is sound; a look at a copy, so that nothing of it is changed. */
function expectOpens(world: BackupWorld): void {
  if (!existsSync(file(world))) return
  for (const suffix of ['', '-wal']) {
    rmSync(world.path(`copy.db${suffix}`), { force: true })
    if (existsSync(file(world) + suffix)) copyFileSync(file(world) + suffix, world.path(`copy.db${suffix}`))
  }
  expect(world.rows(world.path('copy.db'), 'PRAGMA integrity_check')).toEqual([['ok']])
}

const wholeSets = (world: BackupWorld) => {
  expect(sets(world).flatMap(({ problem }) => problem ?? [])).toEqual([])
  expect(sets(world).filter(({ verified }) => verified !== undefined).length).toBeGreaterThanOrEqual(
    Math.min(2, sets(world).length),
  )
}

const namesOf = (world: BackupWorld) => world.rows(file(world), 'SELECT full_name FROM leads ORDER BY id').flat()
const lose = (world: BackupWorld) => {
  for (const suffix of ['', '-wal', '-shm']) rmSync(file(world) + suffix, { force: true })
}

const scenarios: Readonly<Record<string, Scenario>> = {
  prune: {
    prepare: (world) =>
      world.open(async (opened) => {
        await opened.apply()
        for (let more = 0; more < 3; more += 1) await create(opened)
      }),
    command: ['backup', 'prune'],
    steps: 4,
    holds: (world) => {
      wholeSets(world)
      expect(sets(world).length).toBeGreaterThanOrEqual(2)
    },
    ends: (world) => expect(sets(world)).toHaveLength(2),
  },
  'restore in place': {
    prepare: (world) =>
      world.open(async (opened) => {
        await opened.apply()
        world.sql("UPDATE leads SET full_name = 'overwritten'; DELETE FROM notes; PRAGMA wal_checkpoint(TRUNCATE)")
        await askAndApprove(opened, world)
      }),
    command: ['apply'],
    steps: 1,
    holds: (world) => {
      wholeSets(world)
      expectOpens(world)
    },
    ends: (world) => expect(namesOf(world)).toEqual(['Ann Forgettable', 'Bob']),
  },
  'restore of a lost file': {
    prepare: (world) =>
      world.open(async (opened) => {
        await opened.apply()
        lose(world)
        writeFileSync(`${file(world)}-wal`, 'left behind')
        await askAndApprove(opened, world)
      }),
    command: ['apply'],
    steps: 6,
    holds: (world) => {
      wholeSets(world)
      // The name has no file, or all of it; and what was left behind is never beside the restored one.
      if (!existsSync(file(world))) return
      expectOpens(world)
      expect(namesOf(world)).toEqual(['Ann Forgettable', 'Bob'])
    },
    ends: (world) => {
      expect(namesOf(world)).toEqual(['Ann Forgettable', 'Bob'])
      expect(readdirSync(world.path('data')).filter((name) => name.startsWith('.'))).toEqual([])
    },
  },
  'replacement of a damaged file': {
    prepare: async (world) => {
      await world.open(({ apply }) => apply())
      world.sql('PRAGMA wal_checkpoint(TRUNCATE)')
      const sound = readFileSync(file(world))
      lose(world)
      writeFileSync(file(world), Buffer.concat([Buffer.alloc(100, 120), sound.subarray(100)]))
      await world.open(async ({ apply, workspace }) => {
        await apply()
        const status = workspace.engine.statuses.get({ kind: 'database', name: 'main' })
        const replace = status?.actions.find(({ action }) => action.verb === 'replace-damaged')?.action.id ?? ''
        expect(workspace.engine.approve({ actionId: replace, approver: 'local:me' })).toMatchObject({ is: 'approved' })
      })
    },
    command: ['apply'],
    steps: 6,
    holds: (world) => {
      // The damaged file, which begins as it was made to, or a sound one.
      const isDamaged = readFileSync(file(world)).subarray(0, 4).toString() === 'xxxx'
      if (!isDamaged) expectOpens(world)
    },
    ends: (world) => expect(namesOf(world)).toEqual(['Ann Forgettable', 'Bob']),
  },
}

function environment(world: BackupWorld, step: number): Record<string, string> {
  const under = ['data', 'backups', '.trueup/restores', '.trueup/placed', '.trueup/quarantine'].map((name) =>
    world.path(name),
  )
  return {
    NODE_OPTIONS: `--import=${preload}`,
    KILL_STEP: String(step),
    KILL_UNDER: under.join(':'),
    KILL_COUNT: join(world.folder, 'steps'),
  }
}

const countOf = (world: BackupWorld) =>
  existsSync(world.path('steps')) ? readFileSync(world.path('steps'), 'utf8').trim().split('\n').length : 0

const names = Object.keys(scenarios)
const chosen = all ? names : [names[Math.floor(random.next() * names.length)] ?? '']

test.each(chosen)(
  `%s, killed before any of its steps, ends as a whole (seed ${seed})`,
  { timeout: 900_000 },
  async (name) => {
    const scenario = scenarios[name]
    if (scenario === undefined) throw new Error(name)
    const once = async (step: number) => {
      const world = fresh()
      await scenario.prepare(world)
      const { status } = await trueup(scenario.command, { in: world.folder, environment: environment(world, step) })
      scenario.holds(world)
      if (step > 0 && step <= countOf(world)) expect(status).toBe(null)
      // What was cut off is ended by the next run, without a person.
      await trueup(scenario.command, { in: world.folder })
      scenario.holds(world)
      scenario.ends(world)
      return countOf(world)
    }
    if (!all) {
      await once(1 + Math.floor(random.next() * scenario.steps))
      return
    }
    const steps = await once(0)
    expect(steps).toBeGreaterThanOrEqual(scenario.steps)
    for (let step = 1; step <= steps; step += 1) await once(step)
  },
)
