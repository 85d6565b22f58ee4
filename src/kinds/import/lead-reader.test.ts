import { describe, expect, it } from 'vitest'
import { importIn } from '../../../test/support/import/desired.ts'
import { fitJudge } from './fit.ts'
import { leadReader } from './lead-reader.ts'
import { mapColumns } from './mapping.ts'
import type { SourceRow, SourceValue } from './source-row.ts'

const { into } = importIn('/w', { files: '*.json' }).spec

function read(cells: Record<string, SourceValue>, flaws: Record<string, string> = {}) {
  const row: SourceRow = {
    place: { file: 'a.json', row: 1, line: 1 },
    id: undefined,
    cells: new Map(Object.entries(cells)),
    flaws: new Map(Object.entries(flaws)),
  }
  const columns = Object.keys(cells).map((column) => ({ column, values: [] }))
  const lead = leadReader(into, mapColumns(columns, into, {}, fitJudge(into)))(row)
  const raw: unknown = lead.raw === null ? null : JSON.parse(lead.raw)
  return { ...lead, raw, fields: Object.fromEntries(lead.fields) }
}

describe('reading a lead from a source row', () => {
  it('stores canonical values, so that an imported lead is no drift', () => {
    const lead = read({
      name: '  ann LEE ',
      email: ' Ann.Lee@Example.COM ',
      website: 'Example.com/',
      linkedin: 'linkedin.com/in/Ann-Lee/?trk=x',
      phone: '(415) 555-2671',
      stage: 'Replied',
      verified: 'yes',
      date_messaged: '5 Jan 2024',
    })
    expect(lead.fields).toEqual({
      full_name: 'Ann Lee',
      email: 'ann.lee@example.com',
      company_website: 'https://example.com',
      linkedin_url: 'https://www.linkedin.com/in/ann-lee',
      phone: '+14155552671',
      engagement_status: 'responded',
      verified: 1,
      date_messaged: '2024-01-05',
    })
    expect(lead).toMatchObject({ linkedin: 'in/ann-lee', email: 'ann.lee@example.com', raw: null, problems: [] })
  })

  it('keeps what fills no field in raw_data, and what is in the raw_data of the source', () => {
    const lead = read({
      name: 'Ann Lee',
      score: 7,
      tags: ['a'],
      empty: '',
      none: null,
      raw_data: '{"old":true}',
      'raw_data.x': 1,
    })
    expect(lead.raw).toEqual({ score: 7, tags: ['a'], old: true, x: 1 })
  })

  it('keeps a value that its field cannot take under the name of its column, and says why', () => {
    const lead = read({ name: 'Ann Lee', email: 'not an address', verified: 'perhaps', date_messaged: '03/04/2024' })
    expect(lead.fields).toEqual({ full_name: 'Ann Lee' })
    expect(lead.raw).toEqual({ email: 'not an address', verified: 'perhaps', date_messaged: '03/04/2024' })
    expect(lead.problems.map(({ column }) => column).sort()).toEqual(['date_messaged', 'email', 'verified'])
    expect(lead.problems.every(({ message }) => !message.includes('perhaps') && message !== '')).toBe(true)
  })

  it('fills a field from the first of its columns that says something usable', () => {
    expect(
      read({ email: 'nobody', mail: 'Ann@x.com', work_email: 'b@x.com', full_name: null, name: 'Ann Lee' }),
    ).toMatchObject({
      fields: { email: 'ann@x.com', full_name: 'Ann Lee' },
      raw: { email: 'nobody', work_email: 'b@x.com' },
      problems: [{ column: 'email' }],
    })
    expect(read({ id: '17', uuid: 'b5c1b3b4-8e5c-4c80-9ad0-f2f24a3f8a11', name: 'Ann Lee' })).toMatchObject({
      key: 'b5c1b3b4-8e5c-4c80-9ad0-f2f24a3f8a11',
      raw: { id: '17' },
    })
  })

  it('takes words for nothing as nothing, without a report', () => {
    const lead = read({ name: 'Ann Lee', company: 'N/A', email: 'null' })
    expect(lead).toMatchObject({
      fields: { full_name: 'Ann Lee' },
      problems: [],
      raw: { company: 'N/A', email: 'null' },
    })
  })

  it.each([
    ['NUL', 'a\0b', {}],
    ['broken UTF-8', 'Jos\ufffd', { title: 'is not valid UTF-8' }],
  ])('does not store text with %s', (_, title, flaws) => {
    const lead = read({ name: 'Ann Lee', title }, flaws)
    expect(lead.fields).toEqual({ full_name: 'Ann Lee' })
    expect(lead.raw).toEqual({ title })
    expect(lead.problems).toHaveLength(1)
  })

  it('keeps emoji, right-to-left text and 10 MB of text', () => {
    const long = 'x'.repeat(10_000_000)
    const lead = read({ name: 'محمد علي', company: '🚀 Rakete GmbH', title: long })
    expect(lead.fields.full_name).toBe('محمد علي')
    expect(lead.fields.company).toContain('🚀')
    expect(lead.fields.title).toBe(long)
  })

  it.each([
    ['b5c1b3b4-8e5c-4c80-9ad0-f2f24a3f8a11', true],
    ['recAbCdEfGhIjKlMn', true],
    ['lead_001', true],
    [17, false],
    ['17', false],
    ['', false],
    ['a\nb', false],
    ['n/a', false],
  ])('takes %j for a key: %s', (id, usable) => {
    const lead = read({ id, name: 'Ann Lee' })
    expect(lead.key).toBe(usable ? id : undefined)
    if (!usable && id !== '') expect(lead.raw).toEqual({ id })
  })
})
