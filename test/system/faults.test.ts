/**
 * What goes wrong in the world becomes a condition with a next step: nothing crashes, nothing is guessed, and what is
 * sound goes on being looked after.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CliOptions, type CliResult, documents, soleDocument, trueup, trueupJson } from '../support/cli.ts'
import { python } from '../support/python.ts'
import { removeFolder } from '../support/remove.ts'
import { generateWorkspaces, journalOf, type Workspace, type Workspaces, workspaceAt } from '../support/workspace.ts'

let workspaces: Workspaces
beforeAll(async () => {
  workspaces = await generateWorkspaces({ rows: 60, seed: 21 })
}, 60_000)
afterAll(() => workspaces.remove())

const isRoot = process.getuid?.() === 0

function expectNoCrash({ status, stdout, stderr }: CliResult): void {
  expect([0, 1, 2, 3]).toContain(status)
  expect(`${stdout}${stderr}`).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m)
  expect(`${stdout}${stderr}`).not.toContain('UNEXPECTED')
  expect(`${stdout}${stderr}`).not.toContain('INVARIANT')
}

/** A resource that cannot be read: health, status and why say the same, with code and next step. */
async function expectUnreadable(
  workspace: Workspace,
  resource: string,
  code: string,
  options: CliOptions = {},
): Promise<void> {
  const at = { in: workspace.folder, ...options }
  const health = await trueupJson(['health'], documents.health, at)
  const item = health.document.items.find(({ id }) => id === resource)
  expect(item).toMatchObject({ status: 'failed', error: { code, hint: expect.stringMatching(/\w{4}/) } })
  expect(health.status).toBe(2)

  const status = await trueupJson(['status'], documents.status, at)
  expect(status.document.items.find(({ id }) => id === resource)?.error).toMatchObject({ code })
  expect(status.document.sentence).toContain('cannot be read')
  expect(status.status).toBe(2)

  const why = await trueupJson(['why', resource], documents.why, at)
  expect(why.status).toBe(0)
  const lines = why.document.items[0]?.lines ?? []
  expect(lines).toContainEqual({ label: 'next step', text: item?.error?.hint })
  expect(lines.find(({ label }) => label === 'reason')?.text).toContain(item?.error?.message)
}

/** A database that is there and broken: a critical difference, and never called as declared. */
async function expectCorrupt(workspace: Workspace, resource: string, nextStep: string): Promise<void> {
  const at = { in: workspace.folder }
  const health = await trueupJson(['health', resource], documents.health, at)
  expect(health.status).toBe(2)
  expect(health.document.items[0]?.checks).toContainEqual(
    expect.objectContaining({ name: 'integrity', status: 'failed' }),
  )
  const why = await trueupJson(['why', resource], documents.why, at)
  expect(why.document.items[0]?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'false' }))
  const said = (label: string) =>
    why.document.items[0]?.lines.flatMap((line) => (line.label === label ? [line.text] : [])).join('\n')
  expect(said('evidence')).toContain('is corrupt')
  expect(said('next step')).toContain(nextStep)
  const plan = await trueupJson(['plan', resource], documents.plan, at)
  expect(plan.status).toBe(2)
  expect(plan.document.drift).toContainEqual(expect.objectContaining({ path: 'integrity', severity: 'critical' }))
}

/** The commands that nothing else here has asked. */
async function expectQuietCommands(workspace: Workspace, options: CliOptions = {}): Promise<void> {
  for (const command of ['drift', 'apply', 'approvals']) {
    expectNoCrash(await trueup([command], { in: workspace.folder, ...options }))
  }
}

/** What is sound is repaired although something else is broken, and what is broken is not written to. */
async function expectOthersRepaired(workspace: Workspace): Promise<void> {
  const { document } = await trueupJson(['apply'], documents.apply, { in: workspace.folder })
  expect(document.run.settled).toBe(true)
  const repaired = journalOf(workspace)
    .records('verified')
    .map(({ action }) => `${action.resource.kind}/${action.resource.name} ${action.verb}`)
  expect(repaired).toContain('database/campaigns set-mode')
  // A salvage writes beside the damaged file, never to it.
  expect(repaired.filter((one) => !/^database\/campaigns |set-mode|^database\/main salvage$/.test(one))).toEqual([])
}

function overwrite(path: string, at: number, bytes: Buffer): void {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, at)
  closeSync(file)
}

