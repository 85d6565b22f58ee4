import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Cell } from '../../values/field-type.ts'
import type { Chooser, DuplicateField } from './spec.ts'
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

describe('the newest record', () => {
  const stays = (one: Cell, other: Cell, spec: Partial<Parameters<typeof testingSpec>[0]> = {}) => {
    const given = testingSpec(spec)
    const fields = given.fields.map((field) => ({ field, column: `column of ${field.name}` }))
    const rows = [one, other].map((changed, at) => ({
      rowId: at + 1,
      key: at + 1,
      cells: { 'column of changed': changed },
    }))
    return survivorship(given, fields).survivalOf(rows).survivor.rowId
  }

  test('is the one with the latest moment, as ISO 8601 or as SQLite writes it', () => {
    expect(stays('2026-01-02', '2026-01-01')).toBe(1)
    expect(stays('2026-01-01T09:00:00', '2026-01-01 10:00:00')).toBe(2)
    expect(stays('2026-01-01 10:00:00', '2026-01-01T09:00:00')).toBe(1)
    expect(stays(1_700_000_001, 1_700_000_000)).toBe(1)
    expect(stays('2026-01-01', null)).toBe(1)
  })

  test('is the one with the higher rowid where the moments are the same or nobody knows them', () => {
    expect(stays('2026-01-01T10:00:00Z', '2026-01-01 10:00:00')).toBe(2)
    expect(stays('2026-01-01', '2026-01-01')).toBe(2)
    expect(stays(null, null)).toBe(2)
    expect(stays('2026-01-02', '2026-01-01', { recency: null })).toBe(2)
  })

  test('is needed of one record at least', () => {
    expect(() => merged([])).toThrow('at least one record')
  })
})

describe('the best record', () => {
  const email = (cell: Cell, rowId: number) => row(rowId, '2026-01-01', { email: cell })
  const strict = testingSpec({ strategy: 'highest_quality' })
  const fields = strict.fields.map((field) => ({
    field: field.name === 'email' ? { ...field, rules: [{ rule: 'email', options: {} }] } : field,
    column: field.name,
  }))
  const bestOf = (...rows: readonly GroupRow[]) => survivorship(strict, fields).survivalOf(rows)

  test('has more that needs no mending, then more that can be mended, then more at all', () => {
    const [right, mendable, wrong] = ['ann@acme.example', ' ANN@ACME.example ', 'ann at acme']
    expect(bestOf(email(right, 1), email(mendable, 2)).survivor.rowId).toBe(1)
    expect(bestOf(email(mendable, 1), email(wrong, 2)).survivor.rowId).toBe(1)
    expect(bestOf(email(wrong, 1), email('n/a', 2)).survivor.rowId).toBe(1)
    expect(bestOf(email(right, 1), email(right, 2)).survivor.rowId).toBe(2)
  })

  test('has rather one of the declared choices than another word', () => {
    const given = strict.fields.map((field) => ({
      field: field.name === 'tags' ? { ...field, choices: ['gold'], rules: [{ rule: 'choice', options: {} }] } : field,
      column: field.name,
    }))
    const rows = [row(1, '2026-01-01', { tags: 'gold' }), row(2, '2026-01-01', { tags: 'lead' })]
    expect(survivorship(strict, given).survivalOf(rows).survivor.rowId).toBe(1)
  })

  test('counts all its fields, numbers as well', () => {
    const full = row(1, '2026-01-01', { full_name: 'Ann Lee', score: 0 })
    expect(bestOf(full, email('ann@acme.example', 2)).survivor.rowId).toBe(1)
    expect(bestOf(row(1, '2026-01-01', { score: 5 }), email('ann at acme', 2)).survivor.rowId).toBe(1)
  })

  test('is filled from the next best', () => {
    const rows = [
      row(1, '2026-01-01', { full_name: 'Ann Lee', score: 1, email: 'ann@acme.example' }),
      row(2, '2026-01-02', { message: 'of the worst' }),
      row(3, '2026-01-01', { message: 'of the second', tags: 'a' }),
    ]
    expect(bestOf(...rows).changes.map(({ field, after, from }) => [field, after, from])).toEqual([
      ['tags', 'a', 'k3'],
      ['message', 'of the second', 'k3'],
    ])
  })

  test('gives way, field by field, to a better value, and of values that are as good the one that stays is kept', () => {
    const spec = testingSpec({ strategy: 'merge' })
    const merge = survivorship(spec, fields)
    const older = row(1, '2026-01-01', { email: 'ann at acme', full_name: 'Ann' })
    const newer = row(2, '2026-02-01', { email: 'ann@acme.example', full_name: 'Ann Lee' })
    expect(merge.survivalOf([older, newer])).toEqual({
      survivor: older,
      losers: [newer],
      changes: [{ field: 'email', column: 'email', before: 'ann at acme', after: 'ann@acme.example', from: 'k2' }],
    })
  })
})

