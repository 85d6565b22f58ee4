/** Rows that a damaged database lost and that no backup has, but the mirror of their table in Airtable. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../src/clock.ts'
import { openLog } from '../../src/log.ts'
import { systemRandom } from '../../src/random.ts'
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { readTreePage } from '../../src/targets/sqlite/salvage/cells.ts'
import { openPages } from '../../src/targets/sqlite/salvage/pages.ts'
import type { Workspace } from '../../src/workspace/workspace.ts'
import { type BackupWorld, createBackupWorld, quietContext } from '../support/backup-world.ts'
import { annKey } from '../support/person-world.ts'

const baseId = 'appBackups0000000'
const pageSize = 1024
const key = { kind: 'database', name: 'main' }
const file = 'data/leads.db'
const { signal } = quietContext
let world: BackupWorld
let sandbox: Sandbox

beforeAll(async () => {
  const limits = { requestsPerSecond: 1000, requestsPerSecondAndUser: 1000 }
  sandbox = createSandbox({
    ...{ path: ':memory:', clock: systemClock, random: systemRandom, log: openLog('silent'), limits },
  })
  const endpoint = await sandbox.listen()
  sandbox.control.ensureBase({ baseId, name: 'Backups', tables: [] })
  const mirror = `endpoint: "${endpoint}", requestsPerSecond: 50, retry: { attempts: 1 }`
  world = createBackupWorld({ mirror, environment: { T: 'patToken.secret' } })
  world.sql(`PRAGMA journal_mode = DELETE; PRAGMA page_size = ${pageSize}; VACUUM; PRAGMA journal_mode = WAL;
    ALTER TABLE leads ADD COLUMN remark TEXT;
    CREATE TABLE pages (body);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 90) INSERT INTO pages SELECT 'page ' || hex(zeroblob(90)) FROM n;
    ${leads('old', 60)}`)
  // Mirrored and backed up, and then as many leads more, mirrored too.
  await world.open(({ apply }) => apply())
  world.sql(leads('new', 60))
  await world.open(({ apply }) => apply())
  expect(sandbox.control.colleague(baseId).records('People')).toHaveLength(122)
})
afterAll(async () => {
  world.remove()
  await sandbox.close()
})

test('are not asked for where every page of the table could be read: they were deleted', async () => {
  await world.open(async ({ workspace }) => {
    world.sql("DELETE FROM leads WHERE id = 'new-7'")
    damage((cells) => String(cells[0]).startsWith('page '))
    const before = sandbox.control.monthlyCalls(baseId)
    const replacement = await salvaged(workspace)
    expect(sandbox.control.monthlyCalls(baseId)).toBe(before)
    expect(replacement.findings.filter(({ code }) => code.includes('airtable'))).toEqual([
      { code: 'no-airtable', count: 1, message: 'nothing comes from Airtable: not mirrored there: pages' },
    ])
    await approved(workspace, replacement.id)
    expect(world.rows(world.path(file), "SELECT id FROM leads WHERE id = 'new-7'")).toEqual([])
  })
})

test('come back with their mirrored cells; who was erased, and what is there already, do not', async () => {
  await world.open(async ({ workspace }) => {
    const found = await workspace.eraser.find({ table: 'leads', key: annKey }, signal)
    const suppression = { table: 'leads', reason: 'asked', by: 'local:me', atMs: Date.now() }
    await workspace.eraser.erase({ id: 'erasure', found, suppression }, signal)
    const lost = damage((cells) => String(cells[0]).startsWith('new-'))
    expect(lost.length).toBeGreaterThan(3)
    // The sync never saw that one deleted: where pages are lost it may be one of theirs.
    const back = ['new-7', ...lost]
    const replacement = await salvaged(workspace)
    expect(replacement.findings).toContainEqual(
      expect.objectContaining({
        code: 'rows-from-airtable',
        count: back.length,
        message: expect.stringMatching(`^leads: ${back.length} rows from Airtable alone .*\\b${lost[0]}\\b`),
      }),
    )
    expect(replacement.findings).toContainEqual(expect.objectContaining({ code: 'left-in-airtable', count: 1 }))
    expect(replacement.summary).toContain(`and ${back.length} from Airtable`)
    expect(taken(replacement.input)).toEqual([...back].sort())
    // What was approved is made without asking again.
    const calls = sandbox.control.monthlyCalls(baseId)
    await approved(workspace, replacement.id)
    expect(sandbox.control.monthlyCalls(baseId)).toBe(calls)
    const rows = z.array(z.tuple([z.string(), z.string(), z.string(), z.string().nullable()]))
    const after = rows.parse(world.rows(world.path(file), 'SELECT id, full_name, email, remark FROM leads'))
    expect(after).toHaveLength(121)
    for (const [id, name, email, remark] of after.filter(([one]) => one.startsWith('new-'))) {
      expect([name, email]).toEqual([`Person ${id} of the mirrored table`, `${id}@lasting.example`])
      expect(remark).toBe(back.includes(id) ? null : 'only here')
    }
    expect(after.map(([id]) => id)).not.toContain(annKey)
  })
})

test('stay lost, and are named, where the calls of the month are used up', async () => {
  const declared = readFileSync(world.path('desired-state.yaml'), 'utf8')
  writeFileSync(
    world.path('desired-state.yaml'),
    declared.replace('requestsPerSecond', 'monthlyCalls: 2, requestsPerSecond'),
  )
  await stayLost(/the 2 calls that are declared for the month are used up/)
  writeFileSync(world.path('desired-state.yaml'), declared)
})

test('stay lost, and are named, while Airtable cannot be reached', async () => {
  await sandbox.close()
  await stayLost(/cannot be reached/)
})

async function stayLost(why: RegExp): Promise<void> {
  await world.open(async ({ workspace }) => {
    const count = () =>
      z.array(z.tuple([z.number()])).parse(world.rows(world.path(file), 'SELECT count(*) FROM leads'))[0]?.[0]
    const before = count() ?? 0
    const lost = damage((cells) => String(cells[0]).startsWith('new-'))
    const replacement = await salvaged(workspace)
    const messages = replacement.findings.flatMap(({ code, message }) => (code === 'no-airtable' ? [message] : []))
    expect(messages).toEqual([expect.stringMatching(/^nothing comes from Airtable: leads: /)])
    expect(messages[0]).toMatch(why)
    await approved(workspace, replacement.id)
    expect(count()).toBe(before - lost.length)
  })
}

function leads(prefix: string, count: number): string {
  return `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    INSERT INTO leads SELECT '${prefix}-' || i, 'Person ${prefix}-' || i || ' of the mirrored table', '${prefix}-' || i || '@lasting.example', 'only here' FROM n;`
}

/** Zeroes the last page of rows that all fit, as a bad disk would; gives the first cells of the rows that stood on it. */
function damage(fits: (cells: readonly unknown[]) => boolean): readonly string[] {
  world.sql('PRAGMA wal_checkpoint(TRUNCATE)')
  const path = world.path(file)
  const bytes = readFileSync(path)
  const pages = openPages((from, length) => bytes.subarray(from, from + length), bytes.length)
  for (let number = pages.count; number > 1; number -= 1) {
    const page = pages.page(number)?.[0] === 13 ? readTreePage(pages, number, 'table') : undefined
    if (page === undefined || page.rows.length === 0 || !page.rows.every(({ cells }) => fits(cells))) continue
    bytes.fill(0, (number - 1) * pageSize, number * pageSize)
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
    writeFileSync(`${path}.new`, bytes, { mode: 0o600 })
    renameSync(`${path}.new`, path)
    return page.rows.map(({ cells }) => String(cells[0]))
  }
  throw new Error('there is no such page')
}

/** Looks until the replacement waits. */
async function salvaged(workspace: Workspace) {
  for (let looks = 0; looks < 4; looks += 1) {
    const found = await look(workspace)
    const replacement = found.actions.find(({ action }) => action.verb === 'replace-damaged')?.action
    if (replacement !== undefined) return replacement
  }
  throw new Error('nothing was salvaged')
}

async function approved(workspace: Workspace, actionId: string): Promise<void> {
  workspace.engine.approve({ actionId, approver: 'ann' })
  await look(workspace)
  expect(workspace.engine.ledger.record(actionId)?.state).toBe('verified')
}

async function look({ engine }: Workspace) {
  const request = { runId: engine.newRunId(), actor: 'test', signal, full: true }
  return (await engine.reconcileNow(key, request)).status
}

/** Keys of the rows that lie beside the result. */
function taken(input: unknown): readonly string[] {
  const { quarantine } = z.looseObject({ quarantine: z.string() }).parse(input)
  const lines = readFileSync(world.path(`.trueup/quarantine/${quarantine}/airtable-leads.jsonl`), 'utf8')
    .trim()
    .split('\n')
  return lines.map((line) => z.looseObject({ key: z.string() }).parse(JSON.parse(line)).key).sort()
}
