/** Editing the file: each edit does what it says, nothing more, and a mistake stops nothing. */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { documents, trueup, trueupJson } from '../support/cli.ts'
import { generateWorkspaces, journalOf, type Workspace, type Workspaces, waiting } from '../support/workspace.ts'

let workspaces: Workspaces
/** Everything applied that the policy lets through. */
let settled: Workspace
beforeAll(async () => {
  workspaces = await generateWorkspaces({ rows: 60, seed: 31, sources: false })
  settled = workspaces.fresh()
  await trueup(['apply'], { in: settled.folder })
}, 120_000)
afterAll(() => workspaces.remove())

const apply = (workspace: Workspace, ...args: string[]) =>
  trueupJson(['apply', ...args], documents.apply, { in: workspace.folder })
const status = (workspace: Workspace) => trueupJson(['status'], documents.status, { in: workspace.folder })
const columns = (workspace: Workspace) =>
  workspace.rows("SELECT name FROM pragma_table_info('leads')").map(({ name }) => name)
const executed = (run: { document: { run: { executed: readonly { verb: string; outcome: string }[] } } }) =>
  run.document.run.executed.filter(({ outcome }) => outcome === 'succeeded').map(({ verb }) => verb)

test('a renamed field takes its values along: renamedFrom, nothing dropped and added', async () => {
  const workspace = workspaces.copyOf(settled)
  const before = workspace.rows('SELECT id, title AS value FROM leads ORDER BY id')
  workspace.edit((yaml) => yaml.replace(/title: +\{ type: text/, 'job_title: { type: text, renamedFrom: title'))
  const run = await apply(workspace)
  expect(executed(run)).toContain('rename-column')
  expect(executed(run).filter((verb) => /drop|add/.test(verb))).toEqual([])
  expect(workspace.rows('SELECT id, job_title AS value FROM leads ORDER BY id')).toEqual(before)
  expect(columns(workspace)).not.toContain('title')
  expect((await apply(workspace)).document.run.executed).toEqual([])
})

test('the same text is another generation where a variable in it has another value', async () => {
  const workspace = workspaces.copyOf(settled)
  const { generation } = (await status(workspace)).document
  const environment = { LEAD_DATABASE_PATH: workspace.main }
  const moved = await trueupJson(['status'], documents.status, { in: workspace.folder, environment })
  expect(moved.document.generation).toBe(generation + 1)
})

test('an added field is a column with its default, and one generation more', async () => {
  const workspace = workspaces.copyOf(settled)
  const { generation } = (await status(workspace)).document
  workspace.edit((yaml) =>
    yaml.replace('      # A choice admits', '      region: { type: text, default: unknown }\n      # A choice admits'),
  )
  const run = await apply(workspace)
  expect(executed(run)).toContain('add-column')
  expect(workspace.rows('SELECT DISTINCT region FROM leads')).toEqual([{ region: 'unknown' }])
  expect((await status(workspace)).document.generation).toBe(generation + 1)
  expect((await apply(workspace)).document.run.executed).toEqual([])
})

test('a removed entry is no longer managed: nothing is dropped, and it is said', async () => {
  const workspace = workspaces.copyOf(settled)
  const before = workspace.rows('SELECT id, title, location FROM leads ORDER BY id')
  workspace.edit((yaml) => yaml.replace(/^ {6}(title|location): .*\n/gm, ''))
  const run = await apply(workspace)
  expect(run.document.problems).toEqual([])
  expect(executed(run).filter((verb) => /drop|delete|remove/.test(verb))).toEqual([])
  expect(run.document.actions.filter(({ verb }) => /drop|delete|remove/.test(verb))).toEqual([])
  expect(workspace.rows('SELECT id, title, location FROM leads ORDER BY id')).toEqual(before)
  const unmanaged = run.document.drift.filter(({ path }) => path.startsWith('unmanaged.')).map(({ path }) => path)
  expect(unmanaged).toEqual(expect.arrayContaining(['unmanaged.title', 'unmanaged.location']))
})

describe('an emptied file', () => {
  const emptied = 'apiVersion: trueup/v1\nname: leads-4runr\n'

  test('waits for a person, while the last generation stays in force', async () => {
    const workspace = workspaces.copyOf(settled)
    const { generation } = (await status(workspace)).document
    const columnsBefore = columns(workspace)
    const original = readFileSync(workspace.path('desired-state.yaml'), 'utf8')
    workspace.edit(() => emptied)

    const run = await apply(workspace)
    expect(run.status).toBe(2)
    expect(run.document.generation).toBe(generation)
    const accept = run.document.actions.find(({ verb }) => verb === 'accept-generation')
    expect(accept).toMatchObject({ risk: 'high', gate: { runnable: false } })
    expect(accept?.findings[0]?.message).toContain('no longer managed')
    expect(columns(workspace)).toEqual(columnsBefore)
    // Drift is still mended to the generation in force.
    workspace.write('ALTER TABLE leads DROP COLUMN business_type')
    expect(executed(await apply(workspace))).toContain('add-column')

    // Put back, nothing waits any more and no generation was counted.
    writeFileSync(workspace.path('desired-state.yaml'), original)
    const back = await apply(workspace)
    expect(back.document.actions.map(({ verb }) => verb)).not.toContain('accept-generation')
    expect(back.document.generation).toBe(generation)
  })

  test('comes into force once approved, and drops nothing', async () => {
    const workspace = workspaces.copyOf(settled)
    const rows = workspace.rows('SELECT * FROM leads ORDER BY id')
    const { generation } = (await status(workspace)).document
    workspace.edit(() => emptied)
    const held = (await waiting(workspace)).find(({ verb }) => verb === 'accept-generation')
    expect((await trueup(['approve', held?.id ?? ''], { in: workspace.folder })).status).toBe(0)
    const run = await apply(workspace)
    expect(executed(run)).toEqual(['accept-generation'])
    expect((await status(workspace)).document.generation).toBe(generation + 1)
    expect((await apply(workspace)).document.actions).toEqual([])
    expect(workspace.rows('SELECT * FROM leads ORDER BY id')).toEqual(rows)
    expect(journalOf(workspace).check()).toMatchObject({ is: 'whole' })
  })

  test('rejected, it stays out of force', async () => {
    const workspace = workspaces.copyOf(settled)
    const { generation } = (await status(workspace)).document
    workspace.edit(() => emptied)
    const held = (await waiting(workspace)).find(({ verb }) => verb === 'accept-generation')
    expect((await trueup(['reject', held?.id ?? '', '--reason', 'a mistake'], { in: workspace.folder })).status).toBe(0)
    const run = await apply(workspace)
    expect(run.document.generation).toBe(generation)
    expect(run.document.actions.find(({ verb }) => verb === 'accept-generation')?.gate.decision).toBe('refuse')
  })

  test('an empty first file has no generation to fall back to', async () => {
    const workspace = workspaces.fresh()
    workspace.edit(() => '')
    for (const command of ['plan', 'apply', 'status']) {
      const { status, document } = await trueupJson([command], documents.error, { in: workspace.folder })
      expect(status).toBe(1)
      expect(document.error.code).toBe('DESIRED_STATE_INVALID')
    }
  })
})

describe('an invalid file', () => {
  const broken = (yaml: string) =>
    yaml
      .replace(/title: +\{ type: text/, 'title: { type: texxt')
      .replace('resync: 10m', 'resync: soon')
      .replace('{ on: [company, full_name] }', '{ on: [company, fullname] }')
  /** `line:column` of a text in the file. */
  const placeOf = (yaml: string, text: string): string => {
    const before = yaml.slice(0, yaml.indexOf(text)).split('\n')
    return `${before.length}:${(before.at(-1) ?? '').length + 1}`
  }

  test('before anything is in force: plan, apply and validate name line and column of every problem and end with 1', async () => {
    const workspace = workspaces.fresh()
    workspace.edit(broken)
    const yaml = readFileSync(workspace.path('desired-state.yaml'), 'utf8')
    const places = ['texxt', 'soon', 'fullname'].map((text) => placeOf(yaml, text))
    for (const command of ['plan', 'apply']) {
      const { status, document } = await trueupJson([command], documents.error, { in: workspace.folder })
      expect(status).toBe(1)
      expect(document.error.code).toBe('DESIRED_STATE_INVALID')
      for (const place of places) expect(document.error.message).toContain(`desired-state.yaml:${place}: `)
    }
    const validate = await trueup(['validate'], { in: workspace.folder })
    expect(validate.status).toBe(1)
    for (const place of places) expect(validate.stdout).toContain(`desired-state.yaml:${place}: `)
    expect(workspace.rows('SELECT count(*) AS n FROM leads')).toEqual([{ n: 60 }])
  })

  test('after a valid generation: it is reported with its places, exit 1, and the last valid generation is kept true', async () => {
    const workspace = workspaces.copyOf(settled)
    const { generation } = (await status(workspace)).document
    workspace.edit(broken)
    const yaml = readFileSync(workspace.path('desired-state.yaml'), 'utf8')
    workspace.write('ALTER TABLE leads DROP COLUMN business_type')
    const plan = await trueupJson(['plan'], documents.plan, { in: workspace.folder })
    expect(plan.status).toBe(1)
    const run = await apply(workspace)
    expect(run.status).toBe(1)
    expect(run.document.generation).toBe(generation)
    expect(executed(run)).toContain('add-column')
    for (const { document } of [plan, run]) {
      expect(document.drift.map(({ resource, path }) => `${resource.kind} ${path}`)).toContain('desired-state file')
      expect(document.problems.map(({ line, column }) => `${line}:${column}`).sort()).toEqual(
        ['texxt', 'soon', 'fullname'].map((text) => placeOf(yaml, text)).sort(),
      )
    }
    const shown = await trueup(['plan'], { in: workspace.folder })
    expect(shown.status).toBe(1)
    for (const text of ['texxt', 'soon', 'fullname']) {
      expect(shown.stdout).toContain(`desired-state.yaml:${placeOf(yaml, text)}: `)
    }
  })

  test('a byte that is not UTF-8 is found, also where what is in force has the character that it is shown as', async () => {
    const workspace = workspaces.fresh()
    const file = workspace.path('desired-state.yaml')
    workspace.edit((yaml) => `${yaml}# caf\uFFFD\n`)
    await apply(workspace, 'database/main')
    const valid = readFileSync(file)
    writeFileSync(file, Buffer.concat([valid.subarray(0, valid.indexOf('\uFFFD')), Buffer.from([0xe9, 10])]))
    const shown = await trueup(['plan', 'database/main'], { in: workspace.folder })
    expect(shown).toMatchObject({ status: 1, stdout: expect.stringContaining('holds a byte that is not UTF-8') })
  })

  test('text that is no YAML at all is placed, too', async () => {
    const workspace = workspaces.fresh()
    workspace.edit((yaml) => yaml.replace('databases:', 'databases: ['))
    const { status, document } = await trueupJson(['plan'], documents.error, { in: workspace.folder })
    expect(status).toBe(1)
    expect(document.error.message).toMatch(/desired-state\.yaml:\d+:\d+: /)
  })
})
