/** Restores: what they show before, what they change, what undo takes back, and who stays away. */
import { appendFileSync, cpSync, existsSync, readdirSync, rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import { afterEach, describe, expect, test } from 'vitest'
import type { RestoreAsked } from '../../src/api/backup-port.ts'
import { requestUndo } from '../../src/engine/undo-request.ts'
import { noteAsk, stagingFolder } from '../../src/kinds/backup/index.ts'
import { decisionFiles } from '../../src/workspace/decision-files.ts'
import { chooseSet, findSet, restoreInto } from '../../src/workspace/restore-set.ts'
import { chosenText } from '../../src/workspace/set-at.ts'
import {
  type BackupWorld,
  type BackupWorldOptions,
  createBackupWorld,
  filesWith,
  type Opened,
  quietContext,
} from '../support/backup-world.ts'
import { annKey } from '../support/person-world.ts'

const worlds: BackupWorld[] = []
const fresh = (options?: BackupWorldOptions): BackupWorld => {
  const world = createBackupWorld(options)
  worlds.push(world)
  return world
}
afterEach(() => {
  for (const world of worlds.splice(0)) world.remove()
})

const { signal } = quietContext
const leadsOf = (world: BackupWorld) => world.rows(world.path('data/leads.db'), 'SELECT * FROM leads ORDER BY id')

/** Asks to restore from the oldest set. */
async function asking(
  { port }: Opened,
  world: BackupWorld,
  rest: { tables?: readonly string[]; keys?: readonly string[]; database?: string } = {},
): Promise<RestoreAsked> {
  const [id = ''] = world.sets()
  const { tables = null, keys = null, database = 'main' } = rest
  const asked = await port.restore({ set: { id }, database, tables, keys, actor: 'local:me' })
  if (asked.is !== 'asked') throw new Error(asked.message)
  return asked
}

function approve({ workspace }: Opened, actionId: string | null): void {
  expect(workspace.engine.approve({ actionId: actionId ?? '', approver: 'local:me' })).toMatchObject({ is: 'approved' })
}

const damage = `
  UPDATE leads SET email = 'overwritten' WHERE id = 'bob';
  INSERT INTO leads VALUES ('new', 'Newer Work', NULL);
  DELETE FROM notes; DELETE FROM leads WHERE id = '${annKey}'`

describe('a restore in place', () => {
  test('is shown, waits for approval, makes the tables what they were, and is taken back by undo', async () => {
    const world = fresh()
    await world.open(async (opened) => {
      await opened.apply()
      const before = leadsOf(world)
      world.sql(damage)
      const damaged = leadsOf(world)
      const asked = await asking(opened, world)
      expect(asked.tables).toEqual([
        { table: 'leads', added: 1, changed: 1, removed: 1 },
        { table: 'notes', added: 2, changed: 0, removed: 0 },
      ])
      expect(asked.preview).toContainEqual({
        key: 'bob',
        field: 'email',
        before: 'overwritten',
        after: 'bob@lasting.example',
      })
      const { executed } = await opened.apply()
      expect(executed.filter(({ action }) => action.verb === 'restore')).toEqual([])
      expect(leadsOf(world)).toEqual(damaged)

      approve(opened, asked.actionId)
      await opened.apply()
      expect(leadsOf(world)).toEqual(before)
      expect(world.rows(world.path('data/leads.db'), 'SELECT count(*) FROM notes')).toEqual([[2]])
      expect(readdirSync(world.path('.trueup/restores'))).toEqual([])
      expect(opened.workspace.engine.statuses.get({ kind: 'backup', name: 'nightly' })?.drift).toEqual([])

      const id = asked.actionId ?? ''
      expect(
        await requestUndo({ of: { is: 'id', id }, actor: 'local:me', signal }, opened.workspace.engine),
      ).toMatchObject([{ is: 'undone' }])
      expect(leadsOf(world)).toEqual(damaged)
    })
  })

  test('of one table, or of records of it, touches nothing else', async () => {
    const world = fresh()
    await world.open(async (opened) => {
      await opened.apply()
      world.sql(damage)
      const one = await asking(opened, world, { tables: ['leads'], keys: ['bob'] })
      expect(one.tables).toEqual([{ table: 'leads', added: 0, changed: 1, removed: 0 }])
      approve(opened, one.actionId)
      await opened.apply()
      expect(leadsOf(world)).toEqual([
        ['bob', 'Bob', 'bob@lasting.example'],
        ['new', 'Newer Work', null],
      ])
    })
  })

  test('on other evidence than was approved is not made', async () => {
    const world = fresh()
    await world.open(async (opened) => {
      await opened.apply()
      world.sql(damage)
      const asked = await asking(opened, world)
      approve(opened, asked.actionId)
      world.sql(`UPDATE leads SET full_name = 'written meanwhile' WHERE id = 'new'`)
      await opened.apply()
      expect(leadsOf(world)).toContainEqual(['new', 'written meanwhile', null])
    })
  })

  test('that cannot be made says why: what is not in the set, is only observed, has no key, or does not differ', async () => {
    const more = '  seen: { path: data/seen.db, manage: observe }\n'
    const world = fresh({ more, of: 'main, seen' })
    world.sql('CREATE TABLE loose (a, b); INSERT INTO loose VALUES (1, 2)')
    await world.open(async (opened) => {
      const { port } = opened
      new Database(world.path('data/seen.db')).exec('CREATE TABLE t (id INTEGER PRIMARY KEY)').close()
      await opened.apply()
      const [id = ''] = world.sets()
      const ask = { set: { id }, tables: null, keys: null, actor: 'local:me' }
      expect(await port.restore({ ...ask, database: 'seen' })).toMatchObject({
        error: { code: 'DATABASE_NOT_WRITABLE_BY_DECLARATION' },
      })
      expect(await port.restore({ ...ask, database: 'none' })).toMatchObject({ is: 'not-found' })
      expect(await port.restore({ ...ask, set: { id: 'nightly-x' }, database: 'main' })).toMatchObject({
        is: 'not-found',
      })
      expect(await port.restore({ ...ask, database: 'main', tables: ['loose'] })).toMatchObject({
        error: { message: expect.stringContaining('no key') },
      })
      expect(await asking(opened, world)).toMatchObject({
        actionId: null,
        passedOver: [{ table: 'loose', reason: expect.stringContaining('no key') }],
      })
    })
  })

  test('that nobody approves lapses after three days, with the copy that was made for it', async () => {
    const world = fresh()
    await world.open(async (opened) => {
      await opened.apply()
      world.sql(damage)
      await asking(opened, world)
      expect(readdirSync(world.path('.trueup/restores'))).toHaveLength(1)
    })
    world.later(73 * 3_600_000)
    await world.open(async ({ apply, workspace }) => {
      await apply()
      expect(workspace.engine.statuses.get({ kind: 'backup', name: 'nightly' })?.drift).toEqual([])
    })
    expect(readdirSync(world.path('.trueup/restores'))).toEqual([])
  })
})

test('a restore into a folder takes nothing that is there, and a set that is not there is named', async () => {
  const world = fresh()
  await world.open(async ({ apply, workspace }) => {
    await apply()
    const [id = ''] = world.sets()
    const { path } = findSet(workspace, id)
    const into = (folder: string) =>
      restoreInto(workspace, { path, into: world.path(folder), identities: [] }, quietContext)
    await into('out')
    expect(readdirSync(world.path('out')).sort()).toEqual(['_desired-state.yaml', '_journal.db', 'main.db'])
    await expect(into('out')).rejects.toMatchObject({ code: 'USAGE' })
    await expect(into('data')).rejects.toMatchObject({ code: 'USAGE' })
    expect(() => findSet(workspace, 'nightly-20200101T000000Z-00000000')).toThrow('there is no set')
  })
})

test('an erased person stays erased, though the set still holds them', async () => {
  const world = fresh()
  await world.open(async (opened) => {
    const { workspace, apply } = opened
    await apply()
    const found = await workspace.eraser.find({ table: 'leads', key: annKey }, signal)
    const suppression = { table: 'leads', reason: 'asked', by: 'local:me', atMs: Date.now() }
    await workspace.eraser.erase({ id: 'erasure', found, suppression }, signal)
    world.sql(`DELETE FROM leads WHERE id = 'bob'`)
    expect(leadsOf(world)).toEqual([])

    const [id = ''] = world.sets()
    const into = world.path('out')
    const { withheld } = await restoreInto(
      workspace,
      { path: findSet(workspace, id).path, into, identities: [] },
      quietContext,
    )
    expect(withheld).toBe(1)
    expect(world.rows(`${into}/main.db`, 'SELECT id FROM leads')).toEqual([['bob']])
    expect(world.rows(`${into}/main.db`, 'SELECT body FROM notes')).toEqual([['on Bob']])
    expect(filesWith(into, 'forgettable')).toEqual([])

    const asked = await asking(opened, world)
    expect(asked.tables).toContainEqual({ table: 'leads', added: 1, changed: 0, removed: 0 })
    approve(opened, asked.actionId)
    await apply()
    expect(leadsOf(world)).toEqual([['bob', 'Bob', 'bob@lasting.example']])
    expect(existsSync(world.path('.trueup/checkpoints.db'))).toBe(true)
    expect(filesWith(world.path('.trueup'), 'forgettable')).toEqual([])
  })
})

test('an erasure drops the restores that were asked for, and a copy that still holds the person is no way back', async () => {
  const world = fresh()
  await world.open(async (opened) => {
    const { workspace, apply } = opened
    await apply()
    const [id = ''] = world.sets()
    const copy = world.path('copy')
    await restoreInto(workspace, { path: findSet(workspace, id).path, into: copy, identities: [] }, quietContext)
    const found = await workspace.eraser.find({ table: 'leads', key: annKey }, signal)
    world.sql('DELETE FROM notes; DELETE FROM leads')
    await asking(opened, world)
    const suppression = { table: 'leads', reason: 'asked', by: 'local:me', atMs: Date.now() }
    await workspace.eraser.erase({ id: 'erasure', found, suppression }, signal)
    expect(existsSync(world.path('.trueup/restores'))).toBe(false)

    const staging = stagingFolder(workspace.ownFolder, 'late')
    cpSync(`${copy}/main.db`, `${staging}/main.db`)
    const path = world.path('data/leads.db')
    const ask = {
      id: 'late',
      setId: id,
      backup: 'nightly',
      database: 'main',
      path,
      tables: null,
      keys: null,
      whole: null,
    }
    noteAsk(workspace.ownFolder, { ...ask, by: 'local:me', atMs: Date.now() })
    await apply()
    const [waiting] = workspace.engine.statuses.get({ kind: 'backup', name: 'nightly' })?.actions ?? []
    expect(waiting?.action.findings.map(({ code }) => code)).toContain('withholds-erased')
    approve(opened, waiting?.action.id ?? null)
    await apply()
    expect(leadsOf(world)).toEqual([['bob', 'Bob', 'bob@lasting.example']])
    expect(world.rows(path, 'SELECT body FROM notes')).toEqual([['on Bob']])
    expect(filesWith(world.path('.trueup'), 'forgettable')).toEqual([])
  })
})

test('what people decided is in a set, and comes back without the records of erased people', async () => {
  const world = fresh()
  await world.open(async ({ apply, port, workspace }) => {
    await apply()
    for (const [file, columns, rows] of [
      ['waivers.db', `record TEXT, check_id TEXT, print INTEGER`, [`'${annKey}', 'email', 1`, `'bob', 'email', 2`]],
      ['not-duplicates.db', 'one TEXT, other TEXT', [`'${annKey}', 'bob'`, `'bob', 'carl'`]],
    ] as const) {
      const table = decisionFiles.find((one) => one.file === file)?.table
      const db = new Database(world.path(`.trueup/${file}`))
      db.exec(`CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY, table_name TEXT, ${columns})`)
      for (const [id, row] of rows.entries()) db.exec(`INSERT INTO ${table} VALUES ('${id}', 'leads', ${row})`)
      db.close()
    }
    const made = await port.create({ name: null, actor: 'test' })
    if (made.is !== 'created') throw new Error(made.message)
    const found = await workspace.eraser.find({ table: 'leads', key: annKey }, signal)
    if (found === undefined) throw new Error('Ann is not there')
    const suppression = { table: 'leads', reason: 'asked', by: 'local:me', atMs: Date.now() }
    await workspace.eraser.erase({ id: 'erasure', found, suppression }, signal)
    const at = { path: made.set.paths[0] ?? '', into: world.path('out'), identities: [] }
    await restoreInto(workspace, at, quietContext)
    expect(world.rows(world.path('out/_waivers.db'), `SELECT record FROM ${decisionFiles[0].table}`)).toEqual([['bob']])
    expect(world.rows(world.path('out/_not-duplicates.db'), `SELECT one FROM ${decisionFiles[1].table}`)).toEqual([
      ['bob'],
    ])
  })
})

describe('a restore to a moment', () => {
  const hourMs = 3_600_000

  test('takes the newest verified set until then that holds the database, and tells which and how much older it is', async () => {
    const world = fresh()
    await world.open(async (opened) => {
      const { port } = opened
      const made = async (name: string) => {
        world.sql(`UPDATE leads SET full_name = '${name}' WHERE id = 'bob'`)
        const answer = await port.create({ name: null, actor: 'local:me' })
        if (answer.is !== 'created') throw new Error(answer.message)
        return answer.set
      }
      const first = await made('Bob the first')
      world.later(10 * hourMs)
      const second = await made('Bob the second')
      world.later(10 * hourMs)
      const third = await made('Bob the third')
      const ask = { database: 'main', tables: ['leads'], keys: null, actor: 'local:me' }
      const at = (atMs: number, backup?: string) => port.restore({ ...ask, set: { atMs, backup } })

      expect(await at(second.createdAtMs)).toMatchObject({ id: second.id, olderMs: 0 })
      expect(await at(third.createdAtMs - 1)).toMatchObject({ id: second.id, createdAtMs: second.createdAtMs })
      expect(await at(second.createdAtMs + 5 * hourMs, 'nightly')).toMatchObject({
        id: second.id,
        olderMs: 5 * hourMs,
        preview: [{ key: 'bob', field: 'full_name', before: 'Bob the third', after: 'Bob the second' }],
      })

      // One that was never verified, or lost a file, is passed over for the one before it.
      rmSync(world.path(`backups/.verified/${second.id}.json`))
      expect(await at(third.createdAtMs - 1)).toMatchObject({ id: first.id })
      rmSync(world.path(`backups/${first.id}/main.db.gz`))
      expect(await at(third.createdAtMs - 1)).toMatchObject({
        is: 'not-found',
        message: expect.stringMatching(
          `no verified set of main .*; ${second.id} is not verified; the first verified one after it is ${third.id}`,
        ),
      })
      expect(await at(first.createdAtMs - 1)).toMatchObject({
        is: 'not-found',
        message: expect.stringContaining('no verified set of main was made at'),
      })
      expect(await at(third.createdAtMs, 'weekly')).toMatchObject({ message: 'no backup is named weekly' })
      expect(await port.restore({ ...ask, database: 'none', set: { atMs: third.createdAtMs } })).toMatchObject({
        message: expect.stringContaining('no verified set of none'),
      })
    })
  })

  test('into a folder takes a set of the one backup that is meant', async () => {
    const world = fresh()
    appendFileSync(
      world.path('desired-state.yaml'),
      '  weekly: { of: [main], schedule: "0 3 * * 0", to: [backups/] }\n',
    )
    await world.open(async ({ apply, workspace }) => {
      await apply()
      const atMs = Date.now() + hourMs
      const taken = chooseSet(workspace, { atMs, backup: 'weekly' }, null)
      expect(taken).toMatchObject({ backup: 'weekly', chosen: { id: expect.stringMatching(/^weekly-/) } })
      expect(() => chooseSet(workspace, { atMs }, null)).toThrow('several backups are declared')
      expect(chosenText({ ...taken.chosen, olderMs: 26 * hourMs })).toContain('26 hours older than the moment')
    })
  })
})
