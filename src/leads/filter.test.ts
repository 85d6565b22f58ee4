import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Cell } from '../values/field-type.ts'
import { compileFilter, type LeadFilter, parseFilter } from './filter.ts'
import { leadTableOf } from './table.ts'
import { testingDesiredState, testingTableSql } from './testing-table.ts'

const spec = testingDesiredState().tables.leads
if (spec === undefined) throw new Error('the testing state has leads')
const table = leadTableOf('leads', spec)

const columns = ['company', 'status', 'tags', 'verified', 'employees', 'score', 'updated_at'] as const
type Row = Readonly<Record<(typeof columns)[number], Cell>>

const texts = fc.constantFrom(
  '',
  'a',
  'A',
  'Acme',
  'acme corp',
  '100%',
  'under_score',
  'back\\slash',
  "o'hara",
  'Größe',
  '"',
)
const rowOf = fc.record({
  company: fc.option(texts),
  status: fc.option(fc.constantFrom('auto_send', 'contacted', 'nonsense')),
  tags: fc.option(fc.constantFrom('[]', '["vip"]', '["vip","eu"]', 'no json')),
  verified: fc.option(fc.constantFrom(0, 1)),
  employees: fc.option(fc.integer({ min: -3, max: 3 })),
  score: fc.option(fc.constantFrom(-1.5, 0, 0.25, 2)),
  updated_at: fc.option(fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-06-01T00:00:00.000Z', 'yesterday')),
})

const comparable: fc.Arbitrary<LeadFilter> = fc.oneof(
  ...(
    [
      ['company', texts],
      ['employees', fc.integer({ min: -3, max: 3 })],
      ['score', fc.constantFrom(-1.5, 0, 1)],
      ['updated_at', fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z')],
    ] as const
  ).map(([column, values]) =>
    fc.record({
      is: fc.constant('compare' as const),
      column: fc.constant(column),
      operator: fc.constantFrom(
        'eq' as const,
        'ne' as const,
        'gt' as const,
        'gte' as const,
        'lt' as const,
        'lte' as const,
      ),
      value: values as fc.Arbitrary<Cell>,
    }),
  ),
)
const leaf: fc.Arbitrary<LeadFilter> = fc.oneof(
  comparable,
  fc.record({
    is: fc.constant('in' as const),
    column: fc.constant('status'),
    values: fc.array(fc.constantFrom('auto_send', 'contacted', 'gone'), { maxLength: 3 }),
  }),
  fc.record({
    is: fc.constant('text' as const),
    column: fc.constant('company'),
    operator: fc.constantFrom('contains' as const, 'startsWith' as const),
    text: texts,
  }),
  fc.record({
    is: fc.constant('has' as const),
    column: fc.constant('tags'),
    choice: fc.constantFrom('vip', 'eu', 'cold'),
  }),
  fc.record({ is: fc.constant('isNull' as const), column: fc.constantFrom(...columns), holds: fc.boolean() }),
)
const { filter: filters } = fc.letrec<{ filter: LeadFilter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record({ is: fc.constantFrom('all' as const, 'any' as const), of: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ is: fc.constant('not' as const), of: tie('filter') }),
  ),
}))

/** The meaning of a filter, said in JavaScript. */
function holds(filter: LeadFilter, row: Row): boolean {
  const cellOf = (column: string): Cell => Object.entries(row).find(([name]) => name === column)?.[1] ?? null
  const lower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  switch (filter.is) {
    case 'all':
      return filter.of.every((part) => holds(part, row))
    case 'any':
      return filter.of.some((part) => holds(part, row))
    case 'not':
      return !holds(filter.of, row)
    case 'isNull':
      return (cellOf(filter.column) === null) === filter.holds
    case 'in':
      return cellOf(filter.column) !== null && filter.values.includes(cellOf(filter.column))
    case 'text': {
      const cell = cellOf(filter.column)
      if (typeof cell !== 'string') return false
      return filter.operator === 'contains'
        ? lower(cell).includes(lower(filter.text))
        : lower(cell).startsWith(lower(filter.text))
    }
    case 'has': {
      const cell = cellOf(filter.column)
      return typeof cell === 'string' && cell.startsWith('[') && (JSON.parse(cell) as string[]).includes(filter.choice)
    }
    case 'compare': {
      const cell = cellOf(filter.column)
      if (filter.operator === 'ne') return cell !== filter.value
      if (cell === null || filter.value === null) return false
      const order =
        typeof cell === 'string' && typeof filter.value === 'string'
          ? Buffer.compare(Buffer.from(cell), Buffer.from(filter.value))
          : Number(cell) - Number(filter.value)
      return { eq: order === 0, gt: order > 0, gte: order >= 0, lt: order < 0, lte: order <= 0 }[filter.operator]
    }
  }
}

