import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ChainedRow, chainStart, hashOfRow } from './chain.ts'
import { type Head, headLine, readHeads, signHead, verifyJournal } from './heads.ts'

const key = 'a1'.repeat(32)
const at = (seq: number) => new Date(Date.UTC(2026, 0, 1) + seq * 60_000).toISOString()

/** A chain of so many entries, from the first that is given anew. */
function chainOf(count: number, bodyOf: (seq: number) => string = (seq) => `{"n":${seq}}`): ChainedRow[] {
  let previous = chainStart
  return Array.from({ length: count }, (_, index) => {
    const seq = index + 1
    const row = { seq, at_ms: seq, type: 'token.created', actor: 'ann', resource: null, action_id: null, run_id: null }
    const whole = { ...row, body: bodyOf(seq) }
    previous = hashOfRow(previous, whole)
    return { ...whole, hash: previous }
  })
}

const headAt = (rows: readonly ChainedRow[], seq: number): Head =>
  signHead(key, { at: at(seq), entries: seq, hash: rows[seq - 1]?.hash ?? '' })
const read = (heads: readonly Head[]) => readHeads(heads.map(headLine).join(''))
const of = (rows: readonly ChainedRow[]) => ({ rows, anchor: undefined })
const seen = (rows: readonly ChainedRow[], heads: readonly Head[], by: string | undefined = key) =>
  verifyJournal(of(rows), read(heads), by)

describe('a journal and its heads', () => {
  const rows = chainOf(10)
  const heads = [headAt(rows, 4), headAt(rows, 8)]

  test('as they were written have no problem, and say how far they are signed', () => {
    expect(seen(rows, heads)).toEqual({
      entries: 10,
      removed: 0,
      hash: rows[9]?.hash,
      heads: 2,
      signedUpTo: 8,
      problems: [],
    })
    expect(seen([], [])).toMatchObject({ entries: 0, hash: chainStart, problems: [] })
  })

  test('of which an entry was edited name it', () => {
    const edited = rows.map((row) => (row.seq === 6 ? { ...row, body: '{"n":66}' } : row))
    expect(seen(edited, heads).problems[0]).toEqual({ seq: 6, message: expect.stringContaining('entry 6 is not as') })
  })

  test('of which an entry was removed, or two changed places, name the place', () => {
    expect(seen(rows.toSpliced(4, 1), heads).problems[0]).toMatchObject({ seq: 5, message: 'entry 5 is missing' })
    const [fifth, sixth] = [rows[4], rows[5]]
    if (fifth === undefined || sixth === undefined) throw new Error('there are ten')
    const moved = rows.toSpliced(4, 2, { ...sixth, seq: 5 }, { ...fifth, seq: 6 })
    expect(seen(moved, heads).problems[0]).toMatchObject({ seq: 5 })
  })

  test('whose end was cut off say from where on entries are missing, and how many there were', () => {
    expect(seen(rows.slice(0, 6), heads).problems).toEqual([
      { seq: 7, message: `entries from 7 on are missing: there were 8 at ${at(8)}` },
    ])
    expect(seen([], heads).problems[0]).toMatchObject({ seq: 1 })
  })

  test('written anew with sound hashes contradict the heads', () => {
    const anew = chainOf(10, (seq) => (seq >= 6 ? '{"n":0}' : `{"n":${seq}}`))
    expect(seen(anew, heads).problems).toEqual([
      { seq: 5, message: `an entry from 5 to 8 was written anew after it was signed at ${at(8)}` },
    ])
  })

  test('do not take heads that another key signed, or that somebody edited', () => {
    const [first] = heads
    if (first === undefined) throw new Error('there are two')
    const forged = signHead('b2'.repeat(32), { at: at(8), entries: 8, hash: 'f'.repeat(64) })
    expect(seen(rows, [first, forged]).problems).toEqual([
      { seq: null, message: 'line 2 of the heads was not signed with this key' },
    ])
    expect(verifyJournal(of(rows), readHeads(`${headLine(first)}nonsense\n`), key).problems).toEqual([
      { seq: null, message: 'line 2 of the heads is none' },
    ])
    expect(verifyJournal(of(rows), readHeads(`${headLine(first)}{"at":"20`), key).problems).toEqual([])
  })

  test('whose key is lost are compared without signatures', () => {
    expect(verifyJournal(of(rows), read(heads), undefined)).toMatchObject({ signedUpTo: 8, problems: [] })
    expect(verifyJournal(of(rows.slice(0, 6)), read(heads), undefined).problems).toHaveLength(1)
  })
})

test('whatever is changed in an entry that is signed is found', () => {
  const columns = ['at_ms', 'type', 'actor', 'resource', 'action_id', 'run_id', 'body', 'hash'] as const
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 12 }).chain((count) =>
        fc.record({
          count: fc.constant(count),
          signed: fc.integer({ min: 1, max: count }),
          change: fc.constantFrom('edit', 'remove', 'restamp', 'cut'),
          column: fc.constantFrom(...columns),
        }),
      ),
      fc.nat(),
      ({ count, signed, change, column }, chance) => {
        const rows = chainOf(count)
        const target = (chance % signed) + 1
        const edited = (row: ChainedRow): ChainedRow =>
          row.seq === target ? { ...row, [column]: column === 'at_ms' ? -1 : 'x' } : row
        const changed = {
          edit: () => rows.map(edited),
          remove: () => rows.filter(({ seq }) => seq !== target),
          restamp: () => chainOf(count, (seq) => (seq === target ? '{"n":"forged"}' : `{"n":${seq}}`)),
          cut: () => rows.slice(0, target - 1),
        }[change]()
        const { problems } = seen(changed, [headAt(rows, signed)])
        expect(problems.length).toBeGreaterThan(0)
        expect(problems[0]?.seq).toBeLessThanOrEqual(target)
      },
    ),
    { numRuns: 1000 },
  )
})
