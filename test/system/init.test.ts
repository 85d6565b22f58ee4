/**
 * `trueup init`: the file that it writes is true of each legacy database as it stands, and of a base; nothing else is touched.
 * Then a line that is taken away, or added, does what the tutorial says.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../src/clock.ts'
import { airtableBaseOf } from '../../src/demo/airtable-base.ts'
import { databasePaths, generateWorkspace } from '../../src/demo/generate.ts'
import { writeMainDatabase } from '../../src/demo/main-database.ts'
import { planWorkspace } from '../../src/demo/workspace-plan.ts'
import { seededRandom } from '../../src/random.ts'
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { trueup, trueupJson } from '../support/cli.ts'
import { removeFolder } from '../support/remove.ts'

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'init-'))
  await generateWorkspace({ into: join(folder, 'made'), rows: 200, seed: 5, mess: 'heavy' })
})
afterAll(() => removeFolder(folder))

const planSchema = z.object({
  drift: z.array(z.object({ resource: z.object({ kind: z.string() }), path: z.string(), message: z.string() })),
  actions: z.array(z.unknown()),
})
const traceOf = (path: string) => [
  statSync(path).mtimeMs,
  createHash('sha256').update(readFileSync(path)).digest('hex'),
]

describe.each(Object.entries(databasePaths))('init --from the %s database', (name, path) => {
  it('writes a desired state that plan finds true, with proposals as comments', { timeout: 120_000 }, async () => {
    const workspace = join(folder, name)
    const database = join(workspace, path)
    mkdirSync(dirname(database), { recursive: true })
    writeFileSync(database, readFileSync(join(folder, 'made', path)), { mode: 0o644 })
    const before = traceOf(database)

    const made = await trueup(['init', '--from', path], { in: workspace })
    expect([made.status, made.stderr]).toEqual([0, ''])
    expect(made.stdout).toMatch(/next: trueup plan/)
    const yaml = readFileSync(join(workspace, 'desired-state.yaml'), 'utf8')
    expect(yaml).toMatch(/^ *# → \S.* {2}\(.*\d/m)

    const { status, document } = await trueupJson(['plan'], planSchema, { in: workspace })
    expect([status, document.actions]).toEqual([0, []])
    // What no declaration can make true is told: rows without a key or what it points at, words for numbers.
    const paths = document.drift.map((drift) => drift.path)
    expect(
      paths.filter((one) => !/^(key\.missing|foreign-keys|unmanaged\.(verified|enriched|needs_enrichment))$/.test(one)),
    ).toEqual([])
    expect(traceOf(database)).toEqual(before)
  })
})

describe('init', () => {
  it('never overwrites a file, and refuses a database outside of the workspace', { timeout: 60_000 }, async () => {
    const workspace = join(folder, 'made')
    const yaml = readFileSync(join(workspace, 'desired-state.yaml'), 'utf8')
    const again = await trueup(['init', '--from', 'data/leads.db'], { in: workspace })
    expect(again.status).toBe(1)
    expect(again.stderr).toMatch(/exists already, and is left as it is/)
    expect(readFileSync(join(workspace, 'desired-state.yaml'), 'utf8')).toBe(yaml)

    const outside = await trueup([
      'init',
      '--from',
      join(workspace, 'data/leads.db'),
      '--state',
      join(folder, 'other/state.yaml'),
    ])
    expect([outside.status, outside.stderr]).toEqual([1, expect.stringMatching(/lies outside/)])
  })
})

const baseId = 'appAdopted0000001'
const tablesSchema = z.object({
  tables: z.array(z.object({ name: z.string(), fields: z.array(z.object({ name: z.string() })) })),
})

describe('init --from leads.db --airtable BASE', () => {
  let sandbox: Sandbox
  afterAll(() => sandbox.close())

  it('adopts both without drift; a line away mirrors them, and one more adds a field to both', {
    timeout: 180_000,
  }, async () => {
    const workspace = join(folder, 'both')
    mkdirSync(join(workspace, 'data'), { recursive: true })
    const plan = planWorkspace({ rows: 60, seed: 5, mess: 'light', nowMs: Date.UTC(2025, 10, 20) })
    await writeMainDatabase(join(workspace, 'data/leads.db'), plan, () => undefined)
    sandbox = createSandbox({
      path: ':memory:',
      clock: systemClock,
      random: seededRandom(1),
      log: pino({ level: 'silent' }),
      limits: { requestsPerSecond: 1000, requestsPerSecondAndUser: 1000 },
    })
    const seed = airtableBaseOf(plan)
    const tasks = { name: 'Tasks', fields: [{ name: 'What', type: 'singleLineText' as const }] }
    sandbox.control.ensureBase({ baseId, ...seed, tables: [...seed.tables, tasks] })
    const endpoint = await sandbox.listen()
    const at = { in: workspace, environment: { AIRTABLE_API_KEY: 'patTest' } }
    const fieldsThere = async () => {
      const headers = { authorization: 'Bearer patTest' }
      const { tables } = tablesSchema.parse(
        await (await fetch(`${endpoint}/v0/meta/bases/${baseId}/tables`, { headers })).json(),
      )
      return tables[0]?.fields.map(({ name }) => name) ?? []
    }
    const edit = (change: (yaml: string) => string) => {
      const file = join(workspace, 'desired-state.yaml')
      const before = readFileSync(file, 'utf8')
      const after = change(before)
      expect(after).not.toBe(before)
      writeFileSync(file, after)
    }
    const without = (line: string) => edit((yaml) => yaml.replace(new RegExp(`^ *${line}.*\n`, 'gm'), ''))

    const refused = await trueup(['init', '--airtable', baseId, '--endpoint', endpoint], { in: workspace })
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/no Airtable token[\s\S]*next: /)])
    const before = traceOf(join(workspace, 'data/leads.db'))
    // The only database that is there need not be named.
    const made = await trueup(['init', '--airtable', baseId, '--endpoint', endpoint], at)
    expect([made.status, made.stderr]).toEqual([0, ''])
    expect(made.stdout).toMatch(/leads ↔ Airtable “Table 1”, paused: 3\d of 40 records are people of this table/)
    expect(made.stdout).toMatch(/next: trueup plan/)
    const yaml = readFileSync(join(workspace, 'desired-state.yaml'), 'utf8')
    expect(yaml).toMatch(/^ {6}email: \{ type: email, airtable: "Email" \} {2}# Airtable: same name/m)
    expect(yaml).toMatch(/^ {6}# → owner: \{ type: text, airtable: "Owner" \} {2}\(in Airtable only/m)
    expect(yaml).toMatch(/key: "Lead ID" {2}# is not in the base yet/)
    expect(yaml).toMatch(/# Tables of the base that mirror nothing here: Tasks/)

    const asWas = await trueupJson(['plan', '--strict'], planSchema, at)
    expect([asWas.status, asWas.document.drift, asWas.document.actions]).toEqual([0, [], []])
    expect(traceOf(join(workspace, 'data/leads.db'))).toEqual(before)
    expect(
      sandbox.control.requests().filter(({ method, path }) => method !== 'GET' && !path.endsWith('/listRecords')),
    ).toEqual([])

    // The database is kept as declared, and the mirror is no longer paused: two lines away.
    without('manage: observe')
    without('paused: true')
    edit((text) => text.replace(/^ {2}base: .*\n/m, '$&  requestsPerSecond: 50\n'))
    await trueup(['apply'], at)
    expect(await fieldsThere()).toContain('Lead ID')
    const synced = await trueup(['sync', 'status'], at)
    expect(synced.stdout).toMatch(/leads/)
    const db = new Database(join(workspace, 'data/leads.db'), { readonly: true })
    const rows = db.prepare<[], number>('SELECT count(*) FROM leads').pluck().get()
    db.close()
    // Nobody was doubled: only the eight whom the colleagues alone knew came in.
    expect(rows).toBe(68)

    // One line more: a column here, a field there.
    edit((text) => text.replace(/^( {6})email: .*\n/m, '$&$1region: { type: text, airtable: Region }\n'))
    await trueup(['apply'], at)
    expect(await fieldsThere()).toContain('Region')
    const counted = await trueup(['query', 'SELECT count(region) AS regions FROM leads'], at)
    expect(counted.status).toBe(0)
  })
})
