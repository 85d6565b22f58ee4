/** A database file that was deleted comes back out of a set: shown before, approved, in one step, with undo. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { afterEach, expect, test } from 'vitest'
import type { RestoreAsked } from '../../src/api/backup-port.ts'
import { requestUndo } from '../../src/engine/undo-request.ts'
import {
  type BackupWorld,
  type BackupWorldOptions,
  createBackupWorld,
  type Opened,
  quietContext,
} from '../support/backup-world.ts'
import { annKey } from '../support/person-world.ts'

const worlds: BackupWorld[] = []
const fresh = (options: BackupWorldOptions = {}): BackupWorld => {
  const world = createBackupWorld(options)
  worlds.push(world)
  return world
}
afterEach(() => {
  for (const world of worlds.splice(0)) world.remove()
})

const { signal } = quietContext
const file = 'data/leads.db'

async function asked({ port }: Opened, world: BackupWorld): Promise<RestoreAsked & { actionId: string }> {
  const id = world.sets()[0] ?? ''
  const answer = await port.restore({ set: { id }, database: 'main', tables: null, keys: null, actor: 'local:me' })
  if (answer.is !== 'asked' || answer.actionId === null) throw new Error(answer.message)
  return { ...answer, actionId: answer.actionId }
}

function approve({ workspace }: Opened, actionId: string): void {
  expect(workspace.engine.approve({ actionId, approver: 'local:me' })).toMatchObject({ is: 'approved' })
}

function lose(world: BackupWorld): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(world.path(file) + suffix, { force: true })
}

const namesOf = (world: BackupWorld) => world.rows(world.path(file), 'SELECT full_name FROM leads ORDER BY id').flat()

test('comes back with every table, and the undo takes it away again into the quarantine', async () => {
  const world = fresh()
  world.sql(
    'CREATE TABLE other (a, b); CREATE INDEX other_a ON other (a); CREATE VIEW seen AS SELECT a FROM other; INSERT INTO other VALUES (1, 2)',
  )
  await world.open(async (opened) => {
    await opened.apply()
    const schema = world.rows(
      world.path(file),
      "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'trueup%' ORDER BY name",
    )
    lose(world)
    // Of another life of the file: it must not be played back into the restored one.
    writeFileSync(`${world.path(file)}-wal`, 'left behind')
    const { actionId, counts, tables, message } = await asked(opened, world)
    expect(tables).toContainEqual({ table: 'leads', added: 2, changed: 0, removed: 0 })
    expect(counts).toMatchObject({ changed: 0, removed: 0 })
    expect(message).toContain('whose file is gone')
    await opened.apply()
    expect(existsSync(world.path(file))).toBe(false)

    approve(opened, actionId)
    await opened.apply()
    expect(namesOf(world)).toEqual(['Ann Forgettable', 'Bob'])
    expect(
      world.rows(world.path(file), "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'trueup%' ORDER BY name"),
    ).toEqual(schema)
    expect(readdirSync(world.path('data')).filter((name) => name.startsWith('.'))).toEqual([])
    expect(readdirSync(world.path('.trueup/restores'))).toEqual([])
    const [kept = ''] = readdirSync(world.path('.trueup/quarantine'))
    expect(readFileSync(world.path(`.trueup/quarantine/${kept}/database-wal`), 'utf8')).toBe('left behind')
    expect(opened.workspace.engine.statuses.get({ kind: 'database', name: 'main' })?.observation).toMatchObject({
      is: 'present',
    })

    world.sql("INSERT INTO leads VALUES ('new', 'Written Since', NULL)")
    const undone = await requestUndo(
      { of: { is: 'id', id: actionId }, actor: 'local:me', signal },
      opened.workspace.engine,
    )
    expect(undone).toMatchObject([{ is: 'undone', conflicts: ['what was written since the restore'] }])
    expect(existsSync(world.path(file))).toBe(false)
    const taken = readdirSync(world.path('.trueup/quarantine')).find((name) => name.includes('taken-away'))
    expect(
      world.rows(world.path(`.trueup/quarantine/${taken}/database`), "SELECT full_name FROM leads WHERE id = 'new'"),
    ).toEqual([['Written Since']])
  })
})

test('a file that came to be there meanwhile is left as it is', async () => {
  const world = fresh()
  await world.open(async (opened) => {
    await opened.apply()
    renameSync(world.path(file), world.path('data/away.db'))
    lose(world)
    const { actionId } = await asked(opened, world)
    approve(opened, actionId)
    const other = new Database(world.path(file))
    other.exec(
      "CREATE TABLE leads (id TEXT PRIMARY KEY, full_name TEXT, email TEXT); INSERT INTO leads VALUES ('x', 'Somebody Else', NULL)",
    )
    other.close()
    await opened.apply()
    expect(namesOf(world)).toEqual(['Somebody Else'])
    expect(opened.workspace.engine.ledger.record(actionId)?.state).toBe('superseded')
  })
})

test('whoever was erased since does not come back with it, and what would is counted without them', async () => {
  const world = fresh()
  await world.open(async (opened) => {
    await opened.apply()
    const { eraser } = opened.workspace
    const found = await eraser.find({ table: 'leads', key: annKey }, signal)
    if (found === undefined) throw new Error('Ann is not there')
    const suppression = { table: 'leads', reason: 'asked', by: 'local:me', atMs: Date.now() }
    await eraser.erase({ id: 'erasure', found, suppression }, signal)
    lose(world)
    const { actionId, withheld, tables } = await asked(opened, world)
    expect(withheld).toBe(1)
    expect(tables).toContainEqual({ table: 'leads', added: 1, changed: 0, removed: 0 })
    approve(opened, actionId)
    await opened.apply()
    expect(namesOf(world)).toEqual(['Bob'])
  })
})
