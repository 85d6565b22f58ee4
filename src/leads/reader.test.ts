import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sharedOffload } from '../targets/process/testing-offload.ts'
import type { Cell } from '../values/field-type.ts'
import type { LeadOrder } from './cursor.ts'
import type { LeadFilter } from './filter.ts'
import { offloadedReads } from './offloaded-reads.ts'
import { pageSegments } from './page-query.ts'
import { planCost } from './plan-cost.ts'
import { createLeadReader, type LeadReader, versionOf } from './reader.ts'
import { leadTableOf } from './table.ts'
import { createShapeReader } from './table-shape.ts'
import { testingDesiredState, testingTableSql } from './testing-table.ts'

const spec = testingDesiredState().tables.leads
if (spec === undefined) throw new Error('the testing state has leads')
const table = leadTableOf('leads', spec)

let folder: string
let db: Database.Database
let reader: LeadReader

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leads-'))
  db = new Database(join(folder, 'leads.db'))
  db.pragma('synchronous = OFF')
  db.exec(testingTableSql)
  reader = createLeadReader(table, { acquire: async () => db })
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true })
})

/** Walks a list page by page, forwards or from its end, and gives the keys in list order. */
async function walk(order: LeadOrder, pageSize: number, backwards: boolean, filter?: LeadFilter): Promise<string[]> {
  const keys: string[] = []
  let cursor: string | undefined
  for (;;) {
    const span = backwards ? { last: pageSize, before: cursor } : { first: pageSize, after: cursor }
    const page = await reader.list({ order, span, columns: [], filter })
    const rows = page.leads.map((lead) => `${lead.key}@${lead.rowId}`)
    if (backwards) keys.unshift(...rows)
    else keys.push(...rows)
    cursor = backwards ? page.cursors[0] : page.cursors.at(-1)
    if (!(backwards ? page.hasPreviousPage : page.hasNextPage)) return keys
  }
}

const orderColumns = ['id', 'company', 'verified', 'employees', 'score', 'updated_at', 'tags'] as const

