import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  carryOut,
  converge,
  createWorld,
  declare,
  freeze,
  look,
  paths,
  undo,
  type World,
} from '../../../test/support/table-world.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

/** The `leads` table of the unified-database document, as its Python made it. */
const unified = `db.executescript("""
CREATE TABLE leads (
    id TEXT PRIMARY KEY,
    name TEXT,
    email TEXT UNIQUE,
    company TEXT,
    company_website TEXT,
    linkedin_url TEXT,
    phone TEXT,
    title TEXT,

    -- Engagement tracking
    engagement_stage TEXT DEFAULT '1st degree',
    last_contacted TIMESTAMP,
    engagement_history TEXT, -- JSON array of engagement events
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE sync_log (id INTEGER PRIMARY KEY AUTOINCREMENT, operation TEXT NOT NULL, lead_id TEXT, FOREIGN KEY (lead_id) REFERENCES leads(id));
CREATE VIEW contacts AS SELECT id, name, email FROM leads WHERE email IS NOT NULL;
CREATE INDEX by_domain ON leads(lower(substr(email, instr(email, '@') + 1)));
CREATE INDEX open_leads ON leads(company) WHERE engagement_stage = '1st degree';
CREATE TRIGGER keep_log AFTER DELETE ON leads BEGIN INSERT INTO sync_log (operation, lead_id) VALUES ('delete ' || OLD.name, NULL); END;
CREATE TRIGGER note_log AFTER INSERT ON sync_log WHEN NEW.lead_id IS NOT NULL BEGIN UPDATE leads SET name = trim(name) WHERE id = NEW.lead_id; END;
""")
db.executemany("INSERT INTO leads (id, name, email, company, engagement_history) VALUES (?, ?, ?, ?, ?)", [(f'l{i}', f' Name {i} ', f'p{i}@x.org', 'Acme', '[]') for i in range(1, 8)])
db.execute("DELETE FROM leads WHERE id = 'l3'")
db.execute("INSERT INTO sync_log (operation, lead_id) VALUES ('push', 'l2')")
`
const unifiedDeclaration = {
  fields: {
    full_name: { type: 'text', required: true, renamedFrom: 'name' },
    email: { type: 'email', unique: true },
    company: { type: 'text' },
    engagement_history: { type: 'json' },
    engagement_status: { type: 'choice', choices: ['auto_send', 'contacted'], default: 'auto_send' },
    last_contacted: { type: 'datetime' },
    verified: { type: 'boolean', default: false },
    added_at: { type: 'datetime', default: 'now' },
    created_at: { type: 'datetime', default: 'now' },
    updated_at: { type: 'datetime', default: 'now', onUpdate: 'now' },
  },
  indexes: [{ on: ['company', 'full_name'] }],
}

describe('a new table', () => {
  test('is made as declared, with indexes, triggers and the change table, and then is true', async () => {
    world.sql('CREATE TABLE other (x)')
    const resource = declare(world, unifiedDeclaration)
    const first = await look(world, resource)
    expect(first.observation.is).toBe('absent')
    expect(paths(first)).toEqual(['table'])
    await converge(world, resource)
    const second = await look(world, resource)
    expect(second.drift).toEqual([])
    world.python(`db.execute("INSERT INTO leads (id, full_name, email) VALUES ('a', 'Ann', 'a@x.org')")`)
    expect(
      world.rows("SELECT engagement_status, verified, length(added_at), updated_at LIKE '20%Z' FROM leads"),
    ).toEqual([['auto_send', 0, 24, 1]])
    expect(() =>
      world.python(`db.execute("INSERT INTO leads (id, full_name, engagement_status) VALUES ('b', 'Bob', 'x')")`),
    ).toThrow(/CHECK/)
    expect(world.rows('SELECT table_name, row_id FROM _trueup_changes')).toEqual([['leads', 1]])
  })

  test('stamps updates once, also where a program has switched recursive triggers on', async () => {
    world.sql('CREATE TABLE other (x)')
    await converge(world, declare(world, unifiedDeclaration))
    world.sql(`INSERT INTO leads (id, full_name, updated_at) VALUES ('a', 'Ann', '2020')`)
    world.sql(`PRAGMA recursive_triggers = ON; UPDATE leads SET company = 'X'`)
    expect(world.rows(`SELECT updated_at > '2021', company FROM leads`)).toEqual([[1, 'X']])
    world.python(`db.execute("PRAGMA recursive_triggers = ON"); db.execute("UPDATE leads SET updated_at = '1999'")`)
    expect(world.rows('SELECT updated_at FROM leads')).toEqual([['1999']])
  })

  test('goes again by undo while it is empty, and not once it holds rows', async () => {
    world.sql('CREATE TABLE other (x)')
    const resource = declare(world, unifiedDeclaration)
    const [created] = await converge(world, resource)
    if (created === undefined) throw new Error('nothing was done')
    world.sql(`INSERT INTO leads (id, full_name) VALUES ('a', 'Ann')`)
    expect(await undo(world, resource, created.action)).toMatchObject({
      is: 'not-undoable',
      reason: expect.stringContaining('1 record'),
    })
    world.sql('DELETE FROM leads')
    expect((await undo(world, resource, created.action)).is).toBe('undo')
    expect(world.schema()).toEqual(['table other: create table other(x)'])
    // The very same action is planned again, and takes effect again.
    const again = await converge(world, resource)
    expect(again.map(({ action }) => action.id)).toEqual([created.action.id])
    expect((await look(world, resource)).drift).toEqual([])
  })
})

