import fc from 'fast-check'
import { expect, test } from 'vitest'
import { editsWithin } from './edit-distance.ts'

/** Optimal string alignment by the textbook. */
function alignment(one: string, other: string): number {
  const table = Array.from({ length: one.length + 1 }, (_, row) =>
    Array.from({ length: other.length + 1 }, (_, column) => (row === 0 ? column : column === 0 ? row : 0)),
  )
  const at = (row: number, column: number) => table[row]?.[column] ?? Number.POSITIVE_INFINITY
  for (let row = 1; row <= one.length; row += 1)
    for (let column = 1; column <= other.length; column += 1) {
      const changed = at(row - 1, column - 1) + (one[row - 1] === other[column - 1] ? 0 : 1)
      let edits = Math.min(changed, at(row - 1, column) + 1, at(row, column - 1) + 1)
      if (row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1])
        edits = Math.min(edits, at(row - 2, column - 2) + 1)
      const line = table[row]
      if (line !== undefined) line[column] = edits
    }
  return at(one.length, other.length)
}

test('counts as the textbook does, up to the limit', () => {
  const word = fc.stringMatching(/^[abc]{0,12}$/)
  fc.assert(
    fc.property(word, word, fc.integer({ min: 0, max: 6 }), (one, other, limit) => {
      expect(editsWithin(one, other, limit)).toBe(Math.min(limit + 1, alignment(one, other)))
    }),
    { numRuns: 3_000 },
  )
})

test.each([
  ['ab', 'ba', 2, 1, 'a swap is one edit'],
  ['ca', 'abc', 3, 3, 'and nothing may be done within it'],
  ['', 'abc', 3, 3, 'each character of an empty text is missing'],
  ['abc', 'abc', 0, 0, 'equal texts take none'],
  ['abc', 'abcd', 0, 1, 'what takes more than the limit is told as one more'],
  ['abcdef', 'ghijkl', 2, 3, 'however many it takes'],
])('%s and %s are, up to %i, %i edits apart: %s', (one, other, limit, edits) => {
  expect(editsWithin(one, other, limit)).toBe(edits)
  expect(editsWithin(other, one, limit)).toBe(edits)
})

test('what differs may have 64 characters, with any number of equal ones around it', () => {
  const differing = (length: number) =>
    ['a', 'b'].map((end) => `${'x'.repeat(99)}${end}${'y'.repeat(length - 2)}${end}zz`)
  const [one = '', other = ''] = differing(64)
  expect(editsWithin(one, other, 2)).toBe(2)
  const [longer = '', beside = ''] = differing(65)
  expect(editsWithin(longer, beside, 2)).toBe(3)
})

test('is told the same whichever text comes first, of long ones too', () => {
  // Around the limit of 64 characters, where one of the two may be within it and the other beyond.
  const text = fc
    .tuple(fc.integer({ min: 61, max: 64 }), fc.constantFrom('a', 'b'))
    .map(([length, end]) => `${end}${'x'.repeat(length)}${end}`)
  fc.assert(
    fc.property(text, text, fc.integer({ min: 2, max: 6 }), (one, other, limit) => {
      expect(editsWithin(other, one, limit)).toBe(editsWithin(one, other, limit))
    }),
  )
})
