import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  carryOut,
  converge,
  createWorld,
  declare,
  freeze,
  idle,
  look,
  paths,
  undo,
  type World,
} from '../../../test/support/table-world.ts'
import type { ActionDraft } from '../../engine/action.ts'
import { readChangeLog } from '../../targets/sqlite/change-log.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

const all: readonly ActionDraft['risk'][] = ['low', 'medium', 'high', 'critical']

function the<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error('it is not there')
  return thing
}

describe('what deserves no rebuild', () => {
  test('types and defaults that hold the declared values unchanged are left as they are', async () => {
    world.python(`db.execute("""CREATE TABLE leads (id VARCHAR(36) PRIMARY KEY, name VARCHAR(255), verified BOOLEAN DEFAULT FALSE CHECK (verified IN (0, 1)),
      seen TIMESTAMP DEFAULT CURRENT_TIMESTAMP, score DECIMAL(10,2), size BIGINT, status TEXT DEFAULT ('new') CHECK (status IS NULL OR status IN ("new", "old")))""")`)
    const resource = declare(world, {
      fields: {
        name: { type: 'text' },
        verified: { type: 'boolean', default: false },
        seen: { type: 'datetime', default: 'now' },
        score: { type: 'number' },
        size: { type: 'integer' },
        status: { type: 'choice', choices: ['old', 'new'], default: 'new' },
      },
    })
    expect(paths(await look(world, resource))).toEqual(['changeLog'])
  })
})

describe('types', () => {
  const fields = { phone: { type: 'phone' }, score: { type: 'number' }, size: { type: 'integer' } }

  test('cells are converted where nothing is lost, and come back by undo as they were', async () => {
    world.python(`db.execute("CREATE TABLE leads (id TEXT PRIMARY KEY, phone INTEGER, score TEXT, size TEXT)")
db.executemany("INSERT INTO leads VALUES (?, ?, ?, ?)", [('a', 15551234567, '1.50', '7'), ('b', None, '2', None), ('c', 'x5', None, '-3')])`)
    const before = world.rows('SELECT *, typeof(phone), typeof(score), typeof(size) FROM leads')
    const resource = declare(world, { fields })
    const [rebuild] = await converge(world, resource)
    expect(the(rebuild).action).toMatchObject({ verb: 'rebuild', risk: 'medium', affected: { count: 5 } })
    expect(the(rebuild).action.preview).toContainEqual({ key: 'a', field: 'score', before: '1.50', after: 1.5 })
    expect(world.rows('SELECT *, typeof(phone), typeof(score), typeof(size) FROM leads')).toEqual([
      ['a', '15551234567', 1.5, 7, 'text', 'real', 'integer'],
      ['b', null, 2, null, 'null', 'real', 'null'],
      ['c', 'x5', null, -3, 'text', 'null', 'integer'],
    ])
    world.sql(`UPDATE leads SET score = 9.25 WHERE id = 'b'; INSERT INTO leads VALUES ('d', '1', 1.0, 1)`)
    expect(await undo(world, resource, the(rebuild).action)).toMatchObject({ is: 'undo', conflicts: ['b'] })
    expect(
      world.rows(`SELECT *, typeof(phone), typeof(score), typeof(size) FROM leads WHERE id IN ('a', 'c')`),
    ).toEqual([before[0], before[2]])
    expect(world.rows(`SELECT score FROM leads WHERE id = 'b'`)).toEqual([['9.25']])
  })

  test('cells that would lose something are named, and the table stays as it is', async () => {
    world.sql(
      `CREATE TABLE leads (id TEXT PRIMARY KEY, phone TEXT, score TEXT, size TEXT); INSERT INTO leads VALUES ('a', '', 'much', '7'), ('b', '', '1', '007'), ('c', '', '1', '1.5')`,
    )
    const resource = declare(world, { fields })
    const looked = await look(world, resource)
    expect(looked.drift.filter(({ category }) => category === 'data')).toMatchObject([
      { path: 'fields.score.type', affected: { count: 1, sample: ['a'] }, byHand: expect.any(String) },
      { path: 'fields.size.type', affected: { count: 2, sample: ['b', 'c'] } },
    ])
    expect(looked.actions.map(({ verb }) => verb)).toEqual(['change-log'])
  })
})

