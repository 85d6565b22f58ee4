import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Cell } from '../../values/field-type.ts'
import type { Chooser } from './spec.ts'
import { type GroupRow, survivorship } from './survivorship.ts'
import { testingSpec } from './testing-spec.ts'

const fieldNames = ['full_name', 'email', 'tags', 'score', 'message', 'changed'] as const

function rulesFor(strategy: 'most_recent' | 'highest_quality' | 'merge' | 'manual', choosers: Record<string, Chooser>) {
  const spec = testingSpec({ strategy, choosers })
  return survivorship(
    spec,
    spec.fields.map((field) => ({ field, column: field.name })),
  )
}

function row(rowId: number, changed: string, cells: Partial<Record<(typeof fieldNames)[number], Cell>>): GroupRow {
  const empty = Object.fromEntries(fieldNames.map((name) => [name, null]))
  return { rowId, key: `k${rowId}`, cells: { ...empty, ...cells, changed } }
}

const merged = (
  rows: readonly GroupRow[],
  strategy: Parameters<typeof rulesFor>[0] = 'most_recent',
  choosers: Record<string, Chooser> = {},
) => {
  const { survivor, losers, changes } = rulesFor(strategy, choosers).survivalOf(rows)
  const after = { ...survivor.cells, ...Object.fromEntries(changes.map((change) => [change.column, change.after])) }
  return { stays: survivor.rowId, goes: losers.map(({ rowId }) => rowId), after }
}

const old = row(1, '2026-01-01', {
  full_name: 'Ann Lee',
  email: 'ann@acme.example',
  tags: 'a, b',
  score: 3,
  message: 'a longer word',
})
const fresh = row(2, '2026-02-01', { full_name: 'Ann Leé', tags: 'B; c', score: 1, message: 'short' })

test('that somebody is not to be contacted is kept, whichever record says it and whatever is declared or wished', () => {
  const spec = testingSpec({ strategy: 'merge', choosers: { score: 'min' } })
  const fields = spec.fields.map((field) => ({
    field: field.name === 'score' ? { ...field, doNotContact: true } : field,
    column: field.name,
  }))
  for (const [older, newer] of [
    [1, 0],
    [0, 1],
    [1, null],
  ] as const) {
    const rows = [row(1, '2026-01-01', { score: older }), row(2, '2026-02-01', { score: newer })]
    const { survivor, changes } = survivorship(spec, fields).survivalOf(rows, { take: new Map([['score', 2]]) })
    const after = changes.find(({ field }) => field === 'score')?.after ?? survivor.cells.score
    expect(after).toBe(1)
  }
})

describe('which record stays', () => {
  test('most_recent keeps the newest and fills what it lacks', () => {
    expect(merged([old, fresh])).toMatchObject({
      stays: 2,
      goes: [1],
      after: { full_name: 'Ann Leé', email: 'ann@acme.example', score: 1 },
    })
  })
  test('highest_quality keeps the fullest', () => {
    expect(merged([old, fresh], 'highest_quality').stays).toBe(1)
  })
  test('merge keeps the oldest, whose key others know, and the best of each field', () => {
    expect(merged([old, fresh], 'merge')).toMatchObject({ stays: 1, after: { email: 'ann@acme.example' } })
  })
  test('a word for nothing is nothing', () => {
    const blank = row(3, '2026-03-01', { full_name: 'Ann Lee', email: 'n/a' })
    expect(merged([old, blank]).after.email).toBe('ann@acme.example')
  })
})

describe('fields of their own', () => {
  test.each<[Chooser, string, Cell]>([
    ['longest', 'message', 'a longer word'],
    ['shortest', 'message', 'short'],
    ['min', 'score', 1],
    ['max', 'score', 3],
    ['oldest', 'full_name', 'Ann Lee'],
    ['most_recent', 'full_name', 'Ann Leé'],
    ['keep', 'email', null],
    ['union', 'tags', 'B, c, a'],
  ])('%s', (choose, field, expected) => {
    expect(merged([old, fresh], 'most_recent', { [field]: choose }).after[field]).toEqual(expected)
  })
})

test('a person chooses which stays and whose value a field takes', () => {
  const { survivor, changes } = rulesFor('most_recent', {}).survivalOf([old, fresh], {
    survivor: 1,
    take: new Map([['full_name', 2]]),
  })
  expect(survivor.rowId).toBe(1)
  expect(changes).toMatchObject([{ field: 'full_name', before: 'Ann Lee', after: 'Ann Leé', from: 'k2' }])
})

test('the order of the records changes nothing, one stays, and no value is made up but by a union', () => {
  const cell = fc.option(fc.constantFrom('a', 'bb', 'ccc', 'n/a', '-', '', 'd, e'), { nil: null })
  const rows = fc
    .uniqueArray(
      fc.record({
        rowId: fc.integer({ min: 1, max: 50 }),
        changed: fc.constantFrom('2026-01', '2026-02'),
        full_name: cell,
        email: cell,
        message: cell,
      }),
      {
        selector: ({ rowId }) => rowId,
        minLength: 2,
        maxLength: 6,
      },
    )
    .map((all) => all.map(({ rowId, changed, ...cells }) => row(rowId, changed, cells)))
  const strategy = fc.constantFrom('most_recent' as const, 'highest_quality' as const, 'merge' as const)
  const choosers = fc.dictionary(
    fc.constantFrom('full_name', 'email', 'message'),
    fc.constantFrom<Chooser>('longest', 'shortest', 'min', 'max', 'oldest', 'most_recent', 'keep', 'highest_quality'),
  )
  fc.assert(
    fc.property(rows, strategy, choosers, fc.infiniteStream(fc.nat()), (all, how, by, seeds) => {
      const mixed = [...all]
        .map((one) => ({ one, at: seeds.next().value ?? 0 }))
        .sort((left, right) => left.at - right.at)
      const found = merged(all, how, by)
      expect(
        merged(
          mixed.map(({ one }) => one),
          how,
          by,
        ),
      ).toEqual(found)
      expect([found.stays, ...found.goes].sort()).toEqual(all.map(({ rowId }) => rowId).sort())
      for (const name of ['full_name', 'email', 'message'])
        expect(all.map(({ cells }) => cells[name])).toContain(found.after[name])
    }),
  )
})
