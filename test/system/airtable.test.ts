/** The Airtable base of a workspace, through the compiled command line: the embedded sandbox, a running controller, crashes. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../src/clock.ts'
import { seededRandom } from '../../src/random.ts'
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { startTrueup, trueup, trueupJson } from '../support/cli.ts'
import { eventually, type RunningController, startRun } from '../support/controller.ts'
import { removeFolder } from '../support/remove.ts'

const baseId = 'appTest0000000001'
let folder: string
let controller: RunningController | undefined
let outside: Sandbox | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-airtable-system-'))
})
afterEach(async () => {
  await controller?.stop()
  controller = undefined
  await outside?.close()
  outside = undefined
  removeFolder(folder)
})

const region = '      region:    { type: text, airtable: Region }\n'

/** A small workspace; `endpoint` is the sandbox or an address. */
function writeState(options: { endpoint?: string; more?: string } = {}): void {
  writeFileSync(
    join(folder, 'desired-state.yaml'),
    `apiVersion: trueup/v1
name: small
databases:
  main: { path: leads.db }
airtable:
  token: { env: AIRTABLE_API_KEY }
  base: ${baseId}
  endpoint: ${options.endpoint ?? 'sandbox'}
tables:
  leads:
    database: main
    key: id
    airtable: { table: Leads, key: Lead ID }
    fields:
      full_name: { type: text, airtable: Full Name }
${options.more ?? ''}`,
  )
}

/** Names of the fields of the table in the sandbox, read from its file: calls would count against the base's five a second. */
function fieldsThere(): readonly unknown[] {
  const path = join(folder, '.trueup/sandbox.db')
  if (!existsSync(path)) return []
  const db = new Database(path, { readonly: true })
  try {
    return db
      .prepare(
        "SELECT fields.name FROM fields JOIN base_tables ON base_tables.id = table_id WHERE base_tables.name = 'Leads' ORDER BY fields.rowid",
      )
      .pluck()
      .all()
  } finally {
    db.close()
  }
}

function sandboxUrl(): string {
  return z.object({ url: z.string() }).parse(JSON.parse(readFileSync(join(folder, '.trueup/sandbox.json'), 'utf8'))).url
}

/** Every file of the workspace with size and moment. */
function traces(of = folder): readonly string[] {
  return readdirSync(of, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name)
      const { size, mtimeMs, ino } = statSync(path)
      return `${path} ${size} ${mtimeMs} ${ino}`
    })
    .sort()
}

const planSchema = z.object({
  unreadable: z.array(z.object({ code: z.string(), message: z.string(), hint: z.string() })),
  actions: z.array(
    z.object({ id: z.string(), verb: z.string(), reversible: z.string(), resource: z.object({ kind: z.string() }) }),
  ),
})

async function plannedVerbs(): Promise<readonly string[]> {
  const { document } = await trueupJson(['plan', 'airtable-schema/base'], planSchema, { in: folder })
  return document.actions.map(({ verb }) => verb).sort()
}

