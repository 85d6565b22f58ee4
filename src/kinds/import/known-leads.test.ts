import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { desiredWith, importIn } from '../../../test/support/import/desired.ts'
import { createWorld, leadsTable, type World } from '../../../test/support/import/world.ts'
import { logTable } from './import-log.ts'

let world: World
beforeEach(() => {
  world = createWorld()
  world.sql('data/leads.db', leadsTable)
  world.sql('data/leads.db', `INSERT INTO leads (id, full_name, email, company, phone, title) VALUES ${people()}`)
})
afterEach(() => world.close())

/** Four hundred people who are strangers to each other. */
function people(): string {
  return Array.from({ length: 400 }, (_, n) => {
    const [first, family, company] =
      n === 13 ? ['Dmitri', 'Vandermeer', 'Quarry Solar'] : [name(n * 5), name(n * 7 + 3), name(n * 13 + 5)]
    return `('p${n}', '${first} ${family}', '${first}.${family}@mail${n}.example', '${company} Inc', '+1415555${2000 + n}', NULL)`
  }).join(', ')
}

const from = { files: 'json/*.json' }

/** An import into the leads, whose duplicates are declared so. */
function importWith(onInsert: 'merge' | 'refuse' | 'flag') {
  const rules = [
    { name: 'email', exact: 'email', confidence: 0.97 },
    { name: 'name-company', fuzzy: ['full_name', 'company'], threshold: 0.85 },
  ]
  const more = { table: { duplicates: { rules, onInsert } } }
  world.declare(desiredWith(from, more))
  return { resource: importIn(world.workspace, from, more), desk: world.desk(desiredWith(from, more)) }
}

const leads = (where = '1') => world.rows('data/leads.db', `SELECT * FROM leads WHERE ${where} ORDER BY rowid`)
const noted = () =>
  world.rows('data/leads.db', `SELECT outcome, lead_key, reason FROM ${logTable} ORDER BY row, outcome`)

/** The first is p13 with a slip in the name; the second is nobody who is there. */
const twoRows = [
  {
    name: 'Dmitri Vandermer',
    company: 'Quarry Solar',
    phone: '(415) 555-2013',
    title: 'CTO',
  },
  { name: 'Wolfgang Petrosyan', email: 'wp@else.example', company: 'Teal Outfitters', title: 'CEO' },
]
const why = /^0\.9\d* sure: .*full_name/

