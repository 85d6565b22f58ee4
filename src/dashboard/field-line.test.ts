import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { writtenFieldTypes as declaredTypes } from '../values/field-type.ts'
import { fieldTypes, tablesIn, withField } from './app/editor/field-line.ts'

const wish = { table: 'leads', name: 'region', type: 'text', choices: [], airtable: '' }
const file = readFileSync(resolve('desired-state.yaml'), 'utf8')

describe('a field that is added to the text', () => {
  it('stands after the last one of its table, and nothing else is another', () => {
    expect(tablesIn(file)).toEqual(['leads'])
    const added = withField(file, { ...wish, airtable: 'Sales Region' })
    const line = '      region: { type: text, airtable: Sales Region }'
    expect(added?.text.split('\n').filter((one) => one === line)).toHaveLength(1)
    expect(added?.text.split('\n')[(added?.line ?? 0) - 1]).toBe(line)
    expect(added?.text.replace(`${line}\n`, '')).toBe(file)
    const before = parse(file)
    before.tables.leads.fields.region = { type: 'text', airtable: 'Sales Region' }
    expect(parse(added?.text ?? '')).toEqual(before)
  })

  it('names its choices, and quotes what would be read as something else', () => {
    const text = 'tables:\r\n  leads:\r\n    fields:\r\n      a: { type: text }\r\n\r\n# more\r\nname: x\r\n'
    const added = withField(text, { ...wish, type: 'choice', choices: ['cold', 'no', '1st'] })
    expect(added?.text).toContain('\r\n      region: { type: choice, choices: [cold, "no", "1st"] }\r\n\r\n# more')
  })

  it('has no place where the fields do not stand below one another', () => {
    expect(withField('tables: { leads: { fields: { a: { type: text } } } }\n', wish)).toBeUndefined()
    expect(withField('name: x\n', wish)).toBeUndefined()
    expect(tablesIn('tables:\n  leads:\n    fields: { a: { type: text } }\n')).toEqual([])
  })

  it('can be of every type that there is', () => {
    expect([...fieldTypes].sort()).toEqual([...declaredTypes].sort())
  })
})
