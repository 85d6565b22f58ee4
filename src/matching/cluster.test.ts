import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clusterOf, type Edge, pairKey } from './cluster.ts'

const never = () => false
const edge = (one: number, other: number, confidence = 0.9): Edge => ({ one, other, confidence })

test('a chain of weak links does not make one group', () => {
  const edges = [edge(0, 1, 0.99), edge(2, 3, 0.98), edge(1, 2, 0.6)]
  expect(clusterOf({ edges, isSupported: never, isExcluded: never })).toEqual([
    [0, 1],
    [2, 3],
  ])
})

test('half of the pairs across are enough', () => {
  const edges = [edge(0, 1, 0.99), edge(1, 2, 0.6)]
  expect(clusterOf({ edges, isSupported: never, isExcluded: never })).toEqual([[0, 1, 2]])
})

test('a pair that blocking missed is asked for', () => {
  const edges = [edge(0, 1, 0.99), edge(2, 3, 0.98), edge(1, 2, 0.6)]
  const isSupported = (one: number, other: number) => pairKey(one, other) === pairKey(0, 3)
  expect(clusterOf({ edges, isSupported, isExcluded: never })).toEqual([[0, 1, 2, 3]])
})

const graph = fc.array(
  fc.record({ one: fc.nat(12), other: fc.nat(12), confidence: fc.double({ min: 0.5, max: 1, noNaN: true }) }),
  { maxLength: 40 },
)
const withoutLoops = (edges: readonly Edge[]) => [
  ...new Map(
    edges.filter(({ one, other }) => one !== other).map((each) => [pairKey(each.one, each.other), each]),
  ).values(),
]

test('excluded pairs never stand in one group, whatever else joins them', () => {
  fc.assert(
    fc.property(graph, fc.array(fc.tuple(fc.nat(12), fc.nat(12))), (drawn, excluded) => {
      const keys = new Set(excluded.map(([one, other]) => pairKey(one, other)))
      const isExcluded = (one: number, other: number) => keys.has(pairKey(one, other))
      const edges = withoutLoops(drawn).filter(({ one, other }) => !isExcluded(one, other))
      for (const group of clusterOf({ edges, isSupported: never, isExcluded }))
        for (const one of group) for (const other of group) expect(one !== other && isExcluded(one, other)).toBe(false)
    }),
  )
})

test('every group came together by joins of which at least half was supported', () => {
  fc.assert(
    fc.property(graph, (drawn) => {
      const edges = withoutLoops(drawn)
      const known = new Set(edges.map(({ one, other }) => pairKey(one, other)))
      for (const group of clusterOf({ edges, isSupported: never, isExcluded: never })) {
        let supported = 0
        for (const [at, one] of group.entries())
          for (const other of group.slice(at + 1)) if (known.has(pairKey(one, other))) supported += 1
        // Each join adds at least half of its cross pairs, and the joins' cross pairs are all pairs of the group.
        expect(supported).toBeGreaterThanOrEqual((group.length * (group.length - 1)) / 4)
      }
    }),
  )
})

test('the order of edges changes nothing', () => {
  fc.assert(
    fc.property(graph, (drawn) => {
      const edges = withoutLoops(drawn)
      const groups = clusterOf({ edges, isSupported: never, isExcluded: never })
      expect(clusterOf({ edges: [...edges].reverse(), isSupported: never, isExcluded: never })).toEqual(groups)
    }),
  )
})
