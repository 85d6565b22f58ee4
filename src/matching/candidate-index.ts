/** An index of candidates in memory, for tables that fit; a file beside the data can stand in its place. */

import { type CandidateSource, keyPrintsOf } from './changed-record.ts'
import { readingsOf } from './feature.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { Matcher } from './matcher.ts'

export interface CandidateIndex extends CandidateSource {
  /** Adds a record or replaces its former version. */
  put(row: number, cells: readonly string[]): void
  remove(row: number): void
}

export function candidateIndex(matcher: Matcher): CandidateIndex {
  const { features } = matcher.features
  const records = new Map<number, readonly string[]>()
  const rowsOf = new Map<string, Set<number>>()
  const counts = new Map<string, number>()
  const place = ({ key, print }: { readonly key: number; readonly print: number }) => `${key} ${print}`
  const valuesOf = (cells: readonly string[]) =>
    readingsOf(features, cells).flatMap((reading, feature) =>
      reading === '' ? [] : [`${feature} ${fingerprintOf(reading)}`],
    )
  const remove = (row: number) => {
    const cells = records.get(row)
    if (cells === undefined) return
    records.delete(row)
    for (const key of keyPrintsOf(matcher, cells)) rowsOf.get(place(key))?.delete(row)
    for (const value of valuesOf(cells)) counts.set(value, (counts.get(value) ?? 1) - 1)
  }
  return {
    put(row, cells) {
      remove(row)
      records.set(row, cells)
      for (const key of keyPrintsOf(matcher, cells)) {
        const rows = rowsOf.get(place(key))
        if (rows === undefined) rowsOf.set(place(key), new Set([row]))
        else rows.add(row)
      }
      for (const value of valuesOf(cells)) counts.set(value, (counts.get(value) ?? 0) + 1)
    },
    remove,
    rowsWith: (key, print) => rowsOf.get(place({ key, print })) ?? [],
    allRows: () => records.keys(),
    cellsOf: (row) => records.get(row) ?? [],
    countOf: (feature, print) => counts.get(`${feature} ${print}`) ?? 0,
  }
}
