import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readerOf } from './reading.ts'
import type { Role } from './role.ts'
import { exactKey } from './rules.ts'

/** Values as they stand in lead data, plain ones most of all: what the short cuts are for. */
const word = fc.constantFrom(
  ...[
    'anna',
    'Weber',
    'Müller',
    "O'Brien",
    'van',
    'der',
    'Dr',
    'Dr.',
    'Jr',
    'PhD',
    'MD',
    'III',
    'J.',
    'Ng',
    'José',
    'and',
    'The',
  ],
  ...[
    'Acme',
    'GmbH',
    'Inc',
    'Inc.',
    'Co',
    'Ltd',
    'AG',
    'SA',
    'KG',
    'LLC',
    'Group',
    'Holding',
    'N',
    'A',
    'none',
    'test',
    'n/a',
    '3M',
    '&',
  ],
)
const spoken = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '))
const slug = fc.oneof(
  fc.stringMatching(/^[a-z0-9]{1,8}(-[a-z0-9]{1,4}){0,2}$/),
  fc.stringMatching(/^ac[a-z]aa[a-z0-9]{8,34}$/),
)
const profile = fc
  .tuple(
    fc.constantFrom('', 'https://', 'http://', 'HTTPS://'),
    fc.constantFrom('', 'www.', 'de.', 'xx.'),
    slug,
    fc.constantFrom('', '/', '?x=1'),
  )
  .map(([scheme, host, name, end]) => `${scheme}${host}linkedin.com/in/${name}${end}`)
const host = fc
  .tuple(
    fc.constantFrom('', 'https://', 'http://'),
    fc.constantFrom('', 'www.', 'www.www.'),
    fc.stringMatching(/^[a-z0-9]{1,6}([.-][a-z0-9]{1,4}){0,2}$/),
    fc.constantFrom('.com', '.de', '.co.uk', '.example', '.invalid', '.local', '.test', '.c', '.internal'),
    fc.constantFrom('', '/', '/a', '?x=1'),
  )
  .map((parts) => parts.join(''))
const email = fc
  .tuple(
    fc.stringMatching(/^[a-z0-9_+.-]{1,8}$/),
    fc.constantFrom(
      'gmail.com',
      'googlemail.com',
      'x.org',
      'a-b.example',
      '-a.de',
      'a..de',
      'x.c',
      'example.com',
      'mail.x_y.de',
    ),
  )
  .map((parts) => parts.join('@'))

describe('what is read by a short cut', () => {
  const cases: readonly (readonly [Role, fc.Arbitrary<string>])[] = [
    ['person', spoken],
    ['company', spoken],
    ['text', spoken],
    ['linkedin', profile],
    ['url', host],
    ['email', email],
  ]
  it.each(cases)('is read the same as the long way reads it: %s', (role, cells) => {
    const read = readerOf(role)
    fc.assert(
      fc.property(cells, (cell) => {
        // No short cut takes a space at the beginning, which says nothing.
        expect(read(cell)).toBe(read(` ${cell}`))
      }),
      { numRuns: 2_000 },
    )
  })
})

const roles: readonly Role[] = [
  ...(['person', 'given', 'family', 'email', 'phone', 'linkedin', 'url', 'company', 'address'] as const),
  ...(['place', 'code', 'date', 'number', 'category', 'text', 'prose', 'ignored'] as const),
]

describe('what says that there is no value', () => {
  const said = [
    'N/A',
    'n.a.',
    '#N/A',
    'none',
    'NULL',
    '(null)',
    'Unknown',
    'not available',
    'Not  provided',
    'tbd',
    '[object Object]',
  ]
  it.each(roles)('is nothing to compare, and meets no exact rule: %s', (role) => {
    for (const cell of said)
      for (const spaced of [cell, ` ${cell}`, `${cell}\u200b`, `\t${cell}\n`]) {
        expect([spaced, readerOf(role)(spaced)]).toEqual([spaced, ''])
        expect([spaced, exactKey(role, spaced)]).toEqual([spaced, undefined])
      }
  })
})

it.each([
  ['1,234.5', '1234.5'],
  ['1.234,5', '1234.5'],
  ['1.234.567', '1234567'],
  ['1,5', '1.5'],
  ['$1,234', '1234'],
  ['EUR 1,234', '1234'],
  ['1e5', '100000'],
  ['12 people', '12'],
  ['-3', '-3'],
  ['about 10-20', ''],
  ['many', ''],
])('the number %s is read as “%s”', (cell, reading) => {
  expect(readerOf('number')(cell)).toBe(reading)
})

it('any text is read without an error, and what is read is read the same again', () => {
  const folded: readonly Role[] = ['given', 'family', 'place', 'category', 'text', 'prose', 'code', 'date', 'number']
  const cells = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), spoken, profile, host, email)
  fc.assert(
    fc.property(cells, fc.constantFrom(...roles), (cell, role) => {
      const reading = readerOf(role)(cell)
      if (folded.includes(role)) expect(readerOf(role)(reading)).toBe(reading)
    }),
    { numRuns: 5_000 },
  )
})
