import { describe, expect, it } from 'vitest'
import { importIn } from '../../../test/support/import/desired.ts'
import { fitJudge } from './fit.ts'
import { type ColumnSample, mapColumns } from './mapping.ts'
import type { SourceValue } from './source-row.ts'

const { into } = importIn('/w', { files: '*.json' }).spec

function map(samples: Record<string, readonly SourceValue[]>, declared: Record<string, string> = {}, table = into) {
  const columns: ColumnSample[] = Object.entries(samples).map(([column, values]) => ({ column, values }))
  const mapping = mapColumns(columns, table, declared, fitJudge(table))
  return { ...mapping, pairs: Object.fromEntries(mapping.mapped.map(({ column, field }) => [column, field])) }
}

const people = ['Ann Lee', 'José Ruiz', '王 小明', "Sean O'Neill"]
const emails = ['ann@x.com', 'b@y.org', 'c@z.net', 'd@z.net']
const profiles = ['linkedin.com/in/ann', 'https://www.linkedin.com/in/b/', 'http://linkedin.com/in/c?x=1']

describe('mapping columns to fields', () => {
  it('maps the same names, whatever their case and signs', () => {
    expect(map({ 'Full Name': [], EMAIL: [], linkedinUrl: [], 'company-website': [] }).pairs).toEqual({
      'Full Name': 'full_name',
      EMAIL: 'email',
      linkedinUrl: 'linkedin_url',
      'company-website': 'company_website',
    })
  })

  it.each([
    ['name', 'full_name'],
    ['lead_name', 'full_name'],
    ['fullName', 'full_name'],
    ['website', 'company_website'],
    ['company_url', 'company_website'],
    ['linkedin', 'linkedin_url'],
    ['linkedinProfile', 'linkedin_url'],
    ['LinkedIn Profile', 'linkedin_url'],
    ['stage', 'engagement_status'],
    ['status', 'engagement_status'],
    ['mobile', 'phone'],
    ['Tel.', 'phone'],
    ['organisation', 'company'],
    ['jobTitle', 'title'],
    ['lead_id', 'id'],
    ['source_system', 'source'],
    ['contact.email', 'email'],
  ])('knows that %s means %s', (column, field) => {
    expect(map({ [column]: [] }).pairs).toEqual({ [column]: field })
  })

  it('says why, with what the values look like', () => {
    const [mapped] = map({ name: [...people, '4711'] }).mapped
    expect(mapped).toEqual({
      column: 'name',
      field: 'full_name',
      score: 0.819,
      reason: '`name` → full_name: synonym; 80 % of 5 sampled values look like person names',
    })
  })

  it('knows e-mail addresses and LinkedIn profiles by their values, whatever their name', () => {
    const { mapped } = map({
      feld_1: emails,
      feld_2: profiles,
      feld_3: ['+49 30 123456', '(415) 555-2671', '030-1234567'],
    })
    expect(mapped.map(({ column, field }) => [column, field])).toEqual([
      ['feld_1', 'email'],
      ['feld_2', 'linkedin_url'],
      ['feld_3', 'phone'],
    ])
    expect(mapped[0]?.reason).toBe(
      '`feld_1` → email: by its values; 100 % of 4 sampled values look like e-mail addresses',
    )
  })

  it('does not take numbers or dates for phones', () => {
    expect(
      map({ a: [4155552671, 4155552672, 4155552673], b: ['2024-01-05', '2024-01-06', '2024-01-07'] }).pairs,
    ).toEqual({})
  })

  it('does not believe a synonym whose values say otherwise', () => {
    const { pairs, unmapped } = map({ status: ['new', 'cold', 'warm', 'new'], contact: emails })
    expect(pairs).toEqual({ contact: 'email' })
    expect(unmapped).toEqual([
      {
        column: 'status',
        reason: 'it could mean `engagement_status`, but only 0 % of 4 sampled values look like its choices',
      },
    ])
  })

  it('asks the column that suits a field best first, and others of that meaning where it is blank', () => {
    const { pairs, mapped } = map({ name: people, full_name: people, website: ['a.com', 'b.com'], domain: ['a.com'] })
    expect(pairs).toEqual({
      full_name: 'full_name',
      name: 'full_name',
      website: 'company_website',
      domain: 'company_website',
    })
    expect(mapped[0]).toMatchObject({
      column: 'name',
      reason: expect.stringMatching(/^`name` → full_name: synonym; .*; where `full_name` is blank$/),
    })
  })

  it('follows what is declared before anything else, and proposes the rest', () => {
    const { pairs, problems } = map({ name: people, company: ['A'], label: ['B'] }, { label: 'company' })
    expect(pairs).toEqual({ name: 'full_name', label: 'company' })
    expect(problems).toEqual([])
  })

  it('tells of declared entries that cannot be followed', () => {
    expect(map({ a: [], b: [] }, { a: 'nope', c: 'title', b: 'title' }).problems).toEqual([
      '`a` is mapped to `nope`, which the table does not declare',
      '`c` is mapped to `title`, but the source has no such column',
    ])
  })

  it('does not take a column by its values alone for a field that has one, nor any for a field that is declared', () => {
    expect(map({ email: emails, referrer: emails }).pairs).toEqual({ email: 'email' })
    expect(map({ mail: emails, email: emails }, { mail: 'email' }).pairs).toEqual({ mail: 'email' })
  })
})