describe('checks, required fields and uniqueness', () => {
  const fields = {
    email: { type: 'email', unique: true, required: true },
    status: { type: 'choice', choices: ['new', 'old'] },
    data: { type: 'json' },
  }

  test('are reported with the records at fault, and come by themselves once these are mended', async () => {
    world.python(`db.execute("CREATE TABLE leads (id TEXT PRIMARY KEY, email TEXT, status TEXT, data TEXT)")
db.executemany("INSERT INTO leads VALUES (?, ?, ?, ?)", [('a', 'x@x.org', 'New', '{'), ('b', 'x@x.org', 'old', None), ('c', None, None, '[]')])`)
    const resource = declare(world, { fields })
    await converge(world, resource)
    const { drift } = await look(world, resource)
    expect(
      drift.map(({ path, affected, byHand }) => [path, affected.count, affected.sample, byHand !== undefined]),
    ).toEqual([
      ['fields.email.required', 1, ['c'], true],
      ['fields.status.check', 1, ['a'], true],
      ['fields.data.check', 1, ['a'], true],
      ['unique.email', 2, ['a', 'b'], true],
    ])
    world.sql(`UPDATE leads SET email = id || '@x.org', status = 'new', data = NULL`)
    const done = await converge(world, resource)
    expect(done.map(({ action }) => action.verb)).toEqual(['rebuild', 'add-unique-index'])
    expect((await look(world, resource)).drift).toEqual([])
    expect(() => world.sql(`INSERT INTO leads VALUES ('d', 'a@x.org', NULL, NULL)`)).toThrow(/UNIQUE/)
    expect(() => world.sql(`INSERT INTO leads VALUES ('d', NULL, NULL, NULL)`)).toThrow(/NOT NULL/)
    // What SQLite enforces now is not asked any more.
    world.sql(`INSERT INTO leads VALUES ('e', 'e@x.org', NULL, NULL)`)
    expect((await look(world, resource)).drift).toEqual([])
  })

  test('a changed list of choices replaces the old check', async () => {
    world.sql('CREATE TABLE other (x)')
    await converge(world, declare(world, { fields: { status: { type: 'choice', choices: ['new'] } } }))
    const wider = declare(world, { fields: { status: { type: 'choice', choices: ['new', 'old'] } } })
    await converge(world, wider)
    world.sql(`INSERT INTO leads VALUES ('a', 'old')`)
    expect(world.schema().join()).not.toContain(`in('new'))`)
    expect(paths(await look(world, wider))).toEqual([])
  })

  test('empty text that many records share is left out of a unique index', async () => {
    world.sql(
      `CREATE TABLE leads (id TEXT PRIMARY KEY, email TEXT); INSERT INTO leads VALUES ('a', ''), ('b', ''), ('c', 'c@x.org')`,
    )
    const resource = declare(world, { fields: { email: { type: 'email', unique: true } } })
    const done = await converge(world, resource)
    expect(done.map(({ action }) => action.verb)).toEqual(['add-unique-index', 'change-log'])
    expect((await look(world, resource)).drift).toEqual([])
    expect(() => world.sql(`UPDATE leads SET email = 'c@x.org' WHERE id = 'a'`)).toThrow(/UNIQUE/)
  })
})

