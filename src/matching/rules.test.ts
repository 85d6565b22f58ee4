import { describe, expect, it } from 'vitest'
import { bitsOf } from './model.ts'
import { exactKey, likenessBy, likenessOf, rulesOf } from './rules.ts'

describe('declared rules', () => {
  it('are put in terms of columns, in their order', () => {
    const declared = [
      { name: 'alike', fuzzy: ['city', 'name'], threshold: 0.9 },
      { name: 'mail', exact: ['mail'], confidence: 0.97 },
      { name: 'who', exact: ['name', 'city'], confidence: 1 },
    ]
    expect(rulesOf(declared, ['name', 'mail', 'city'])).toEqual({
      exact: [
        { name: 'mail', columns: [1], bits: bitsOf(0.97), confidence: 0.97 },
        { name: 'who', columns: [0, 2], bits: bitsOf(1), confidence: 1 },
      ],
      fuzzy: [{ name: 'alike', columns: [2, 0], threshold: 0.9 }],
    })
  })
})

it('a rule on a field that is not there names no column', () => {
  const declared = [{ name: 'gone', exact: ['gone', 'name'], confidence: 1 }]
  expect(rulesOf(declared, ['name']).exact).toMatchObject([{ columns: [0] }])
})

describe('what two values must share for an exact rule', () => {
  it.each([
    ['email', 'A.nn@Gmail.com', 'ann@gmail.com'],
    ['linkedin', 'https://www.linkedin.com/in/ann-weber/', 'in/ann-weber'],
    ['phone', '+49 30 12345678', '493012345678'],
    ['code', '', undefined],
    ['email', 'nobody', undefined],
    ['category', 'Gold', 'gold'],
    ['date', '11.05.1980', '19800511'],
    ['ignored', 'Gold Member', 'gold member'],
    ['ignored', '...', undefined],
    ['date', 'unknown', undefined],
  ] as const)('of %s is for “%s” %s', (role, cell, key) => {
    expect(exactKey(role, cell)).toBe(key)
  })

  it('of a company is its name without its legal form, of a person without titles, of a page without its scheme', () => {
    expect(exactKey('company', 'Acme GmbH')).toBe(exactKey('company', 'ACME'))
    expect(exactKey('person', 'Dr. Anna Weber')).toBe(exactKey('person', 'anna weber'))
    expect(exactKey('url', 'https://www.firm.example/')).toBe(exactKey('url', 'firm.example'))
    expect(exactKey('url', 'https://www.firm.example/')).not.toBeUndefined()
  })
})

describe('the likeness of two values', () => {
  it('is that of their letters, and all for forms of one first name', () => {
    expect(likenessOf('weber', 'weber')).toBe(1)
    expect(likenessOf('bob', 'robert')).toBe(1)
    expect(likenessOf('martha', 'marhta')).toBeCloseTo(0.9611, 4)
    expect(likenessOf('anna', 'otto')).toBe(0)
    // That one word begins another one counts among several words only.
    expect(likenessOf('int', 'international')).toBeCloseTo(0.8205, 4)
  })

  it('is that of their words where one has several and that is more', () => {
    expect(likenessOf('blue bird cafe', 'cafe blue bird')).toBe(1)
    expect(likenessOf('cafe', 'blue cafe')).toBeCloseTo(2 / 3, 9)
    expect(likenessOf('blue cafe', 'cafe')).toBeCloseTo(2 / 3, 9)
    // The beginning counts by words even where the letters are the same.
    expect(likenessOf('mail box', 'mailbox')).toBeGreaterThan(0.9)
  })
})

describe('the likeness of two records by a rule', () => {
  const rule = { name: 'alike', columns: [0, 2], threshold: 0.9 }
  const by = (one: readonly string[], other: readonly string[]) =>
    likenessBy(rule, ['family', 'ignored', 'ignored'], one, other)

  it('is the mean of the columns that both fill, those too that matching ignores otherwise', () => {
    expect(by(['martha', 'x', 'Gold'], ['marhta', 'y', 'gold'])).toBeCloseTo((0.9611 + 1) / 2, 4)
    expect(by(['anna', 'x', 'gold'], ['otto', 'x', 'gold'])).toBe(0.5)
  })

  it('compares what the role of a column reads', () => {
    expect(likenessBy({ ...rule, columns: [0] }, ['date'], ['11.05.1980'], ['1980-05-11'])).toBe(1)
  })

  it('leaves out what one of them has not, and is unknown where that is all', () => {
    expect(by(['anna', 'x', ''], ['otto', 'x', 'gold'])).toBe(0)
    expect(by(['', 'x', 'gold'], ['otto', 'x', 'gold'])).toBe(1)
    expect(by(['anna', 'x', 'gold'], ['', 'x', 'gold'])).toBe(1)
    expect(by(['', 'x', 'gold'], ['otto', 'x', ''])).toBeUndefined()
    expect(by([], [])).toBeUndefined()
  })

  it('takes a column of no known role for text', () => {
    expect(likenessBy({ ...rule, columns: [5] }, [], ['', '', '', '', '', 'Gold'], ['', '', '', '', '', 'gold'])).toBe(
      1,
    )
  })
})
