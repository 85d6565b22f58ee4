import fc from 'fast-check'
import { getCountries, getExampleNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import examples from 'libphonenumber-js/mobile/examples'
import { expect, test } from 'vitest'
import { plainE164Finder } from './phone-plans.ts'

const isPlain = plainE164Finder()
const numbers = getCountries().flatMap((country) => getExampleNumber(country, examples)?.number ?? [])

test('the example number of every country is told at once', () => {
  const slow = numbers.filter((number) => !isPlain(number))
  // Where a national number may begin as the national prefix does, the full parse decides.
  expect(slow.length).toBeLessThan(25)
  expect(numbers.length).toBeGreaterThan(240)
})

test('yes is only said where libphonenumber says so', () => {
  const mutated = fc
    .tuple(
      fc.constantFrom(...numbers),
      fc.array(fc.tuple(fc.nat(14), fc.integer({ min: 0, max: 9 })), { maxLength: 4 }),
      fc.integer({ min: -2, max: 2 }),
    )
    .map(([number, edits, longer]) => {
      const digits = [...number]
      for (const [at, digit] of edits) if (at + 2 < digits.length) digits[at + 2] = `${digit}`
      return longer < 0 ? digits.slice(0, longer).join('') : digits.join('') + '7'.repeat(longer)
    })
  const anyDigits = fc.stringMatching(/^\+[1-9]\d{6,14}$/)
  fc.assert(
    fc.property(fc.oneof(mutated, anyDigits), (text) => {
      if (!isPlain(text)) return
      const parsed = parsePhoneNumberFromString(text, { extract: false })
      expect([parsed?.number, parsed?.isValid()]).toEqual([text, true])
    }),
    { numRuns: 20_000 },
  )
})
