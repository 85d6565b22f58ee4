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

describe('init --from a database with names of all kinds', () => {
  const messy = `
    CREATE TABLE Leads (ID INTEGER PRIMARY KEY AUTOINCREMENT, "Full Name" TEXT, Email VARCHAR(255), "Téléphone" TEXT, "order" INTEGER,
      "group" TEXT, "select" TEXT, score, "is active" BOOLEAN, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
    CREATE INDEX by_mail ON Leads(Email);
    CREATE VIEW hot AS SELECT "Full Name", Email FROM Leads WHERE score > 1;
    CREATE TABLE contacts (name TEXT, email TEXT);
    CREATE TABLE "wide table" (k TEXT PRIMARY KEY, ${Array.from({ length: 29 }, (_, index) => `col_${index} ${['TEXT', 'INTEGER', 'REAL', 'BLOB', 'DATETIME', ''][index % 6]}`).join(', ')});
    INSERT INTO "wide table" (k, col_0, col_1, col_2, col_5) VALUES ('a', 'x', 7, 2.5, 3), ('b', NULL, 'seven', NULL, 'y');
    CREATE TABLE "Prénom" (id TEXT PRIMARY KEY, b INTEGER GENERATED ALWAYS AS (1) VIRTUAL);
    CREATE TABLE prenom (id TEXT PRIMARY KEY)`

  it('declares what can be declared, finds no drift in it, and proposes the renames of the rest', {
    timeout: 180_000,
  }, async () => {
    const workspace = join(folder, 'messy')
    mkdirSync(workspace)
    const db = new Database(join(workspace, 'leads.db'))
    db.exec(messy)
    const add = db.prepare(
      'INSERT INTO Leads ("Full Name", Email, "Téléphone", "order", "group", score, "is active") VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    for (let index = 0; index < 30; index += 1)
      add.run(
        'Ann Ash',
        `P${index}@x.example`,
        '+1 415 555 0100',
        index % 2 ? 'three' : 3,
        'A',
        index % 2 ? 'n/a' : 2,
        'no',
      )
    db.close()

    const made = await trueup(['init'], { in: workspace })
    expect([made.status, made.stderr]).toEqual([0, ''])
    expect(made.stdout).toMatch(/declares Leads, .*wide_table/)
    expect(made.stdout).toMatch(/- contacts is not declared: no column holds a different value/)
    const path = join(workspace, 'desired-state.yaml')
    const yaml = readFileSync(path, 'utf8')
    expect(yaml).toContain('table: "wide table"')
    expect(yaml).toMatch(/^ {6}email: \{ type: email \}$/m)
    expect(yaml).toMatch(/^ {6}# → full_name: \{ type: text, renamedFrom: "Full Name" \} {2}\(/m)
    expect(yaml).not.toContain('choices: ["A"]')
    const [, schema = ''] = /\$schema=(.*)$/m.exec(yaml) ?? []
    expect(JSON.parse(readFileSync(join(workspace, schema), 'utf8'))).toHaveProperty('properties.tables')

    const { status, document } = await trueupJson(['plan'], planSchema, { in: workspace })
    expect([status, document.actions]).toEqual([0, []])
    expect(document.drift.map((drift) => drift.path).sort()).toEqual([
      'unmanaged.Full Name',
      'unmanaged.Téléphone',
      'unmanaged.is active',
    ])
    expect((await trueup(['doctor'], { in: workspace })).status).toBe(0)

    // The proposal as it stands, and one field more.
    const next = yaml
      .replace(/# → (full_name: .*?) {2}\(/, '$1  # (')
      .replace(/^ {4}manage: observe\n/m, '')
      .replace(/^( {6})email: .*\n/m, '$&$1region: { type: text }\n')
    writeFileSync(path, next)
    const done = await trueup(['apply'], { in: workspace })
    expect([done.status, done.stderr]).toEqual([0, ''])
    const after = new Database(join(workspace, 'leads.db'), { readonly: true })
    expect(after.prepare('SELECT full_name, Email, region FROM Leads LIMIT 1').get()).toEqual({
      full_name: 'Ann Ash',
      Email: 'P0@x.example',
      region: null,
    })
    expect(after.prepare('SELECT count(*) AS hot FROM hot').get()).toEqual({ hot: 30 })
    after.close()
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
