import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../clock.ts'
import { seededRandom } from '../../random.ts'
import { sharedOffload } from '../../targets/process/testing-offload.ts'
import type { ChangeFeed } from '../ports.ts'
import { createLeadRepository } from '../repository.ts'
import { leadTableOf } from '../table.ts'
import { testingDesiredState, testingTableSql } from '../testing-table.ts'
import { directWriter, noEraser } from '../testing-writer.ts'
import { searchExpression } from './query-text.ts'
import { createLeadSearch, type LeadSearch } from './search.ts'

const spec = testingDesiredState().tables.leads
if (spec === undefined) throw new Error('the testing state has leads')
const table = leadTableOf('leads', spec)
const offload = sharedOffload()

let folder: string
let db: Database.Database
let search: LeadSearch

/** A change table as the triggers of a managed table fill it. */
const changesSql = `CREATE TABLE _trueup_changes (seq INTEGER PRIMARY KEY AUTOINCREMENT, table_name TEXT, row_id INTEGER);
  CREATE TRIGGER t1 AFTER INSERT ON leads BEGIN INSERT INTO _trueup_changes (table_name, row_id) VALUES ('leads', new.rowid); END;
  CREATE TRIGGER t2 AFTER UPDATE ON leads BEGIN INSERT INTO _trueup_changes (table_name, row_id) VALUES ('leads', new.rowid); END;
  CREATE TRIGGER t3 AFTER DELETE ON leads BEGIN INSERT INTO _trueup_changes (table_name, row_id) VALUES ('leads', old.rowid); END`

const feed: ChangeFeed = {
  position: async () => db.prepare<[], number>('SELECT coalesce(max(seq), 0) FROM _trueup_changes').pluck().get() ?? 0,
  async since(cursor, limit) {
    const rows = db
      .prepare<[number, number], { seq: number; row_id: number }>(
        'SELECT seq, row_id FROM _trueup_changes WHERE seq > ? ORDER BY seq LIMIT ?',
      )
      .all(cursor, limit)
    const oldest = db.prepare<[], number | null>('SELECT min(seq) FROM _trueup_changes').pluck().get()
    if (oldest != null && oldest > cursor + 1) return { is: 'all', cursor: await feed.position() }
    return { is: 'rows', rowIds: [...new Set(rows.map((row) => row.row_id))], cursor: rows.at(-1)?.seq ?? cursor }
  },
}

const path = () => join(folder, 'search.db')
const open = (beside: boolean) =>
  createLeadSearch(table, {
    path: path(),
    reads: { acquire: async () => db },
    feed,
    ...(beside ? { offload: { offload, sourcePath: join(folder, 'leads.db') } } : {}),
  })

const keysOf = async (text: string) => (await search.find(text)).hits.map((hit) => hit.key).sort()

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'search-'))
  db = new Database(join(folder, 'leads.db'))
  db.pragma('journal_mode = WAL')
  db.exec(testingTableSql)
  db.exec(changesSql)
  db.exec(`INSERT INTO leads (id, full_name, email, company) VALUES
    ('a', 'Anna Müller', 'anna@acme.com', 'Acme Corp'), ('b', 'Bob Acme', 'bob@beta.io', 'Beta GmbH'),
    ('c', 'Jean-Luc', 'jl@enterprise.fed', 'Acme Annex'), (NULL, 'Nobody Acme', NULL, NULL)`)
  search = open(false)
})
afterEach(async () => {
  await search.close()
  db.close()
  rmSync(folder, { recursive: true })
})

