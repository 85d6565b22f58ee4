import fc from 'fast-check'
import { expect, test } from 'vitest'
import { soundKey } from './phonetic.ts'

test.each<[string, string, string]>([
  ['meyer', 'maier', 'vowels'],
  ['schmidt', 'schmitt', 'like-sounding consonants'],
  ['cathy', 'kathy', 'the first sound too'],
  ['miller', 'miler', 'doubled letters'],
  ['philip', 'filip', 'ph at the beginning'],
  ['phillip', 'phfilip', 'a like sound behind it'],
  ['emma', 'amma', 'vowels at the beginning'],
  ['ashcraft', 'ascraft', 'an h between two like sounds'],
  ['sackwkit', 'sackit', 'a w between two like sounds'],
  ["o'brien", 'obrien', 'signs that are no letters'],
  ['a{b', 'ab', 'the sign behind z'],
  ['1anna', 'anna', 'a sign before a vowel at the beginning'],
  ['1philip', 'philip', 'a sign before ph at the beginning'],
  ['christopher', 'christopherson', 'what comes after the fifth sound'],
])('%s sounds like %s: %s', (one, other) => {
  expect(soundKey(one)).toBe(soundKey(other))
})

test.each<[string, string, string]>([
  ['babab', 'baba', 'a vowel separates two like sounds'],
  ['bab', 'bb', 'a vowel separates two like sounds'],
  ['anna', 'na', 'a vowel at the beginning is a sound'],
  ['weber', 'ber', 'w at the beginning is one, too'],
  ['miller', 'muster', 'other consonants'],
  ['alba', 'alda', 'another consonant'],
  ['tarmalk', 'tarmanl', 'the fifth sound still counts'],
])('%s does not sound like %s: %s', (one, other) => {
  expect(soundKey(one)).not.toBe(soundKey(other))
})

test('what has no Latin letter has no sound, and what has one has a sound of five classes at most', () => {
  expect(soundKey('')).toBe(0)
  expect(soundKey('123')).toBe(0)
  expect(soundKey('\u0439')).toBe(0)
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{1,12}$/), (word) => {
      const key = soundKey(word)
      expect(key).toBeGreaterThanOrEqual(7)
      expect(key).toBeLessThan(2 * 7 ** 5)
      // Letters behind a word never change what it sounds like, they only add to it.
      expect(soundKey(`${word}${word.slice(-1)}`)).toBe(key)
    }),
  )
})
