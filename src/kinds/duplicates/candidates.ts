/** The candidates of single records by what the last full pass kept and what changed since. */
import type { CandidateSource } from '../../matching/changed-record.ts'
import { recordBy } from '../../matching/changed-record.ts'
import type { Edge } from '../../matching/cluster.ts'
import { type Explanation, explain } from '../../matching/explain.ts'
import type { Matcher } from '../../matching/matcher.ts'
import type { KeyIndex } from './key-index.ts'
import type { CellReader } from './row-source.ts'
import type { DuplicateStore } from './store.ts'

export interface CandidateParts {
  /** The name of the resource. */
  readonly table: string
  readonly store: DuplicateStore
  readonly index: KeyIndex
  readonly cells: CellReader
}

/** Rows are named by their rowids. */
export function storedCandidates({ table, store, index, cells }: CandidateParts): CandidateSource {
  const untouched = (rowIds: Iterable<number>) => [...rowIds].filter((rowId) => !store.isTouched(table, rowId))
  return {
    rowsWith: (key, print) => [...untouched(index.rowIdsWith(key, print)), ...store.touchedWith(table, key, print)],
    allRows: () => [...untouched(index.allRowIds()), ...store.touchedRows(table)],
    cellsOf: (rowId) => cells.cellsAt(rowId) ?? [],
    countOf: (feature, print) => index.countOf(feature, print),
  }
}

/** Explains pairs by the rows as they are now. */
export function explainerOf(
  matcher: Matcher,
  source: Pick<CandidateSource, 'cellsOf' | 'countOf'>,
): (edge: Pick<Edge, 'one' | 'other'>) => Explanation {
  return ({ one, other }) => {
    const record = (rowId: number) => recordBy(matcher, source.cellsOf(rowId), source)
    return explain(matcher.judge, record(one), record(other))
  }
}
