import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { leadFields } from '../../../test/support/import/desired.ts'
import { createWorld, leadsTable, type World } from '../../../test/support/import/world.ts'
import { generateWorkspace } from '../../demo/generate.ts'
import { type DesiredState, desiredStateSchema } from '../../desired/schema.ts'
import { standardizeRules } from '../../values/rules/index.ts'
import { accountOutcomes, isAccounted } from './report.ts'
import { listImports } from './spec.ts'

/** The four demo databases and the JSON files, brought into a fifth database that holds nothing yet. */
const observed = (path: string) => ({ path, manage: 'observe' })
const aliases = { 'Auto Send': 'auto_send', '1st degree': 'auto_send', new: 'auto_send', enriched: 'auto_send' }
const declared = {
  apiVersion: 'trueup/v1',
  name: 'all',
  databases: {
    all: { path: 'data/all/leads.db' },
    main: observed('data/leads.db'),
    cache: observed('data/leads_cache.db'),
    scraper: observed('data/scraper/leads.db'),
    campaigns: observed('data/campaigns.db'),
  },
  tables: {
    leads: {
      database: 'all',
      key: 'id',
      fields: {
        ...leadFields,
        engagement_status: { ...leadFields.engagement_status, standardize: { choice: { aliases } } },
      },
    },
    engagements: {
      database: 'all',
      key: 'id',
      fields: {
        lead_id: { type: 'text' },
        engagement_level: { type: 'text' },
        contacted_at: { type: 'datetime' },
        raw_data: { type: 'json' },
      },
    },
    campaign_members: {
      database: 'all',
      key: 'id',
      fields: {
        campaign_id: { type: 'integer' },
        lead_id: { type: 'text' },
        status: { type: 'text' },
        raw_data: { type: 'json' },
      },
    },
  },
}
const imports = {
  main: { from: { database: 'main', table: 'leads' }, into: 'leads', map: 'auto' },
  cache: { from: { database: 'cache', table: 'leads' }, into: 'leads', map: 'auto' },
  scraper: { from: { database: 'scraper', table: 'leads' }, into: 'leads', map: 'auto' },
  json: { from: { files: 'data/json/**/*.json' }, into: 'leads', map: 'auto' },
  members: { from: { database: 'campaigns', table: 'campaign_leads' }, into: 'campaign_members', map: 'auto' },
  engagements: { from: { database: 'cache', table: 'engagement_tracking' }, into: 'engagements', map: 'auto' },
  campaign: { from: { database: 'campaigns', table: 'campaign_leads' }, into: 'leads', map: 'auto' },
}
const desiredWith = (entries: unknown): DesiredState => desiredStateSchema.parse({ ...declared, imports: entries })
const desired = desiredWith(imports)
const names = Object.keys(imports)
const noPeople = `CREATE TABLE engagements (id TEXT PRIMARY KEY, lead_id TEXT, engagement_level TEXT, contacted_at TEXT, raw_data TEXT);
  CREATE TABLE campaign_members (id TEXT PRIMARY KEY, campaign_id INTEGER, lead_id TEXT, status TEXT, raw_data TEXT);`

let world: World
beforeAll(async () => {
  world = createWorld()
  await generateWorkspace({ into: join(world.workspace, 'made'), rows: 150, seed: 11, mess: 'heavy' }).then(
    ({ files }) => {
      for (const file of files)
        if (file.startsWith('data/')) world.file(file, readFileSync(world.at(join('made', file))))
    },
  )
  world.file('data/all/.keep', '')
  world.sql('data/all/leads.db', `${leadsTable}; ${noPeople}`)
})
afterAll(() => world.close())

const resourceOf = (name: string) => {
  const found = listImports(desired, { workspace: world.workspace, rules: standardizeRules }).find(
    ({ key }) => key.name === name,
  )
  if (found === undefined) throw new Error(`no import ${name}`)
  return found
}
const report = (name: string, listedMax = 1_000_000) => world.desk(desired).report(name, { listedMax }, world.context)

/** Rows of a source, counted without the code under test. */
function rowsOf(name: string): number {
  const { spec } = resourceOf(name)
  if (spec.source.is === 'database') {
    const [counted] = world.rows(
      spec.source.path.slice(world.workspace.length + 1),
      `SELECT count(*) AS n FROM ${spec.source.table}`,
    )
    return Number(counted?.n)
  }
  const files = readdirSync(world.at('data/json'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.json'),
  )
  return files.reduce((sum, path) => sum + recordsIn(path, readFileSync(world.at(join('data/json', path)), 'utf8')), 0)
}

function recordsIn(path: string, text: string): number {
  if (path.includes('enriched')) return text.trim().split('\n').length
  // It is cut off in its second record.
  if (path.includes('half-written')) return 1
  const held: unknown = JSON.parse(text)
  const list = Array.isArray(held) ? held : Object.values(Object(held)).find((value) => Array.isArray(value))
  return Array.isArray(list) ? list.length : 0
}

/** Every path below the data folder with its content and time of change. */
function traces(folder = world.at('data')): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((path) => {
      const stat = statSync(join(folder, path))
      const content = stat.isFile()
        ? createHash('sha256')
            .update(readFileSync(join(folder, path)))
            .digest('hex')
        : ''
      return `${path} ${stat.mtimeMs} ${content}`
    })
}

