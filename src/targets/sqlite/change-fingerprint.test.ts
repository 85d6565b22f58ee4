import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createChangeFingerprint } from './change-fingerprint.ts'
import type { Change } from './ports.ts'

const cells = fc.oneof(
  fc.constant(null),
  fc.integer(),
  fc.double({ noNaN: true }).map((number) => number + 0),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('1', 'n;', 's1:a'),
  fc.uint8Array({ maxLength: 4 }),
)
const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    is: fc.constant('cell' as const),
    rowId: fc.nat(),
    key: cells,
    column: fc.constantFrom('email', 'name', 's5:email'),
    before: cells,
    after: cells,
  }),
  fc.record({
    is: fc.constantFrom('insert' as const, 'delete' as const),
    rowId: fc.nat(),
    key: cells,
    row: fc.dictionary(fc.constantFrom('a', 'b', 'c'), cells),
  }),
)

function fingerprintOf(sequence: readonly Change[]): string {
  const fingerprint = createChangeFingerprint()
  for (const change of sequence) fingerprint.add(change)
  expect(fingerprint.count).toBe(sequence.length)
  expect(fingerprint.digest()).toBe(fingerprint.digest())
  return fingerprint.digest()
}

/** Equal as SQLite cells: better-sqlite3 gives one JavaScript value for one stored cell. */
function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(shape(left)) === JSON.stringify(shape(right))
}
function shape(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value] }
  if (Array.isArray(value)) return value.map(shape)
  if (typeof value === 'number') return { number: `${value}` }
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, part]) => [name, shape(part)])
  return value
}

test('sequences are equal exactly when their fingerprints are', () => {
  const sequences = fc.array(changes, { maxLength: 4 })
  fc.assert(
    fc.property(sequences, sequences, (left, right) => {
      const known = (sequence: readonly Change[]) =>
        sequence.map((one) => (one.is === 'cell' ? { ...one, key: null } : one))
      expect(fingerprintOf(left) === fingerprintOf(right)).toBe(same(known(left), known(right)))
      expect(fingerprintOf(left)).toBe(fingerprintOf([...left]))
    }),
    { numRuns: 500 },
  )
})

test('order, type of a cell, and where one text ends and the next begins all count', () => {
  const change = (before: string | number, after: string | number): Change => ({
    is: 'cell',
    rowId: 1,
    key: 'k',
    column: 'email',
    before,
    after,
  })
  const texts = [
    fingerprintOf([change('a', 'b'), change('b', 'c')]),
    fingerprintOf([change('b', 'c'), change('a', 'b')]),
    fingerprintOf([change('1', 'b')]),
    fingerprintOf([change(1, 'b')]),
    fingerprintOf([change('ab', 'c')]),
    fingerprintOf([change('a', 'bc')]),
    fingerprintOf([]),
  ]
  expect(new Set(texts).size).toBe(texts.length)
})

test('a long sequence has the digest of the same sequence in pieces', () => {
  const many = Array.from(
    { length: 5000 },
    (_, rowId): Change => ({
      is: 'cell',
      rowId,
      key: `key-${rowId}`,
      column: 'email',
      before: `A${rowId}@X.COM`,
      after: `a${rowId}@x.com`,
    }),
  )
  const stepwise = createChangeFingerprint()
  for (const change of many) {
    stepwise.add(change)
    if (change.rowId % 1000 === 0) stepwise.digest()
  }
  expect(stepwise.digest()).toBe(fingerprintOf(many))
})

test('cells that only follow have no part in it', () => {
  const following = fc.record({
    is: fc.constant('cell' as const),
    rowId: fc.nat(),
    key: cells,
    column: fc.constant('updated_at'),
    before: cells,
    after: cells,
    follows: fc.constant(true as const),
  })
  fc.assert(
    fc.property(fc.array(changes, { maxLength: 4 }), fc.array(following), (sequence, stamps) => {
      const fingerprint = createChangeFingerprint()
      for (const change of sequence) {
        fingerprint.add(change)
        for (const stamp of stamps) fingerprint.add(stamp)
      }
      expect([fingerprint.count, fingerprint.digest()]).toEqual([sequence.length, fingerprintOf(sequence)])
    }),
  )
})

test('a record that is given its missing key meanwhile is the same record', () => {
  const cell = { is: 'cell', rowId: 7, column: 'email', before: 'A@X.COM', after: 'a@x.com' } as const
  expect(fingerprintOf([{ ...cell, key: null }])).toBe(fingerprintOf([{ ...cell, key: 'k' }]))
})
