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

test('two groups of three need five of their nine pairs', () => {
  const strong = [edge(0, 1, 0.99), edge(1, 2, 0.99), edge(3, 4, 0.99), edge(4, 5, 0.99)]
  const across = [edge(0, 3, 0.6), edge(0, 4, 0.6), edge(1, 5, 0.6), edge(2, 3, 0.6), edge(2, 5, 0.6)]
  const groups = (edges: readonly Edge[]) => clusterOf({ edges, isSupported: never, isExcluded: never })
  expect(groups([...strong, ...across])).toEqual([[0, 1, 2, 3, 4, 5]])
  expect(groups([...strong, ...across.slice(1)])).toEqual([
    [0, 1, 2],
    [3, 4, 5],
  ])
})

test('the surest pairs are joined first', () => {
  const groups = (...confidences: readonly [number, number, number]) =>
    clusterOf({
      edges: [edge(0, 1, confidences[0]), edge(1, 2, confidences[1]), edge(2, 3, confidences[2])],
      isSupported: never,
      isExcluded: never,
    })
  // Of a chain, whose ends are strangers, one joins the middle that is surest.
  expect(groups(0.9, 0.8, 0.7)).toEqual([[0, 1, 2]])
  expect(groups(0.7, 0.8, 0.9)).toEqual([[1, 2, 3]])
  expect(groups(0.9, 0.7, 0.8)).toEqual([
    [0, 1],
    [2, 3],
  ])
})

test('of pairs that are as sure, the one of the first rows is joined first, whichever way round it is told', () => {
  const chain = [edge(3, 2), edge(2, 1), edge(1, 0)]
  expect(clusterOf({ edges: chain, isSupported: never, isExcluded: never })).toEqual([[0, 1, 2]])
  const star = [edge(5, 0), edge(0, 4), edge(3, 0)]
  const isExcluded = (one: number, other: number) => one !== 0 && other !== 0
  expect(clusterOf({ edges: star, isSupported: never, isExcluded })).toEqual([[0, 3]])
})

test('groups and their rows are told in ascending order', () => {
  const edges = [edge(11, 10, 0.99), edge(9, 2, 0.8), edge(2, 5, 0.9)]
  expect(clusterOf({ edges, isSupported: never, isExcluded: never })).toEqual([
    [2, 5, 9],
    [10, 11],
  ])
  expect(clusterOf({ edges: [], isSupported: never, isExcluded: never })).toEqual([])
})

test('a pair is not asked for that an edge supports, nor more pairs than decide', () => {
  const asked: number[] = []
  const isSupported = (one: number, other: number) => {
    asked.push(pairKey(one, other))
    return false
  }
  clusterOf({ edges: [edge(0, 1, 0.99), edge(1, 2, 0.9)], isSupported, isExcluded: never })
  expect(asked).toEqual([pairKey(0, 2)])
  asked.length = 0
  const edges = [edge(0, 1, 0.99), edge(2, 3, 0.98), edge(1, 2, 0.6)]
  clusterOf({ edges, isSupported, isExcluded: never })
  // Of four pairs two are needed: after three that are not supported the fourth cannot help.
  expect(asked).toEqual([pairKey(0, 2), pairKey(0, 3), pairKey(1, 3)])
})

test('a pair has one key, whichever row is named first, and no other pair has it', () => {
  const row = fc.nat(2 ** 26 - 1)
  fc.assert(
    fc.property(row, row, row, row, (a, b, c, d) => {
      expect(pairKey(a, b)).toBe(pairKey(b, a))
      const same = Math.min(a, b) === Math.min(c, d) && Math.max(a, b) === Math.max(c, d)
      expect(pairKey(a, b) === pairKey(c, d)).toBe(same)
    }),
  )
  expect(pairKey(1, 2)).not.toBe(pairKey(0, 2))
  expect(pairKey(0, 2 ** 26 - 1)).toBeLessThan(pairKey(1, 1))
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