const leadRows = () => world.rows('data/all/leads.db', 'SELECT * FROM leads ORDER BY id')
const keysOf = (table: string) =>
  new Set(world.rows('data/all/leads.db', `SELECT id FROM ${table}`).map(({ id }) => id))

describe('the account of an import', () => {
  it('names what becomes of every row of all four databases and the files, before and after', {
    timeout: 240_000,
  }, async () => {
    const sources = traces()
    for (const name of names) {
      const rows = rowsOf(name)
      const before = await report(name)
      expect([name, before.totals.rows, before.totals.pending, isAccounted(before)]).toEqual([name, rows, rows, true])
      await world.reconcile(resourceOf(name))

      const after = await report(name)
      expect([name, after.totals.rows, after.totals.pending, isAccounted(after)]).toEqual([name, rows, 0, true])
      for (const outcome of accountOutcomes) expect(after.totals[outcome]).toBe(before.totals[outcome])
      const keys = keysOf(resourceOf(name).spec.into.table)
      for (const outcome of ['inserted', 'merged', 'unchanged', 'repeated'] as const)
        for (const row of after.rows[outcome].first) expect(keys).toContain(row.leadKey)
      for (const { file, row, reason } of after.rows.refused.first) {
        expect(file).not.toBe('')
        expect(row).toBeGreaterThan(0)
        expect(reason).toMatch(/ /)
      }
    }
    const own = (paths: readonly string[]) => paths.filter((path) => !path.startsWith('all'))
    expect(own(traces())).toEqual(own(sources))
  })

  it('keeps engagement histories and campaign tables: a table of their own takes each row with its reference', async () => {
    for (const [name, table] of [
      ['members', 'campaign_members'],
      ['engagements', 'engagements'],
    ] as const) {
      const { totals } = await report(name, 0)
      expect(totals).toMatchObject({ inserted: rowsOf(name), refused: 0 })
      const [kept] = world.rows('data/all/leads.db', `SELECT count(*) AS n FROM ${table} WHERE lead_id IS NOT NULL`)
      expect(kept?.n).toBe(rowsOf(name))
    }
    const histories = world.rows(
      'data/all/leads.db',
      "SELECT raw_data FROM leads WHERE raw_data LIKE '%engagement_history%'",
    )
    const [there] = world.rows(
      'data/leads.db',
      "SELECT count(*) AS n FROM leads WHERE coalesce(engagement_history, '') <> ''",
    )
    expect(histories.length).toBeGreaterThan(0)
    expect(histories.length).toBeLessThanOrEqual(Number(there?.n))
  })

  it('finds leads by the keys that a campaign names, and refuses the others with place and field, for good', async () => {
    const { totals, rows } = await report('campaign')
    expect(totals.inserted).toBe(0)
    expect(totals.refused).toBeGreaterThan(0)
    expect(totals.refused).toBeLessThan(totals.rows)
    const [first] = rows.refused.first
    expect(first).toMatchObject({ file: 'campaigns.campaign_leads', field: 'full_name', noted: true })
    expect(first?.reason).toBe('has no usable full_name, which is required')
    const noted = world.rows(
      'data/all/leads.db',
      "SELECT file, row FROM _trueup_imports WHERE outcome = 'refused' AND import = 'campaign' ORDER BY row",
    )
    expect(noted).toEqual(rows.refused.first.map(({ file, row }) => ({ file, row })))
  })

  it('makes declared choices of status words; a lead whose word nothing admits has no status rather than the default', () => {
    const words = (source: string, column: string) =>
      world.rows(source, `SELECT DISTINCT ${column} AS word FROM leads WHERE ${column} IS NOT NULL`).length
    expect(words('data/leads.db', 'engagement_stage')).toBeGreaterThan(4)
    expect(words('data/leads_cache.db', 'status')).toBeGreaterThan(4)
    expect(words('data/all/leads.db', 'engagement_status')).toBe(4)
    const unknown = `SELECT DISTINCT json_extract(raw_data, '$.engagement_stage') AS word, engagement_status FROM leads
      WHERE raw_data LIKE '%"engagement_stage"%'`
    expect(world.rows('data/all/leads.db', unknown)).toEqual([{ word: 'ghosted', engagement_status: null }])
  })

  it('maps each column or says why it goes to raw_data', async () => {
    for (const name of names) {
      const { state } = await report(name, 0)
      const columns = [...state.mapping.mapped, ...state.mapping.unmapped]
      for (const { reason } of columns) expect(reason).toMatch(/ /)
      const { source } = resourceOf(name).spec
      if (source.is !== 'database') continue
      const path = source.path.slice(world.workspace.length + 1)
      const own = world.rows(path, `SELECT name FROM pragma_table_info('${source.table}')`).map((row) => row.name)
      expect(columns.map(({ column }) => column).sort()).toEqual(own.sort())
    }
  })

  it('importing twice changes nothing', { timeout: 120_000 }, async () => {
    const before = [leadRows(), world.rows('data/all/leads.db', 'SELECT * FROM _trueup_imports')]
    for (const name of names) expect((await world.reconcile(resourceOf(name))).action).toBeUndefined()
    expect([leadRows(), world.rows('data/all/leads.db', 'SELECT * FROM _trueup_imports')]).toEqual(before)
  })

  it('tells rows whose lead was deleted since, and an import that is not declared', async () => {
    const { rows } = await report('main')
    const key = rows.inserted.first[0]?.leadKey
    world.sql('data/all/leads.db', `DELETE FROM leads WHERE id = '${key}'`)
    expect((await report('main', 0)).totals.gone).toBeGreaterThan(0)
    await expect(report('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('discovery', () => {
  it('proposes each source with reasons and counts, as YAML that is valid, and leaves no trace', {
    timeout: 120_000,
  }, async () => {
    const bare = desiredStateSchema.parse({
      ...declared,
      databases: { all: declared.databases.all, main: declared.databases.main },
    })
    const before = traces()
    const { proposals, passedOver, yaml } = await world
      .desk(bare)
      .discover(world.at('data'), { into: 'leads' }, world.context)
    expect(traces()).toEqual(before)
    expect(proposals.map(({ source }) => source)).toEqual([
      'data/leads.db, table leads',
      'data/leads_cache.db, table leads',
      'data/scraper/leads.db, table leads',
      'data/json/**/*.json',
    ])
    for (const { counts, confidence, problem } of proposals) {
      expect(problem).toBeNull()
      expect(confidence).toBeGreaterThan(0.7)
      expect(counts?.rows).toBe(
        (counts?.new ?? 0) + (counts?.known ?? 0) + (counts?.done ?? 0) + (counts?.refused ?? 0),
      )
    }
    expect(passedOver.map(({ path, table }) => `${path} ${table}`)).toContain('data/campaigns.db campaign_leads')
    expect(yaml).toMatch(/^ {6}name: full_name {2}# synonym; \d+ % of \d+ sampled values look like person names$/m)
    expect(yaml).toContain('`airtable_synced` goes to raw_data: ')
    const pasted = z
      .object({ databases: z.record(z.string(), z.unknown()), imports: z.record(z.string(), z.unknown()) })
      .parse(parse(yaml))
    const merged = desiredStateSchema.parse({
      ...declared,
      databases: { all: declared.databases.all, main: declared.databases.main, ...pasted.databases },
      imports: pasted.imports,
    })
    expect(listImports(merged, { workspace: world.workspace, rules: standardizeRules })).toHaveLength(4)
  })

  it('proposes choices for status words that nothing admits, and only proposes them', async () => {
    world.file('data/old/.keep', '')
    world.sql(
      'data/old/crm.db',
      "PRAGMA journal_mode = WAL; CREATE TABLE people (name, email, status); INSERT INTO people VALUES ('Ann Lee', 'ann@old.com', 'answered'), ('Bob Ray', 'bob@old.com', 'Zzz')",
    )
    // A plain SQLite connection would leave a -wal and a -shm beside a file in this mode.
    const before = traces(world.at('data/old'))
    const { proposals, yaml } = await world
      .desk(desired)
      .discover(world.at('data/old'), { into: undefined }, world.context)
    expect(traces(world.at('data/old'))).toEqual(before)
    expect(proposals[0]?.statusWords).toMatchObject([
      { word: 'answered', choice: 'responded' },
      { word: 'Zzz', choice: null },
    ])
    expect(yaml).toContain(
      '#   answered: responded  # 1 of the sampled values; `answered` is another word for the stage `responded`',
    )
  })

  it('says what is declared already, and a folder that is not there', async () => {
    const { proposals, yaml } = await world
      .desk(desired)
      .discover(world.at('data/scraper'), { into: 'leads' }, world.context)
    expect(proposals).toMatchObject([{ declaredAs: 'scraper', counts: { new: 0, refused: 0 } }])
    expect(yaml).toBe('')
    await expect(
      world.desk(desired).discover(world.at('nowhere'), { into: 'leads' }, world.context),
    ).rejects.toMatchObject({ code: 'USAGE' })
  })
})
