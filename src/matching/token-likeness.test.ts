import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { commonOf, equalJoined, wordLikeness } from './token-likeness.ts'
import { vocabularyBy, type WordBag } from './vocabulary.ts'

/** Every word says one bit. */
const plain = vocabularyBy(new Map(), 0)
const bag = (text: string) => plain.bagOf(text)
const likeness = (one: string, other: string) => wordLikeness(bag(one), bag(other))

describe('what two texts have in common', () => {
  it('is the words that both have, in any order, of what all words say', () => {
    expect(commonOf(bag('alpha bravo charlie'), bag('charlie delta alpha'))).toEqual({
      shared: 4,
      total: 6,
      ofLesser: 2 / 3,
    })
    expect(commonOf(bag('alpha'), bag('zulu'))).toEqual({ shared: 0, total: 2, ofLesser: 0 })
  })

  it('counts a rare word for more than a common one', () => {
    const { bagOf } = vocabularyBy(new Map([['street', 90]]), 98)
    const street = commonOf(bagOf('baker street'), bagOf('acorn street'))
    const rare = commonOf(bagOf('baker street'), bagOf('baker avenue'))
    expect(street.shared).toBeLessThan(rare.shared)
    expect(rare.shared).toBeCloseTo(2 * Math.log2(100), 9)
  })

  it('says of the text that says less how much of it stands in the other', () => {
    expect(commonOf(bag('alpha bravo'), bag('alpha bravo charlie delta')).ofLesser).toBe(1)
    expect(commonOf(bag('alpha bravo charlie delta'), bag('alpha bravo')).ofLesser).toBe(1)
    expect(commonOf(bag('alpha echo'), bag('alpha bravo charlie')).ofLesser).toBe(0.5)
    // A misspelt word says its own bits on each side: of two that say as much, the better share counts, whichever comes first.
    const known = vocabularyBy(new Map([['mailing', 2]]), 6)
    const [one, other] = [known.bagOf('mailing'), known.bagOf('mailling')]
    expect(commonOf({ ...one, total: other.total }, other).ofLesser).toBeCloseTo(0.9, 9)
    expect(commonOf(other, { ...one, total: other.total }).ofLesser).toBeCloseTo(0.9, 9)
  })

  it('is nothing where a text says nothing', () => {
    const empty: WordBag = { words: [], weights: [], total: 0 }
    expect(commonOf(empty, bag('alpha')).ofLesser).toBe(0)
    expect(commonOf(bag('alpha'), empty).ofLesser).toBe(0)
    expect(commonOf(empty, empty)).toEqual({ shared: 0, total: 0, ofLesser: 0 })
    expect(wordLikeness(empty, empty)).toBe(0)
  })

  it('is the same whichever comes first, from nothing to all, and all where the words are the same', () => {
    const text = fc
      .array(fc.stringMatching(/^[ab1]{1,5}$/), { minLength: 1, maxLength: 10 })
      .map((words) => words.join(' '))
    fc.assert(
      fc.property(text, text, (one, other) => {
        const found = likeness(one, other)
        expect(likeness(other, one)).toBeCloseTo(found, 9)
        expect(found).toBeGreaterThanOrEqual(0)
        expect(found).toBeLessThanOrEqual(1)
        expect(likeness(one, one.split(' ').reverse().join(' '))).toBe(1)
      }),
      { numRuns: 300 },
    )
  })
})

