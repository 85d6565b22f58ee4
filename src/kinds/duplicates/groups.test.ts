import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Edge } from '../../matching/cluster.ts'
import { automaticSizeMax, byLikeness, groupId, groupsOf } from './groups.ts'
import type { DuplicatesSpec } from './spec.ts'
import { testingSpec } from './testing-spec.ts'

const edge = (one: number, other: number, confidence: number): Edge => ({ one, other, confidence })

function found(clusters: readonly number[][], edges: readonly Edge[], spec: Partial<DuplicatesSpec> = {}) {
  const groups = groupsOf({
    spec: testingSpec(spec),
    clusters,
    edges,
    keyOf: (rowId) => (rowId === 99 ? undefined : `k${rowId}`),
    explain: ({ confidence }) => ({ rules: confidence > 0.96 ? ['email'] : [], sentence: () => 'because' }),
  })
  return [...groups].map(({ automatic, confidence, rule, members }) => ({
    automatic,
    confidence,
    rule,
    rows: members.map(({ rowId }) => rowId),
  }))
}

test('a sure pair is merged unasked, by the first rule that it meets; a doubtful one waits', () => {
  expect(
    found(
      [
        [1, 2],
        [3, 4],
      ],
      [edge(1, 2, 0.98), edge(3, 4, 0.8)],
    ),
  ).toEqual([
    { automatic: true, confidence: 0.98, rule: 'email', rows: [1, 2] },
    { automatic: false, confidence: 0.8, rule: byLikeness, rows: [3, 4] },
  ])
})

test('of a cluster the sure part goes first: a doubtful member is not merged along with it', () => {
  expect(found([[1, 2, 3]], [edge(1, 2, 0.99), edge(2, 3, 0.8)])).toMatchObject([{ automatic: true, rows: [1, 2] }])
})

test('a group is as sure as its weakest link, not as its weakest pair', () => {
  const edges = [edge(1, 2, 0.9), edge(2, 3, 0.85), edge(1, 3, 0.6)]
  expect(found([[1, 2, 3]], edges)).toMatchObject([{ automatic: false, confidence: 0.85, rows: [1, 2, 3] }])
})

test('groups that are too large, and all groups of the strategy manual, wait for a person', () => {
  const rows = Array.from({ length: automaticSizeMax + 1 }, (_, at) => at + 1)
  const edges = rows.slice(1).map((row) => edge(1, row, 1))
  expect(found([rows], edges)).toMatchObject([{ automatic: false }])
  expect(found([[1, 2]], [edge(1, 2, 1)], { strategy: 'manual' })).toMatchObject([{ automatic: false }])
})

test('a group of the largest size, of pairs that are just sure enough, is merged unasked', () => {
  const rows = Array.from({ length: automaticSizeMax }, (_, at) => at + 1)
  const edges = rows.slice(1).map((row) => edge(1, row, testingSpec({}).automaticFrom))
  expect(found([rows], edges)).toMatchObject([{ automatic: true, rows }])
})

test('each sure part of a cluster is a group of its own, whichever way round its pairs are told', () => {
  const edges = [edge(5, 4, 0.99), edge(2, 1, 0.98), edge(3, 2, 0.99), edge(4, 3, 0.7)]
  expect(found([[1, 2, 3, 4, 5]], edges)).toEqual([
    { automatic: true, confidence: 0.98, rule: 'email', rows: [1, 2, 3] },
    { automatic: true, confidence: 0.99, rule: 'email', rows: [4, 5] },
  ])
  // Two parts that a later pair joins are one.
  const joined = [edge(1, 2, 0.999), edge(3, 4, 0.998), edge(2, 3, 0.99)]
  expect(found([[1, 2, 3, 4]], joined)).toMatchObject([{ rows: [1, 2, 3, 4], confidence: 0.99 }])
})

test('pairs across two clusters, or with a row of none, count for neither', () => {
  const edges = [
    edge(1, 2, 0.7),
    edge(2, 3, 0.99),
    edge(2, 8, 0.99),
    edge(8, 2, 0.99),
    edge(8, 9, 0.99),
    edge(3, 4, 0.8),
  ]
  expect(
    found(
      [
        [1, 2],
        [3, 4],
      ],
      edges,
    ),
  ).toEqual([
    { automatic: false, confidence: 0.7, rule: byLikeness, rows: [1, 2] },
    { automatic: false, confidence: 0.8, rule: byLikeness, rows: [3, 4] },
  ])
  expect(found([[1, 2]], [])).toEqual([])
})

