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

test('a row without a key waits until it has one', () => {
  expect(found([[1, 99]], [edge(1, 99, 1)])).toEqual([])
})

test('a group has one id whatever the order of its members', () => {
  expect(groupId(['a', 'b'])).toBe(groupId(['b', 'a']))
  expect(groupId(['a', 'b'])).not.toBe(groupId(['a', 'c']))
})