describe('the key', () => {
  test('is added where there is none, filled with UUIDs and made unique; undo empties it', async () => {
    world.sql(`CREATE TABLE leads (name TEXT); INSERT INTO leads VALUES ('Ann'), ('Bob')`)
    const resource = declare(world, { fields: { name: { type: 'text' } } })
    const done = await converge(world, resource)
    expect(done.map(({ action }) => action.verb)).toEqual(['add-column', 'change-log', 'fill-key', 'add-unique-index'])
    expect(world.rows(`SELECT name, length(id) FROM leads`)).toEqual([
      ['Ann', 36],
      ['Bob', 36],
    ])
    expect((await look(world, resource)).drift).toEqual([])
    const fill = the(done.find(({ action }) => action.verb === 'fill-key')).action
    // Called again after a crash, the same action draws no other keys.
    const keys = world.rows('SELECT id FROM leads')
    expect(await world.kind.probe(fill, idle)).toBe('applied')
    await world.kind.apply(fill, idle)
    expect(world.rows('SELECT id FROM leads')).toEqual(keys)
    expect(await undo(world, resource, fill)).toMatchObject({ is: 'undo', conflicts: [] })
    expect(world.rows('SELECT id FROM leads')).toEqual([[null], [null]])
    const again = await converge(world, resource)
    expect(again.map(({ action }) => action.id)).toEqual([fill.id])
    expect((await look(world, resource)).drift).toEqual([])
  })

  test('records that an agent inserts without one are found by the changed rows alone', async () => {
    world.sql(`CREATE TABLE leads (id TEXT PRIMARY KEY, name TEXT); INSERT INTO leads VALUES ('a', 'Ann')`)
    const resource = declare(world, { fields: { name: { type: 'text' } } })
    await converge(world, resource)
    const first = await the(world.kind.changes)(resource, undefined)
    expect(first.scope.is).toBe('full')
    expect((await look(world, resource, first.scope)).drift).toEqual([])
    const nothing = await the(world.kind.changes)(resource, first.cursor)
    expect(nothing.scope).toEqual({ is: 'rows', rowIds: [] })
    world.python(`db.execute("INSERT INTO leads (name) VALUES ('Bob')")`)
    const second = await the(world.kind.changes)(resource, nothing.cursor)
    expect(second.scope.is).toBe('full')
    expect(paths(await look(world, resource, second.scope))).toEqual(['key.missing'])
    await converge(world, resource)
    // A change of the schema asks for everything.
    world.sql('CREATE INDEX more ON leads(name)')
    expect((await the(world.kind.changes)(resource, second.cursor)).scope.is).toBe('full')
  })

  test('whole numbers that SQLite assigned are kept as keys', async () => {
    world.sql(
      `CREATE TABLE leads (id INTEGER PRIMARY KEY AUTOINCREMENT, name INTEGER); INSERT INTO leads (name) VALUES (5), (6); DELETE FROM leads WHERE id = 2`,
    )
    const resource = declare(world, { fields: { name: { type: 'text' } } })
    await converge(world, resource)
    expect((await look(world, resource)).drift.map(({ path, severity }) => [path, severity])).toEqual([
      ['key.type', 'low'],
    ])
    world.sql(`INSERT INTO leads (name) VALUES ('x')`)
    // AUTOINCREMENT went on counting through the rebuild.
    expect(world.rows('SELECT * FROM leads')).toEqual([
      [1, '5'],
      [3, 'x'],
    ])
    const numbers = declare(world, { fields: { id: { type: 'integer' }, name: { type: 'text' } } })
    expect((await look(world, numbers)).drift).toEqual([])
  })

  test('repeated keys are reported, with nothing done', async () => {
    world.sql(`CREATE TABLE leads (id TEXT, name TEXT); INSERT INTO leads VALUES ('a', 'Ann'), ('a', 'Bob')`)
    const looked = await look(world, declare(world, { fields: { name: { type: 'text' } } }))
    expect(looked.drift).toMatchObject([
      { path: 'key.unique', severity: 'high', affected: { count: 2, sample: ['a', 'a'] } },
      {},
    ])
    expect(looked.actions.map(({ verb }) => verb)).toEqual(['change-log'])
  })
})

