import { expect, test } from 'vitest'
import { contentOf } from './content.ts'
import { nameWords, roleOf } from './role.ts'

const text = (name: string, values: readonly string[]) =>
  roleOf({ name, type: 'text', rules: [] }, contentOf(values), values.length)
const many = (make: (at: number) => string) => Array.from({ length: 100 }, (_, at) => make(at))

test.each([
  ['given_name', many((at) => `ann${at}`), 'given'],
  ['lastName', many((at) => `lee${at}`), 'family'],
  ['soc_sec_id', many((at) => `${1_000_000 + at}`), 'code'],
  ['date_of_birth', many((at) => `19${10 + (at % 80)}0102`), 'date'],
  ['postcode', many((at) => `${2000 + at}`), 'code'],
  ['address_1', many((at) => `${at} main street`), 'address'],
  ['suburb', many((at) => `town${at}`), 'place'],
  ['state', many((at) => ['nsw', 'vic', 'qld'][at % 3] ?? ''), 'category'],
  ['title', many((at) => `sony bravia ${at} inch television`), 'text'],
  ['price', many((at) => `$${at}.99`), 'number'],
  ['unique_id', many((at) => `${at}`), 'ignored'],
  ['created_at', many((at) => `2025-01-${String((at % 28) + 1).padStart(2, '0')}`), 'ignored'],
  ['contact_address', many((at) => `p${at}@firm.example`), 'email'],
  ['empty', many(() => ''), 'ignored'],
] as const)('%s is told by its name and its values', (name, values, role) => {
  const told = name === 'contact_address' ? text('reach', values) : text(name, values)
  expect(told).toBe(role)
})

test('what is declared comes before names', () => {
  const content = contentOf(many((at) => `Acme ${at}`))
  expect(roleOf({ name: 'who', type: 'text', rules: [{ rule: 'company_name', options: {} }] }, content, 100)).toBe(
    'company',
  )
  const names = { type: 'text', rules: [{ rule: 'person_name', options: {} }] } as const
  expect(roleOf({ name: 'full_name', ...names }, content, 100)).toBe('person')
  expect(roleOf({ name: 'surname', ...names }, content, 100)).toBe('family')
  expect(roleOf({ name: 'email', type: 'json', rules: [] }, content, 100)).toBe('ignored')
})

test.each([
  ['dateOfBirth', 'date of birth'],
  ['Address_1', 'address'],
  ['E-Mail', 'e mail'],
])('the words of %s', (name, words) => {
  expect(nameWords(name)).toBe(words)
})
