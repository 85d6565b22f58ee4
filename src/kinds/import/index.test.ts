import { existsSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { importIn, leadFields } from '../../../test/support/import/desired.ts'
import { createWorld, leadsTable, type World } from '../../../test/support/import/world.ts'
import { logTable, runTable } from './import-log.ts'

let world: World
beforeEach(() => {
  world = createWorld()
  world.sql('data/leads.db', leadsTable)
})
afterEach(() => world.close())

const fromCache = { database: 'cache', table: 'leads' }
const fromFiles = { files: 'json/**/*.json' }
const cache = (...more: [Parameters<typeof importIn>[2]?]) => importIn(world.workspace, fromCache, ...more)
const files = (...more: [Parameters<typeof importIn>[2]?]) => importIn(world.workspace, fromFiles, ...more)
const leads = () => world.rows('data/leads.db', 'SELECT * FROM leads ORDER BY full_name')

/** The four shapes that the owner's documents describe, written by the Python that wrote them. */
const legacy = {
  unified: `
import sqlite3
db = sqlite3.connect('cache.db')
db.execute("""CREATE TABLE leads (id TEXT PRIMARY KEY, name TEXT, email TEXT UNIQUE, company TEXT, company_website TEXT,
 linkedin_url TEXT, phone TEXT, title TEXT, engagement_stage TEXT DEFAULT '1st degree', last_contacted TIMESTAMP,
 engagement_history TEXT, enrichment_status TEXT DEFAULT 'pending', enrichment_attempts INTEGER DEFAULT 0, airtable_id TEXT,
 source_system TEXT, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)""")
db.execute("INSERT INTO leads (id, name, email, company, linkedin_url, phone, engagement_stage, last_contacted, engagement_history, source_system) VALUES (?,?,?,?,?,?,?,?,?,?)",
 ('b5c1b3b4-8e5c-4c80-9ad0-f2f24a3f8a11', 'ann lee', 'Ann@Example.com', 'Acme', 'linkedin.com/in/ann-lee', '(415) 555-2671', 'contacted', '2024-01-05 10:00:00', '[{"at":1}]', 'agents'))
db.execute("INSERT INTO leads (id, name, email) VALUES ('lead_2', 'Bob Ray', 'bob@example.com')")
db.commit()`,
  integration: `
import sqlite3
db = sqlite3.connect('cache.db')
db.execute("""CREATE TABLE leads (id TEXT PRIMARY KEY, uuid TEXT UNIQUE, full_name TEXT NOT NULL, linkedin_url TEXT, email TEXT,
 company TEXT, title TEXT, location TEXT, verified BOOLEAN DEFAULT FALSE, status TEXT DEFAULT 'new', source TEXT,
 created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, raw_data TEXT)""")
db.execute("INSERT INTO leads (id, uuid, full_name, linkedin_url, email, verified, raw_data) VALUES ('1', 'b5c1b3b4-8e5c-4c80-9ad0-f2f24a3f8a11', 'Ann Lee', 'https://linkedin.com/in/ann-lee', 'ann@example.com', 1, '{\\"score\\": 3}')")
db.execute("INSERT INTO leads (id, full_name, email) VALUES ('2', 'Bob Ray', 'bob@example.com')")
db.commit()`,
  internal: `
import sqlite3
db = sqlite3.connect('cache.db')
db.execute("CREATE TABLE leads (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, email TEXT, company TEXT, website TEXT, engagement_stage TEXT)")
for column in ('uuid TEXT', 'linkedin_url TEXT', 'verified BOOLEAN DEFAULT FALSE', 'sync_pending BOOLEAN DEFAULT TRUE', 'raw_data TEXT'):
    db.execute('ALTER TABLE leads ADD COLUMN ' + column)
db.execute("INSERT INTO leads (name, email, linkedin_url, verified) VALUES ('Ann Lee', 'ann@example.com', 'http://www.linkedin.com/in/ann-lee/', 1)")
db.execute("INSERT INTO leads (name, email, company, website) VALUES ('Bob Ray', 'bob@example.com', 'Ray Ltd', 'ray.example')")
db.commit()`,
  cache: `
import sqlite3
db = sqlite3.connect('cache.db')
db.execute('PRAGMA journal_mode=WAL')
db.execute('CREATE TABLE leads (lead_name, mail, linkedinProfile, mobile, "Job Title", stage)')
db.execute("INSERT INTO leads VALUES ('Ann Lee', 'ann@example.com', 'linkedin.com/in/ann-lee', '415-555-2671', 'CEO', 'contacted')")
db.execute("INSERT INTO leads VALUES ('Bob Ray', 'bob@example.com', NULL, NULL, NULL, 'responded')")
db.commit()`,
}

describe.each(Object.entries(legacy))('importing the %s shape', (_, script) => {
  it('brings every lead once, in canonical form, and leaves the source as it is', async () => {
    world.python(script)
    const before = readFileSync(world.at('data/cache.db'))
    const { state, applied } = await world.reconcile(cache())
    expect(state.problems.rows.count).toBe(0)
    expect(applied).toMatchObject({ changed: 2, skippedCount: 0, failed: [] })
    expect(leads()).toMatchObject([
      { full_name: 'Ann Lee', email: 'ann@example.com', linkedin_url: 'https://www.linkedin.com/in/ann-lee' },
      { full_name: 'Bob Ray', email: 'bob@example.com', linkedin_url: null },
    ])
    expect(leads().every((lead) => lead.created_at !== null)).toBe(true)
    expect(readFileSync(world.at('data/cache.db')).equals(before)).toBe(true)
    expect(existsSync(world.at('data/cache.db-shm'))).toBe(false)
  })

  it('imports nothing with the next look, also after the source was written without a change', async () => {
    world.python(script)
    await world.reconcile(cache())
    const again = await world.reconcile(cache())
    expect(again).toMatchObject({ action: undefined, state: { rows: 2, settled: 2, inserts: { count: 0 } } })
    world.python("import sqlite3\ndb = sqlite3.connect('cache.db')\ndb.execute('CREATE TABLE other (x)')")
    expect(await world.reconcile(cache())).toMatchObject({ action: undefined, state: { settled: 2 } })
    expect(leads()).toHaveLength(2)
  })
})

describe('what an import brings', () => {
  it('keeps keys that are keys, gives others the same UUID in every plan, and keeps the rest in raw_data', async () => {
    world.python(legacy.unified)
    const first = await world.observe(cache())
    const second = await world.observe(cache())
    expect(second).toEqual(first)
    await world.reconcile(cache())
    const [ann, bob] = leads()
    expect(ann).toMatchObject({
      id: 'b5c1b3b4-8e5c-4c80-9ad0-f2f24a3f8a11',
      phone: '+14155552671',
      engagement_status: 'contacted',
      date_messaged: '2024-01-05',
      source: 'agents',
      verified: 0,
    })
    // His `1st degree` is no choice: the default would claim to know what it means.
    expect(bob).toMatchObject({ id: 'lead_2', engagement_status: null })
    expect(JSON.parse(String(ann?.raw_data))).toEqual({
      engagement_history: '[{"at":1}]',
      enrichment_status: 'pending',
      enrichment_attempts: 0,
    })
  })

  it('fills the blanks of leads that are there already and overwrites nothing', async () => {
    world.sql(
      'data/leads.db',
      `INSERT INTO leads (id, full_name, email, company, title, raw_data) VALUES
        ('k1', 'Ann M. Lee', 'ANN@example.com', '', 'Boss', NULL), ('k2', 'Bob Ray', NULL, 'Ray Inc', NULL, '{}')`,
    )
    world.file('json/a.json', [
      { name: 'Ann Lee', email: 'ann@example.com', company: 'Acme', title: 'CEO', score: 1 },
      { id: 'k2', name: 'Bob Ray', company: 'Other', linkedin: 'linkedin.com/in/bob', phone: '415-555-2671' },
      { name: 'B. Ray', linkedin: 'https://linkedin.com/in/Bob/', email: 'bob@example.com', title: 'CTO' },
    ])
    const { state, action } = await world.reconcile(files())
    expect(state).toMatchObject({
      outcomes: { inserted: 0, merged: 3 },
      fills: { leads: 2, sample: ['k1', 'k2'] },
    })
    expect(action?.preview).toContainEqual({ key: 'k1', field: 'company', before: '', after: 'Acme' })
    expect(leads()).toMatchObject([
      {
        id: 'k1',
        full_name: 'Ann M. Lee',
        email: 'ANN@example.com',
        company: 'Acme',
        title: 'Boss',
        raw_data: '{"score":1}',
      },
      { id: 'k2', company: 'Ray Inc', phone: '+14155552671', email: 'bob@example.com', title: 'CTO', raw_data: '{}' },
    ])
  })

  it('merges rows of one run into one lead, the first row first', async () => {
    world.file('json/a.json', [{ name: 'Ann Lee', email: 'a.nn@gmail.com', title: 'CEO' }])
    world.file('json/b.json', [
      { name: 'Ann Lee', email: 'ann@gmail.com', title: 'CTO', company: 'Acme', linkedin: 'linkedin.com/in/ann' },
      { name: 'Ann', linkedin: 'linkedin.com/in/ann', phone: '415-555-2671' },
      { name: 'Ann Lee', email: 'ann@gmail.com', title: 'CTO', company: 'Acme', linkedin: 'linkedin.com/in/ann' },
    ])
    const { state } = await world.reconcile(files())
    expect(state).toMatchObject({ rows: 4, outcomes: { inserted: 1, merged: 2 }, repeated: 1 })
    expect(leads()).toMatchObject([{ email: 'a.nn@gmail.com', title: 'CEO', company: 'Acme', phone: '+14155552671' }])
  })

  it('keeps people apart who share a key of the source or a mailbox', async () => {
    world.sql(
      'data/leads.db',
      "INSERT INTO leads (id, full_name, email) VALUES ('lead_2', 'Zoe Zeta', 'zoe@example.com')",
    )
    world.file('json/a.json', [
      { id: 'lead_2', name: 'Bob Ray', email: 'bob@example.com' },
      { name: 'Carl Cox', email: 'box@x.com', linkedin: 'linkedin.com/in/carl' },
      { name: 'Dora Day', email: 'box@x.com', linkedin: 'linkedin.com/in/dora' },
      { name: 'Eve Ely', email: 'info@y.com' },
      { name: 'Flo Fay', email: 'info@y.com', phone: '415-555-2671' },
      { name: 'Eve Ely', email: 'info@y.com', title: 'CEO' },
    ])
    const { state, applied } = await world.reconcile(files())
    expect(applied).toMatchObject({ changed: 5, failed: [] })
    expect(leads().map((lead) => [lead.full_name, lead.email, lead.title])).toEqual([
      ['Bob Ray', 'bob@example.com', null],
      ['Carl Cox', 'box@x.com', null],
      ['Dora Day', null, null],
      ['Eve Ely', 'info@y.com', 'CEO'],
      ['Flo Fay', null, null],
      ['Zoe Zeta', 'zoe@example.com', null],
    ])
    expect(JSON.parse(String(leads()[2]?.raw_data))).toMatchObject({ email: 'box@x.com' })
    expect(state.problems.values.first).toMatchObject([
      { row: 3, field: 'email' },
      { row: 5, field: 'email' },
    ])
  })

  it('refuses rows without a required value, with the place, and imports the others', async () => {
    world.file('json/a.json', '[{"email":"a@x.com"},\n{"name":"N/A"},{"foo":1},{"name":"Ann Lee"},{"name":')
    const { state } = await world.reconcile(files())
    expect(state.problems.rows.first.map(({ row, line, message }) => [row, line, message])).toEqual([
      [1, 1, 'has no usable full_name, which is required'],
      [2, 2, 'no field can be filled from it'],
      [3, 2, 'no field can be filled from it'],
    ])
    expect(state.problems.files.first).toMatchObject([{ file: 'json/a.json', line: 2 }])
    expect(leads()).toHaveLength(1)
    const drift = world.plan(files(), await world.observe(files())).drift
    expect(drift.map(({ path, byHand }) => [path, byHand !== undefined])).toEqual([
      ['rows.refused', true],
      ['files.unreadable', true],
    ])
  })

  it('counts every row exactly once, hostile ones too', async () => {
    world.python(`
import sqlite3
db = sqlite3.connect('cache.db')
db.execute('CREATE TABLE leads (id INTEGER PRIMARY KEY, name, email, company, notes)')
rows = [
 ('x' * 10_000_000, 'big@x.com', None, None), ('Ann\\0Lee', 'nul@x.com', None, None), ('👩‍🚀 Ann', 'emoji@x.com', None, None),
 ('محمد علي', 'rtl@x.com', 'شركة', None), (sqlite3.Binary(b'\\xff\\x00'), 'blob@x.com', None, None), (17, 'number@x.com', 2**60, None),
 (None, None, None, None), ('  ', ' ', '', None), ("Robert'); DROP TABLE leads;--", 'bobby@x.com', None, sqlite3.Binary(b'\\x00\\x01')),
]
db.executemany('INSERT INTO leads (name, email, company, notes) VALUES (?,?,?,?)', rows)
db.execute("INSERT INTO leads (name, email, company) VALUES (CAST(X'4a6f73e9' AS TEXT), 'latin1@x.com', CAST(X'416363e9' AS TEXT))")
db.commit()`)
    const resource = cache({ map: { name: 'full_name' } })
    const { state, applied } = await world.reconcile(resource)
    const { outcomes } = state
    expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(10)
    expect(outcomes.inserted).toBe(applied?.changed)
    expect(
      leads()
        .map((lead) => lead.email)
        .sort(),
    ).toEqual(expect.arrayContaining(['big@x.com', 'emoji@x.com', 'rtl@x.com', 'bobby@x.com']))
    expect(state.problems.rows.first.map(({ row }) => row)).toEqual(expect.arrayContaining([2, 5, 7, 8, 10]))
    expect(await world.reconcile(resource)).toMatchObject({ action: undefined })
  })
})

describe('what is remembered', () => {
  beforeEach(() => {
    world.file('json/a.json', [
      { name: 'Ann Lee', email: 'ann@example.com' },
      { name: 'Bob Ray', linkedin: 'linkedin.com/in/bob' },
      { id: 'own-1', name: 'Cy Nobody' },
    ])
  })

  it('a lead that a person deleted does not come back, even when its source row changes or moves', async () => {
    await world.reconcile(files())
    world.sql('data/leads.db', 'DELETE FROM leads')
    expect(await world.reconcile(files())).toMatchObject({ action: undefined })
    world.file('json/b.json', [
      { name: 'Ann Lee', email: 'ann@example.com', phone: '415-555-2671' },
      { id: 'own-1', name: 'Cy Nobody', title: 'CEO' },
    ])
    const { state } = await world.reconcile(files())
    expect(state.outcomes).toMatchObject({ inserted: 0, withheld: 2 })
    expect(leads()).toEqual([])
    expect(await world.reconcile(files())).toMatchObject({ action: undefined })
  })

  it('a source row that changed fills the blanks of its own lead, whatever else changed', async () => {
    await world.reconcile(files())
    world.sql('data/leads.db', "UPDATE leads SET full_name = 'Cyrus Nobody' WHERE id = 'own-1'")
    world.file('json/a.json', [{ id: 'own-1', name: 'Cyrus Nobody', email: 'cy@example.com' }])
    const { state } = await world.reconcile(files())
    expect(state.outcomes).toMatchObject({ inserted: 0, merged: 1 })
    expect(world.rows('data/leads.db', "SELECT email FROM leads WHERE id = 'own-1'")).toEqual([
      { email: 'cy@example.com' },
    ])
  })

  it('a field that is declared later is filled from rows that were imported before', async () => {
    const { title: _, ...earlier } = leadFields
    world.file('json/a.json', [{ name: 'Ann Lee', email: 'ann@example.com', title: 'CEO' }])
    await world.reconcile(files({ fields: earlier }))
    expect(leads()).toMatchObject([{ title: null, raw_data: '{"title":"CEO"}' }])
    const { state } = await world.reconcile(files())
    expect(state.outcomes).toMatchObject({ inserted: 0, merged: 1 })
    expect(leads()).toMatchObject([{ title: 'CEO' }])
  })

  it('rows that bring nothing new are noted, so that their lead can be deleted for good', async () => {
    world.sql('data/leads.db', "INSERT INTO leads (id, full_name, email) VALUES ('k', 'Ann Lee', 'ann@example.com')")
    world.file('json/a.json', [{ name: 'Ann Lee', email: 'ann@example.com' }])
    const { action, applied } = await world.reconcile(files())
    expect(action).toMatchObject({ risk: 'low', affected: { count: 0 }, resolves: ['rows.unnoted'] })
    expect(applied).toMatchObject({ changed: 0 })
    expect(await world.kind.probe(action ?? never(), world.context)).toBe('applied')
    world.sql('data/leads.db', 'DELETE FROM leads')
    expect(await world.reconcile(files())).toMatchObject({ action: undefined })
    expect(leads()).toEqual([])
  })

  it('the migration log tells what became of each row, by run', async () => {
    await world.reconcile(files())
    expect(world.rows('data/leads.db', `SELECT outcome, count(*) AS n FROM ${logTable} GROUP BY 1`)).toEqual([
      { outcome: 'inserted', n: 3 },
    ])
    expect(
      world.rows('data/leads.db', `SELECT import, source, inserted, finished, undone_by FROM ${runTable}`),
    ).toEqual([{ import: 'old', source: 'json/**/*.json', inserted: 3, finished: 1, undone_by: null }])
    const observation = await world.observe(files())
    expect(world.kind.describe(observation)).toBe('3 rows: 3 dealt with')
    expect(world.kind.health(files(), observation, []).find(({ name }) => name === 'last run')?.message).toContain(
      '3 inserted',
    )
  })
})

describe('carrying it out', () => {
  beforeEach(() => {
    world.sql('data/leads.db', "INSERT INTO leads (id, full_name, email) VALUES ('k', 'Ann Lee', 'ann@example.com')")
    world.file('json/a.json', [
      { name: 'Ann Lee', email: 'ann@example.com', title: 'CEO' },
      { name: 'Bob Ray', email: 'bob@example.com' },
      { name: 'Cy Nobody' },
    ])
  })
  const planned = async () => {
    const [action] = world.plan(files(), await world.observe(files())).actions
    return action ?? never()
  }

  it('plans one action with everything that a person needs to decide', async () => {
    const action = await planned()
    expect(action).toMatchObject({
      verb: 'import',
      risk: 'medium',
      summary: 'import old into leads: insert 2 leads and fill 1 blank of 1 lead, from 3 source rows',
      population: 1,
      reversible: 'from-checkpoint',
      recovery: 'transactional',
      cost: { bucket: 'sqlite:main' },
      resolves: ['rows.missing', 'rows.blanks'],
      affected: { count: 3 },
    })
    expect(action.preview[0]).toEqual({ key: 'k', field: 'title', before: null, after: 'CEO' })
  })

  it('is void when a source row changed since', async () => {
    const action = await planned()
    world.file('json/a.json', [{ name: 'Another' }])
    const { evidence } = await world.kind.checkpoint(action, world.context)
    expect(evidence).not.toBe(action.precondition)
    expect(await world.kind.probe(action, world.context)).toBe('not-applied')
  })

  it('stands when only leads changed since, and fits what it does to them', async () => {
    const action = await planned()
    world.sql('data/leads.db', "UPDATE leads SET title = 'CTO'")
    const { evidence, images } = await world.kind.checkpoint(action, world.context)
    expect(evidence).toBe(action.precondition)
    expect(images).toBe(2)
    await world.kind.apply(action, world.context)
    expect(leads().find((lead) => lead.full_name === 'Ann Lee')).toMatchObject({ title: 'CTO' })
  })

  it('can be checkpointed and applied again after a crash at any point, with the same end', async () => {
    const action = await planned()
    const first = await world.kind.checkpoint(action, world.context)
    expect(await world.kind.checkpoint(action, world.context)).toEqual(first)
    expect(first).toEqual({ evidence: action.precondition, images: 3 })
    expect(await world.kind.probe(action, world.context)).toBe('not-applied')
    // The leads were written and the log was not: what a crash between the two leaves.
    await world.changeSets.apply(action.id, world.databases, world.context)
    expect(await world.kind.probe(action, world.context)).toBe('partly')
    await world.kind.apply(action, world.context)
    expect(await world.kind.probe(action, world.context)).toBe('applied')
    await world.kind.apply(action, world.context)
    expect(leads().map((lead) => lead.full_name)).toEqual(['Ann Lee', 'Bob Ray', 'Cy Nobody'])
    expect(await world.reconcile(files())).toMatchObject({ action: undefined, state: { settled: 3 } })
  })

  it('does not note a lead that could not be inserted: it is missing again', async () => {
    world.sql(
      'data/leads.db',
      "CREATE TRIGGER no_bob BEFORE INSERT ON leads WHEN NEW.full_name = 'Bob Ray' BEGIN SELECT RAISE(ABORT, 'no Bob'); END",
    )
    const { applied } = await world.reconcile(files())
    expect(applied).toMatchObject({ changed: 2, failed: [{ reason: 'no Bob' }] })
    expect(await world.state(files())).toMatchObject({ settled: 2, inserts: { count: 1 } })
  })

  it('is undone but for what was edited since, and is not imported again', async () => {
    const action = await planned()
    await world.carryOut(action)
    world.sql('data/leads.db', "UPDATE leads SET company = 'Nobody Ltd' WHERE full_name = 'Cy Nobody'")
    const undo = await world.undo(action)
    expect(undo).toMatchObject({ is: 'undone', action: { verb: 'undo-import' } })
    expect(leads()).toMatchObject([
      { full_name: 'Ann Lee', title: null },
      { full_name: 'Cy Nobody', company: 'Nobody Ltd' },
    ])
    expect(undo).toMatchObject({ conflicts: [leads()[1]?.id] })
    expect(await world.reconcile(files())).toMatchObject({ action: undefined })
    expect(await world.undo(action)).toMatchObject({ is: 'not-undoable' })
    const redo = undo?.is === 'undone' ? await world.undo(undo.action) : undefined
    expect(redo).toMatchObject({ is: 'undone', action: { verb: 'redo-import' } })
    expect(leads()).toMatchObject([{ title: 'CEO' }, { full_name: 'Bob Ray' }, { full_name: 'Cy Nobody' }])
    expect(await world.reconcile(files())).toMatchObject({ action: undefined })
  })
})

describe('what stands in the way', () => {
  it('a table that is not ready is waited for, and what would come is counted', async () => {
    world.sql('data/leads.db', 'ALTER TABLE leads DROP COLUMN title; ALTER TABLE leads RENAME COLUMN full_name TO name')
    world.sql('data/leads.db', "INSERT INTO leads (id, name, email) VALUES ('k', 'Ann Lee', 'ann@example.com')")
    world.file('json/a.json', [
      { name: 'Ann Lee', email: 'ann@example.com', company: 'Acme' },
      { name: 'Bob Ray', title: 'CEO' },
    ])
    const fields = { ...leadFields, full_name: { ...leadFields.full_name, renamedFrom: 'name' } }
    const observation = await world.observe(files({ fields }))
    expect(observation).toMatchObject({
      is: 'present',
      state: {
        inserts: { count: 1 },
        fills: { leads: 1 },
        waitingFor: ['column leads.full_name', 'column leads.title'],
      },
    })
    const { drift, actions } = world.plan(files({ fields }), observation)
    expect(actions).toEqual([])
    expect(drift[0]?.message).toBe(
      '1 lead of the source is not in leads; waits for column leads.full_name, column leads.title',
    )
  })

  it('a table under its earlier name, no table and no database are waited for too', async () => {
    world.file('json/a.json', [{ name: 'Ann Lee' }])
    const waiting = async (resource = files()) => (await world.state(resource)).waitingFor
    world.sql('data/leads.db', 'ALTER TABLE leads RENAME TO people')
    expect(await waiting(files({ table: { renamedFrom: 'people' } }))).toEqual(['table leads (people so far)'])
    expect(await waiting()).toEqual(['table leads'])
    const elsewhere = {
      ...files(),
      spec: { ...files().spec, into: { ...files().spec.into, path: world.at('data/none.db') } },
    }
    expect(await waiting(elsewhere)).toEqual(['database main'])
    expect(await world.state(elsewhere)).toMatchObject({ inserts: { count: 1 } })
  })

  it('a source that cannot be read is named with the place', async () => {
    expect(await world.observe(cache())).toMatchObject({ is: 'unreadable', error: { code: 'SOURCE_UNREADABLE' } })
    world.python("import sqlite3\nsqlite3.connect('cache.db').execute('CREATE TABLE other (x)')")
    expect(await world.observe(cache())).toMatchObject({ error: { message: /has no table leads$/ } })
    world.file('data/cache.db', 'this is no database, although it is long enough to be one. '.repeat(100))
    expect(await world.observe(cache())).toMatchObject({ is: 'unreadable', error: { code: 'SOURCE_UNREADABLE' } })
  })

  it('a source with a destroyed page says after which row', async () => {
    world.python(`
import sqlite3
db = sqlite3.connect('cache.db')
db.execute('CREATE TABLE leads (id INTEGER PRIMARY KEY, name TEXT, email TEXT)')
db.executemany('INSERT INTO leads (name, email) VALUES (?, ?)', [(f'Ann Lee', f'ann{i}@example.com') for i in range(20000)])
db.commit()
db.close()
data = bytearray(open('cache.db', 'rb').read())
data[len(data) - 8 * 4096 : len(data) - 4 * 4096] = b'\\xee' * (4 * 4096)
open('cache.db', 'wb').write(data)`)
    expect(await world.observe(cache())).toMatchObject({
      is: 'unreadable',
      error: {
        code: 'SOURCE_UNREADABLE',
        message: expect.stringMatching(/cache\.db, table leads, after row 1\d000: /),
      },
    })
  })

  it('columns that nothing keeps are told, with raw_data undeclared', async () => {
    const { raw_data: _, ...fields } = leadFields
    world.file('json/a.json', [{ name: 'Ann Lee', score: 7 }])
    const resource = files({ fields })
    const { drift } = world.plan(resource, await world.observe(resource))
    expect(drift.find(({ path }) => path === 'columns.unmapped')).toMatchObject({
      severity: 'low',
      observed: ['score'],
    })
  })
})

describe('looking', () => {
  it('is not repeated while the source and the log are unchanged', async () => {
    world.python(legacy.unified)
    await world.reconcile(cache())
    const state = await world.state(cache())
    const remembered = world.remembered.get('import/old')
    expect(remembered).toMatchObject({ state })
    // What is remembered is told apart from what a new look finds.
    world.remembered.set('import/old', {
      ...z.record(z.string(), z.json()).parse(remembered),
      state: { ...state, repeated: 77 },
    })
    world.sql('data/leads.db', "UPDATE leads SET company = 'Other'")
    expect((await world.state(cache())).repeated).toBe(77)
    world.python(
      "import sqlite3\ndb = sqlite3.connect('cache.db')\ndb.execute(\"UPDATE leads SET title = 'CEO'\")\ndb.commit()",
    )
    expect((await world.state(cache())).outcomes.merged).toBe(2)
  })

  it('is not read anew while it waits and nothing has changed, neither in the source nor in the table', async () => {
    world.python(legacy.unified)
    // Until two seconds have passed, a write could have left the files' times as they are.
    await new Promise((resolve) => setTimeout(resolve, 2100))
    const waiting = await world.state(cache())
    expect(await world.state(cache())).toBe(waiting)
    world.sql('data/leads.db', "INSERT INTO leads (id, full_name) VALUES ('new', 'New One')")
    const again = await world.state(cache())
    expect(again).not.toBe(waiting)
    expect(again.population).toBe(waiting.population + 1)
  })

  it('is read anew when somebody is suppressed or let back, although neither source nor table changed', async () => {
    world.python(legacy.unified)
    await new Promise((resolve) => setTimeout(resolve, 2100))
    expect((await world.state(cache())).inserts.count).toBe(2)
    world.suppress('bob@example.com')
    expect((await world.state(cache())).inserts.count).toBe(1)
    await world.reconcile(cache())
    expect((await world.state(cache())).inserts.count).toBe(0)
    world.suppress()
    expect((await world.state(cache())).inserts.count).toBe(1)
  })

  it('depends on its table and on the database it comes from', () => {
    expect(cache().dependsOn).toEqual([
      { kind: 'table', name: 'leads' },
      { kind: 'database', name: 'cache' },
    ])
    expect(files().dependsOn).toEqual([{ kind: 'table', name: 'leads' }])
  })
})

function never(): never {
  throw new Error('no action was planned')
}