describe('removal', () => {
  const without = { fields: { name: { type: 'text' }, notes: { type: 'text', absent: true } } }

  test('a column nobody declared is reported and kept', async () => {
    world.sql(`CREATE TABLE leads (id TEXT PRIMARY KEY, name TEXT, notes TEXT)`)
    const looked = await look(world, declare(world, { fields: { name: { type: 'text' } } }))
    expect(looked.drift).toMatchObject([
      { path: 'unmanaged.notes', severity: 'low', byHand: expect.any(String) },
      { path: 'changeLog' },
    ])
  })

  test('a column that no field can be named after is told with the rename that lets it be declared', async () => {
    world.sql(`CREATE TABLE leads (id TEXT PRIMARY KEY, name TEXT, "Full Name" TEXT, "名前" TEXT)`)
    const looked = await look(world, declare(world, { fields: { name: { type: 'text' } } }))
    expect(looked.drift.slice(0, 2)).toMatchObject([
      {
        path: 'unmanaged.Full Name',
        byHand: expect.stringContaining('full_name: { type: …, renamedFrom: "Full Name" }'),
      },
      { path: 'unmanaged.名前', byHand: expect.stringContaining('renamedFrom: "名前"') },
    ])
  })

  test('a column that SQLite computes cannot be declared, and is no difference', async () => {
    world.sql(`CREATE TABLE leads (id TEXT PRIMARY KEY, name TEXT, size INTEGER AS (length(name)))`)
    expect(paths(await look(world, declare(world, { fields: { name: { type: 'text' } } })))).toEqual(['changeLog'])
    const absent = { name: { type: 'text' }, size: { type: 'integer', absent: true } } as const
    expect(paths(await look(world, declare(world, { fields: absent })))).toContain('fields.size.absent')
  })

  test('an index on columns that nobody declares is told with what comes first', async () => {
    world.sql(`CREATE TABLE leads (id TEXT PRIMARY KEY, name TEXT, notes TEXT);
      CREATE INDEX by_notes ON leads(name, notes); CREATE INDEX by_length ON leads(length(name))`)
    const looked = await look(world, declare(world, { fields: { name: { type: 'text' } } }))
    expect(looked.drift.filter(({ path }) => path.startsWith('unmanaged.index'))).toMatchObject([
      { path: 'unmanaged.index.by_length', byHand: expect.stringMatching(/^It cannot be declared/) },
      {
        path: 'unmanaged.index.by_notes',
        byHand: expect.stringMatching(/^Declare its columns, then it under indexes/),
      },
    ])
  })

  test('indexes, uniqueness and NOT NULL that nobody declares are reported and kept', async () => {
    world.sql(`CREATE TABLE leads (id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, title TEXT);
      CREATE INDEX by_title ON leads(title); CREATE UNIQUE INDEX one_name ON leads(name)`)
    const schema = world.schema()
    const text = { type: 'text' } as const
    const looked = await look(world, declare(world, { fields: { name: text, email: text, title: text } }))
    expect(looked.drift.filter(({ path }) => path.startsWith('unmanaged'))).toMatchObject([
      { path: 'unmanaged.index.by_title', severity: 'low', byHand: expect.stringContaining('DROP INDEX "by_title"') },
      { path: 'unmanaged.unique.one_name', severity: 'low' },
      { path: expect.stringMatching(/^unmanaged\.unique\.sqlite_autoindex/), severity: 'low' },
      { path: 'unmanaged.required.name', severity: 'low' },
    ])
    expect(looked.actions.map(({ verb }) => verb)).toEqual(['change-log'])
    expect(world.schema()).toEqual(schema)
    const declared = declare(world, {
      fields: { name: { ...text, required: true, unique: true }, email: { ...text, unique: true }, title: text },
      indexes: [{ on: ['title'] }],
    })
    expect((await look(world, declared)).drift.filter(({ path }) => path.startsWith('unmanaged'))).toEqual([])
  })

  test.each([
    [0, 'low'],
    [100, 'high'],
    [101, 'critical'],
  ])('of a column with %i values is %s, and undo brings column, values and indexes back', async (values, risk) => {
    world.python(`db.execute("CREATE TABLE leads (id TEXT PRIMARY KEY, notes TEXT NOT NULL UNIQUE DEFAULT 'x' COLLATE NOCASE, name TEXT)" if ${values} == 150 else "CREATE TABLE leads (id TEXT PRIMARY KEY, notes TEXT UNIQUE COLLATE NOCASE, name TEXT)")
db.execute("CREATE INDEX by_notes ON leads(name, notes)")
db.executemany("INSERT INTO leads VALUES (?, ?, ?)", [(f'k{i}', f'note {i}' if i < ${values} else None, 'n') for i in range(150)])`)
    const [schema, rows] = [world.schema(), world.rows('SELECT rowid, * FROM leads')]
    const resource = declare(world, without)
    await converge(world, resource, ['medium'])
    const { actions } = await look(world, resource)
    const drop = the(actions.find(({ verb }) => verb === 'drop-column'))
    expect(drop).toMatchObject({ risk, reversible: 'from-checkpoint', affected: { count: values } })
    const done = await carryOut(world, freeze(resource, drop))
    expect(done).toMatchObject({ checkpoint: { images: values }, applied: { changed: values } })
    expect(world.rows('SELECT * FROM leads LIMIT 1')).toEqual([['k0', 'n']])
    expect(await undo(world, resource, done.action)).toMatchObject({ is: 'undo', conflicts: [] })
    expect(world.schema()).toEqual(schema)
    expect(world.rows('SELECT rowid, * FROM leads')).toEqual(rows)
  })

  test('of a column that is written between checkpoint and drop does not happen, and the next try keeps the new value', async () => {
    world.sql(
      `CREATE TABLE leads (id TEXT PRIMARY KEY, notes TEXT, name TEXT); INSERT INTO leads VALUES ('a', 'one', 'n')`,
    )
    const resource = declare(world, without)
    const drop = freeze(resource, the((await look(world, resource)).actions.find(({ verb }) => verb === 'drop-column')))
    expect((await world.kind.checkpoint(drop, idle)).evidence).toBe(drop.precondition)
    world.sql(`UPDATE leads SET notes = 'two'`)
    await expect(world.kind.apply(drop, idle)).rejects.toMatchObject({ code: 'ACTION_STALE' })
    expect(await world.kind.probe(drop, idle)).toBe('not-applied')
    expect((await carryOut(world, drop)).applied?.changed).toBe(1)
    expect(await world.kind.probe(drop, idle)).toBe('applied')
    await undo(world, resource, drop)
    expect(world.rows('SELECT * FROM leads')).toEqual([['a', 'two', 'n']])
  })

  test('undo lists records that went since, and fills a column that must have values only where it can', async () => {
    world.sql(
      `CREATE TABLE leads (id TEXT PRIMARY KEY, notes TEXT NOT NULL, name TEXT); INSERT INTO leads VALUES ('a', 'one', 'n'), ('b', 'two', 'n')`,
    )
    const resource = declare(world, without)
    const done = await converge(world, resource, all)
    const drop = the(done.find(({ action }) => action.verb === 'drop-column')).action
    world.sql(`DELETE FROM leads WHERE id = 'a'; INSERT INTO leads VALUES ('c', 'n')`)
    expect(await world.kind.planUndo(drop, idle)).toMatchObject({
      is: 'not-undoable',
      reason: expect.stringContaining('1 record'),
    })
    world.sql(`DELETE FROM leads WHERE id = 'c'`)
    expect(await undo(world, resource, drop)).toMatchObject({ is: 'undo', conflicts: ['a'] })
    expect(world.rows('SELECT * FROM leads')).toEqual([['b', 'two', 'n']])
  })

  test('is refused while a view, trigger, check or foreign key uses the column', async () => {
    world.sql(`CREATE TABLE leads (id TEXT PRIMARY KEY, notes TEXT UNIQUE, name TEXT, CHECK (notes <> name));
      CREATE VIEW noted AS SELECT notes FROM leads; CREATE TABLE log (note TEXT REFERENCES leads(notes));
      CREATE TRIGGER noting AFTER UPDATE OF notes ON leads BEGIN SELECT 1; END`)
    const looked = await look(world, declare(world, without))
    const drift = the(looked.drift.find(({ path }) => path === 'fields.notes.absent'))
    for (const user of ['view noted', 'trigger noting', 'CHECK (notes <> name)', 'foreign key of table log'])
      expect(drift.byHand).toContain(user)
    expect(looked.actions.map(({ verb }) => verb)).toEqual(['change-log'])
  })

  test('of a table keeps its rows for undo', async () => {
    world.python(`db.executescript("""CREATE TABLE leads (id TEXT PRIMARY KEY, name TEXT, n BLOB, up TEXT AS (upper(name)));
      CREATE INDEX by_name ON leads(name); CREATE TRIGGER loud AFTER INSERT ON leads BEGIN UPDATE leads SET name = name || '!' WHERE rowid = NEW.rowid; END""")
db.executemany("INSERT INTO leads (id, name, n) VALUES (?, ?, ?)", [(f'k{i}', 'n', bytes([i])) for i in range(120)])
db.execute("DELETE FROM leads WHERE id = 'k7'")`)
    const [schema, rows] = [world.schema(), world.rows('SELECT rowid, * FROM leads')]
    const resource = declare(world, { absent: true, fields: { name: { type: 'text' } } })
    expect((await look(world, resource)).actions).toMatchObject([
      { verb: 'drop-table', risk: 'critical', affected: { count: 119 } },
    ])
    const [done] = await converge(world, resource, all)
    expect(world.schema()).toEqual([])
    expect((await look(world, resource)).drift).toEqual([])
    const undone = await undo(world, resource, the(done).action)
    expect(undone).toMatchObject({ is: 'undo' })
    expect(world.schema()).toEqual(schema)
    expect(world.rows('SELECT rowid, * FROM leads')).toEqual(rows)
    const restored = undone.is === 'undo' ? the(undone.done).action : undefined
    expect(await world.kind.probe(the(restored), idle)).toBe('applied')
    expect(await undo(world, resource, the(restored))).toMatchObject({ is: 'undo' })
    expect(world.schema()).toEqual([])
  })
})