test('a group tells its members with their keys, and why its strongest pair is one where a person decides', () => {
  const asked: Edge[] = []
  const groups = (confidence: number) => [
    ...groupsOf({
      spec: testingSpec({}),
      clusters: [[1, 2, 3]],
      edges: [edge(2, 3, confidence), edge(1, 3, confidence), edge(1, 2, confidence - 0.1)],
      keyOf: (rowId) => `k${rowId}`,
      explain: (one) => {
        asked.push(one)
        return { rules: [], sentence: () => 'because' }
      },
    }),
  ]
  const members = [1, 2, 3].map((rowId) => ({ rowId, key: `k${rowId}` }))
  expect(groups(0.8)).toEqual([
    {
      id: groupId(['k1', 'k2', 'k3']),
      automatic: false,
      confidence: 0.8,
      rule: byLikeness,
      members,
      sentence: 'because',
      fingerprint: undefined,
    },
  ])
  // Of pairs that are as strong, the one of the first row.
  expect(asked).toEqual([edge(1, 3, 0.8)])
  expect(groups(1)).toMatchObject([{ automatic: true, sentence: '', members }])
})

test('a group names the first of its declared rules that its strongest pair meets', () => {
  const spec = testingSpec({
    rules: ['phone', 'email', 'name'].map((name) => ({ name, exact: [name], confidence: 0.97 })),
  })
  const [group] = groupsOf({
    spec,
    clusters: [[1, 2]],
    edges: [edge(1, 2, 0.99)],
    keyOf: String,
    explain: () => ({ rules: ['name', 'email'], sentence: () => '' }),
  })
  expect(group?.rule).toBe('email')
})

test('a row without a key waits until it has one', () => {
  expect(found([[1, 99]], [edge(1, 99, 1)])).toEqual([])
  expect(found([[1, 2, 99]], [edge(1, 2, 0.98), edge(1, 99, 1), edge(99, 2, 1)])).toEqual([
    { automatic: true, confidence: 0.98, rule: 'email', rows: [1, 2] },
  ])
})

test('what only a row without a key joins to a group waits with it', () => {
  const chain = (confidence: number) => [edge(1, 2, confidence), edge(2, 99, confidence), edge(99, 3, confidence)]
  expect(found([[1, 2, 3, 99]], chain(0.98))).toMatchObject([{ automatic: true, rows: [1, 2] }])
  expect(found([[1, 2, 3, 99]], chain(0.8))).toMatchObject([{ automatic: false, rows: [1, 2] }])
})

test('the groups, their rules and their reasons are the same in whatever order pairs are told, and whichever row of them first', () => {
  const row = fc.nat(5)
  const pairs = fc.uniqueArray(
    fc
      .record({ one: row, other: row, confidence: fc.constantFrom(0.8, 0.97, 0.99) })
      .filter(({ one, other }) => one < other),
    { selector: ({ one, other }) => one * 10 + other, maxLength: 12 },
  )
  const groups = (edges: readonly Edge[]) => [
    ...groupsOf({
      spec: testingSpec({}),
      clusters: [[0, 1, 2, 3, 4, 5]],
      edges,
      keyOf: String,
      explain: ({ one, other }) => ({ rules: [], sentence: () => [one, other].sort().join(' and ') }),
    }),
  ]
  fc.assert(
    fc.property(pairs, fc.infiniteStream(fc.nat()), (edges, stream) => {
      const places = new Map(edges.map((each) => [each, stream.next().value ?? 0]))
      const shuffled = [...edges]
        .sort((one, other) => (places.get(one) ?? 0) - (places.get(other) ?? 0))
        .map((each) => ((places.get(each) ?? 0) % 2 === 0 ? each : { ...each, one: each.other, other: each.one }))
      expect(groups(shuffled)).toEqual(groups(edges))
    }),
  )
})

test('a group has one id whatever the order of its members', () => {
  expect(groupId(['a', 'b'])).toMatch(/^[0-9a-f]{12}$/)
  expect(groupId(['a', 'b'])).toBe(groupId(['b', 'a']))
  expect(groupId(['a', 'b'])).not.toBe(groupId(['a', 'c']))
})