describe('what is not merged', () => {
  test('stamps of the one that stays are its own', () => {
    const spec = testingSpec({ stamps: [{ name: 'message', type: 'datetime' as const }] })
    const rules = survivorship(
      spec,
      spec.fields.map((field) => ({ field, column: field.name })),
    )
    const { changes } = rules.survivalOf([row(1, '2026-01-01', { message: 'x', tags: 'a' }), row(2, '2026-02-01', {})])
    expect(changes.map(({ field }) => field)).toEqual(['tags'])
  })

  test('a mark that the one that stays has already is no change', () => {
    const spec = testingSpec({ choosers: { score: 'min' } })
    const rules = survivorship(
      spec,
      spec.fields.map((field) => ({ field: { ...field, doNotContact: field.name === 'score' }, column: field.name })),
    )
    const marks = (older: Cell, newer: Cell) =>
      rules.survivalOf([row(1, '2026-01-01', { score: older }), row(2, '2026-02-01', { score: newer })]).changes
    expect(marks(0, 1)).toEqual([])
    expect(marks(1, null)).toEqual([{ field: 'score', column: 'score', before: null, after: 1, from: 'k1' }])
    expect(marks(0, null)).toMatchObject([{ after: 0 }])
    // What stood there before is told, so that it can be given back.
    expect(marks(1, 0)).toMatchObject([{ before: 0, after: 1 }])
  })

  test('bytes that are the same are no change', () => {
    const bytes = (...values: number[]) => Uint8Array.from(values)
    const changes = (one: Cell, other: Cell) =>
      rulesFor('most_recent', { message: 'oldest' }).survivalOf([
        row(1, '2026-01-01', { message: one }),
        row(2, '2026-02-01', { message: other }),
      ]).changes.length
    expect(changes(bytes(1, 2), bytes(1, 2))).toBe(0)
    expect(changes(bytes(1, 2), bytes(1, 3))).toBe(1)
    expect(changes('a', bytes(97))).toBe(1)
    expect(changes(bytes(97), 'a')).toBe(1)
  })

  test('a value of the one that stays, however bad, unless the strategy is to merge', () => {
    const better = row(1, '2026-01-01', { email: 'ann@acme.example' })
    const newer = row(2, '2026-02-01', { email: 'ann at acme' })
    const spec = testingSpec({})
    const fields = spec.fields.map((field) => ({
      field: field.name === 'email' ? { ...field, rules: [{ rule: 'email', options: {} }] } : field,
      column: field.name,
    }))
    expect(survivorship(spec, fields).survivalOf([better, newer])).toMatchObject({ survivor: newer, changes: [] })
  })

  test('losers are told in ascending order', () => {
    const rows = [7, 3, 9, 5].map((rowId) => row(rowId, `2026-01-0${rowId}`, {}))
    expect(merged(rows)).toMatchObject({ stays: 9, goes: [3, 5, 7] })
    expect(merged(rows, 'merge')).toMatchObject({ stays: 3, goes: [5, 7, 9] })
  })
})

