/**
 * The full pass over a table: measure, block, compare, calibrate, group. Pure: records come from a source, chance is
 * injected, and nothing is written. Work and memory grow with the rows, not with their square.
 */
import { calibrated } from './calibrate.ts'
import { blockMaxUsual, type Candidates, visitAllPairs, visitCandidates, windowRowsUsual } from './candidates.ts'
import { cellsOfChosen } from './cell-arena.ts'
import { clusterOf, type Edge, pairKey } from './cluster.ts'
import { type Columns, columnsOf, countBitsOf } from './columns.ts'
import { firstLookOf } from './first-look.ts'
import {
  bitsOfRules,
  confidenceOf,
  isDuplicate,
  type JudgedRecord,
  judge,
  judgeLevels,
  ruleBitsOf,
  rulesMet,
} from './judge.ts'
import { judgedRecord, type Matcher, type MatcherOptions, prepareMatcher, rulePrint } from './matcher.ts'
import { probabilityOf } from './model.ts'
import { overlapsOf } from './overlap.ts'
import { type PairStore, pairStore } from './pair-store.ts'
import { decideLevels, weigh } from './score.ts'
import type { RecordSource } from './source.ts'

export interface FindOptions extends MatcherOptions {
  /** Whether a person said that two rows are not duplicates. */
  readonly isExcluded?: (one: number, other: number) => boolean
  /** Is given the fingerprints of all rows while they are there, for an index of candidates. */
  readonly onColumns?: (matcher: Matcher, columns: Columns) => void
}

export interface Found extends Candidates {
  readonly matcher: Matcher
  /** Pairs of duplicates with their confidence. */
  readonly edges: readonly Edge[]
  /** Groups of rows that are one thing, each ascending. */
  readonly clusters: readonly (readonly number[])[]
  /** Candidates whose texts were compared. */
  readonly compared: number
  /** A record as it was judged, for explanations. */
  readonly recordOf: (row: number) => JudgedRecord
}

const recordsKept = 300
/** Evidence that falls short of the usual prior by more than this cannot become a duplicate by calibration. */
const bitsShort = 7

/** Finds the duplicates of a table of at most 2^26 rows. */
export function findDuplicates(source: RecordSource, options: FindOptions): Found {
  const isExcluded = options.isExcluded ?? (() => false)
  const floor = Math.log2(Math.max(2, source.rows)) - bitsShort
  const gathered = gather(source, options, floor)
  const { commonness, near } = gathered
  const { features } = gathered.matcher
  const countBits = (feature: number, row: number) => countBitsOf(commonness[feature]?.[row] ?? 0)
  const chosen = new Uint8Array(source.rows)
  for (let at = 0; at < near.count; at += 1) {
    chosen[near.oneAt(at)] = 1
    chosen[near.otherAt(at)] = 1
  }
  const recordOf = recordReader(cellsOfChosen(source, chosen), gathered.matcher, commonness)

  const first = gathered.matcher.judge
  const rules = first.rules.exact
  const pairs = pairStore(features.features.length)
  for (let at = 0; at < near.count; at += 1) {
    const one = near.oneAt(at)
    const other = near.otherAt(at)
    const [left, right] = [recordOf(one), recordOf(other)]
    const levels = decideLevels(first.model, left, right, near.levelsAt(at))
    const judgement = judgeLevels(first, levels, left, right)
    if (judgement.veto !== undefined) continue
    if (judgement.exact.length > 0 || judgement.evidence.bits >= floor)
      pairs.add(one, other, levels, bitsOfRules(rules, judgement.exact))
  }

  const by = { ...first, model: calibrated({ model: first.model, pairs, countBits }) }
  const isOne = (confidence: number, one: number, other: number) =>
    isDuplicate(by, confidence, () => {
      const [left, right] = [recordOf(one), recordOf(other)]
      return rulesMet(by, judge(by, left, right), left, right).length > 0
    })
  const edges: Edge[] = []
  // Only through the window of an oversized block can a pair come twice.
  const seen = gathered.oversized.length > 0 ? new Set<number>() : undefined
  for (let at = 0; at < pairs.count; at += 1) {
    const one = pairs.oneAt(at)
    const other = pairs.otherAt(at)
    if (seen?.has(pairKey(one, other)) === true || isExcluded(one, other)) continue
    seen?.add(pairKey(one, other))
    const evidence = weigh(
      by.model,
      pairs.levelsAt(at),
      (feature) => countBits(feature, one),
      (feature) => countBits(feature, other),
    )
    const met = pairs.rulesAt(at)
    const exact = met === 0 ? [] : rules.filter((_, rule) => (met & (1 << rule)) !== 0)
    const byRule = ruleBitsOf(by, exact, evidence) ?? Number.NEGATIVE_INFINITY
    const confidence = probabilityOf(Math.max(evidence.bits + by.model.priorBits, byRule))
    if (isOne(confidence, one, other)) edges.push({ one, other, confidence, exact: met })
  }
  const isSupported = (one: number, other: number) =>
    isOne(confidenceOf(judge(by, recordOf(one), recordOf(other)), by.model.priorBits), one, other)
  return {
    matcher: { ...gathered.matcher, judge: by },
    edges,
    clusters: clusterOf({ edges, isSupported, isExcluded }),
    candidates: gathered.candidates,
    compared: near.count,
    oversized: gathered.oversized,
    recordOf,
  }
}