describe('pages of a lead list', () => {
  test('every row with a key comes exactly once, in both directions, in every order, with ties, empty cells and doubled keys', async () => {
    const row = fc.record({
      id: fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { freq: 8 }),
      company: fc.option(fc.constantFrom('', 'Acme', 'acme', 'Zeta'), { freq: 2 }),
      verified: fc.option(fc.constantFrom(0, 1), { freq: 2 }),
      employees: fc.option(fc.constantFrom<Cell>(-1, 0, 7, 'many'), { freq: 3 }),
      score: fc.option(fc.constantFrom<Cell>(0.5, -2, 1e300, Infinity, new Uint8Array([1, 2])), { freq: 3 }),
      updated_at: fc.option(fc.constantFrom('2026-01-01T00:00:00.000Z', 'yesterday')),
      tags: fc.constant(null),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 14 }),
        fc.constantFrom(...orderColumns),
        fc.constantFrom('asc' as const, 'desc' as const),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom('', 'CREATE INDEX i ON leads (company, id)', 'CREATE INDEX i ON leads (verified)'),
        fc.boolean(),
        async (rows, column, direction, pageSize, index, uniqueKeys) => {
          db.exec('DELETE FROM leads; DROP INDEX IF EXISTS i; DROP INDEX IF EXISTS k')
          if (index !== '') db.exec(index)
          if (uniqueKeys) db.exec('CREATE UNIQUE INDEX k ON leads (id)')
          const insert = db.prepare(
            `INSERT OR IGNORE INTO leads (${orderColumns.join(', ')}) VALUES (${orderColumns.map(() => '?').join(', ')})`,
          )
          for (const one of rows) insert.run(...orderColumns.map((name) => one[name]))
          const expected = db
            .prepare<[], string>(
              `SELECT id || '@' || rowid FROM leads WHERE id IS NOT NULL ORDER BY ${column} ${direction}, id ${direction}, rowid ${direction}`,
            )
            .pluck()
            .all()
          expect(await walk({ column, direction }, pageSize, false)).toEqual(expected)
          expect(await walk({ column, direction }, pageSize, true)).toEqual(expected)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('a row that appears before the cursor, or the row of the cursor that goes, neither repeats nor skips others', async () => {
    const insert = db.prepare('INSERT INTO leads (id, company) VALUES (?, ?)')
    for (const id of ['b', 'd', 'f', 'h']) insert.run(id, 'Acme')
    const order = { column: 'company', direction: 'asc' } as const
    const first = await reader.list({ order, span: { first: 2 }, columns: [] })
    insert.run('a', 'Acme')
    insert.run('e', 'Acme')
    db.exec("DELETE FROM leads WHERE id = 'd'")
    const second = await reader.list({ order, span: { first: 9, after: first.cursors[1] }, columns: [] })
    expect(second.leads.map((lead) => lead.key)).toEqual(['e', 'f', 'h'])
  })

  test('a cursor of another order is refused', async () => {
    db.exec("INSERT INTO leads (id) VALUES ('a'), ('b')")
    const page = await reader.list({ order: { column: 'id', direction: 'asc' }, span: { first: 1 }, columns: [] })
    const span = { first: 1, after: page.cursors[0] }
    await expect(reader.list({ order: { column: 'company', direction: 'asc' }, span, columns: [] })).rejects.toThrow(
      /cursor/,
    )
  })

  test('only requested columns are read, and a column that is declared but not there yet is empty', async () => {
    db.exec(
      "INSERT INTO leads (id, company, email) VALUES ('a', 'Acme', 'x@acme.com'); ALTER TABLE leads DROP COLUMN phone",
    )
    const page = await reader.list({
      order: { column: 'phone', direction: 'asc' },
      span: { first: 5 },
      columns: ['company', 'phone'],
    })
    expect(page.leads[0]?.cells).toEqual({ '@row': 1, '@key': 'a', '@order': null, company: 'Acme', phone: null })
  })

  test('a column that is added while statements are prepared is read at once', async () => {
    db.exec("ALTER TABLE leads DROP COLUMN phone; INSERT INTO leads (id) VALUES ('a')")
    expect((await reader.get('a'))?.cells.phone).toBeNull()
    const other = new Database(join(folder, 'leads.db'))
    other.exec("ALTER TABLE leads ADD COLUMN phone TEXT; UPDATE leads SET phone = '+1'")
    other.close()
    expect((await reader.get('a'))?.cells.phone).toBe('+1')
  })

  test('a table that is not there is an error with a next step, never an empty list', async () => {
    db.exec('DROP TABLE leads')
    await expect(reader.get('a')).rejects.toMatchObject({ code: 'NOT_FOUND', hint: expect.stringContaining('plan') })
  })
})

describe('counts', () => {
  test('are exact and follow commits of other programs', async () => {
    db.exec("INSERT INTO leads (id, company) VALUES ('a', 'x'), ('b', 'y'), (NULL, 'x')")
    const filter: LeadFilter = { is: 'compare', column: 'company', operator: 'eq', value: 'x' }
    expect([await reader.count({}), await reader.count({ filter })]).toEqual([2, 1])
    const other = new Database(join(folder, 'leads.db'))
    other.exec("INSERT INTO leads (id, company) VALUES ('c', 'x')")
    other.close()
    expect([await reader.count({}), await reader.count({ filter })]).toEqual([3, 2])
    db.exec("DELETE FROM leads WHERE id = 'a'")
    expect([await reader.count({}), await reader.count({ filter })]).toEqual([2, 1])
  })
})

describe('the version of a record', () => {
  test('is the same for a read of the fields and of the whole row, and moves with any field', async () => {
    db.exec(
      "INSERT INTO leads (id, company, employees, score, legacy_note) VALUES ('a', 'x', 9007199254740993, 0.5, 'n')",
    )
    const version = async () => {
      const [read, whole] = [await reader.get('a'), await reader.wholeRow('a')]
      if (read === undefined || whole === undefined) throw new Error('the record is there')
      expect(versionOf(table, read)).toBe(versionOf(table, whole))
      return versionOf(table, read)
    }
    const before = await version()
    db.exec("UPDATE leads SET legacy_note = 'other'")
    expect(await version()).toBe(before)
    db.exec("UPDATE leads SET company = 'y'")
    expect(await version()).not.toBe(before)
  })
})

describe('a large table', () => {
  const offload = sharedOffload()
  const offloaded: string[] = []
  let large: LeadReader

  beforeAll(() => {
    offloaded.length = 0
  })

  beforeEach(() => {
    offloaded.length = 0
    db.pragma('journal_mode = WAL')
    db.exec(`CREATE UNIQUE INDEX leads_id ON leads (id); CREATE UNIQUE INDEX leads_email ON leads (email);
      CREATE INDEX leads_updated ON leads (updated_at); CREATE INDEX leads_status ON leads (status);
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
      INSERT INTO leads (id, email, company, status, verified, updated_at)
      SELECT printf('k%06d', i), 'p' || i || '@x.com', 'c' || (i % 97), iif(i % 4 = 0, 'contacted', 'auto_send'), i % 2,
        printf('2026-01-01T00:%02d:%02d.000Z', i % 60, (i * 7) % 60) FROM n`)
    const beside = offloadedReads(offload, join(folder, 'leads.db'))
    large = createLeadReader(table, {
      acquire: async () => db,
      offload: (sql, parameters, limitMs) => {
        offloaded.push(sql)
        return beside(sql, parameters, limitMs)
      },
    })
  })

  const byUpdate = { column: 'updated_at', direction: 'desc' } as const
  const eq = (column: string, value: Cell): LeadFilter => ({ is: 'compare', column, operator: 'eq', value })

  test('an indexed order and a unique value are answered at once, without a sort', async () => {
    await large.list({ order: byUpdate, span: { first: 50 }, columns: ['company'] })
    await large.list({ order: { column: 'id', direction: 'asc' }, span: { first: 50 }, columns: ['company'] })
    await large.list({ order: byUpdate, span: { first: 50 }, columns: [], filter: eq('email', 'p7@x.com') })
    expect(offloaded).toEqual([])
  })

  test('the common page walks a composite index: no sort, no scan', async () => {
    db.exec('CREATE INDEX leads_status_updated ON leads (status, updated_at)')
    const page = await large.list({
      order: byUpdate,
      span: { first: 50 },
      columns: [],
      filter: eq('status', 'contacted'),
    })
    expect(page.leads).toHaveLength(50)
    expect(offloaded).toEqual([])
    const shape = createShapeReader(db, table).read()
    const condition = { sql: '"status" = ?', parameters: ['contacted'] }
    for (const place of [undefined, { value: '2026-01-01T00:30:00.000Z', key: 'k1', rowId: 1 }]) {
      // The second segment, where a page goes on to rows without an updated_at, orders those by key alone.
      const [segment] = pageSegments(table, shape, { order: byUpdate, backwards: false, place, condition, columns: [] })
      const cost = planCost(db, segment?.sql ?? '', [...(segment?.parameters ?? []), 51])
      expect(cost).toMatchObject({ sorts: false, searches: true, index: 'leads_status_updated' })
    }
  })

  test('where only single indexes exist and matches are many, the index of the order is walked instead of sorting all', async () => {
    const filter = eq('status', 'contacted')
    const page = await large.list({ order: byUpdate, span: { first: 50 }, columns: [], filter })
    expect(offloaded).toHaveLength(1)
    expect(offloaded[0]).toContain('INDEXED BY "leads_updated"')
    const sorted = db
      .prepare<[], string>("SELECT id FROM leads WHERE status = 'contacted' ORDER BY updated_at DESC, id DESC LIMIT 50")
      .pluck()
      .all()
    expect(page.leads.map((lead) => lead.key)).toEqual(sorted)
  })

  describe('a filter without an index, in an order with one', () => {
    const byKey = { column: 'id', direction: 'asc' } as const
    const few: LeadFilter = { is: 'text', column: 'company', operator: 'contains', text: '42' }
    const keysOf = (sql: string) => db.prepare<[], string>(sql).pluck().all()

    test('reads the table once where few rows match, for all pages, until the next commit', async () => {
      const keys: string[] = []
      for (let after: string | undefined; ; ) {
        const page = await large.list({ order: byKey, span: { first: 100, after }, columns: [], filter: few })
        keys.push(...page.leads.map(({ key }) => key))
        after = page.cursors.at(-1)
        if (!page.hasNextPage) break
      }
      expect(keys).toEqual(keysOf("SELECT id FROM leads WHERE company = 'c42' ORDER BY id"))
      expect(offloaded).toEqual([expect.stringContaining('NOT INDEXED')])
      const other = new Database(join(folder, 'leads.db'))
      other.exec("INSERT INTO leads (id, company) VALUES ('a', 'c42')")
      other.close()
      const again = await large.list({ order: byKey, span: { first: 1 }, columns: [], filter: few })
      expect(again.leads.map(({ key }) => key)).toEqual(['a'])
      expect(offloaded).toHaveLength(2)
    })

    test('is left to an index that bounds it: nothing is read that the index does not lead to', async () => {
      const late: LeadFilter = { is: 'compare', column: 'id', operator: 'gt', value: 'k029990' }
      const mail: LeadFilter = { is: 'all', of: [eq('email', 'p7@x.com'), few] }
      for (const filter of [late, mail]) await large.list({ order: byKey, span: { first: 50 }, columns: [], filter })
      expect(offloaded.filter((sql) => sql.includes('NOT INDEXED'))).toEqual([])
    })

    test('walks the order where many match, and gives the same', async () => {
      const many: LeadFilter = { is: 'text', column: 'company', operator: 'contains', text: 'c1' }
      for (const [span, direction] of [
        [{ first: 50 }, 'ASC'],
        [{ last: 50 }, 'DESC'],
      ] as const) {
        const page = await large.list({ order: byKey, span, columns: [], filter: many })
        const keys = keysOf(`SELECT id FROM leads WHERE company LIKE '%c1%' ORDER BY id ${direction} LIMIT 50`)
        expect(page.leads.map(({ key }) => key).toSorted()).toEqual(keys.toSorted())
      }
      expect(offloaded.filter((sql) => sql.includes('NOT INDEXED'))).toHaveLength(1)
    })
  })

  test('what grows with the table runs beside the main thread and gives the same answer', async () => {
    const filter: LeadFilter = { is: 'text', column: 'company', operator: 'contains', text: '42' }
    const page = await large.list({
      order: { column: 'company', direction: 'asc' },
      span: { first: 20 },
      columns: ['company'],
      filter,
    })
    expect(offloaded).toHaveLength(1)
    expect(page.leads.every((lead) => lead.cells.company === 'c42')).toBe(true)
    expect(await large.count({ filter })).toBe(309)
    expect(await large.count({ filter })).toBe(309)
    expect(offloaded).toHaveLength(2)
    expect((await large.statistics()).spread).toContainEqual({ field: 'status', value: 'contacted', count: 7500 })
  })
})

describe('a search that would take long', () => {
  const words = Array.from(
    { length: 100 },
    (_, at) => ({ is: 'text', column: 'full_name', operator: 'contains', text: `word${at}` }) as const,
  )
  const hostile: LeadFilter = { is: 'any', of: words }
  const fill = () =>
    db.exec(`WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
      INSERT INTO leads (id, full_name) SELECT 'k' || i, hex(zeroblob(2000)) FROM n`)
  const ask = (of: LeadReader) =>
    of.list({ order: { column: 'id', direction: 'asc' }, span: { first: 5 }, columns: [], filter: hostile })

  test('is ended at its limit, in a list and in a count, and the connection answers the next one', async () => {
    fill()
    const impatient = createLeadReader(table, { acquire: async () => db }, undefined, { here: 20, beside: 20 })
    await expect(ask(impatient)).rejects.toMatchObject({ code: 'QUERY_TOO_LONG' })
    await expect(impatient.count({ filter: hostile })).rejects.toMatchObject({ code: 'QUERY_TOO_LONG' })
    expect(await impatient.count({})).toBe(1500)
  })

  test('leaves the main thread after a moment and is ended beside it', async () => {
    fill()
    db.pragma('journal_mode = WAL')
    const offload = sharedOffload()
    const reads = { acquire: async () => db, offload: offloadedReads(offload, db.name) }
    const patient = createLeadReader(table, reads, undefined, { here: 5, beside: 60_000 })
    expect((await ask(patient)).leads).toEqual([])
    const impatient = createLeadReader(table, reads, undefined, { here: 5, beside: 5 })
    await expect(ask(impatient)).rejects.toMatchObject({ code: 'QUERY_TOO_LONG' })
  })
})
