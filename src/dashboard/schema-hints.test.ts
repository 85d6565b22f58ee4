import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { explanationAt, namesAt, schemaShape, valuesAt } from './app/editor/schema-hints.ts'

const schema = schemaShape.parse(JSON.parse(readFileSync('desired-state.schema.json', 'utf8')))
const field = ['tables', 'leads', 'fields', 'email']

describe('what the schema says of a place', () => {
  it('names the sections that are not there yet, the required ones first', () => {
    const names = namesAt(schema, [], ['name', 'policy']).map(({ text }) => text)
    expect(names).toContain('tables')
    expect(names).not.toContain('policy')
    expect(namesAt(schema, [], [])[0]?.isRequired).toBe(true)
  })

  it('names what a field may declare, with what each means', () => {
    const hints = namesAt(schema, field, ['type'])
    const unique = hints.find(({ text }) => text === 'unique')
    expect(unique?.takes).toContain('boolean')
    expect(unique?.explanation).toMatch(/\w+/)
    expect(hints.some(({ text }) => text === 'type')).toBe(false)
  })

  it('gives the values of a choice, and of a switch', () => {
    expect(valuesAt(schema, ['policy', 'mode']).map(({ text }) => text)).toEqual(['observe', 'enforce'])
    expect(valuesAt(schema, [...field, 'unique']).map(({ text }) => text)).toEqual(['true', 'false'])
    expect(valuesAt(schema, [...field, 'type']).map(({ text }) => text)).toContain('email')
  })

  it('gives the rules of standardization, alone and in a list', () => {
    const alone = valuesAt(schema, [...field, 'standardize']).map(({ text }) => text)
    expect(alone.length).toBeGreaterThan(3)
    expect(valuesAt(schema, [...field, 'standardize', '[]']).map(({ text }) => text)).toEqual(alone)
  })

  it('explains a place with its type and default, and nothing that it does not know', () => {
    expect(explanationAt(schema, ['policy', 'resync'])).toMatch(/Takes: duration.*Default: /)
    expect(explanationAt(schema, ['none', 'such'])).toBeUndefined()
  })
})
