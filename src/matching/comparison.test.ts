import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparisons, levelOf } from './comparison.ts'
import type { Role } from './role.ts'
import { vocabularyBy } from './vocabulary.ts'

/** Every word says one bit. */
const plain = vocabularyBy(new Map(), 0)

function expectLevel(role: Role, one: string, other: string, level: string): void {
  const { levels, compare } = comparisons[role]
  const named = (at: number) => levels[at]?.name
  expect(`${one} / ${other}: ${named(compare(one, other, plain))}`).toBe(`${one} / ${other}: ${level}`)
  expect(compare(other, one, plain)).toBe(compare(one, other, plain))
}
const alphabet =
  'alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey xray'
const words = (from: number, to: number) => alphabet.split(' ').slice(from, to).join(' ')

describe('a family name', () => {
  it.each<[string, string, string, string]>([
    ['muller', 'mueller', 'nearly equal', 'one letter more'],
    ['weber', 'wbeer', 'nearly equal', 'two letters swapped'],
    ['kohl', 'kahl', 'nearly equal', 'one of four letters'],
    ['christopherson', 'christofersen', 'nearly equal', 'three edits, but almost the same letters in the same order'],
    ['j r r', 'jrr', 'nearly equal', 'the same but for spaces'],
    ['abc', 'abd', 'different', 'one of three letters, and another sound'],
    ['lee', 'lea', 'alike', 'one of three letters, and the same sound'],
    ['li', 'lu', 'different', 'the same sound, but too short to say anything'],
    ['gao', 'kue', 'different', 'the same sound, but hardly a letter in common'],
    ['petrosyan', 'petersen', 'alike', 'most letters in the same order'],
    ['katherine', 'kathleen', 'alike', 'most letters in the same order, and another sound'],
    ['hoyer', 'boyes', 'alike', 'two of five letters'],
    ['hoye', 'boys', 'different', 'two of four letters'],
    ['hoyers', 'boyesk', 'different', 'three of six letters'],
    ['lopez', 'garcia lopez', 'alike', 'one of two names'],
    ['lopez', 'lo garcia', 'different', 'a word that only begins like it'],
    ['lo', 'garcia lo', 'different', 'one of two names, but too short to say anything'],
    ['lot', 'garcia lot', 'alike', 'one of two names, of three letters'],
    ['rolopez', 'garcialopez', 'different', 'the end of a longer name'],
    ['weber', 'schmidt', 'different', 'nothing in common'],
    ['петров', 'портнов', 'different', 'letters of which no sound is known'],
  ])('%s beside %s is %s: %s', (one, other, level) => {
    expectLevel('family', one, other, level)
  })
})

describe('a first name', () => {
  it.each<[string, string, string, string]>([
    ['bob', 'robert', 'nearly equal', 'a form of it'],
    ['r', 'robert', 'alike', 'its initial'],
    ['r', 'bob', 'different', 'another initial'],
    ['r', 's', 'different', 'two initials'],
    ['robert', 'rupert', 'alike', 'as of family names'],
    ['robert', 'robet', 'nearly equal', 'as of family names'],
    ['robert', 'anna', 'different', 'nothing in common'],
  ])('%s beside %s is %s: %s', (one, other, level) => {
    expectLevel('given', one, other, level)
  })
})

describe('a place', () => {
  it.each<[string, string, string, string]>([
    ['berlin', 'brlin', 'nearly equal', 'as of names'],
    ['berlin', 'munich', 'different', 'one word each'],
    ['frankfurt am main', 'main frankfurt am', 'nearly equal', 'the words in another order'],
    ['york new', 'the city new york', 'alike', 'two of four words'],
    ['york new', 'oxford upon york', 'different', 'one of three words'],
    ['york', 'oxford upon york', 'alike', 'one word of it'],
  ])('%s beside %s is %s: %s', (one, other, level) => {
    expectLevel('place', one, other, level)
  })
})

