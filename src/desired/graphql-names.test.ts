import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { graphqlEnumValue, graphqlFieldName, graphqlTypeName } from './graphql-names.ts'

describe('GraphQL names', () => {
  it.each([
    ['leads', 'Lead'],
    ['companies', 'Company'],
    ['addresses', 'Address'],
    ['call_logs', 'CallLog'],
    ['status', 'Status'],
    ['analysis', 'Analysis'],
    ['boxes', 'Box'],
    ['my-people', 'MyPeople'],
  ])('the table %s is the type %s', (table, type) => {
    expect(graphqlTypeName(table)).toBe(type)
  })

  it.each([
    ['email', 'email'],
    ['linkedin_url', 'linkedinUrl'],
    ['line_1', 'line1'],
  ])('the column %s is the field %s', (column, field) => {
    expect(graphqlFieldName(column)).toBe(field)
  })

  it.each([
    ['auto_send', 'AUTO_SEND'],
    ['Auto Send', 'AUTO_SEND'],
    ['1-10', '_1_10'],
    ['Größe', 'GROSSE'],
    ['東京', 'U6771U4EAC'],
    ['+', ''],
  ])('the choice %s is the value %s', (choice, value) => {
    expect(graphqlEnumValue(choice)).toBe(value)
  })

  it('the value of any choice is a name that GraphQL takes, or nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (choice) => {
        expect(graphqlEnumValue(choice)).toMatch(/^$|^(?!__)[A-Z_][A-Z0-9_]*$/)
      }),
    )
  })
})
