/** Sets in a store that speaks S3, against a server that checks signatures and hashes: test/support/s3-server.ts. */
import { readdirSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { requestUndo } from '../../src/engine/undo-request.ts'
import { findSet, refreshSets, restoreInto, verifyWith } from '../../src/workspace/restore-set.ts'
import { type BackupWorld, createBackupWorld, filesWith, type Opened, quietContext } from '../support/backup-world.ts'
import { removeFolder } from '../support/remove.ts'
import { type S3Server, s3Keys, startS3 } from '../support/s3-server.ts'

let store: S3Server
const worlds: BackupWorld[] = []
beforeEach(async () => {
  store = await startS3()
})
afterEach(async () => {
  for (const world of worlds.splice(0)) world.remove()
  await store.close()
})

function fresh(to: string, { keys = s3Keys, more = '' } = {}): BackupWorld {
  const backup = `to: [${to}]\n    s3: { endpoint: "${store.endpoint}" }\n    keep: { hourly: 0, daily: 0, weekly: 1, monthly: 0 }${more}`
  const environment = { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey }
  const world = createBackupWorld({ backup, environment })
  worlds.push(world)
  return world
}

const vault = '"s3://vault/lead backups/"'.replace(' ', '-')
const { signal } = quietContext
const idsThere = () =>
  [...new Set([...store.objects.keys()].map((key) => key.split('/')[2] ?? ''))].filter((id) => !id.startsWith('.'))
const statusOf = ({ workspace }: Opened) => workspace.engine.statuses.get({ kind: 'backup', name: 'nightly' })
const listed = async ({ port }: Opened) => (await port.backups())[0]?.sets ?? []

async function create({ port }: Opened) {
  const made = await port.create({ name: null, actor: 'test' })
  if (made.is !== 'created') throw new Error(made.message)
  return made.set
}

test('a set goes to a folder and to the store, is read back from there, and is never written over', async () => {
  const world = fresh(`backups/, ${vault}`)
  await world.open(async (opened) => {
    store.failNext(503, 500)
    await opened.apply()
    expect(statusOf(opened)?.drift).toEqual([])
    const [set] = await listed(opened)
    expect(set?.paths).toEqual([world.path(`backups/${set?.id}`), `s3://vault/lead-backups/${set?.id}`])
    expect(set?.verifiedHow).toBe('restored')
    const puts = store.log.filter((line) => line.startsWith('PUT'))
    expect(puts.at(-1)).toContain('manifest.json')
    expect(
      [...store.objects.keys()]
        .filter((key) => key.includes(set?.id ?? ''))
        .map((key) => key.split('/').at(-1))
        .sort(),
    ).toEqual(readdirSync(world.path(`backups/${set?.id}`)).sort())
    const before = [...store.objects]
    await opened.apply()
    expect(store.log.filter((line) => line.startsWith('PUT'))).toEqual(puts)
    expect([...store.objects]).toEqual(before)
    // The keys are read when they are needed, and kept nowhere.
    expect(filesWith(world.folder, s3Keys.secretAccessKey.toLowerCase())).toEqual([])
  })
})

test('from the store alone a workspace that lost everything is restored, also in place', async () => {
  const world = fresh(vault)
  const made = await world.open(async (opened) => {
    await opened.apply()
    return (await listed(opened))[0]?.id ?? ''
  })
  expect(idsThere()).toEqual([made])
  expect(readdirSync(world.path('.trueup')).includes('outgoing')).toBe(false)
  removeFolder(world.path('.trueup'))
  removeFolder(world.path('data'))
  await world.open(async (opened) => {
    const { workspace } = opened
    await refreshSets(workspace, quietContext)
    await restoreInto(
      workspace,
      { path: findSet(workspace, made).path, into: world.path('out'), identities: [] },
      quietContext,
    )
    expect(world.rows(world.path('out/main.db'), 'SELECT count(*) FROM leads')).toEqual([[2]])
    const asked = await opened.port.restore({
      set: { id: made },
      database: 'main',
      tables: null,
      keys: null,
      actor: 'local:me',
    })
    const actionId = asked.is === 'asked' ? (asked.actionId ?? '') : ''
    expect(workspace.engine.approve({ actionId, approver: 'local:me' })).toMatchObject({ is: 'approved' })
    await workspace.engine.reconcileNow(
      { kind: 'backup', name: 'nightly' },
      { runId: 'r', actor: 'test', signal, full: true },
    )
    expect(world.rows(world.path('data/leads.db'), 'SELECT count(*) FROM leads')).toEqual([[2]])
    expect(readdirSync(world.path('.trueup/scratch'))).toEqual([])
  })
})

test('a byte that changed in the store, or an object that is gone, is found; the set counts for nothing then', async () => {
  const world = fresh(vault)
  await world.open(async (opened) => {
    await opened.apply()
    const [id = ''] = idsThere()
    const key = `vault/lead-backups/${id}/main.db.gz`
    const changed = Buffer.from(store.objects.get(key) ?? '')
    changed[100] = (changed[100] ?? 0) ^ 1
    store.objects.set(key, changed)
    const found = await verifyWith(opened.workspace, { id, identities: [] }, quietContext)
    expect(found).toMatchObject({
      verified: false,
      problems: [expect.stringContaining('main.db.gz holds other bytes')],
    })
    expect(found.problems[0]).toContain('s3://vault')
    store.objects.delete(key)
    await opened.apply()
    expect(statusOf(opened)?.drift.map(({ path }) => path)).toContain(`sets.${id}`)
    expect(idsThere()).toHaveLength(2)
  })
})

test('what is older than is kept is put aside there, gone for good after 48 hours, and taken back by undo before', async () => {
  const world = fresh(vault)
  await world.open(async (opened) => {
    await opened.apply()
    for (let more = 0; more < 2; more += 1) await create(opened)
    const [, , oldest] = await listed(opened)
    const pruned = await opened.port.prune({ name: null, actor: 'test' })
    expect(pruned).toMatchObject({ is: 'pruned', ids: [oldest?.id] })
    expect((await listed(opened)).map(({ id }) => id)).not.toContain(oldest?.id)
    expect(idsThere()).toContain(oldest?.id)
    world.later(49 * 3_600_000)
    await create(opened)
    const second = await opened.port.prune({ name: null, actor: 'test' })
    expect(idsThere()).not.toContain(oldest?.id)
    expect([...store.objects.keys()].filter((key) => key.includes(oldest?.id ?? ''))).toEqual([])
    expect(await listed(opened)).toHaveLength(2)
    const actionId = second.is === 'pruned' ? (second.actionId ?? '') : ''
    await requestUndo({ of: { is: 'id', id: actionId }, actor: 'local:me', signal }, opened.workspace.engine)
    expect(await listed(opened)).toHaveLength(3)
  })
})

test.each([
  [
    'wrong keys',
    () => ({ keys: { ...s3Keys, secretAccessKey: 'not-the-secret-at-all' } }),
    '403 SignatureDoesNotMatch',
  ],
  ['another bucket', () => ({}), '404 NoSuchBucket'],
  ['a redirect', () => void store.redirectTo('http://127.0.0.1:1/elsewhere'), 'it answered 307'],
])('%s: the place is told as drift with its reason, and sets go to the other', async (name, arrange, reason) => {
  const options = arrange()
  const world = fresh(`backups/, ${name === 'another bucket' ? '"s3://other/x"' : vault}`, options ?? {})
  await world.open(async (opened) => {
    await opened.apply()
    const drift = statusOf(opened)?.drift ?? []
    expect(drift.map(({ path }) => path)).toEqual([expect.stringContaining('to.s3://')])
    expect(drift[0]?.message).toContain(reason)
    expect(JSON.stringify(drift)).not.toContain('not-the-secret')
    expect(world.sets()).toHaveLength(1)
    expect(store.objects.size).toBe(0)
    expect((await listed(opened))[0]?.verifiedHow).toBe('restored')
  })
})