describe('renaming', () => {
  test('where both columns are there, values move only when approved, and never over others', async () => {
    world.sql(`CREATE TABLE leads (id TEXT PRIMARY KEY, name TEXT, full_name TEXT);
      INSERT INTO leads VALUES ('a', 'Ann', NULL), ('b', 'Bob', 'Robert'), ('c', '', 'Cy'), ('d', 'Di', '')`)
    const resource = declare(world, { fields: { full_name: { type: 'text', renamedFrom: 'name' } } })
    await converge(world, resource)
    const looked = await look(world, resource)
    expect(looked.drift.map(({ path, affected }) => [path, affected.sample])).toEqual([
      ['fields.full_name.rename', ['a', 'd']],
      ['fields.full_name.renameConflict', ['b']],
      ['unmanaged.name', []],
    ])
    expect(looked.actions).toMatchObject([{ verb: 'move-values', risk: 'high', affected: { count: 2 } }])
    expect(looked.actions[0]?.preview).toEqual([
      { key: 'a', field: 'full_name', before: null, after: 'Ann' },
      { key: 'd', field: 'full_name', before: '', after: 'Di' },
    ])
    const [moved] = await converge(world, resource, all)
    expect(world.rows('SELECT id, full_name FROM leads')).toEqual([
      ['a', 'Ann'],
      ['b', 'Robert'],
      ['c', 'Cy'],
      ['d', 'Di'],
    ])
    world.sql(`UPDATE leads SET full_name = 'Anna' WHERE id = 'a'`)
    expect(await undo(world, resource, the(moved).action)).toMatchObject({ is: 'undo', conflicts: ['a'] })
    expect(world.rows('SELECT id, full_name FROM leads')).toEqual([
      ['a', 'Anna'],
      ['b', 'Robert'],
      ['c', 'Cy'],
      ['d', ''],
    ])
  })

  test('a table keeps its rows, and what reads it follows', async () => {
    world.python(`db.executescript("""CREATE TABLE contacts (id TEXT PRIMARY KEY, name TEXT); INSERT INTO contacts VALUES ('a', 'Ann');
      CREATE VIEW names AS SELECT name FROM contacts; CREATE TABLE log (lead TEXT REFERENCES contacts(id))""")`)
    const schema = world.schema()
    const resource = declare(world, { renamedFrom: 'contacts', fields: { name: { type: 'text' } } })
    const done = await converge(world, resource)
    expect(done.map(({ action }) => action.verb)).toEqual(['rename-table', 'change-log'])
    expect(world.rows('SELECT * FROM names')).toEqual([['Ann']])
    expect((await look(world, resource)).drift).toEqual([])
    for (const { action } of [...done].reverse()) expect((await undo(world, resource, action)).is).toBe('undo')
    expect(world.schema()).toEqual(schema)
  })

  test('a broken view elsewhere stops a rename with a next step, and nothing is changed', async () => {
    world.sql(`CREATE TABLE leads (id TEXT PRIMARY KEY, name TEXT); CREATE VIEW broken AS SELECT * FROM nowhere`)
    const resource = declare(world, { fields: { full_name: { type: 'text', renamedFrom: 'name' } } })
    const rename = the((await look(world, resource)).actions.find(({ verb }) => verb === 'rename-column'))
    await expect(carryOut(world, freeze(resource, rename))).rejects.toMatchObject({
      code: 'SCHEMA_CHANGE_REFUSED',
      message: expect.stringContaining('broken'),
    })
    expect(world.rows('SELECT name FROM leads')).toEqual([])
  })
})