describe('a word that the other text has not', () => {
  it.each<[string, string, number, string]>([
    ['mailing', 'mailling', 0.9, 'one letter more'],
    ['baker', 'bakes', 0.9, 'another letter'],
    ['mail', 'mall', 0.9, 'another letter of four'],
    ['man', 'men', 0, 'another letter of three'],
    ['man', 'mane', 0.85, 'the beginning, of three letters'],
    ['ma', 'mane', 0, 'the beginning, of two letters'],
    ['m', 'mane', 0.5, 'an initial'],
    ['a', 'mane', 0, 'another initial'],
    ['m', 'nm', 0, 'an end of one letter'],
    ['international', 'int', 0.85, 'an abbreviation'],
    ['int', 'internationalis', 0.85, 'an abbreviation by twelve letters'],
    ['int', 'internationalise', 0, 'an abbreviation by more'],
    ['i', 'internationalise', 0.5, 'an initial of a long word'],
    ['2011', '2012', 0, 'numbers, which differ in what matters'],
    ['2011', '20111', 0, 'numbers, one of which begins the other'],
    ['mail9', 'mail8', 0, 'words with digits'],
    ['mail', 'mail0', 0, 'a word, and the same with a digit'],
    ['mail', 'mai:', 0.9, 'a sign that is no digit'],
    ['mail', 'mai/', 0.9, 'a sign that is no digit'],
    ['mail', 'voicemail', 0, 'the end of a longer one'],
    ['bake', 'acorn', 0, 'another word'],
  ])('%s beside %s counts for %d: %s', (one, other, counted) => {
    expect(likeness(one, other)).toBeCloseTo(counted, 9)
    expect(likeness(other, one)).toBeCloseTo(counted, 9)
  })

  it('counts a little less than its likeness where more is misspelt, and nothing where that is below 0.9', () => {
    // Three edits each; by Jaro-Winkler 0.93 and 0.89.
    expect(likeness('christopherson', 'christofersen')).toBeGreaterThan(0.8)
    expect(likeness('christopherson', 'christofersen')).toBeLessThan(0.9)
    expect(likeness('hoyerswerda', 'hayerswirdu')).toBe(0)
  })

  it('is paired with the word that is most like it, each with one', () => {
    expect(likeness('mailing mailings', 'mailling')).toBeCloseTo((0.9 * 2) / 3, 9)
    // The abbreviation would take the word that only the misspelt one can be.
    expect(likeness('mail mailinh', 'mailing mailbox')).toBeCloseTo((0.9 * 2 + 0.85 * 2) / 4, 9)
    expect(likeness('mailinh mail', 'mailbox mailing')).toBeCloseTo((0.9 * 2 + 0.85 * 2) / 4, 9)
  })

  it('counts beside the words that both have', () => {
    expect(likeness('alpha mailing', 'mailling alpha')).toBeCloseTo((2 + 1.8) / 4, 9)
    expect(commonOf(bag('alpha mailing'), bag('mailling alpha')).ofLesser).toBeCloseTo(1.9 / 2, 9)
  })

  it('is looked for among eight at most', () => {
    const apart = 'kilo lima oscar papa romeo tango whiskey yankee'.split(' ')
    const eight = `mailing ${apart.slice(0, 7).join(' ')}`
    const nine = `mailing ${apart.join(' ')}`
    expect(likeness(eight, 'mailling')).toBeCloseTo(1.8 / 9, 9)
    expect(likeness('mailling', eight)).toBeCloseTo(1.8 / 9, 9)
    expect(likeness(nine, 'mailling')).toBe(0)
    expect(likeness('mailling', nine)).toBe(0)
  })
})

test.each<[string, string, boolean]>([
  ['pridham street', 'pridhamstreet', true],
  ['pridhamstreet', 'pridham street', true],
  ['prid ham street', 'pridham stre et', true],
  ['pridhamstreet', 'pridhamstreet', false],
  ['pridham street', 'pridham streets', false],
  ['a b c d e', 'abcde', true],
  ['a b c d e f', 'abcdef', false],
  [`${'x'.repeat(40)} ${'x'.repeat(39)}`, 'x'.repeat(79), true],
  [`${'x'.repeat(40)} ${'x'.repeat(40)}`, 'x'.repeat(80), false],
  ['x'.repeat(79), `${'x'.repeat(40)} ${'x'.repeat(39)}`, true],
])('%s and %s are the same but for a few spaces: %s', (one, other, same) => {
  expect(equalJoined(one, other)).toBe(same)
})
