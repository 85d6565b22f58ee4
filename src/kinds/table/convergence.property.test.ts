import fc from 'fast-check'
import { expect, test } from 'vitest'
import { converge, createWorld, declare, look, undo, type World } from '../../../test/support/table-world.ts'

const names = ['name', 'full_name', 'email', 'status', 'flag', 'amount', 'data', 'seen'] as const
const columnArbitrary = fc.record({
  type: fc.constantFrom('', 'TEXT', 'VARCHAR(20)', 'INTEGER', 'REAL', 'DECIMAL(10, 2)', 'BOOLEAN', 'TIMESTAMP', 'BLOB'),
  constraint: fc.constantFrom(
    '',
    '',
    '',
    'UNIQUE',
    'COLLATE NOCASE',
    `DEFAULT 'x'`,
    'DEFAULT CURRENT_TIMESTAMP',
    'NOT NULL DEFAULT 1',
    '/* note, */ CHECK (1)',
  ),
})
const cellArbitrary = fc.constantFrom(
  null,
  null,
  '',
  'a',
  'A',
  'b',
  '1',
  '007',
  '1.50',
  '{}',
  0,
  1,
  42,
  2.5,
  5_000_000_000,
)
const tableArbitrary = fc.record({
  id: fc.constantFrom(
    'id TEXT PRIMARY KEY',
    'id TEXT',
    'id',
    'id INTEGER PRIMARY KEY',
    'id VARCHAR(36) UNIQUE',
    undefined,
  ),
  columns: fc.dictionary(fc.constantFrom(...names), columnArbitrary, { minKeys: 1 }),
  more: fc.subarray(['view', 'trigger', 'index', 'partial', 'reference'] as const),
  rows: fc.array(
    fc.record({
      id: fc.constantFrom(null, '', 1, 2, 3, 'k1', 'k2', 'k3'),
      cells: fc.array(cellArbitrary, { minLength: 8, maxLength: 8 }),
    }),
    { maxLength: 6 },
  ),
})
const fieldArbitrary = fc
  .record({
    type: fc.constantFrom('text', 'email', 'choice', 'choices', 'boolean', 'integer', 'number', 'datetime', 'json'),
    required: fc.boolean(),
    unique: fc.boolean(),
    withDefault: fc.boolean(),
    onUpdate: fc.boolean(),
    absent: fc.constantFrom(false, false, false, true),
    rename: fc.boolean(),
  })
  .map(({ withDefault, onUpdate, rename, ...field }) => ({ ...field, withDefault, onUpdate, rename }))
const declarationArbitrary = fc.record({
  fields: fc.dictionary(fc.constantFrom(...names), fieldArbitrary, { minKeys: 1 }),
  indexes: fc.subarray(['email', 'status', 'amount']),
})

const defaults = {
  text: 'new',
  email: 'x@y.z',
  choice: 'a',
  choices: '[]',
  boolean: false,
  integer: 1,
  number: 1.5,
  datetime: 'now',
  json: '{}',
} as const

function declarationOf({
  fields,
  indexes,
}: typeof declarationArbitrary extends fc.Arbitrary<infer D> ? D : never): object {
  const made = Object.entries(fields).map(([name, field]) => {
    const type = field.type as keyof typeof defaults
    return [
      name,
      {
        type,
        required: field.required,
        unique: field.unique,
        absent: field.absent,
        ...(type === 'choice' ? { choices: ['a', 'b'] } : {}),
        ...(field.withDefault ? { default: defaults[type] } : {}),
        ...(field.onUpdate && type === 'datetime' ? { onUpdate: 'now' } : {}),
        ...(field.rename && name === 'full_name' ? { renamedFrom: 'name' } : {}),
      },
    ]
  })
  const declared = Object.keys(fields)
  return {
    fields: Object.fromEntries(made),
    indexes: indexes.filter((name) => declared.includes(name)).map((name) => ({ on: [name] })),
  }
}

