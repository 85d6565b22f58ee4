import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { standardizeRules } from '../values/rules/index.ts'
import { compareGenerations, generationOf, isSuspiciousShrink } from './generation.ts'
import { parseDesiredState } from './load.ts'
import { type DesiredState, desiredStateSchema } from './schema.ts'

const example = readFileSync(new URL('./fixtures/example.yaml', import.meta.url), 'utf8')

function stateOf(text: string): DesiredState {
  return desiredStateSchema.parse(parse(text))
}

function generation(text: string): DesiredState {
  return stateOf(`apiVersion: trueup/v1\nname: leads\n${text}`)
}

const base = `
databases: { main: { path: a.db }, other: { path: b.db } }
tables:
  leads: { database: main, key: id, fields: { a: { type: text }, b: { type: text }, c: { type: text }, d: { type: text } } }
`

describe('a generation', () => {
  it('has a hash of its meaning and a hash of its text', () => {
    const options = { file: 'f', environment: {}, workspace: '/w', rules: standardizeRules }
    const [one, other] = [example, example.replace('# optional', '# another comment')].map((text) => {
      const parsed = parseDesiredState(text, options)
      if (parsed.is === 'invalid') throw new Error('the example is valid')
      return generationOf({ number: 1, state: parsed.state, text, loadedAtMs: 0 })
    })
    expect(one?.hash).toBe(other?.hash)
    expect(one?.textHash).not.toBe(other?.textHash)
  })

  it('has another hash when a setting changes', () => {
    const of = (text: string) => generationOf({ number: 1, text, loadedAtMs: 0, state: generation(text) }).hash
    expect(of('policy: { mode: observe }')).not.toBe(of('policy: { mode: enforce }'))
    expect(of('policy: { resync: 60s }')).toBe(of('policy: { resync: 1m }'))
  })
})

describe('comparing generations', () => {
  it('finds nothing between equal ones, and everything against none', () => {
    expect(compareGenerations(generation(base), generation(base))).toEqual([])
    expect(compareGenerations(undefined, generation(base)).every(({ change }) => change === 'added')).toBe(true)
  })

  it('tells fields from their table', () => {
    const next = base
      .replace('b: { type: text }', 'b: { type: longtext }, e: { type: text }')
      .replace(', d: { type: text }', '')
    expect(compareGenerations(generation(base), generation(next))).toEqual([
      { path: 'tables.leads.fields.b', section: 'tables', change: 'changed' },
      { path: 'tables.leads.fields.e', section: 'tables', change: 'added' },
      { path: 'tables.leads.fields.d', section: 'tables', change: 'removed' },
    ])
  })

  it('sees a rename as one change', () => {
    const next = base.replace('d: { type: text }', 'e: { type: text, renamedFrom: d }')
    expect(compareGenerations(generation(base), generation(next))).toEqual([
      { path: 'tables.leads.fields.e', section: 'tables', change: 'renamed', from: 'tables.leads.fields.d' },
    ])
  })

  it('sees settings of the table, the policy and the rules', () => {
    const next = `${base.replace('key: id', 'key: id, indexes: [{ on: [a] }]')}policy: { mode: observe }`
    expect(compareGenerations(generation(base), generation(next)).map(({ path }) => path)).toEqual([
      'policy',
      'tables.leads',
    ])
  })
})

describe('a suspicious shrink', () => {
  const reasons = (next: string): readonly string[] => {
    const shrink = isSuspiciousShrink(generation(base), generation(next))
    return shrink.is === 'suspicious' ? shrink.why.split('; ') : []
  }

  it('is an emptied file', () => {
    expect(reasons('')).toEqual([
      'all tables are gone (1)',
      'the database main is gone, which had 1 table',
      '7 of 7 declared entries are gone',
    ])
  })

  it('names what is gone', () => {
    const next = base.replace(/, [bcd]: \{ type: text \}/g, '')
    expect(isSuspiciousShrink(generation(base), generation(next))).toMatchObject({
      gone: ['tables.leads.fields.b', 'tables.leads.fields.c', 'tables.leads.fields.d'],
    })
  })

  it('is the loss of a database that had tables, though not of an empty one', () => {
    const moved = base.replace('main: { path: a.db }, ', '').replace('database: main', 'database: other')
    expect(reasons(moved)).toEqual(['the database main is gone, which had 1 table'])
    expect(reasons(base.replace(', other: { path: b.db }', ''))).toEqual([])
  })

  it('is the loss of more than half of the fields of a table, not of half of them', () => {
    const half = base.replace(', c: { type: text }, d: { type: text }', '')
    expect(reasons(half)).toEqual([])
    expect(reasons(half.replace(', b: { type: text }', ''))).toEqual(['3 of 4 fields of the table leads are gone'])
  })

  it('is no edit of a small file, no rename, and nothing that comes', () => {
    const small = 'services: { a: { command: [x] }, b: { command: [x] }, c: { command: [x] } }'
    expect(isSuspiciousShrink(generation(small), generation('services: {}'))).toEqual({ is: 'plausible' })
    const renamed = base.replace(/([bcd]): \{ type: text \}/g, '$1$1: { type: text, renamedFrom: $1 }')
    expect(reasons(renamed)).toEqual([])
    expect(isSuspiciousShrink(generation(''), generation(base))).toEqual({ is: 'plausible' })
  })
})
