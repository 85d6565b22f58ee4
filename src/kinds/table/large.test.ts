import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  carryOut,
  converge,
  createWorld,
  declare,
  freeze,
  idle,
  look,
  undo,
  type World,
} from '../../../test/support/table-world.ts'
import { inlineBytesMax } from './look.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

const rows = 30_000

test('a file too large for this thread is looked at and rebuilt in another, with the same outcome', async () => {
  world.python(`db.execute("PRAGMA journal_mode = WAL")
db.execute("CREATE TABLE leads (id TEXT PRIMARY KEY, email TEXT, score TEXT, notes TEXT, bulk TEXT)")
db.execute("CREATE VIEW scores AS SELECT id, score FROM leads")
db.executemany("INSERT INTO leads VALUES (?, ?, ?, ?, ?)", ((f'k{i}' if i % 1000 else None, f'p{i // 2}@x.org', str(i), f'note {i}', 'x' * 300) for i in range(${rows})))`)
  expect(rows * 300).toBeGreaterThan(inlineBytesMax)
  const resource = declare(world, {
    fields: {
      email: { type: 'email', unique: true },
      score: { type: 'integer', required: true },
      notes: { type: 'text', absent: true },
    },
  })
  const first = await look(world, resource)
  expect(
    first.drift.filter(({ category }) => category === 'data').map(({ path, affected }) => [path, affected.count]),
  ).toEqual([
    ['key.missing', 30],
    ['unique.email', rows],
  ])
  const done = await converge(world, resource)
  const rebuild = done.find(({ action }) => action.verb === 'rebuild')
  expect(rebuild).toMatchObject({ checkpoint: { images: rows }, applied: { changed: rows } })
  const { actions } = await look(world, resource)
  expect(actions).toMatchObject([{ verb: 'drop-column', risk: 'critical', affected: { count: rows } }])
  const dropped = await carryOut(world, freeze(resource, actions[0] ?? never()))
  expect(dropped.applied?.changed).toBe(rows)
  expect(world.rows('SELECT count(*), count(id), sum(score) FROM leads')).toEqual([
    [rows, rows, (rows * (rows - 1)) / 2],
  ])

  // Called again after a crash, nothing is done twice.
  for (const { action } of [...done, dropped]) {
    expect(await world.kind.probe(action, idle)).toBe('applied')
    await world.kind.apply(action, idle)
  }
  expect(world.rows("SELECT count(*) FROM pragma_table_info('leads')")).toEqual([[4]])
  expect(await undo(world, resource, dropped.action)).toMatchObject({ is: 'undo', conflicts: [] })
  expect(world.rows(`SELECT count(*) FROM leads WHERE notes = 'note ' || score`)).toEqual([[rows]])
})

function never(): never {
  throw new Error('there is no such action')
}
