import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { depthMax, readJson } from './json-value.ts'

/** Large integers without the quotes that keep their digits. */
function bare(text: string): string {
  return text.replace(/"(-?\d{16,})"/g, '$1')
}

describe('a JSON value', () => {
  it('reads what JSON.parse reads, to the same value', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const read = readJson(text)
        const expected: unknown = JSON.parse(text)
        expect(read.is).toBe('value')
        if (read.is === 'value') expect(bare(JSON.stringify(read.value))).toBe(bare(JSON.stringify(expected)))
      }),
    )
  })

  it('refuses what JSON.parse refuses, and never throws', () => {
    const text = fc.string({ unit: fc.constantFrom(...'[]{}",:\\ \n\t01.eE+-aunltrfs\u0000é😀') })
    fc.assert(
      fc.property(text, (some) => {
        const read = readJson(some)
        let parses = true
        try {
          JSON.parse(some)
        } catch {
          parses = false
        }
        expect(read.is).toBe(parses ? 'value' : 'error')
      }),
      { numRuns: 2000 },
    )
  })

  it('tells of a name given twice with different values, and keeps both', () => {
    const read = readJson('{"email":"a@x.de","email":"b@x.de","same":1,"same":1,"deep":{"n":1,"n":2}}')
    expect(read).toMatchObject({
      is: 'value',
      value: { email: 'b@x.de', same: 1, deep: { n: 2 } },
      flaws: [
        { path: ['email'], message: 'is given twice with different values', earlier: 'a@x.de' },
        { path: ['deep', 'n'], earlier: 1 },
      ],
    })
  })

  it.each(['NaN', 'Infinity', '-Infinity'])('takes %s, which Python writes, as nothing and tells of it', (word) => {
    expect(readJson(`{"score":${word}}`)).toMatchObject({
      value: { score: null },
      flaws: [{ path: ['score'], message: `${word} is no JSON value` }],
    })
  })

  it('keeps the digits of integers that a number cannot hold', () => {
    expect(readJson('[9007199254740993,1e999,1.5]')).toMatchObject({ value: ['9007199254740993', '1e999', 1.5] })
  })

  it('has __proto__ as a name like any other', () => {
    const read = readJson('{"__proto__":{"polluted":true}}')
    expect(read.is === 'value' && JSON.stringify(read.value)).toBe('{"__proto__":{"polluted":true}}')
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })

  it('refuses deep nesting instead of overflowing', () => {
    expect(readJson('['.repeat(200_000))).toMatchObject({
      is: 'error',
      message: `is nested deeper than ${depthMax} levels`,
    })
    expect(readJson(`${'['.repeat(depthMax)}${']'.repeat(depthMax)}`).is).toBe('value')
  })

  it('reads a text of 10 MB', () => {
    const text = 'x"\\\n'.repeat(2_500_000)
    const read = readJson(JSON.stringify({ a: text }))
    expect(read.is === 'value' && read.value).toEqual({ a: text })
  })
})
