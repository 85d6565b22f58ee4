import Database from 'better-sqlite3'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../clock.ts'
import { systemRandom } from '../../random.ts'
import { parseFilter } from '../filter.ts'
import { createLeadRepository, type LeadRepository } from '../repository.ts'
import { leadTableOf } from '../table.ts'
import { testingDesiredState, testingTableSql } from '../testing-table.ts'
import { directWriter, noEraser } from '../testing-writer.ts'
import { csvCell, csvLine } from './csv.ts'
import { type ExportRequest, exportLeads } from './export.ts'

let db: Database.Database
let leads: LeadRepository

beforeEach(() => {
  db = new Database(':memory:')
  db.exec(testingTableSql)
  const spec = testingDesiredState().tables.leads
  if (spec === undefined) throw new Error('the testing state has leads')
  leads = createLeadRepository(leadTableOf('leads', spec), {
    reads: { acquire: async () => db },
    writer: directWriter(db),
    eraser: noEraser,
    isErased: () => false,
    standardize: () => ({ is: 'canonical' }),
    clock: systemClock,
    random: systemRandom,
  })
})
afterEach(() => db.close())

async function exported(request: ExportRequest): Promise<{ text: string; pieces: number; rows: number }> {
  const pieces = []
  for await (const piece of exportLeads(leads, request)) pieces.push(piece)
  return {
    text: pieces.map(({ text }) => text).join(''),
    pieces: pieces.length,
    rows: pieces.reduce((sum, { rows }) => sum + rows, 0),
  }
}

/** What would be carried out, in the forms that people have tried: OWASP, HackerOne, Sheets and LibreOffice dialects. */
const starts = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠', '|', '%']
const payloads = starts.flatMap((start) => [
  `${start}1+1`,
  `  ${start}cmd|' /C calc'!A0`,
  `\u00a0${start}HYPERLINK("http://x")`,
  `\ufeff${start}IMPORTXML("x","y")`,
  `Ann\n${start}DDE("x")`,
  `Ann\r\n  ${start}SUM(A1)`,
])

describe('a CSV export', () => {
  it.each(payloads)('never begins a cell or a line of it as a formula: %j', (payload) => {
    const lines = csvCell(payload, 'text').split(/[\r\n]+/)
    for (const line of lines) expect(line.replace(/^[\s\u00a0\ufeff]+/, '')).not.toMatch(/^[=+\-@＝＋－＠|%]/)
    expect(csvCell(payload, 'text').replaceAll("'", '')).toBe(payload.replaceAll("'", ''))
  })

  it.each(['+49 30 123456', '(212) 555-0100', '+1-212-555-0100'])(
    'leaves the telephone number %s as it is',
    (phone) => {
      expect(csvCell(phone, 'phone')).toBe(phone)
    },
  )

  it('trusts a telephone field with numbers alone', () => {
    expect(csvCell('=HYPERLINK("x")', 'phone')).toMatch(/^'/)
    expect(csvCell('+49 30\n=1+1', 'phone')).toMatch(/^'/)
    expect(csvCell('-5', 'number')).toBe('-5')
  })

  it('is read back by another reader as it was written', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 5 }), (cells) => {
        const safe = cells.map((cell) => csvCell(cell.replaceAll('\ufeff', ''), 'text'))
        const [record] = parse(csvLine(safe), { relax_quotes: false, skip_empty_lines: false })
        expect(record).toEqual(safe)
      }),
    )
  })

  it('holds every record once, page by page, by key', async () => {
    const add = db.prepare('INSERT INTO leads (id, full_name, status, tags) VALUES (?, ?, ?, ?)')
    for (let row = 0; row < 1203; row += 1)
      add.run(`k${String(row).padStart(4, '0')}`, `Ann, "${row}"`, 'contacted', '["vip"]')
    const { text, pieces, rows } = await exported({ format: 'csv', fields: ['full_name', 'tags'] })
    const records = parse(text, { columns: true })
    expect(records).toHaveLength(1203)
    expect(records[7]).toEqual({ id: 'k0007', full_name: 'Ann, "7"', tags: '["vip"]' })
    expect(rows).toBe(1203)
    expect(pieces).toBe(4)
  })
})

describe('a JSON export', () => {
  it('is one document, one record a line, of those that a filter lets through', async () => {
    db.exec("INSERT INTO leads (id, company, verified) VALUES ('a', 'Acme', 1), ('b', '=1+1', 0), ('c', NULL, NULL)")
    const all = await exported({ format: 'json', fields: ['company', 'verified'] })
    expect(JSON.parse(all.text)).toEqual({
      items: [
        { id: 'a', company: 'Acme', verified: true },
        { id: 'b', company: '=1+1', verified: false },
        { id: 'c', company: null, verified: null },
      ],
    })
    const parsed = parseFilter(leads.table, { company: { eq: 'Acme' } })
    if (parsed.is !== 'filter') throw new Error('the filter is one')
    const some = await exported({ format: 'json', filter: parsed.filter, fields: ['company'] })
    expect(JSON.parse(some.text)).toEqual({ items: [{ id: 'a', company: 'Acme' }] })
  })

  it('of no records is a document too', async () => {
    expect(JSON.parse((await exported({ format: 'json' })).text)).toEqual({ items: [] })
    expect((await exported({ format: 'csv', fields: ['email'] })).text).toBe('id,email\r\n')
  })
})
