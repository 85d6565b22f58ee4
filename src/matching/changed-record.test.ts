import { expect, test } from 'vitest'
import { seededRandom } from '../random.ts'
import { candidateIndex } from './candidate-index.ts'
import { edgesOfChanged, withKeptRecords } from './changed-record.ts'
import { findDuplicates } from './find-duplicates.ts'
import { arraySource } from './source.ts'
import { peopleFields, peopleOf } from './testing-people.ts'

const { records } = peopleOf(400, 9)
const { matcher } = findDuplicates(arraySource(records), { fields: peopleFields, rules: [], random: seededRandom(3) })
const index = candidateIndex(matcher)
for (const [row, cells] of records.entries()) index.put(row, cells)

test.each([4096, 20])('with %i rows kept ready each record finds what it finds without', (rowsMax) => {
  const kept = withKeptRecords(matcher, index, rowsMax)
  for (const [row, cells] of records.entries())
    expect(edgesOfChanged(matcher, { row, cells }, kept)).toEqual(edgesOfChanged(matcher, { row, cells }, index))
})

test('a row that many are compared with is read once', () => {
  const reads = new Map<number, number>()
  const counted = {
    ...index,
    cellsOf(row: number) {
      reads.set(row, (reads.get(row) ?? 0) + 1)
      return index.cellsOf(row)
    },
  }
  const kept = withKeptRecords(matcher, counted)
  for (const [row, cells] of records.entries()) edgesOfChanged(matcher, { row, cells }, kept)
  expect(reads.size).toBeGreaterThan(300)
  expect([...new Set(reads.values())]).toEqual([1])
})
