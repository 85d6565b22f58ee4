/**
 * The full pass over a table: measure, block, compare, calibrate, cluster. Pure: records come from a source, chance is
 * injected, and nothing is written. Work and memory grow with the rows, not with their square.
 */
import { calibrated } from './calibrate.ts'
import { blockMaxUsual, type OversizedBlock, visitAllPairs, visitCandidates, windowRowsUsual } from './candidates.ts'
import { clusterOf, type Edge, pairKey } from './cluster.ts'
import { type Columns, columnsOf, countBitsOf } from './columns.ts'
import { confidenceOf, isDuplicate, type JudgedRecord, judge, rulesMet } from './judge.ts'
import { judgedRecord, type Matcher, type MatcherOptions, prepareMatcher, rulePrints } from './matcher.ts'
import { probabilityOf } from './model.ts'
import { overlapsOf } from './overlap.ts'
import { pairStore } from './pair-store.ts'
import { reachOf } from './reach.ts'
import { weigh } from './score.ts'
import type { RecordSource } from './source.ts'

export interface FindOptions extends MatcherOptions {
  /** Whether a person said that two rows are not duplicates. */
  readonly isExcluded?: (one: number, other: number) => boolean
}

export interface Found {
  readonly matcher: Matcher
  /** Pairs of duplicates with their confidence. */
  readonly edges: readonly Edge[]
  /** Groups of rows that are one thing, each ascending. */
  readonly clusters: readonly (readonly number[])[]
  /** Pairs that came together in a block. */
  readonly candidates: number
  /** Those of them whose texts were compared. */
  readonly compared: number
  readonly oversized: readonly OversizedBlock[]
  /** A record as it was judged, for explanations. */
  readonly recordOf: (row: number) => JudgedRecord
}

const recordsKept = 30_000
/** Evidence that falls short of the usual prior by more than this cannot become a duplicate by calibration. */
const bitsShort = 7

/** Finds the duplicates of a table of at most 2^26 rows. */
export function findDuplicates(source: RecordSource, options: FindOptions): Found {
  const isExcluded = options.isExcluded ?? (() => false)
  const prepared = prepareMatcher(source, options)
  const { features, plan } = prepared
  const columns = columnsOf(source, features.features, plan.is === 'keys' ? plan.keys : [], {
    count: prepared.judge.rules.exact.length,
    printsOf: (cells) => rulePrints(prepared, cells),
  })
  const countBits = (feature: number, row: number) => countBitsOf(columns.commonness[feature]?.[row] ?? 0)
  const recordOf = recordReader(source, prepared, columns)
  const rough = prepared.judge.model
  const model = {
    ...rough,
    overlaps: overlapsOf({ model: rough, prints: columns.prints, recordOf, random: options.random }),
  }
  const first = { ...prepared.judge, model }
  const mayReach = reachOf(model, columns)
  const floor = Math.log2(Math.max(2, source.rows)) - bitsShort

  const pairs = pairStore(features.features.length)
  const ruled = new Map<number, number>()
  let compared = 0
  const consider = (one: number, other: number) => {
    const named = columns.rules.some((prints) => prints[one] !== 0 && prints[one] === prints[other])
    if (!named && !mayReach(floor, one, other)) return
    compared += 1
    const judgement = judge(first, recordOf(one), recordOf(other))
    if (judgement.veto !== undefined) return
    if (judgement.ruleBits !== undefined) ruled.set(pairKey(one, other), judgement.ruleBits)
    if (judgement.ruleBits !== undefined || judgement.evidence.bits >= floor) pairs.add(one, other, judgement.levels)
  }
  const visited = visit(source.rows, plan.is === 'all-pairs', columns, consider)

  const by = { ...first, model: calibrated({ model, pairs, countBits }) }
  const matcher = { ...prepared, judge: by }
  const isOne = (confidence: number, one: number, other: number) =>
    isDuplicate(by, confidence, () => {
      const [left, right] = [recordOf(one), recordOf(other)]
      return rulesMet(by, judge(by, left, right), left, right).length > 0
    })
  const edges = new Map<number, Edge>()
  for (let at = 0; at < pairs.count; at += 1) {
    const one = pairs.oneAt(at)
    const other = pairs.otherAt(at)
    const key = pairKey(one, other)
    if (edges.has(key) || isExcluded(one, other)) continue
    const evidence = weigh(
      by.model,
      pairs.levelsAt(at),
      (feature) => countBits(feature, one),
      (feature) => countBits(feature, other),
    )
    const byRule = ruled.get(key) ?? Number.NEGATIVE_INFINITY
    const confidence = probabilityOf(Math.max(evidence.bits + by.model.priorBits, byRule))
    if (isOne(confidence, one, other)) edges.set(key, { one, other, confidence })
  }
  const clusters = clusterOf({
    edges: [...edges.values()],
    isSupported: (one, other) =>
      isOne(confidenceOf(judge(by, recordOf(one), recordOf(other)), by.model.priorBits), one, other),
    isExcluded,
  })
  return {
    matcher,
    edges: [...edges.values()],
    clusters,
    candidates: visited.pairs,
    compared,
    oversized: visited.oversized,
    recordOf,
  }
}

function visit(rows: number, allPairs: boolean, columns: Columns, consider: (one: number, other: number) => void) {
  if (allPairs) return visitAllPairs(rows, consider)
  // Emptied where a block is oversized, while the rules' own fingerprints are still asked for.
  const keys = [...columns.rules.map((prints) => [prints.slice()]), ...columns.keys]
  return visitCandidates({ rows, keys, blockMax: blockMaxUsual, windowRows: windowRowsUsual }, consider)
}

/** Reads records when they are compared, and keeps the last ones. */
function recordReader(source: RecordSource, matcher: Matcher, columns: Columns): (row: number) => JudgedRecord {
  const kept = new Map<number, JudgedRecord>()
  return (row) => {
    const known = kept.get(row)
    if (known !== undefined) return known
    const record = judgedRecord(matcher, [...source.cellsOf(row)], (feature) => columns.commonness[feature]?.[row] ?? 0)
    if (kept.size >= recordsKept) kept.clear()
    kept.set(row, record)
    return record
  }
}
