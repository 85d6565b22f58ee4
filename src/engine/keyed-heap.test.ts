import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createKeyedHeap } from './keyed-heap.ts'

const step = fc.oneof(
  fc.record({ is: fc.constant('set' as const), key: fc.constantFrom(...'abcdefghijkl'), rank: fc.nat(1000) }),
  fc.record({ is: fc.constant('delete' as const), key: fc.constantFrom(...'abcdefghijkl') }),
  fc.record({ is: fc.constant('take' as const) }),
)

it('gives the least key whatever was put in, moved and taken out', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const heap = createKeyedHeap<{ rank: number; key: string }>((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1))
      const model = new Map<string, number>()
      const least = () => [...model].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))[0]?.[0]
      for (const one of steps) {
        if (one.is === 'set') {
          heap.set(one.key, one)
          model.set(one.key, one.rank)
        } else if (one.is === 'delete') {
          expect(heap.delete(one.key)).toBe(model.delete(one.key))
        } else {
          const key = heap.peek()?.key
          expect(key).toBe(least())
          if (key !== undefined) {
            heap.delete(key)
            model.delete(key)
          }
        }
        expect(heap.peek()?.key).toBe(least())
        expect(heap.size).toBe(model.size)
        for (const key of 'abcdefghijkl') expect(heap.get(key)?.rank).toBe(model.get(key))
      }
    }),
    { numRuns: 500 },
  )
})