describe('the main database is corrupt', () => {
  test('a header that was overwritten', async () => {
    const workspace = workspaces.fresh()
    overwrite(workspace.main, 0, Buffer.from('no database here'))
    await expectCorrupt(workspace, 'database/main', 'trueup apply')
    await expectUnreadable(workspace, 'table/leads', 'DATABASE_CORRUPT')
    await expectQuietCommands(workspace)
    await expectOthersRepaired(workspace)
    expect(readFileSync(workspace.main).subarray(0, 16).toString()).toBe('no database here')
  })

  test('a page in the middle is zeroed: found by the integrity check, and not written to', async () => {
    const workspace = workspaces.fresh()
    const size = statSync(workspace.main).size
    const pageSize = readFileSync(workspace.main).readUInt16BE(16)
    const [root] = workspace.rows("SELECT rootpage FROM sqlite_schema WHERE name = 'leads'")
    overwrite(workspace.main, (Number(root?.rootpage) - 1) * pageSize, Buffer.alloc(pageSize))
    const before = readFileSync(workspace.main)
    await expectCorrupt(workspace, 'database/main', 'trueup apply')
    await expectOthersRepaired(workspace)
    expect(statSync(workspace.main).size).toBe(size)
    expect(readFileSync(workspace.main).equals(before)).toBe(true)
  })
})

test('a folder stands where the database should be', async () => {
  const workspace = workspaces.fresh()
  renameSync(workspace.main, `${workspace.main}.away`)
  mkdirSync(workspace.main)
  await expectUnreadable(workspace, 'database/main', 'DATABASE_NOT_A_FILE')
  await expectQuietCommands(workspace)
  await expectOthersRepaired(workspace)
  // Mended by hand, the same workspace goes on.
  removeFolder(workspace.main)
  renameSync(`${workspace.main}.away`, workspace.main)
  expect((await trueupJson(['apply'], documents.apply, { in: workspace.folder })).document.unreadable).toEqual([])
})

test('a source is broken: its import says so, the others are imported', async () => {
  const workspace = workspaces.fresh()
  overwrite(workspace.path('data/leads_cache.db'), 0, Buffer.from('no database here'))
  await expectCorrupt(workspace, 'database/cache', 'backup')
  await expectUnreadable(workspace, 'import/cache-leads', 'SOURCE_UNREADABLE')
  const { document } = await trueupJson(['apply', '--approve-risk', 'high'], documents.apply, { in: workspace.folder })
  expect(document.actions.filter(({ gate }) => gate.runnable)).toEqual([])
  expect(workspace.rows('SELECT DISTINCT import FROM _trueup_imports ORDER BY 1')).toEqual([
    { import: 'json-leads' },
    { import: 'scraper-leads' },
  ])
})