describe('what Trueup does not change', () => {
  const fields = { name: { type: 'text' }, extra: { type: 'text' } }
  test.each([
    ['a view', 'CREATE TABLE t (id, name); CREATE VIEW leads AS SELECT * FROM t', ['table']],
    ['a virtual table', 'CREATE VIRTUAL TABLE leads USING fts5(id, name)', ['table']],
    [
      'a table without rowid',
      'CREATE TABLE leads (id TEXT PRIMARY KEY, name TEXT) WITHOUT ROWID',
      ['table.rowid', 'fields.extra.column'],
    ],
    [
      'a table that hides its rowid',
      'CREATE TABLE leads (id TEXT PRIMARY KEY, name TEXT, rowid, oid, _rowid_)',
      ['table.rowid', 'fields.extra.column'],
    ],
  ])('%s is reported with the next step', async (_, sql, expected) => {
    world.sql(sql)
    const looked = await look(world, declare(world, { fields }))
    expect(paths(looked)).toEqual(expected)
    expect(looked.drift.every(({ byHand }) => byHand !== undefined)).toBe(true)
    expect(looked.actions).toEqual([])
  })

  test('a database that is only observed, where nothing is expected of Trueup either', async () => {
    world.sql('CREATE TABLE leads (id TEXT PRIMARY KEY, name TEXT)')
    const resource = declare(world, { fields }, 'observe')
    const looked = await look(world, resource)
    expect(paths(looked)).toEqual(['fields.extra.column'])
    expect(looked.actions).toEqual([])
  })

  test('a file that cannot be read, from which nothing follows', async () => {
    const looked = await look(world, declare(world, { fields }))
    expect(looked).toMatchObject({
      observation: { is: 'unreadable', error: { code: 'DATABASE_MISSING' } },
      drift: [],
      actions: [],
    })
  })

  test('generated columns and STRICT tables are understood', async () => {
    world.sql(`CREATE TABLE leads (id TEXT PRIMARY KEY, name INTEGER, up TEXT GENERATED ALWAYS AS (upper(name)) VIRTUAL, low TEXT AS (lower(name)) STORED) STRICT;
      INSERT INTO leads (id, name) VALUES ('a', 5)`)
    const resource = declare(world, { fields: { name: { type: 'text' }, up: { type: 'text', required: true } } })
    await converge(world, resource)
    expect((await look(world, resource)).drift.map(({ path }) => path)).toEqual(['fields.up.generated'])
    expect(world.rows('SELECT id, name, up, low FROM leads')).toEqual([['a', '5', '5', '5']])
    expect(world.schema().join()).toContain('strict')
  })
})

