import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesGlob, parseGlob } from './glob.ts'

function matches(pattern: string, path: string): boolean {
  const parsed = parseGlob(pattern)
  if ('reason' in parsed) throw new Error(parsed.reason)
  return matchesGlob(parsed.glob, path)
}

describe('glob', () => {
  it.each([
    ['data/json/**/*.json', 'data/json/a.json', true],
    ['data/json/**/*.json', 'data/json/2026/11/a.json', true],
    ['data/json/**/*.json', 'data/json/.hidden/a.json', false],
    ['data/json/**/*.json', 'data/json/a.jsonl', false],
    ['data/*.json', 'data/x/a.json', false],
    ['data/*.json', 'data/.a.json', false],
    ['data/.*.json', 'data/.a.json', true],
    ['data/lead?.json', 'data/leads.json', true],
    ['data/lead?.json', 'data/lead.json', false],
    ['data/{raw,clean}/*.{json,jsonl}', 'data/clean/a.jsonl', true],
    ['data/{raw,clean}/*.{json,jsonl}', 'data/other/a.json', false],
    ['{a,b{c,d}}.json', 'bd.json', true],
    ['**/*.json', 'a.json', true],
    ['a/**', 'a/b/c', true],
    ['a/**/b/**/c', 'a/x/b/y/b/c', true],
    ['./data/*.json', 'data/a.json', true],
    ['data/r[ée]sumé*.json', 'data/r[ée]sumé 1.json', true],
    ['data/?.json', 'data/😀.json', true],
  ])('%s matches %s: %s', (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected)
  })

  it.each(['/etc/*.json', '../x.json', 'a/../../x', '', '{a,b', 'a}', '{/etc,b}/x', `${'{a,b}'.repeat(9)}`])(
    'refuses %s',
    (pattern) => {
      expect(parseGlob(pattern)).toHaveProperty('reason')
    },
  )

  it('agrees with a regular expression on any pattern of stars and question marks', () => {
    const pattern = fc
      .array(fc.constantFrom('a', 'b', '*', '?'), { minLength: 1, maxLength: 8 })
      .map((all) => all.join(''))
    const name = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 10 }).map((all) => all.join(''))
    fc.assert(
      fc.property(pattern, name, (some, text) => {
        const expression = new RegExp(`^${some.replaceAll('*', '.*').replaceAll('?', '.')}$`)
        // `**` alone is a part of its own meaning; inside a part two stars are one.
        expect(matches(some, text)).toBe(expression.test(text))
      }),
    )
  })
})