describe('a Python agent holds the database locked', () => {
  const hold = `
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute('BEGIN EXCLUSIVE')
say('held')
deadline = time.time() + float(sys.argv[2])
while time.time() < deadline: time.sleep(0.05)
connection.execute('ROLLBACK')
connection.close()`

  test('plan says so, or waits for it, but neither crashes nor calls the database absent', async () => {
    const workspace = workspaces.fresh()
    const agent = python(hold, workspace.main, '10')
    expect(await agent.line()).toBe('held')
    const { status, stdout, stderr } = await trueup(['plan', '--json'], { in: workspace.folder })
    const plan = documents.plan.parse(soleDocument(stdout, stderr))
    for (const { code, hint } of plan.unreadable) {
      expect(code).toBe('DATABASE_LOCKED')
      expect(hint).toContain('tried again')
    }
    expect(status).toBe(2)
    expect(plan.actions.map(({ verb }) => verb)).not.toContain('create-database')
    expect(plan.actions.map(({ verb }) => verb)).not.toContain('create-table')
    await agent.ended()
  })

  test('apply repairs the other databases meanwhile, and this one the next time', async () => {
    const workspace = workspaces.fresh()
    const agent = python(hold, workspace.main, '10')
    expect(await agent.line()).toBe('held')
    const result = await trueup(['apply', '--json'], { in: workspace.folder })
    expectNoCrash(result)
    const document = documents.apply.parse(soleDocument(result.stdout, result.stderr))
    expect(document.run.executed).toContainEqual(
      expect.objectContaining({ resource: 'database/campaigns', outcome: 'succeeded' }),
    )
    for (const { outcome, error } of document.run.executed)
      if (outcome !== 'succeeded') expect(error?.code).toBe('DATABASE_LOCKED')
    await agent.ended()
    const next = await trueupJson(['apply'], documents.apply, { in: workspace.folder })
    expect(next.document.unreadable).toEqual([])
    expect(next.document.run.executed.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    expect(journalOf(workspace).records('intended', 'checkpointed', 'dispatched', 'unknown')).toEqual([])
    expect(workspace.rows("SELECT count(*) AS n FROM pragma_table_info('leads') WHERE name = 'full_name'")).toEqual([
      { n: 1 },
    ])
  })

  test('an agent that writes all the time neither breaks apply nor is broken by it', async () => {
    const workspace = workspaces.fresh()
    const agent = python(
      `
connection = sqlite3.connect(sys.argv[1], timeout=30)
written = 0
say('writing')
deadline = time.time() + 8
while time.time() < deadline:
    with connection:
        connection.execute("UPDATE leads SET title = ? WHERE id = (SELECT id FROM leads ORDER BY random() LIMIT 1)", (f'Title {written}',))
    written += 1
    time.sleep(0.02)
connection.close()
say(written)`,
      workspace.main,
    )
    expect(await agent.line()).toBe('writing')
    expectNoCrash(await trueup(['apply', '--json'], { in: workspace.folder }))
    expect(Number(await agent.line())).toBeGreaterThan(0)
    await agent.ended()
    expect(workspace.rows('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
    const next = await trueupJson(['apply'], documents.apply, { in: workspace.folder })
    expect(next.document.run.executed.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    expect(next.document.unreadable).toEqual([])
    expect(workspace.rows('SELECT count(*) > 0 AS imported FROM _trueup_imports')).toEqual([{ imported: 1 }])
  })
})

describe('without the right to write', () => {
  const nobody = { uid: 65534, gid: 65534 }
  /** Runs as nobody where the tests are run by root, whom no permission stops. */
  const powerless: CliOptions = isRoot ? { as: nobody } : {}

  function chownAll(folder: string): void {
    if (!isRoot) return
    chmodSync(join(folder, '..'), 0o755)
    chownSync(folder, nobody.uid, nobody.gid)
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
      chownSync(join(entry.parentPath, entry.name), nobody.uid, nobody.gid)
    }
  }

  test('a data folder that cannot be written: looking works, a repair fails with the next step, others go on', async () => {
    const workspace = workspaces.fresh()
    chownAll(workspace.folder)
    if (isRoot) {
      // Owned by root, so that nobody cannot give itself the right back.
      for (const path of ['data/leads.db', 'data']) chownSync(workspace.path(path), 0, 0)
    }
    chmodSync(workspace.main, 0o444)
    chmodSync(workspace.path('data'), 0o555)
    const at = { in: workspace.folder, ...powerless }
    const before = readFileSync(workspace.main)
    const plan = await trueupJson(['plan'], documents.plan, at)
    expect(plan.status).toBe(2)

    const result = await trueup(['apply', '--json'], at)
    expectNoCrash(result)
    const document = documents.apply.parse(soleDocument(result.stdout, result.stderr))
    const failed = document.run.executed.filter(
      ({ resource, outcome }) => resource === 'database/main' && outcome === 'failed',
    )
    const why = await trueupJson(['why', 'database/main'], documents.why, at)
    const codes = [...failed.map(({ error }) => error?.code), ...document.drift.map(({ byHand }) => byHand ?? '')]
    expect(codes.join(' ')).toMatch(/DATABASE_READ_ONLY|DATABASE_PERMISSION|write permission|owner/)
    expect(
      why.document.items[0]?.lines.filter(({ label }) => label === 'next step').map(({ text }) => text),
    ).not.toEqual(['nothing needs doing'])
    expect(readFileSync(workspace.main).equals(before)).toBe(true)
    chmodSync(workspace.path('data'), 0o755)
  })

  test('a database that cannot even be read', async () => {
    const workspace = workspaces.fresh()
    chownAll(workspace.folder)
    if (isRoot) chownSync(workspace.main, 0, 0)
    chmodSync(workspace.main, isRoot ? 0o600 : 0o000)
    await expectUnreadable(workspace, 'database/main', 'DATABASE_PERMISSION', powerless)
    await expectQuietCommands(workspace, powerless)
    chmodSync(workspace.main, 0o600)
  })

  test('a workspace in which no journal can be kept: plan works, apply refuses before it changes anything', async () => {
    const workspace = workspaces.fresh()
    chownAll(workspace.folder)
    if (isRoot) chownSync(workspace.folder, 0, 0)
    chmodSync(workspace.folder, 0o555)
    const at = { in: workspace.folder, ...powerless }
    const before = readFileSync(workspace.main)
    expect((await trueupJson(['plan'], documents.plan, at)).status).toBe(2)
    const refused = await trueupJson(['apply'], documents.error, at)
    expect(refused).toMatchObject({ status: 1, document: { error: { code: 'JOURNAL_UNWRITABLE' } } })
    expect(refused.document.error.hint).toContain('.trueup')
    expect(readFileSync(workspace.main).equals(before)).toBe(true)
    chmodSync(workspace.folder, 0o755)
  })
})

describe('the journal', () => {
  const commands = ['apply', 'plan', 'status']

  test('of another program, or garbage, is named and left alone', async () => {
    const workspace = workspaces.fresh()
    mkdirSync(workspace.path('.trueup'), { mode: 0o700 })
    const journal = workspace.path('.trueup/journal.db')
    execFileSync('python3', [
      '-c',
      "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('PRAGMA user_version = 1'); c.close()",
      journal,
    ])
    for (const garbage of [false, true]) {
      if (garbage) overwrite(journal, 0, Buffer.alloc(4096, 'garbage'))
      for (const command of commands) {
        const { status, document } = await trueupJson([command], documents.error, { in: workspace.folder })
        expect({ status, command, code: document.error.code }).toEqual({ status: 1, command, code: 'JOURNAL_BROKEN' })
      }
    }
  })

  test('that a killed start left empty is as good as none', async () => {
    const workspace = workspaces.fresh()
    mkdirSync(workspace.path('.trueup'), { mode: 0o700 })
    closeSync(openSync(workspace.path('.trueup/journal.db'), 'w'))
    for (const [command, expected] of [
      ['plan', 2],
      ['status', 2],
      ['apply', 0],
    ] as const) {
      expect((await trueup([command, '--json'], { in: workspace.folder })).status, command).toBe(expected)
    }
  })
})

test('whoever reads the output stops reading: nothing breaks', () => {
  const workspace = workspaces.fresh()
  const program = `${process.execPath} ${join(process.cwd(), 'dist/cli/main.js')}`
  for (const command of ['plan', 'plan --json', 'generate --help']) {
    const { stderr } = spawnSync('sh', ['-c', `${program} ${command} | head -c 20`], {
      cwd: workspace.folder,
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
  }
})

/** A small file system of its own; undefined where this user may not mount one. */
function smallDisk(folder: string, bytes: number): { unmount(): void } | undefined {
  mkdirSync(folder, { recursive: true })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder])
  if (mounted.status !== 0) return undefined
  return { unmount: () => void spawnSync('umount', ['-l', folder]) }
}

/** Takes away what holds writes back before the disk is full, to see what happens when it is. */
function withoutReserve(folder: string): void {
  const file = join(folder, 'desired-state.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^policy:$/m, 'policy:\n  disk: { freeMin: 0B, ballast: 0B }'))
}

test('the disk is full: the change is rolled back and says so, and once there is room it is made', async (context) => {
  const origin = workspaces.fresh()
  const folder = `${origin.folder}-small`
  const disk = smallDisk(folder, 16_000_000)
  if (disk === undefined) return context.skip('a small tmpfs cannot be mounted here')
  try {
    execFileSync('cp', ['-a', `${origin.folder}/.`, folder])
    withoutReserve(folder)
    const workspace = workspaceAt(folder)
    const filler = workspace.path('filler')
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4096'])
    expect(existsSync(filler)).toBe(true)
    const plan = await trueup(['plan', '--json'], { in: folder })
    expectNoCrash(plan)
    const full = await trueup(['apply', '--json'], { in: folder })
    expectNoCrash(full)
    expect(documents.error.parse(soleDocument(full.stdout, full.stderr)).error.code).toBe('JOURNAL_UNWRITABLE')
    expect(workspace.rows('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])

    // Room for the journal, but soon none for the data.
    const size = statSync(filler).size
    execFileSync('truncate', ['-s', String(size - 900_000), filler])
    const scarce = await trueup(['apply', '--approve-risk', 'high', '--json'], { in: folder })
    expectNoCrash(scarce)
    expect(scarce.stdout).toMatch(/DISK_FULL|JOURNAL_UNWRITABLE/)
    expect(workspace.rows('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])

    rmSync(filler)
    const after = await trueupJson(['apply', '--approve-risk', 'high'], documents.apply, { in: folder })
    expect(after.document.run.executed.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    expect(after.document.actions).toEqual([])
    expect(journalOf(workspace).check()).toMatchObject({ is: 'whole' })
    expect(journalOf(workspace).records('intended', 'checkpointed', 'dispatched', 'unknown')).toEqual([])
  } finally {
    disk.unmount()
  }
})

test('the disk fills up while leads are taken to the base: it says so and ends, and no file is damaged', async (context) => {
  const mirrored = await generateWorkspaces({ rows: 300, seed: 21, mirror: true })
  const origin = mirrored.fresh()
  const folder = `${origin.folder}-small`
  // Too small for the journals of all the files that a mirror needs.
  const disk = smallDisk(folder, 16_000_000)
  try {
    if (disk === undefined) return context.skip('a small tmpfs cannot be mounted here')
    execFileSync('cp', ['-a', `${origin.folder}/.`, folder])
    withoutReserve(folder)
    const workspace = workspaceAt(folder)
    const scarce = await trueup(['apply', '--approve-risk', 'high', '--json'], { in: folder })
    expectNoCrash(scarce)
    expect(scarce.status).toBe(1)
    expect(`${scarce.stdout}${scarce.stderr}`).toMatch(/DISK_FULL|JOURNAL_UNWRITABLE/)
    expect(workspace.rows('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
  } finally {
    disk?.unmount()
    mirrored.remove()
  }
})
