import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Cell } from '../../values/field-type.ts'
import { decodeChanges, encodeChange, isFollowing, keyTextOf, recordsOf } from './change-codec.ts'
import type { Change } from './ports.ts'

const cell: fc.Arbitrary<Cell> = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
)
const rowId = fc.integer({ min: 0, max: 50 })
const row = fc.dictionary(fc.string({ minLength: 1 }), cell)
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record(
    {
      is: fc.constant('cell' as const),
      rowId,
      key: cell,
      column: fc.string(),
      before: cell,
      after: cell,
      follows: fc.constant(true as const),
    },
    { requiredKeys: ['is', 'rowId', 'key', 'column', 'before', 'after'] },
  ),
  fc.record({ is: fc.constantFrom('insert' as const, 'delete' as const), rowId, key: cell, row }),
)

describe('changes as text', () => {
  test('come back as they were: every type of cell, every text, every number', () => {
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const back = decodeChanges(JSON.stringify(changes.map(encodeChange)))
        expect(back).toEqual(changes.map((one) => ('row' in one ? { ...one, row: { ...one.row } } : one)))
      }),
    )
  })
})

describe('records of changes', () => {
  test('keep every change, in order, and hold only cells of one record each', () => {
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const records = recordsOf(changes)
        const partsOf = (record: (typeof records)[number]): readonly Change[] =>
          record.is === 'update' ? [...record.cells, ...record.follows] : [record]
        const kept = records.flatMap(partsOf)
        let from = 0
        for (const record of records) {
          const parts = partsOf(record)
          const given = changes.slice(from, from + parts.length)
          expect(parts).toEqual([...given.filter((one) => !isFollowing(one)), ...given.filter(isFollowing)])
          from += parts.length
          if (record.is !== 'update') continue
          expect(new Set(parts.map((one) => one.rowId)).size).toBe(1)
          expect([record.cells.some(isFollowing), record.follows.every(isFollowing)]).toEqual([false, true])
        }
        expect(kept.length).toBe(changes.length)
      }),
    )
  })

  test('join neighbouring cells of one record and nothing else', () => {
    const at = (id: number, column: string, key: Cell = 'k'): Change => ({
      is: 'cell',
      rowId: id,
      key,
      column,
      before: 1,
      after: 2,
    })
    const records = recordsOf([at(1, 'a'), at(1, 'b'), at(2, 'a'), at(2, 'a', 'other'), at(1, 'c')])
    expect(records.map((record) => (record.is === 'update' ? record.cells.length : 0))).toEqual([2, 1, 1, 1])
  })

  test('are named by key, or by rowid without one', () => {
    expect(keyTextOf({ key: 'a1', rowId: 7 })).toBe('a1')
    expect(keyTextOf({ key: null, rowId: 7 })).toBe('row 7')
    expect(keyTextOf({ key: new Uint8Array([1, 255]), rowId: 7 })).toBe('01ff')
  })
})
