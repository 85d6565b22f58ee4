/** Services that say that they use a database are stopped while another file takes its place, and started again. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { type BackupWorld, createBackupWorld, type Opened } from '../support/backup-world.ts'

const file = 'data/leads.db'
let world: BackupWorld
const pids = () =>
  existsSync(world.path('pids')) ? readFileSync(world.path('pids'), 'utf8').trim().split('\n').map(Number) : []
const isAlive = (pid: number | undefined) => pid !== undefined && existsSync(`/proc/${pid}`)
afterEach(() => {
  for (const pid of pids()) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  world.remove()
})

function begin(): void {
  world = createBackupWorld({
    more: 'services:\n  writer:\n    command: [python3, writer.py, data/leads.db, pids]\n    dependsOn: [database/main]\n',
  })
  writeFileSync(world.path('writer.py'), writer)
}

const stops = { code: 'stops-services', count: 1, message: 'stopped before it and started again after it: writer' }
const started = async (count: number) => {
  while (pids().length < count) await sleep(20)
}

function approve({ workspace }: Opened, actionId: string): void {
  expect(workspace.engine.approve({ actionId, approver: 'local:me' })).toMatchObject({ is: 'approved' })
}

const written = (text: string) => world.rows(world.path(file), `SELECT count(*) FROM notes WHERE ${text}`)[0]

const writer = `
import os, sqlite3, sys, time
open(sys.argv[2], 'a').write(f'{os.getpid()}\\n')
end = time.time() + 60
while time.time() < end and os.path.isdir(os.path.dirname(sys.argv[1])):
    try:
        with sqlite3.connect(sys.argv[1]) as db:
            while time.time() < end:
                db.execute("INSERT INTO notes (lead_id, body) VALUES ('bob', 'from the service')"); db.commit(); time.sleep(0.05)
    except sqlite3.Error:
        time.sleep(0.1)
`

test('before a restore of a file that was deleted under it', async () => {
  begin()
  await world.open(async (opened) => {
    await opened.apply()
    await started(1)
    // It goes on with the deleted file, as programs do.
    for (const suffix of ['', '-wal', '-shm']) rmSync(world.path(file) + suffix, { force: true })
    const id = world.sets()[0] ?? ''
    const asked = await opened.port.restore({
      set: { id },
      database: 'main',
      tables: null,
      keys: null,
      actor: 'local:me',
    })
    const actionId = asked.is === 'asked' ? (asked.actionId ?? '') : ''
    const { engine } = opened.workspace
    expect(engine.pending(actionId)?.action.findings).toContainEqual(stops)
    approve(opened, actionId)
    await opened.apply()
    expect(engine.ledger.record(actionId)?.state).toBe('verified')
    await started(2)
    const [first, second] = pids()
    expect([isAlive(first), isAlive(second)]).toEqual([false, true])
    // What it writes from now on is in the restored file.
    while (JSON.stringify(written("body = 'from the service'")) === '[0]') await sleep(20)
  })
})

test('before a damaged file is salvaged, and until it was replaced', async () => {
  begin()
  world.sql(`CREATE TABLE pages (body); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
    INSERT INTO pages SELECT hex(randomblob(300)) FROM n`)
  await world.open(async (opened) => {
    await opened.apply()
    await started(1)
    const { engine } = opened.workspace
    // A page of the middle of the file, as a bad disk would.
    world.sql('PRAGMA wal_checkpoint(TRUNCATE)')
    await damagePage(world.path(file), 40)
    const key = { kind: 'database', name: 'main' }
    world.later(2 * 86_400_000) // the full check is due
    const { executed } = await opened.apply()
    const salvage = executed.find(({ action }) => action.verb === 'salvage')
    expect(salvage?.action.findings).toMatchObject([{ code: 'stops-services', count: 1 }])
    expect(pids().map(isAlive)).toEqual([false])
    // Nothing starts it on the damaged file.
    await opened.apply()
    expect(pids()).toHaveLength(1)
    const service = engine.statuses.get({ kind: 'service', name: 'writer' })
    expect(service?.conditions.find(({ type }) => type === 'Ready')).toMatchObject({ reason: 'Dependency' })

    const [replace] = engine.statuses.get(key)?.actions.map(({ action }) => action) ?? []
    expect(replace?.verb).toBe('replace-damaged')
    expect(replace?.findings).toContainEqual(stops)
    approve(opened, replace?.id ?? '')
    await opened.apply()
    expect(engine.ledger.record(replace?.id ?? '')?.state).toBe('verified')
    await started(2)
    const [first, second] = pids()
    expect([isAlive(first), isAlive(second)]).toEqual([false, true])
    expect(world.rows(world.path(file), 'PRAGMA integrity_check')).toEqual([['ok']])
  })
})

async function damagePage(path: string, page: number): Promise<void> {
  const opened = await open(path, 'r+')
  await opened.write(Buffer.alloc(4096), 0, 4096, page * 4096)
  await opened.close()
}