function build(world: World, table: typeof tableArbitrary extends fc.Arbitrary<infer T> ? T : never): void {
  const columns = Object.entries(table.columns)
  const [first] = columns.map(([name]) => name)
  world.sql(
    `CREATE TABLE leads (${[...(table.id === undefined ? [] : [table.id]), ...columns.map(([name, { type, constraint }]) => `${name} ${type} ${constraint}`)].join(', -- and\n')})`,
  )
  const has = (what: (typeof table.more)[number]) => table.more.includes(what)
  const literal = (value: string | number | null) =>
    value === null ? 'NULL' : typeof value === 'string' ? `'${value}'` : String(value)
  for (const { id, cells } of table.rows) {
    const named = table.id === undefined ? [] : ['id']
    const values = [
      ...(table.id === undefined
        ? []
        : [literal(table.id === 'id INTEGER PRIMARY KEY' && typeof id !== 'number' ? null : id)]),
      ...columns.map((_, at) => literal(cells[at] ?? null)),
    ]
    world.sql(
      `INSERT OR IGNORE INTO leads (${[...named, ...columns.map(([name]) => name)].join(', ')}) VALUES (${values.join(', ')})`,
    )
  }
  if (table.rows.length > 2) world.sql('DELETE FROM leads WHERE rowid = 2')
  if (has('view')) world.sql(`CREATE VIEW seen_leads AS SELECT ${first} FROM leads WHERE ${first} IS NOT NULL`)
  if (has('trigger'))
    world.sql(
      `CREATE TABLE log (at, what); CREATE TRIGGER logging AFTER DELETE ON leads BEGIN INSERT INTO log VALUES ('now', OLD.${first}); END`,
    )
  if (has('index')) world.sql(`CREATE INDEX lower_first ON leads(lower(${first}), ${first})`)
  if (has('partial')) world.sql(`CREATE INDEX some ON leads(${first}) WHERE ${first} > 'a'`)
  // A foreign key to columns that are not unique is an error of its own (SQLite: foreign key mismatch).
  if (has('reference') && /PRIMARY|UNIQUE/.test(table.id ?? '')) {
    world.sql(
      `CREATE TABLE children (lead REFERENCES leads(id) ON DELETE CASCADE); INSERT INTO children VALUES ('nobody')`,
    )
  }
}

/** The cells by rowid and column, as text so that a lossless change of type is no change. */
function cells(world: World): ReadonlyMap<string, string> {
  const columns = world.rows(`SELECT name FROM pragma_table_info('leads')`).flat().map(String)
  const rows = world.rows(`SELECT rowid, ${columns.map((name) => `"${name}"`).join(', ')} FROM leads`)
  const found = new Map<string, string>()
  for (const row of rows) {
    if (!Array.isArray(row)) continue
    for (const [at, name] of columns.entries()) found.set(`${row[0]} ${name}`, evened(row[at + 1]))
  }
  return found
}

function evened(value: unknown): string {
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)
    ? `=${Number(value)}`
    : typeof value === 'number'
      ? `=${value}`
      : String(value)
}

/** The cells of every column with their types. */
function typed(world: World): ReadonlyMap<string, unknown> {
  const columns = world.rows(`SELECT name FROM pragma_table_info('leads')`).flat().map(String)
  return new Map(columns.map((name) => [name, world.rows(`SELECT rowid, "${name}", typeof("${name}") FROM leads`)]))
}

test('any table comes to any declaration as far as its rows allow, keeps every value, and goes back exactly', {
  timeout: 240_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(tableArbitrary, declarationArbitrary, async (table, declaration) => {
      const world = createWorld()
      try {
        build(world, table)
        const [schema, before, exact] = [world.schema(), cells(world), typed(world)]
        const resource = declare(world, declarationOf(declaration))
        const done = await converge(world, resource)
        const second = await look(world, resource)
        expect(second.actions.filter(({ risk }) => risk === 'low' || risk === 'medium')).toEqual([])
        expect(done.flatMap(({ applied }) => applied?.failed ?? [])).toEqual([])

        // Filling keys is an update, which stamps such fields as declared, on the way there and back.
        const fills = done.some(({ action }) => action.verb === 'fill-key')
        const stamped = Object.entries(declaration.fields).flatMap(([name, field]) =>
          fills && field.onUpdate && field.type === 'datetime' ? [name] : [],
        )
        // Without the rename, a new full_name beside a dropped name has nothing to do with it.
        const isRenamed = declaration.fields.full_name?.rename === true
        const after = cells(world)
        const columns = new Set([...after.keys()].map((place) => place.replace(/^\d+ /, '')))
        for (const [place, value] of before) {
          const [rowId, column = ''] = place.split(' ')
          const now = columns.has(column) ? column : column === 'name' && isRenamed ? 'full_name' : column
          if (stamped.includes(now) || (column === 'id' && (value === 'null' || value === ''))) continue
          // A column is dropped without asking only while it holds nothing.
          if (!columns.has(now)) expect(value).toBe('null')
          else expect([place, after.get(`${rowId} ${now}`)]).toEqual([place, value])
        }
        expect(world.rows('PRAGMA integrity_check')).toEqual([['ok']])

        for (const { action } of [...done].reverse()) {
          expect([action.summary, await undo(world, resource, action)]).toMatchObject([
            action.summary,
            { is: 'undo', conflicts: [] },
          ])
        }
        expect(world.schema()).toEqual(schema)
        const back = typed(world)
        expect([...back.keys()]).toEqual([...exact.keys()])
        const unstamped = [...exact].filter(([name]) => !stamped.includes(name))
        expect(unstamped.map(([name]) => [name, back.get(name)])).toEqual(unstamped)
      } finally {
        await world.close()
      }
    }),
    { numRuns: 25 },
  )
})