describe('filters of lead lists', () => {
  test('SQL finds exactly the rows that the filter means, whatever it nests', () => {
    const db = new Database(':memory:')
    db.exec(testingTableSql)
    const insert = db.prepare(
      `INSERT INTO leads (rowid, id, ${columns.join(', ')}) VALUES (?, ?, ${columns.map(() => '?').join(', ')})`,
    )
    const existing = new Set<string>(['id', ...columns])
    fc.assert(
      fc.property(fc.array(rowOf, { minLength: 1, maxLength: 12 }), filters, (rows, filter) => {
        db.exec('DELETE FROM leads')
        for (const [at, row] of rows.entries()) insert.run(at, `k${at}`, ...columns.map((column) => row[column]))
        const condition = compileFilter(filter, existing)
        const found = db
          .prepare<Cell[], number>(`SELECT rowid FROM leads WHERE ${condition?.sql ?? '1'} ORDER BY rowid`)
          .pluck()
          .all(...(condition?.parameters ?? []))
        expect(found).toEqual(rows.flatMap((row, at) => (holds(filter, row) ? [at] : [])))
      }),
      { numRuns: 2000 },
    )
  })

  test('a column that does not exist yet counts as empty', () => {
    expect(compileFilter({ is: 'isNull', column: 'company', holds: true }, new Set(['id']))?.sql).toBe('NULL IS NULL')
  })

  test('the nested form of requests is parsed', () => {
    const parsed = parseFilter(table, {
      company: { eq: 'Acme', isNull: false },
      or: [{ verified: { eq: true } }, { not: { tags: { has: 'vip' } } }],
      email: { eq: null },
    })
    expect(parsed).toEqual({
      is: 'filter',
      filter: {
        is: 'all',
        of: [
          { is: 'compare', column: 'company', operator: 'eq', value: 'Acme' },
          { is: 'isNull', column: 'company', holds: false },
          {
            is: 'any',
            of: [
              { is: 'compare', column: 'verified', operator: 'eq', value: 1 },
              { is: 'not', of: { is: 'has', column: 'tags', choice: 'vip' } },
            ],
          },
          { is: 'isNull', column: 'email', holds: true },
        ],
      },
    })
  })

  test.each([
    [{ nonsense: { eq: 1 } }, ['nonsense'], 'no field'],
    [{ 'id"; DROP TABLE leads; --': { eq: 1 } }, ['id"; DROP TABLE leads; --'], 'no field'],
    [{ company: { like: 'x' } }, ['company', 'like'], 'one of'],
    [{ employees: { eq: 'many' } }, ['employees', 'eq'], 'type integer'],
    [{ or: { company: { eq: 'x' } } }, ['or'], 'list'],
    [{ company: 'Acme' }, ['company'], 'object'],
    [{ updated_at: { gt: 'yesterday' } }, ['updated_at', 'gt'], 'type datetime'],
    ['x', [], 'object'],
  ])('%j is refused with its path', (input, path, message) => {
    const parsed = parseFilter(table, input)
    expect(parsed).toMatchObject({ is: 'invalid', problems: [{ path, message: expect.stringContaining(message) }] })
  })

  test('endless nesting and endless conditions are refused', () => {
    let deep: object = { company: { eq: 'x' } }
    for (let level = 0; level < 50; level++) deep = { not: deep }
    expect(parseFilter(table, deep).is).toBe('invalid')
    const wide = { or: Array.from({ length: 101 }, () => ({ company: { eq: 'x' } })) }
    expect(parseFilter(table, wide).is).toBe('invalid')
  })
})