describe('a row that means a lead which is there, although nothing exact says so', () => {
  it('fills its blanks where duplicates are merged on insert, and says why', async () => {
    world.file('json/a.json', twoRows)
    const { resource, desk } = importWith('merge')
    const before = leads()
    const expected = await desk.report('old', { listedMax: 10 }, world.context)
    const { state, action, applied } = await world.reconcile(resource)
    expect(state).toMatchObject({ outcomes: { inserted: 1, merged: 1 }, alike: { merged: 1, refused: 0, flagged: 0 } })
    expect(action?.findings).toContainEqual(expect.objectContaining({ code: 'means-known-leads', count: 1 }))
    expect(action?.preview).toContainEqual({ key: 'p13', field: 'title', before: null, after: 'CTO' })
    expect(applied).toMatchObject({ failed: [], skippedCount: 0 })
    expect(leads("id = 'p13'")).toMatchObject([
      { full_name: 'Dmitri Vandermeer', email: 'Dmitri.Vandermeer@mail13.example', title: 'CTO' },
    ])
    expect(leads()).toHaveLength(before.length + 1)
    expect(noted()).toMatchObject([{ outcome: 'merged', lead_key: 'p13' }, { outcome: 'inserted' }])
    expect(noted()[0]?.reason).toMatch(why)
    expect(expected.totals).toMatchObject({ inserted: 1, merged: 1, refused: 0, pending: 2 })
    expect(expected.rows.merged.first).toMatchObject([{ row: 1, leadKey: 'p13', reason: noted()[0]?.reason }])

    expect(await world.reconcile(resource)).toMatchObject({ action: undefined, state: { settled: 2 } })
    if (action === undefined) throw new Error('nothing was planned')
    expect(await world.undo(action)).toMatchObject({ is: 'undone', conflicts: [] })
    expect(leads()).toEqual(before)
    expect(await world.reconcile(resource)).toMatchObject({ action: undefined, state: { settled: 2 } })
  })

  it('is refused where they are refused on insert, named with the lead, and judged anew once that is gone', async () => {
    world.file('json/a.json', twoRows)
    const { resource, desk } = importWith('refuse')
    const { state } = await world.reconcile(resource)
    expect(state).toMatchObject({ outcomes: { inserted: 1, refused: 1 }, alike: { refused: 1 } })
    expect(state.problems.rows.first).toMatchObject([
      { row: 1, message: expect.stringMatching(/^means p13, which is there/) },
    ])
    expect(leads()).toHaveLength(401)
    expect(noted()).toMatchObject([{ outcome: 'refused', lead_key: 'p13' }, { outcome: 'inserted' }])
    const again = await world.reconcile(resource)
    expect(again).toMatchObject({ action: undefined, state: { settled: 1, outcomes: { refused: 1, merged: 0 } } })
    const { totals, rows } = await desk.report('old', { listedMax: 10 }, world.context)
    expect(totals).toMatchObject({ rows: 2, inserted: 1, refused: 1, pending: 0 })
    expect(rows.refused.first).toMatchObject([{ leadKey: 'p13', noted: true }])

    world.sql('data/leads.db', "DELETE FROM leads WHERE id = 'p13'")
    expect(await world.reconcile(resource)).toMatchObject({ state: { outcomes: { inserted: 1, refused: 0 } } })
    expect(leads("title = 'CTO'")).toHaveLength(1)
  })

  it('is a new lead where they are flagged, and its note names the other', async () => {
    world.file('json/a.json', twoRows)
    const { resource } = importWith('flag')
    const { state, action } = await world.reconcile(resource)
    expect(state).toMatchObject({ outcomes: { inserted: 2 }, alike: { merged: 0, flagged: 1 } })
    expect(action?.findings).toContainEqual(expect.objectContaining({ code: 'may-be-duplicates', count: 1 }))
    expect(leads()).toHaveLength(402)
    expect(noted()).toMatchObject([
      { outcome: 'inserted', reason: expect.stringMatching(/^may be p13 \(0\.9\d* sure: /) },
      { outcome: 'inserted', reason: null },
    ])
    expect(await world.reconcile(resource)).toMatchObject({ action: undefined, state: { settled: 2 } })
  })

  it('is found by what was written since the last look, and by its blocks in a table of thousands', async () => {
    const more = Array.from(
      { length: 2300 },
      (_, n) => `('q${n}', '${name(n)} ${name(n * 7 + 3)}', 'q${n}@x${n}.example', '${name(n * 13 + 5)} Ltd', NULL)`,
    )
    world.sql('data/leads.db', `INSERT INTO leads (id, full_name, email, company, title) VALUES ${more.join(', ')}`)
    const { resource } = importWith('merge')
    world.file('json/a.json', twoRows)
    expect((await world.reconcile(resource)).state).toMatchObject({ alike: { merged: 1 } })
    world.sql('data/leads.db', "UPDATE leads SET full_name = 'Wolfgang Petrosian', email = NULL WHERE id = 'q5'")
    world.sql('data/leads.db', "UPDATE leads SET company = 'Marble Insurance', phone = '+14155559999' WHERE id = 'q5'")
    world.file('json/b.json', [
      { name: 'Wolfgang Petrosian', company: 'Marble Insurance Inc', phone: '+1 415 555 9999', title: 'Chair' },
    ])
    expect((await world.reconcile(resource)).state).toMatchObject({ alike: { merged: 1 }, fills: { sample: ['q5'] } })
  })
})

/** A word that few share. */
function name(n: number): string {
  const parts = 'ba de fi go hu ka le mi no pu ra se ti vo zu'.split(' ')
  const part = (at: number) => parts[at % parts.length] ?? ''
  return `M${part(n)}${part(Math.floor(n / 15))}${part(Math.floor(n / 225) + n)}r`
}

describe('rows are not compared', () => {
  it('where an exact way finds their lead, or the table is empty, or no duplicates are declared', async () => {
    world.file('json/a.json', [{ name: 'Dmitri V.', email: 'dmitri.vandermeer@mail13.example', title: 'CTO' }])
    const { resource } = importWith('refuse')
    expect((await world.reconcile(resource)).state).toMatchObject({ outcomes: { merged: 1 }, alike: { refused: 0 } })
    world.sql('data/leads.db', 'DELETE FROM leads')
    world.file('json/b.json', twoRows)
    expect((await world.reconcile(resource)).state).toMatchObject({ outcomes: { inserted: 2 } })
    const plain = importIn(world.workspace, { files: 'json/c*.json' })
    world.file('json/c.json', [{ ...twoRows[0], email: 'other@else.example' }])
    expect((await world.reconcile(plain)).state).toMatchObject({ outcomes: { inserted: 1 } })
    expect(world.searches()).toBe(0)
  })
})