describe('searching leads', () => {
  test.each([
    ['acme', ['a', 'b', 'c']],
    ['ACME corp', ['a']],
    ['"acme corp"', ['a']],
    ['"corp acme"', []],
    ['muller', ['a']],
    ['ann*', ['a', 'c']],
    ['ann', []],
    ['anna@acme.com', ['a']],
    ['jean-luc', ['c']],
    ['acme OR beta', []],
    ['!!! acme ***', ['a', 'b', 'c']],
    ['"unfinished', []],
    ['', []],
  ])('%s finds %j', async (text, keys) => {
    await search.refresh()
    expect(await keysOf(text)).toEqual(keys)
  })

  test('whatever is typed is text: FTS5 accepts every expression that is made of it', async () => {
    await search.refresh()
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: 'grapheme' }), fc.string()), async (text) => {
        await search.find(text)
        await search.find(`acme ${text}`)
      }),
      { numRuns: 500 },
    )
    expect(searchExpression('NEAR(a b) full_name:x ^y {z}')).toBe(
      '"NEAR(a" AND "b)" AND "full_name:x" AND "^y" AND "{z}"',
    )
  })

  test('is not complete before the first fill, and follows inserts, updates and deletes by the change table', async () => {
    expect(await search.find('acme')).toEqual({ hits: [], complete: false })
    await search.refresh()
    db.exec(`INSERT INTO leads (id, full_name) VALUES ('d', 'Dora Acme'); UPDATE leads SET company = 'Zeta' WHERE id = 'a';
      UPDATE leads SET email = NULL WHERE id = 'a'; DELETE FROM leads WHERE id = 'b'`)
    await search.refresh()
    expect(await keysOf('acme')).toEqual(['c', 'd'])
    expect(await keysOf('zeta')).toEqual(['a'])
    expect((await search.find('acme')).complete).toBe(true)
  })

  test('starts afresh when the change table was pruned', async () => {
    await search.refresh()
    db.exec(
      `UPDATE leads SET company = 'Zeta'; DELETE FROM _trueup_changes; INSERT INTO leads (id, full_name) VALUES ('d', 'Dora')`,
    )
    await search.refresh()
    expect(await keysOf('zeta')).toEqual(['a', 'b', 'c'])
  })

  test('follows a table that has no change table, and reads it anew only when its file was written', async () => {
    let fills = 0
    const untracked = createLeadSearch(table, {
      path: path(),
      reads: { acquire: async () => db },
      feed: {
        position: async () => 0,
        since: async () => {
          fills += 1
          return { is: 'all', cursor: 0 }
        },
      },
    })
    const other = new Database(join(folder, 'leads.db'))
    try {
      await untracked.refresh()
      other.exec("UPDATE leads SET company = 'Zeta' WHERE id = 'a'; DELETE FROM leads WHERE id = 'b'")
      await untracked.refresh()
      expect((await untracked.find('zeta')).hits.map((hit) => hit.key)).toEqual(['a'])
      expect((await untracked.find('bob')).hits).toEqual([])
      const before = fills
      await untracked.refresh()
      expect(fills).toBe(before + 1)
    } finally {
      other.close()
      await untracked.close()
    }
  })

  test('what was indexed is still found while it is read anew', async () => {
    await search.refresh()
    db.exec(
      `UPDATE leads SET company = 'Zeta'; DELETE FROM _trueup_changes; INSERT INTO leads (id, full_name) VALUES ('d', 'Dora')`,
    )
    const refreshed = search.refresh()
    const meanwhile = await keysOf('bob')
    await refreshed
    expect(meanwhile).toEqual(['b'])
    expect(await keysOf('zeta')).toEqual(['a', 'b', 'c'])
  })

  test('is made anew when the searched fields change, while the older one is still open', async () => {
    await search.refresh()
    const { email: _email, ...fields } = spec?.fields ?? {}
    if (spec === undefined) throw new Error('the testing state has leads')
    const narrow = createLeadSearch(leadTableOf('leads', { ...spec, fields }), {
      path: path(),
      reads: { acquire: async () => db },
      feed,
    })
    await narrow.refresh()
    expect((await narrow.find('anna@acme.com')).hits).toEqual([])
    expect((await narrow.find('anna')).hits.map((hit) => hit.key)).toEqual(['a'])
    await narrow.close()
  })

  test('is filled beside the main thread, survives a restart, and its file is private', async () => {
    await search.close()
    search = open(true)
    await search.refresh()
    expect(await keysOf('acme')).toEqual(['a', 'b', 'c'])
    await search.close()
    search = open(true)
    expect(await search.find('zeta')).toEqual({ hits: [], complete: true })
    expect(await keysOf('acme')).toEqual(['a', 'b', 'c'])
    expect(statSync(path()).mode & 0o777).toBe(0o600)
  })
})

describe('searching through the repository', () => {
  const repository = () =>
    createLeadRepository(table, {
      isErased: () => false,
      eraser: noEraser,
      reads: { acquire: async () => db },
      search,
      writer: directWriter(db),
      standardize: () => ({ is: 'canonical' }),
      clock: systemClock,
      random: seededRandom(1),
    })

  test('pages through the matches, best first, each once, with a filter', async () => {
    const insert = db.prepare("INSERT INTO leads (id, full_name, company, verified) VALUES (?, ?, 'Common', ?)")
    for (let at = 0; at < 60; at++) insert.run(`k${at}`, `Person ${'common '.repeat(at % 3)}`, at % 2)
    await search.refresh()
    const leads = repository()
    const filter = { is: 'compare', column: 'verified', operator: 'eq', value: 1 } as const
    const keys: string[] = []
    let after: string | undefined
    do {
      const page = await leads.list({ search: 'common', filter, span: { first: 7, after }, columns: [] })
      keys.push(...page.leads.map((lead) => lead.key))
      after = page.hasNextPage ? page.cursors.at(-1) : undefined
    } while (after !== undefined)
    expect(keys).toHaveLength(30)
    expect(new Set(keys).size).toBe(30)
    expect(await leads.count({ search: 'common', filter })).toBe(30)
  })

  test('a given order wins over the relevance', async () => {
    await search.refresh()
    const page = await repository().list({
      search: 'acme',
      order: { column: 'full_name', direction: 'desc' },
      span: { first: 9 },
      columns: ['full_name'],
    })
    expect(page.leads.map((lead) => lead.key)).toEqual(['c', 'b', 'a'])
  })

  test('a row id that another record took over is no match', async () => {
    await search.refresh()
    db.exec("DROP TRIGGER t2; UPDATE leads SET id = 'other', full_name = 'Someone' WHERE id = 'a'")
    const page = await repository().list({ search: 'muller', span: { first: 9 }, columns: [] })
    expect(page.leads).toEqual([])
  })
})