interface Gathered extends Candidates {
  readonly matcher: Matcher
  /** Candidates that can have enough evidence, with their levels as far as fingerprints tell. */
  readonly near: PairStore
  readonly commonness: readonly Uint8Array[]
}

/** Measures and blocks. What it keeps of every record is given back to the memory when it returns, but for the commonness. */
function gather(source: RecordSource, options: FindOptions, floor: number): Gathered {
  const prepared = prepareMatcher(source, options)
  const { features, plan } = prepared
  const columns = columnsOf(source, features.features, plan.is === 'keys' ? plan.keys : [], {
    count: prepared.judge.rules.exact.length,
    printOf: (rule, cells, prints) => rulePrint(prepared, rule, cells, prints),
  })
  options.onColumns?.(prepared, columns)
  const recordOf = recordReader((row) => source.cellsOf(row), prepared, columns.commonness)
  const rough = prepared.judge.model
  const overlaps = overlapsOf({ model: rough, prints: columns.prints, recordOf, random: options.random })
  const model = { ...rough, overlaps }
  const firstLook = firstLookOf(model, columns)
  const near = pairStore(features.features.length)
  const levels = new Uint8Array(features.features.length)
  const visited = visit(source.rows, plan.is === 'all-pairs', columns, (one, other) => {
    const named = columns.rules.some((prints) => prints[one] !== 0 && prints[one] === prints[other])
    const mayReach = firstLook(floor, one, other, levels)
    if (named || mayReach) near.add(one, other, levels, 0)
  })
  return {
    ...visited,
    matcher: { ...prepared, judge: { ...prepared.judge, model } },
    near,
    commonness: columns.commonness,
  }
}

function visit(
  rows: number,
  allPairs: boolean,
  columns: Columns,
  consider: (one: number, other: number) => void,
): Candidates {
  if (allPairs) return visitAllPairs(rows, consider)
  // Emptied where a block is oversized, while the rules' own fingerprints are still asked for.
  const keys = [...columns.rules.map((prints) => [prints.slice()]), ...columns.keys]
  return visitCandidates({ rows, keys, blockMax: blockMaxUsual, windowRows: windowRowsUsual }, consider)
}

/** Reads records when they are compared, and keeps the last ones. */
function recordReader(
  cellsOf: (row: number) => readonly string[],
  matcher: Matcher,
  commonness: readonly Uint8Array[],
): (row: number) => JudgedRecord {
  const kept = new Map<number, JudgedRecord>()
  return (row) => {
    const known = kept.get(row)
    if (known !== undefined) return known
    const record = judgedRecord(matcher, cellsOf(row), (feature) => commonness[feature]?.[row] ?? 0)
    if (kept.size >= recordsKept) kept.clear()
    kept.set(row, record)
    return record
  }
}