describe('a company or another text of some words', () => {
  it.each<[string, string, string, string]>([
    ['blue bird cafe', 'bluebird cafe', 'nearly equal', 'the same but for spaces'],
    [words(0, 3), words(0, 4), 'nearly equal', 'three words of four'],
    [words(0, 2), words(0, 3), 'alike', 'two words of three'],
    [
      words(0, 8) + words(8, 12).replace(/^/, ' '),
      `${words(0, 8)} ${words(12, 17)}`,
      'alike',
      'just 64 % of what they say',
    ],
    [words(0, 3), `${words(0, 2)} ${words(5, 7)}`, 'partly alike', 'two of three and four words'],
    ['alpha bravo', 'alpha foxtrot', 'partly alike', 'one of two words'],
    ['alpha bravo', 'alpha foxtrot hotel', 'different', 'one of two and three words'],
    ['alpha bravo', 'golf hotel', 'different', 'no word'],
    ['ab cd', 'ab ce', 'nearly equal', 'one letter'],
    ['ab cd', 'ab ef', 'nearly equal', 'two letters'],
    ['ab cde', 'ab fgh', 'partly alike', 'three letters'],
    ['ab c1', 'ab c2', 'partly alike', 'one digit, which makes it another thing'],
    ['a b c d e f g', 'abcdefh', 'different', 'one letter, and more than three spaces'],
    [`ab ${'x'.repeat(37)}`, `ac ${'x'.repeat(37)}`, 'nearly equal', 'one letter of forty'],
    [`ab ${'x'.repeat(38)}`, `ac ${'x'.repeat(38)}`, 'partly alike', 'one letter of more than forty'],
    [`ab ${'x'.repeat(37)}`, `abc ${'x'.repeat(37)}`, 'partly alike', 'one letter more, beyond forty'],
    [words(0, 7), words(0, 20), 'alike', 'all of a text that says enough'],
    [words(0, 6), words(0, 18), 'partly alike', 'all of a text that says too little'],
    [words(0, 8), `${words(0, 7)} ${words(8, 20)}`, 'partly alike', 'all but one word of a text'],
  ])('%s beside %s is %s: %s', (one, other, level) => {
    expectLevel('company', one, other, level)
  })

  it('is worth one bit at most where it is partly alike, as two branches of a chain are', () => {
    expect(comparisons.company.levels.find(({ name }) => name === 'partly alike')?.most).toBe(1)
  })
})

describe('an address', () => {
  it.each<[string, string, string, string]>([
    ['main street 12', '12 main street', 'nearly equal', 'the words in another order'],
    ['main street 12', 'main street 14', 'in one street or partly alike', 'another house'],
    ['12 alpha bravo charlie', '14 alpha bravo charlie', 'in one street or partly alike', 'another house'],
    ['main street', 'main street 12', 'alike', 'one of them without a number'],
    ['main street 12', 'main street', 'alike', 'one of them without a number'],
    ['12 main street 3', '12 main street 4', 'alike', 'one number in common'],
    ['main street 12', 'harbour lane 12', 'different', 'one number, and another street'],
    ['main street 12b', 'main street 14b', 'alike', 'numbers that are part of a word'],
  ])('%s beside %s is %s: %s', (one, other, level) => {
    expectLevel('address', one, other, level)
  })
})

describe('an e-mail address', () => {
  it.each<[string, string, string, string]>([
    ['anna@mail.example', 'ana@mail.example', 'nearly equal', 'one letter'],
    ['anna@mail.example', 'anan@mial.example', 'nearly equal', 'two swaps'],
    ['annab@one.example', 'annab@elsewhere.org', 'nearly equal', 'the same mailbox elsewhere'],
    ['anna@one.example', 'anna@elsewhere.org', 'different', 'the same mailbox elsewhere, too short to say anything'],
    ['maximilian@mail.example', 'maximi@mail.example', 'alike', 'four letters of a long address'],
    ['maximiliana@mail.example', 'maximi@mail.example', 'at the same domain', 'five letters'],
    ['christopher@one.example', 'christofer@elsewhere.org', 'alike', 'a mailbox that is almost the same elsewhere'],
    ['jansen@one.example', 'olsen@elsewhere.org', 'different', 'another mailbox elsewhere'],
    ['jana@one.example', 'janx@elsewhere.org', 'different', 'a mailbox too short to be told'],
    ['jansen@firm.example', 'olga@firm.example', 'at the same domain', 'another mailbox there'],
    ['a@b.de', 'c@x.eu', 'different', 'short addresses'],
    ['jansen', 'olga', 'different', 'no addresses, and so no domain'],
    ['@firm.example', 'jansen@firm.example', 'at the same domain', 'no mailbox'],
  ])('%s beside %s is %s: %s', (one, other, level) => {
    expectLevel('email', one, other, level)
  })
})

describe('a phone number', () => {
  it.each<[string, string, string, string]>([
    ['49301234567', '4930123456', 'one digit apart', 'one digit less'],
    ['49301234567', '301234567', 'one digit apart', 'without its country'],
    ['49301234567', '493012345', 'different', 'without its end'],
    ['49301234567', '49301234589', 'different', 'two digits'],
  ])('%s beside %s is %s: %s', (one, other, level) => {
    expectLevel('phone', one, other, level)
  })
})

