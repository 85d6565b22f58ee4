import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HashIndex, HashSet, hash53 } from './hash-index.ts'

describe('hashes', () => {
  it('are safe integers from 1, equal for equal texts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(Number.isSafeInteger(hash53(text)) && hash53(text) >= 1).toBe(true)
        expect(hash53(`${text}`)).toBe(hash53(text))
      }),
    )
  })

  it('do not meet among 300,000 similar texts', () => {
    const set = new HashSet(10)
    for (let i = 0; i < 150_000; i++) {
      set.add(hash53(`ann.lee${i}@example.com`))
      set.add(hash53(String(i)))
    }
    expect(set.size).toBe(300_000)
  })

  it('are kept and found as in a Set and a Map whose first entry stands', () => {
    const entry = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer())
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 500 }), (entries) => {
        const set = new HashSet(1)
        const index = new HashIndex(1)
        const model = new Map<number, number>()
        for (const [hash, value] of entries) {
          set.add(hash)
          index.add(hash, value)
          if (!model.has(hash)) model.set(hash, value)
        }
        expect(set.size).toBe(model.size)
        for (let hash = 1; hash <= 300; hash++) {
          expect(set.has(hash)).toBe(model.has(hash))
          expect(index.get(hash)).toBe(model.get(hash))
        }
      }),
    )
  })
})
