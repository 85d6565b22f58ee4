/** What `backups.*.before` asks for: a verified set, younger than the last write, ahead of every risky action. */
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { requestUndo } from '../../src/engine/undo-request.ts'
import { restoreInto } from '../../src/workspace/restore-set.ts'
import { type BackupWorld, createBackupWorld, type Opened, quietContext } from '../support/backup-world.ts'

const worlds: BackupWorld[] = []
const fresh = (more = ''): BackupWorld => {
  const world = createBackupWorld({ backup: 'to: [backups/]\n    before: high', more })
  worlds.push(world)
  return world
}
afterEach(() => {
  for (const world of worlds.splice(0)) world.remove()
})

const { signal } = quietContext
const key = { kind: 'backup', name: 'nightly' }
const namesOf = (world: BackupWorld, path = 'data/leads.db') =>
  world.rows(world.path(path), 'SELECT full_name FROM leads ORDER BY id').flat()

async function askRestore({ port }: Opened, world: BackupWorld): Promise<string> {
  const asked = await port.restore({
    set: { id: world.sets()[0] ?? '' },
    database: 'main',
    tables: null,
    keys: null,
    actor: 'local:me',
  })
  if (asked.is !== 'asked' || asked.actionId === null) throw new Error('nothing was asked')
  return asked.actionId
}

const approve = ({ workspace }: Opened, actionId: string) =>
  expect(workspace.engine.approve({ actionId, approver: 'local:me' })).toMatchObject({ is: 'approved' })
const firstOf = ({ workspace }: Opened, actionId: string) =>
  workspace.engine
    .pending(actionId)
    ?.gate.reasons.filter(({ code }) => code === 'backup-first')
    .map(({ message }) => message)

test('a set is made and verified before a restore of what was written since the last, and the plan says so', async () => {
  const world = fresh()
  await world.open(async (opened) => {
    await opened.apply()
    world.sql("INSERT INTO leads VALUES ('new', 'Newer Work', NULL)")
    const actionId = await askRestore(opened, world)
    expect(firstOf(opened, actionId)).toEqual([expect.stringContaining('main was written after the last one')])
    expect(world.sets()).toHaveLength(1)

    approve(opened, actionId)
    await opened.apply()
    expect(namesOf(world)).not.toContain('Newer Work')
    expect(world.sets()).toHaveLength(2)
    const [, made = ''] = world.sets()
    // It holds what the restore took away.
    const at = { path: world.path(`backups/${made}`), into: world.path('out'), identities: [] }
    await restoreInto(opened.workspace, at, quietContext)
    expect(namesOf(world, 'out/main.db')).toContain('Newer Work')
    const checkpointed = opened.workspace.journal
      .entries({ actionId, limit: 1000 })
      .find(({ type }) => type === 'action.checkpointed')
    expect(checkpointed?.body).toMatchObject({ backup: made })

    // The undo is as low a risk as any change that its checkpoint takes back: none is made for it.
    expect(
      await requestUndo({ of: { is: 'id', id: actionId }, actor: 'local:me', signal }, opened.workspace.engine),
    ).toMatchObject([{ is: 'undone' }])
    expect(world.sets()).toHaveLength(2)
    expect(namesOf(world)).toContain('Newer Work')
  })
})

test('none is made where the last verified set is younger than the last write', async () => {
  const world = fresh()
  await world.open(async (opened) => {
    await opened.apply()
    world.sql("INSERT INTO leads VALUES ('new', 'Newer Work', NULL)")
    const actionId = await askRestore(opened, world)
    await opened.port.create({ name: null, actor: 'test' })
    await opened.apply()
    expect(firstOf(opened, actionId)).toEqual([])
    approve(opened, actionId)
    await opened.apply()
    expect(namesOf(world)).not.toContain('Newer Work')
    expect(world.sets()).toHaveLength(2)
  })
})

test('where it cannot be made the action is not begun, says why, keeps its approval, and goes on once it can', async () => {
  const world = fresh()
  await world.open(async (opened) => {
    await opened.apply()
    world.sql("INSERT INTO leads VALUES ('new', 'Newer Work', NULL)")
    const actionId = await askRestore(opened, world)
    approve(opened, actionId)
    renameSync(world.path('backups'), world.path('elsewhere'))
    writeFileSync(world.path('backups'), 'a file where the folder was')
    await opened.apply()
    expect(namesOf(world)).toContain('Newer Work')
    const { statuses, ledger } = opened.workspace.engine
    const ready = statuses.get(key)?.conditions.find(({ type }) => type === 'Ready')
    expect(ready).toMatchObject({ status: 'false', reason: 'BackupBeforeFailed' })
    expect(ready?.message).toContain('BACKUP_TARGET_UNUSABLE')
    expect(ledger.record(actionId)?.approvals).toHaveLength(1)

    rmSync(world.path('backups'))
    renameSync(world.path('elsewhere'), world.path('backups'))
    await opened.apply()
    expect(namesOf(world)).not.toContain('Newer Work')
    expect(world.sets()).toHaveLength(2)
  })
})
