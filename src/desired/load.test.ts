import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { standardizeRules } from '../values/rules/index.ts'
import { type ParseOptions, parseDesiredState } from './load.ts'
import { problemText } from './problem.ts'

const example = readFileSync(new URL('./fixtures/example.yaml', import.meta.url))
const options: ParseOptions = {
  file: 'desired-state.yaml',
  environment: {},
  workspace: '/workspace',
  rules: standardizeRules,
}

function valid(source: string | Uint8Array, environment: ParseOptions['environment'] = {}) {
  const parsed = parseDesiredState(source, { ...options, environment })
  if (parsed.is === 'invalid') throw new Error(parsed.problems.map(problemText).join('\n'))
  return parsed
}

function problems(source: string | Uint8Array): readonly string[] {
  const parsed = parseDesiredState(source, options)
  return parsed.is === 'valid' ? [] : parsed.problems.map(problemText)
}

describe('the example of the contract', () => {
  it('is valid, with a warning about the field that only the merge names', () => {
    const { warnings } = valid(example)
    expect(warnings.map(problemText)).toEqual([
      'desired-state.yaml:82:70: tables.leads.duplicates.merge.fields.tags: is no declared field, so nothing is merged by it',
    ])
  })

  it('is normalized: milliseconds, bytes, percentages as numbers, shorthands as objects', () => {
    const { state } = valid(example)
    const leads = state.tables.leads
    expect(state.policy.resync).toBe(600_000)
    expect(state.policy.blastRadius).toEqual({ rows: 500, percent: 5 })
    expect(state.services['website-scraper']?.limits).toEqual({ memory: 256_000_000 })
    expect(leads?.quality?.completeness).toEqual({ email: 95, company: 90, linkedin_url: 60 })
    expect(leads?.quality?.consistent).toEqual([{ by: 'domain(email)', fields: ['company'] }])
    expect(leads?.fields.title?.airtable).toEqual({ field: 'Title', direction: 'both', unknownChoices: 'refuse' })
    expect(leads?.fields.company?.standardize).toEqual([{ rule: 'company_name', options: { suffix: 'canonical' } }])
    expect(leads?.airtable?.pull).toEqual({ every: 60_000, full: '0 2 * * *', batch: 100 })
  })

  it('takes the environment where it refers to it, and its default otherwise', () => {
    expect(valid(example).state.databases.main?.path).toBe('data/leads.db')
    expect(valid(example, { LEAD_DATABASE_PATH: 'other.db' }).state.databases.main?.path).toBe('other.db')
  })

  it('can be asked where each value stands', () => {
    const { positions } = valid(example)
    expect(positions.keyAt(['tables', 'leads', 'fields', 'email'])).toEqual({ line: 42, column: 7 })
    expect(positions.valueAt(['tables', 'leads', 'fields', 'email', 'type'])).toEqual({ line: 42, column: 28 })
    expect(positions.valueAt(['tables', 'leads', 'fields', 'nowhere'])).toEqual({ line: 40, column: 5 })
  })

  it('is the same with a byte order mark and with Windows line ends', () => {
    const text = example.toString('utf8')
    expect(valid(`\uFEFF${text.replaceAll('\n', '\r\n')}`).state).toEqual(valid(example).state)
    expect(valid(Buffer.from(`\uFEFF${text}`)).state).toEqual(valid(example).state)
  })
})

describe('an invalid file', () => {
  it('tells every problem at once, in reading order: those of form and those of meaning', () => {
    const found = problems(`
apiVersion: trueup/v1
name: leads
databases:
  main: { path: ../leads.db, mange: observe }
tables:
  leads:
    database: mian
    keys: id
    fields:
      email: { type: emial }
      status: { type: choice }
`)
    expect(found).toEqual([
      'desired-state.yaml:5:17: databases.main.path: lies outside the workspace (the folder of the desired state); only paths inside it are allowed',
      'desired-state.yaml:5:30: databases.main.mange: is an unknown key; allowed: manage, permissions, journal, integrity, sizeMax, freshWithin; did you mean manage?',
      'desired-state.yaml:8:15: tables.leads.database: names "mian", which is not a declared database; allowed: main; did you mean main?',
      'desired-state.yaml:9:5: tables.leads.keys: is an unknown key; allowed: table, key, renamedFrom, absent, airtable, indexes, quality, duplicates; did you mean key?',
      'desired-state.yaml:11:22: tables.leads.fields.email.type: must be one of the allowed words; this is "emial"; allowed: text, longtext, email, url, phone, choice, choices, boolean, integer, number, date, datetime, json, doNotContact; did you mean email?',
      'desired-state.yaml:12:7: tables.leads.fields.status.choices: is required: a field of type choice lists its choices',
    ])
  })

  it('never repeats a secret, whatever else is wrong with it', () => {
    const token = `pat${'Ab3'.repeat(4)}Xy.${'0f'.repeat(32)}`
    const text = problems(`
apiVersion: trueup/v1
name: ${token}
airtable: { token: ${token}, base: ${token} }
services: { a: { command: [x], environment: { API_TOKEN: hunter2 } } }
${token}: 1
`).join('\n')
    expect(text).toContain('holds what looks like an Airtable token')
    expect(text).toContain('is a secret by its name')
    expect(text).not.toContain(token.slice(0, 12))
    expect(text).not.toContain('hunter2')
  })
})

describe('a field of type doNotContact', () => {
  const withFields = (fields: string) =>
    `apiVersion: trueup/v1\nname: x\ndatabases: { main: { path: a.db } }\ntables:\n  leads: { database: main, key: id, fields: { ${fields} } }\n`

  it('is a boolean that is false unless it is said, with a meaning of its own', () => {
    const { state } = valid(withFields('stop: { type: doNotContact }, ready: { type: boolean }'))
    expect(state.tables.leads?.fields.stop).toMatchObject({ type: 'boolean', default: false, doNotContact: true })
    expect(state.tables.leads?.fields.ready?.doNotContact).toBeUndefined()
  })

  it('is told what would take its meaning away', () => {
    expect(problems(withFields('stop: { type: doNotContact, default: true }'))).toEqual([
      expect.stringContaining('default: would say of everybody'),
    ])
    expect(problems(withFields('stop: { type: doNotContact, conflicts: local_wins }'))).toEqual([
      expect.stringContaining('conflicts: does not fit doNotContact'),
    ])
    expect(problems(withFields('stop: { type: doNotContact }, halt: { type: doNotContact }'))).toEqual([
      expect.stringContaining('halt.type: is doNotContact, as stop is'),
    ])
  })
})
