import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readWebAddress } from './web-address.ts'
import { clean } from './whitespace.ts'

test.each([
  ['/about.html', 'has no host'],
  ['/ann@firm.example', 'has no host'],
  ['\\about.html', 'has no host'],
  ['ann@firm.example', 'is an e-mail address'],
  ['https://ann:secret@firm.example', 'carries a user name or a password'],
])('%s is no web address: it %s', (text, reason) => {
  expect(readWebAddress(text)).toEqual({ is: 'invalid', reason })
})

test.each([
  ['//firm.example/about', 'https://firm.example/about'],
  ['http:/firm.example', 'http://firm.example/'],
  ['htp://firm.example', 'http://firm.example/'],
  ['(firm.example)', 'https://firm.example/'],
])('%s is read as %s', (text, address) => {
  const reading = readWebAddress(text)
  expect(reading.is === 'web' && reading.url.href).toBe(address)
})

test('what any text is read as is an address without a user, which is read as itself', () => {
  const piece = fc.constantFrom(
    '/',
    '//',
    '\\',
    '@',
    ':',
    '?',
    '#',
    'a',
    'b.de',
    'http',
    'https:',
    'ftp:',
    '%40',
    '8080',
    '[',
    ']',
    '.',
    ' ',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.webUrl(),
    fc.emailAddress(),
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
  )
  fc.assert(
    fc.property(text, (written) => {
      const reading = readWebAddress(clean(written))
      if (reading.is === 'invalid') return
      const { url } = reading
      expect([url.username, url.password]).toEqual(['', ''])
      const again = readWebAddress(url.origin)
      expect(again.is === 'web' && again.url.origin).toBe(url.origin)
    }),
    { numRuns: 5_000 },
  )
})