describe('the embedded sandbox', () => {
  it('makes the table of a running controller, and a field that is added to the file is in Airtable without an approval', async () => {
    writeState()
    controller = await startRun(folder)
    const url = sandboxUrl()
    await eventually(fieldsThere, (fields) => fields.includes('Full Name') && fields.includes('Lead ID'))
    writeState({ more: region })
    await eventually(fieldsThere, (fields) => fields.includes('Region'))
    // Who looks meanwhile uses the sandbox that runs.
    expect(await plannedVerbs()).toEqual([])
    const second = await trueup(['sandbox', '--port', '0'], { in: folder })
    expect(second.status).toBe(1)
    expect(second.stdout + second.stderr).toContain(url)
  })

  it('is a copy in memory for who only looks, and no file is changed', async () => {
    writeState()
    const before = traces()
    expect(await plannedVerbs()).toEqual(['create-table', 'create-webhook'])
    expect(traces()).toEqual(before)
    expect((await trueup(['apply', 'airtable-schema/base'], { in: folder })).status).toBe(0)
    const applied = traces()
    expect(await plannedVerbs()).toEqual([])
    writeState({ more: region })
    expect(await plannedVerbs()).toEqual(['create-field'])
    expect(traces().filter((one) => !one.includes('desired-state'))).toEqual(
      applied.filter((one) => !one.includes('desired-state')),
    )
  })

  it('begins as data/airtable-base.json says, so that a saved plan can be carried out on it', async () => {
    writeState()
    mkdirSync(join(folder, 'data'))
    const fields = [{ name: 'Full Name', type: 'singleLineText' }]
    writeFileSync(
      join(folder, 'data/airtable-base.json'),
      JSON.stringify({ tables: [{ name: 'Leads', fields, records: [{ fields: { 'Full Name': 'Ada' } }] }] }),
    )
    await trueup(['plan', 'airtable-schema/base', '--out', 'plan.json'], { in: folder })
    const result = await trueup(['apply', 'plan.json'], { in: folder })
    expect(result.stdout).toContain('Add the field “Lead ID”')
    expect(result.status).toBe(2)
    expect(await plannedVerbs()).toEqual([])
  })

  it('is the one that another process runs for the workspace, and is taken over when that has ended', async () => {
    writeState()
    const alone = startTrueup(['sandbox', '--port', '0', '--json'], { in: folder })
    await eventually(
      () => existsSync(join(folder, '.trueup/sandbox.json')),
      (is) => is,
    )
    const first = sandboxUrl()
    controller = await startRun(folder)
    await eventually(fieldsThere, (fields) => fields.includes('Full Name'))
    expect(sandboxUrl()).toBe(first)
    await alone.kill()
    writeState({ more: region })
    await eventually(fieldsThere, (fields) => fields.includes('Region'))
  })

  it('that cannot begin is one item with the remedy, and everything local goes on', async () => {
    writeState()
    mkdirSync(join(folder, 'data'))
    writeFileSync(join(folder, 'data/airtable-base.json'), '{"tables": 1}')
    const { document } = await trueupJson(['plan'], planSchema, { in: folder })
    expect(document.unreadable).toContainEqual(
      expect.objectContaining({
        code: 'DESIRED_STATE_INVALID',
        message: expect.stringContaining('airtable-base.json'),
      }),
    )
    expect(document.actions.map(({ verb }) => verb)).toContain('create-database')
  })
})

describe('a run that is undone', () => {
  it('takes back what it can and says what a person does about the rest', async () => {
    writeState()
    await trueup(['apply'], { in: folder })
    writeState({ more: region })
    const applied = await trueupJson(['apply'], z.object({ run: z.object({ id: z.string() }) }), { in: folder })
    const undone = await trueup(['undo', applied.document.run.id], { in: folder })
    expect(undone.status).toBe(2)
    expect(undone.stdout).toContain('is undone by hand: Airtable lets no program delete a field.')
    expect(undone.stdout).toMatch(/undone: \d+ records? restored/)
  })
})

describe('a controller that is killed', () => {
  it.each([1, 2])('after Airtable made the field and before it knew makes it once (try %i)', async () => {
    outside = createSandbox({
      path: ':memory:',
      clock: systemClock,
      random: seededRandom(1),
      log: pino({ level: 'silent' }),
    })
    outside.control.ensureBase({
      baseId,
      tables: [
        {
          name: 'Leads',
          fields: [
            { name: 'Full Name', type: 'singleLineText' },
            { name: 'Lead ID', type: 'singleLineText' },
          ],
        },
      ],
    })
    const url = await outside.listen()
    const environment = { AIRTABLE_API_KEY: 'patTest' }
    writeState({ endpoint: url, more: region })
    const { control } = outside
    const made = () => control.requests().filter(({ method, path }) => method === 'POST' && path.endsWith('/fields'))
    control.addFault({ kind: 'stall-headers', route: 'meta.createField', times: 1 })
    const killed = startTrueup(['apply', 'airtable-schema/base'], { in: folder, environment })
    await eventually(made, (requests) => requests.length === 1)
    await killed.kill()
    const again = await trueup(['apply', 'airtable-schema/base'], { in: folder, environment })
    expect(again.status).toBe(0)
    expect(made()).toHaveLength(1)
    const page = await fetch(`${url}/sandbox/page/rows?base=${baseId}&table=Leads`)
    const { fields } = z.object({ fields: z.array(z.object({ name: z.string() })) }).parse(await page.json())
    expect(fields.map(({ name }) => name)).toEqual(['Full Name', 'Lead ID', 'Region'])
  })
})