describe('the legacy table of the unified database', () => {
  test('converges without losing a value, a rowid, a view, a trigger, an index or a foreign key', async () => {
    world.python(unified)
    const before = world.rows('SELECT rowid, id, name, email, company, engagement_history, created_at FROM leads')
    const resource = declare(world, unifiedDeclaration)
    const done = await converge(world, resource)
    expect(done.map(({ action }) => action.verb)).toEqual([
      'rename-column',
      'add-column',
      'add-column',
      'rebuild',
      'change-log',
      'on-update',
      'rebuild',
      'add-index',
    ])
    const after = await look(world, resource)
    expect(after.actions).toEqual([])
    expect(paths(after)).toEqual([])
    expect(
      world.rows('SELECT rowid, id, full_name, email, company, engagement_history, created_at FROM leads'),
    ).toEqual(before)
    const schema = world.schema().join('\n')
    for (const name of [
      'view contacts',
      'index by_domain',
      'index open_leads',
      'trigger keep_log',
      'trigger note_log',
    ]) {
      expect(schema).toContain(name)
    }
    expect(schema).toContain('foreign key(lead_id)references leads(id)')
    // Python goes on working: views, triggers, and the foreign key.
    expect(world.python('print(db.execute("SELECT * FROM contacts").fetchall()[0])')).toContain("('l1', ' Name 1 '")
    world.python(
      `db.execute("PRAGMA foreign_keys = ON"); db.execute("INSERT INTO sync_log (operation, lead_id) VALUES ('push', 'l4')"); db.execute("DELETE FROM leads WHERE id = 'l5'")`,
    )
    expect(world.rows(`SELECT full_name FROM leads WHERE id = 'l4'`)).toEqual([['Name 4']])
    expect(world.rows('SELECT operation FROM sync_log ORDER BY id DESC LIMIT 1')).toEqual([['delete  Name 5 ']])
    expect(() =>
      world.python(`db.execute("PRAGMA foreign_keys = ON"); db.execute("DELETE FROM leads WHERE id = 'l4'")`),
    ).toThrow(/FOREIGN KEY/)
    expect(
      world
        .python(
          'print(db.execute("PRAGMA integrity_check").fetchall(), db.execute("PRAGMA foreign_key_check").fetchall())',
        )
        .trim(),
    ).toBe("[('ok',)] []")
  })

  test('is undone step by step to exactly what Python made', async () => {
    world.python(unified)
    const [schema, rows] = [world.schema(), world.rows('SELECT rowid, * FROM leads')]
    const resource = declare(world, unifiedDeclaration)
    const done = await converge(world, resource)
    for (const { action } of [...done].reverse()) {
      const undone = await undo(world, resource, action)
      expect(undone).toMatchObject({ is: 'undo', conflicts: [] })
    }
    expect(world.schema()).toEqual(schema)
    expect(world.rows('SELECT rowid, * FROM leads')).toEqual(rows)
  })

  test('an action whose evidence changed meanwhile is void', async () => {
    world.python(unified)
    const resource = declare(world, unifiedDeclaration)
    const { actions } = await look(world, resource)
    const rename = actions.find(({ verb }) => verb === 'rename-column')
    if (rename === undefined) throw new Error('no rename')
    world.python('db.execute("ALTER TABLE leads RENAME COLUMN name TO other")')
    expect((await carryOut(world, freeze(resource, rename))).applied).toBeUndefined()
  })
})
