import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fillerIn, fillerInEmail, fillerInPhone } from './filler.ts'

describe('filler', () => {
  it.each([
    ['N/A', 'says that there is nothing'],
    ['None', 'says that there is nothing'],
    ['---', 'holds signs without a letter or digit'],
    ['Test', 'is a word for a test'],
    ['test test', 'is a word for a test'],
    ['foo bar', 'is a word for a test'],
    ['asdf', 'is a run over the keyboard'],
    ['asdfasdf', 'is a run over the keyboard'],
    ['QWERTY', 'is a run over the keyboard'],
    ['qweasd', 'is a run over the keyboard'],
    ['12345', 'is a run over the keyboard'],
    ['aaa', 'is one character over and over'],
    ['xxx xxx', 'is one character over and over'],
    ['000', 'is one character over and over'],
  ])('%s %s', (value, reason) => {
    expect(fillerIn(value)).toBe(reason)
  })

  it.each([
    'Ann Lee',
    'Test Rite',
    'ABC',
    'HP',
    'X',
    'AAA Batteries',
    'No Limits Ltd',
    'Al',
    'Bo',
    '3M',
    'Asda',
    'Foo Fighters',
    'Ng',
  ])('%s is none', (value) => {
    expect(fillerIn(value)).toBeUndefined()
  })

  it.each([
    ['test@test.com', 'is a word for a test'],
    ['asdf@acme.com', 'is a run over the keyboard'],
    ['noemail@acme.com', 'says that there is nothing'],
    ['na@na.com', 'says that there is nothing'],
    ['a@a.com', 'has one letter for mailbox and domain'],
    ['-', 'holds signs without a letter or digit'],
  ])('the address %s %s', (value, reason) => {
    expect(fillerInEmail(value)).toBe(reason)
  })

  it.each(['ann@test.com', 'a@acme.com', 'hp@hp-store.com', 'x.y@z.io', 'testa@acme.com'])(
    'the address %s is none',
    (value) => {
      expect(fillerInEmail(value)).toBeUndefined()
    },
  )

  it.each([
    ['000-0000', 'is one digit over and over'],
    ['+1 (000) 000-0000', 'is one digit over and over'],
    ['+1 212 999 9999', 'is one digit over and over'],
    ['1234567890', 'counts up or down'],
    ['987654321', 'counts up or down'],
    ['n/a', 'says that there is nothing'],
  ])('the number %s %s', (value, reason) => {
    expect(fillerInPhone(value)).toBe(reason)
  })

  it.each(['+1 415 555 2671', '+49 30 1234 5601', '+44 20 7946 0018', '555-0000'])('the number %s is none', (value) => {
    expect(fillerInPhone(value)).toBeUndefined()
  })

  it('is told of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        for (const told of [fillerIn, fillerInEmail, fillerInPhone]) expect(() => told(text)).not.toThrow()
        expect(fillerIn(`${text} Abernathy Vandermeer`)).toBeUndefined()
      }),
    )
  })
})