describe('our own triggers', () => {
  test('are mended when somebody dropped or altered one, and follow the declaration', async () => {
    world.sql('CREATE TABLE leads (id TEXT PRIMARY KEY, seen TEXT)')
    const stamped = declare(world, { fields: { seen: { type: 'datetime', onUpdate: 'now' } } })
    await converge(world, stamped)
    world.python(`db.execute("DROP TRIGGER _trueup_leads_log_update")
db.execute("DROP TRIGGER _trueup_leads_seen_on_update")
db.execute("CREATE TRIGGER _trueup_leads_seen_on_update AFTER UPDATE ON leads BEGIN SELECT 1; END")`)
    expect(paths(await look(world, stamped))).toEqual(['changeLog', 'onUpdate'])
    await converge(world, stamped)
    expect((await look(world, stamped)).drift).toEqual([])
    const plain = declare(world, { fields: { seen: { type: 'datetime' } } })
    await converge(world, plain)
    expect(world.rows(`SELECT count(*) FROM sqlite_schema WHERE name LIKE '%on_update'`)).toEqual([[0]])
  })

  test.each([
    'DROP TRIGGER _trueup_leads_log_update',
    'DROP TABLE _trueup_changes; DROP TRIGGER _trueup_leads_log_update',
  ])('what was written between "%s" and their mending is looked for in all rows', async (loss) => {
    world.sql('CREATE TABLE leads (id TEXT PRIMARY KEY, seen TEXT)')
    const resource = declare(world, { fields: { seen: { type: 'text' } } })
    await converge(world, resource)
    world.sql(`INSERT INTO leads VALUES ('a', '1'), ('b', '1')`)
    const place = Number(world.rows('SELECT max(seq) FROM _trueup_changes').flat()[0])
    const others = `DROP TRIGGER IF EXISTS _trueup_leads_log_insert; DROP TRIGGER IF EXISTS _trueup_leads_log_delete`
    world.sql(`${others}; ${loss}; UPDATE leads SET seen = '2' WHERE id = 'a'`)
    await converge(world, resource)
    world.sql(`UPDATE leads SET seen = '3' WHERE id = 'b'; UPDATE leads SET seen = '4' WHERE id = 'b'`)
    const db = new Database(world.path, { readonly: true })
    try {
      expect(readChangeLog(db, 'leads', place, 100).is).toBe('everything')
      const now = readChangeLog(db, 'leads', undefined, 100).lastSeq
      world.sql(`UPDATE leads SET seen = '5' WHERE id = 'b'`)
      expect(readChangeLog(db, 'leads', now, 100)).toMatchObject({ is: 'rows', rowIds: [2] })
    } finally {
      db.close()
    }
  })
})
