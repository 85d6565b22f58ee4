/**
 * The incremental form: a record that is new or has changed is judged against the records of its blocks alone, by the
 * matcher of the last full pass. The edges are those that a full pass would give it with the same model; blocks that the
 * full pass had to window may differ.
 */
import { keyWriter } from './blocking-plan.ts'
import type { Edge } from './cluster.ts'
import { commonnessOfCount } from './columns.ts'
import { readingsOf } from './feature.ts'
import { fingerprintOf } from './fingerprint.ts'
import { bitsOfRules, confidenceOf, isDuplicate, type JudgedRecord, judge, rulesMet } from './judge.ts'
import { judgedRecord, type Matcher, rulePrint } from './matcher.ts'

/** Where candidates come from: an index of keys, in memory or in a file beside the data. */
export interface CandidateSource {
  /** Rows with this fingerprint of a key (see {@link keyPrintsOf}), at most those that a block may have. */
  rowsWith(key: number, print: number): Iterable<number>
  /** All rows; asked only where the table is small enough to have no keys. */
  allRows(): Iterable<number>
  cellsOf(row: number): readonly string[]
  /** How many records have this value of a feature, the record in question included. */
  countOf(feature: number, print: number): number
  /** A row as it is judged, where it is kept; see {@link withKeptRecords}. */
  recordOf?(row: number): JudgedRecord
}

/** A key with one fingerprint of a record; what an index of candidates stores for each row. Exact rules come first. */
export interface KeyPrint {
  readonly key: number
  readonly print: number
}

/** All fingerprints under which a record is found. */
export function keyPrintsOf(matcher: Matcher, cells: readonly string[]): readonly KeyPrint[] {
  const readings = readingsOf(matcher.features.features, cells)
  const prints = readings.map((reading) => (reading === '' ? 0 : fingerprintOf(reading)))
  const rules = matcher.judge.rules.exact.length
  const found: KeyPrint[] = []
  for (let rule = 0; rule < rules; rule += 1) found.push({ key: rule, print: rulePrint(matcher, rule, cells, prints) })
  keyWriter(matcher.plan.is === 'keys' ? matcher.plan.keys : [])(readings, prints, (key, _, print) =>
    found.push({ key: rules + key, print }),
  )
  return found.filter(({ print }) => print !== 0)
}

export interface ChangedRecord {
  readonly row: number
  readonly cells: readonly string[]
  readonly isExcluded?: (one: number, other: number) => boolean
}

/** The duplicates of one record, by falling confidence. */
export function edgesOfChanged(matcher: Matcher, changed: ChangedRecord, source: CandidateSource): readonly Edge[] {
  const { judge: by } = matcher
  const record = recordBy(matcher, changed.cells, source)
  const edges: Edge[] = []
  for (const row of candidatesOf(matcher, changed, source)) {
    if (changed.isExcluded?.(changed.row, row) === true) continue
    const other = source.recordOf?.(row) ?? recordBy(matcher, source.cellsOf(row), source)
    const judgement = judge(by, record, other)
    const confidence = confidenceOf(judgement, by.model.priorBits)
    if (isDuplicate(by, confidence, () => rulesMet(by, judgement, record, other).length > 0))
      edges.push({
        one: Math.min(changed.row, row),
        other: Math.max(changed.row, row),
        confidence,
        exact: bitsOfRules(by.rules.exact, judgement.exact),
      })
  }
  return edges.sort(
    (left, right) => right.confidence - left.confidence || left.one - right.one || left.other - right.other,
  )
}

/** Rows that are kept ready; one takes a few hundred bytes to some kilobytes, by its values. */
const keptRowsMax = 4096

/**
 * The source with rows kept ready to be judged, since the records of a block are candidates of each other: reading a row,
 * and counting who shares its values, takes several times as long as judging it. For as long as no row changes.
 */
export function withKeptRecords(matcher: Matcher, source: CandidateSource, rowsMax = keptRowsMax): CandidateSource {
  const kept = new Map<number, JudgedRecord>()
  return {
    ...source,
    recordOf(row) {
      const known = kept.get(row)
      if (known !== undefined) return known
      const record = recordBy(matcher, source.cellsOf(row), source)
      const [oldest] = kept.size < rowsMax ? [] : kept.keys()
      if (oldest !== undefined) kept.delete(oldest)
      kept.set(row, record)
      return record
    },
  }
}

/** A record as it is judged, with the commonness of its values from the source, which is asked once for each. */
export function recordBy(
  matcher: Matcher,
  cells: readonly string[],
  source: Pick<CandidateSource, 'countOf'>,
): JudgedRecord {
  const known: (number | undefined)[] = []
  return judgedRecord(matcher, cells, (feature, reading) => {
    const kept = known[feature]
    if (kept !== undefined) return kept
    const text = reading()
    const commonness = text === '' ? 0 : commonnessOfCount(source.countOf(feature, fingerprintOf(text)))
    known[feature] = commonness
    return commonness
  })
}

function candidatesOf(matcher: Matcher, changed: ChangedRecord, source: CandidateSource): ReadonlySet<number> {
  const rows = new Set<number>()
  if (matcher.plan.is === 'all-pairs') for (const row of source.allRows()) rows.add(row)
  else
    for (const { key, print } of keyPrintsOf(matcher, changed.cells))
      for (const row of source.rowsWith(key, print)) rows.add(row)
  rows.delete(changed.row)
  return rows
}