describe('a union', () => {
  const of = (type: DuplicateField['type'], column: 'tags' | 'message', ...cells: Cell[]) => {
    const spec = testingSpec({ choosers: { [column]: 'union' } })
    const fields = spec.fields.map((field) => ({
      field: field.name === column ? { ...field, type } : field,
      column: field.name,
    }))
    const rows = cells.map((cell, at) => row(at + 1, `2026-01-0${9 - at}`, { [column]: cell }))
    const { survivor, changes } = survivorship(spec, fields).survivalOf(rows)
    const change = changes.find(({ field }) => field === column)
    return change === undefined ? survivor.cells[column] : { after: change.after, from: change.from }
  }

  test('of texts has each part once, as it is written first, and comes from no single record', () => {
    expect(of('text', 'tags', 'a, b', 'B;c ,, ;', 'd')).toEqual({ after: 'a, b, c, d', from: null })
    expect(of('text', 'tags', 'a, b', 'n/a', null)).toBe('a, b')
  })

  test('of long texts has each text once, one below the other', () => {
    expect(of('longtext', 'message', 'first, it is', 'second', 'first, it is')).toEqual({
      after: 'first, it is\nsecond',
      from: null,
    })
  })

  test('of choices is a list, into which a plain word goes as one item', () => {
    expect(of('choices', 'tags', '["a","b"]', '["b","c"]', 'd, e', '5', null)).toEqual({
      after: '["a","b","c","d, e","5"]',
      from: null,
    })
    expect(of('choices', 'tags', '["a"]', 7)).toBe('["a"]')
  })

  test('of what is no text is the first value', () => {
    expect(of('text', 'tags', null, 3, 'a')).toEqual({ after: 3, from: 'k2' })
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
    ['highest_quality', 'email', 'ann@acme.example'],
    ['max', 'message', 'short'],
    ['min', 'message', 'a longer word'],
    ['union', 'tags', 'B, c, a'],
  ])('%s', (choose, field, expected) => {
    expect(merged([old, fresh], 'most_recent', { [field]: choose }).after[field]).toEqual(expected)
  })
})

test.each<[Chooser, Cell, Cell, Cell]>([
  ['max', 10, 9, 10],
  ['max', 10n, 9, 10n],
  ['min', 9, 10n, 9],
  ['max', '10', 9, 9],
  ['max', 9, '10', 9],
  ['min', 'b', 'a', 'a'],
  ['longest', 100, 99, 100],
  ['longest', Uint8Array.from([1, 2]), 'abc', 'abc'],
  ['shortest', Uint8Array.from([100, 200]), 'abc', Uint8Array.from([100, 200])],
  ['longest', 'abc', 'xyz', 'xyz'],
  ['longest', 'abc', '  ', 'abc'],
  ['shortest', 'abc', '-', 'abc'],
  ['shortest', 'abc', null, 'abc'],
])('%s of %s and %s is %s', (choose, older, newer, expected) => {
  const rows = [row(1, '2026-01-01', { message: older }), row(2, '2026-02-01', { message: newer })]
  expect(merged(rows, 'most_recent', { message: choose }).after.message).toEqual(expected)
})

test('the oldest value is that of the oldest record that has one', () => {
  const rows = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04'].map((changed, at) =>
    row(at + 1, changed, { message: at === 0 ? null : `of ${at + 1}` }),
  )
  expect(merged(rows, 'most_recent', { message: 'oldest' }).after.message).toBe('of 2')
})

test('a person chooses which stays and whose value a field takes', () => {
  const { survivor, changes } = rulesFor('most_recent', {}).survivalOf([old, fresh], {
    survivor: 1,
    take: new Map([['full_name', 2]]),
  })
  expect(survivor.rowId).toBe(1)
  expect(changes).toMatchObject([{ field: 'full_name', before: 'Ann Lee', after: 'Ann Leé', from: 'k2' }])
  const emptied = rulesFor('merge', {}).survivalOf([old, fresh], { take: new Map([['email', 2]]) })
  expect(emptied.changes).toMatchObject([{ field: 'email', after: null, from: 'k2' }])
  const unknown = rulesFor('most_recent', {}).survivalOf([old, fresh], {
    survivor: 9,
    take: new Map([['full_name', 9]]),
  })
  expect(unknown).toEqual(rulesFor('most_recent', {}).survivalOf([old, fresh]))
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