describe('a web address', () => {
  it.each<[string, string, string, string]>([
    ['firm.example/a', 'firm.example/b', 'at the same host', 'two pages'],
    ['firm.example', 'firm.example/b', 'at the same host', 'the host and a page'],
    ['firm.example/a', 'other.example/a', 'different', 'two hosts'],
    ['firm.example', 'firm.examplf', 'different', 'two hosts, one letter apart'],
    ['/a', '/b', 'at the same host', 'no host'],
  ])('%s beside %s is %s: %s', (one, other, level) => {
    expectLevel('url', one, other, level)
  })
})

describe('a code', () => {
  it.each<[string, string, string, string]>([
    ['ab1', 'ab2', 'one character apart', 'one of three'],
    ['a1', 'a2', 'two characters apart', 'one of two, which says less'],
    ['ab', 'cd', 'different', 'both of two'],
    ['ab', 'abcd', 'different', 'two more of four'],
    ['abc123', 'abd124', 'two characters apart', 'two of six'],
    ['abc12', 'abd13', 'different', 'two of five'],
    ['abc1234', 'abd1256', 'different', 'three of seven'],
    ['abcd', 'abcd5678', 'two characters apart', 'the beginning, of four characters'],
    ['abc', 'abcd5678', 'different', 'the beginning, of three characters'],
    ['abcd', '5678abcd', 'different', 'the end'],
  ])('%s beside %s is %s: %s', (one, other, level) => {
    expectLevel('code', one, other, level)
  })
})

describe('a date', () => {
  it.each<[string, string, string, string]>([
    ['19800511', '19800512', 'one digit apart', 'one digit'],
    ['19800511', '19801105', 'one digit apart', 'day and month swapped'],
    ['19800523', '19800517', 'close', 'another day of the month'],
    ['19800523', '19801223', 'close', 'another month'],
    ['19800523', '19610523', 'close', 'another year'],
    ['19800523', '20110523', 'close', 'another year, of other digits'],
    ['19791231', '19800131', 'close', '31 days apart'],
    ['19791230', '19800131', 'different', '32 days apart, over the end of a year'],
    ['19800523', '19700527', 'close', 'two digits'],
    ['19800523', '19800911', 'in the same year', 'another day and month'],
    ['19800523', '19610911', 'different', 'nothing in common'],
    ['1980', '1981', 'one digit apart', 'one digit of a year'],
    ['1980', '1971', 'different', 'two digits of a year'],
    ['1980', '19800101', 'different', 'a year and a day'],
    ['19800101', '1980010', 'one digit apart', 'a digit that is missing'],
  ])('%s beside %s is %s: %s', (one, other, level) => {
    expectLevel('date', one, other, level)
  })
})

describe('a number', () => {
  it.each<[string, string, string, string]>([
    ['100', '97', 'close', '3 %'],
    ['100', '96', 'alike', '4 %'],
    ['100', '80', 'alike', '20 %'],
    ['100', '79', 'different', '21 %'],
    ['-100', '-98', 'close', '2 % below zero'],
    ['5', '-5', 'different', 'another sign'],
    ['0', '-0', 'close', 'nothing, written twice'],
    ['0', '1', 'different', 'nothing and something'],
  ])('%s beside %s is %s: %s', (one, other, level) => {
    expectLevel('number', one, other, level)
  })
})

describe('the level of two readings', () => {
  const roles = Object.keys(comparisons) as readonly Role[]

  it('is the first where they are equal, and otherwise one that the role has, whichever comes first', () => {
    const reading = fc.oneof(
      fc.stringMatching(/^[a-d1-3@./ ]{1,12}$/),
      fc.stringMatching(/^19[0-9]{6}$/),
      fc.string({ minLength: 1 }),
    )
    fc.assert(
      fc.property(fc.constantFrom(...roles), reading, reading, (role, one, other) => {
        expect(levelOf(role, one, one, plain)).toBe(0)
        fc.pre(one !== other && role !== 'ignored')
        const level = levelOf(role, one, other, plain)
        expect(level).toBeGreaterThanOrEqual(1)
        expect(level).toBeLessThan(comparisons[role].levels.length)
        expect(levelOf(role, other, one, plain)).toBe(level)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is the last where their letters are too different, without a comparison', () => {
    expectLevel('family', 'lopez', 'garcia hundt lopez', 'alike')
    expect(levelOf('family', 'lopez', 'garcia hundt lopez', plain)).toBe(3)
    expect(levelOf('family', 'lopez', 'garcia lopez', plain)).toBe(2)
  })

  it('has chances that add up to one for every role, and a profile or a category is equal or another one', () => {
    for (const role of roles) {
      expect(comparisons[role].levels.reduce((sum, { m }) => sum + m, 0)).toBeCloseTo(1, 9)
    }
    expect(levelOf('linkedin', 'in/anna', 'in/annb', plain)).toBe(1)
    expect(levelOf('category', 'gold', 'golden', plain)).toBe(1)
  })
})
