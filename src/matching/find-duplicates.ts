/**
 * The full pass over a table: measure, block, compare, calibrate, cluster. Pure: records come from a source, chance is
 * injected, and nothing is written. Work and memory grow with the rows, not with their square.
 */
import type { Random } from '../random.ts'
import { type BlockingPlan, planBlocking } from './blocking-plan.ts'
import { termsOf } from './blocking-term.ts'
import { calibratedPrior } from './calibrate.ts'
import { blockMaxUsual, type OversizedBlock, visitAllPairs, visitCandidates, windowRowsUsual } from './candidates.ts'
import { clusterOf, type Edge, pairKey } from './cluster.ts'
import { columnsOf, countBitsOf } from './columns.ts'
import { type Features, featuresOf, readingsOf } from './feature.ts'
import { fingerprintOf } from './fingerprint.ts'
import { confidenceOf, type JudgedRecord, type Judge, type Judgement, judge } from './judge.ts'
import { measureModel } from './measure.ts'
import { equalWeight, type MatchModel } from './model.ts'
import { type DeclaredRule, exactKey, type Rules, rulesOf } from './rules.ts'
import type { MatchField } from './role.ts'
import { type RecordSource, sampleOf } from './source.ts'

export interface FindOptions {
  readonly fields: readonly MatchField[]
  readonly rules: readonly DeclaredRule[]
  /** Pairs of rows that a person said are not duplicates. */
  readonly isExcluded?: (one: number, other: number) => boolean
  readonly random: Random
  readonly settings?: Partial<Settings>
}

/** Settings of the method; one set for all tables. */
export interface Settings {
  /** A pair is a duplicate from this confidence on. */
  readonly duplicateFrom: number
  readonly blockMax: number
  readonly windowRows: number
}

export const usualSettings: Settings = {
  duplicateFrom: 0.5,
  blockMax: blockMaxUsual,
  windowRows: windowRowsUsual,
}

export interface Found {
  readonly features: Features
  readonly model: MatchModel
  readonly plan: BlockingPlan
  /** Pairs of duplicates with their confidence. */
  readonly edges: readonly Edge[]
  readonly clusters: readonly (readonly number[])[]
  /** Pairs that came together in a block, and those of them whose texts were compared. */
  readonly candidates: number
  readonly compared: number
  readonly oversized: readonly OversizedBlock[]
  /** Judges two rows again, for explanations. */
  readonly judgeRows: (one: number, other: number) => Judgement
  readonly confidenceOf: (one: number, other: number) => number
}

const sampleRows = 20_000
const recordsKept = 50_000
/** Evidence that falls short of the usual prior by more than this cannot become a duplicate by calibration. */
const bitsShort = 7

/** Finds the duplicates of a table. */
export function findDuplicates(source: RecordSource, options: FindOptions): Found {
  const settings = { ...usualSettings, ...options.settings }
  const { fields, random } = options
  const rules = rulesOf(options.rules, fields.map((field) => field.name))
  const cells = sampleOf(source, sampleRows)
  const ruled = new Set(rules.exact.flatMap((rule) => rule.columns))
  const features = featuresOf(fields, cells, ruled)
  const sample = cells.map((row) => readingsOf(features.features, row))
  const rough = measureModel({ features: features.features, sample, rows: source.rows, random })
  const terms = termsOf(features.features, rough.wordWeights)
  const plan = planBlocking({ features: features.features, terms, sample, rows: source.rows, random })
  const keys = plan.is === 'keys' ? plan.keys : []
  const columns = columnsOf(source, features.features, keys)
  const ruleKeys = ruleKeysOf(source, rules, features)

  const byModel = { model: rough, roles: features.roles, rules }
  const recordOf = recordReader(source, features, columns.commonness)
  const bounds = boundsOf(rough)
  const floor = Math.log2(Math.max(2, source.rows)) - bitsShort

  const judged = new Map<number, Judgement>()
  let compared = 0
  const consider = (one: number, other: number) => {
    const ruleMet = ruleKeys.some((key) => key[one] !== 0 && key[one] === key[other])
    if (!ruleMet && !mayReach(floor, bounds, rough, columns, one, other)) return
    compared += 1
    const judgement = judge(byModel, recordOf(one), recordOf(other))
    if (judgement.veto !== undefined) return
    if (judgement.evidence.bits >= floor || judgement.ruleBits !== undefined) judged.set(pairKey(one, other), judgement)
  }
  const visited =
    plan.is === 'all-pairs'
      ? visitAllPairs(source.rows, consider)
      : visitCandidates(
          {
            rows: source.rows,
            keys: [...ruleKeys.map((key) => [key.slice()]), ...columns.keys],
            blockMax: settings.blockMax,
            windowRows: settings.windowRows,
          },
          consider,
        )

  const bits = Float64Array.from([...judged.values()].map((judgement) => judgement.evidence.bits))
  const priorBits = calibratedPrior(bits, source.rows)
  const model = { ...rough, priorBits }
  const by: Judge = { ...byModel, model }
  const isExcluded = options.isExcluded ?? (() => false)
  const edges: Edge[] = []
  for (const [key, judgement] of judged) {
    const confidence = confidenceOf(judgement, priorBits)
    const one = Math.floor(key / 2 ** 26)
    const other = key % 2 ** 26
    if (confidence >= settings.duplicateFrom && !isExcluded(one, other)) edges.push({ one, other, confidence })
  }
  const judgeRows = (one: number, other: number) => judge(by, recordOf(one), recordOf(other))
  const confidence = (one: number, other: number) => confidenceOf(judgeRows(one, other), priorBits)
  const clusters = clusterOf({
    edges,
    isSupported: (one, other) => !judged.has(pairKey(one, other)) && confidence(one, other) >= settings.duplicateFrom,
    isExcluded,
  })
  return {
    features,
    model,
    plan,
    edges,
    clusters,
    candidates: visited.pairs,
    compared,
    oversized: visited.oversized,
    judgeRows,
    confidenceOf: confidence,
  }
}

function ruleKeysOf(source: RecordSource, rules: Rules, features: Features): readonly Uint32Array[] {
  if (rules.exact.length === 0) return []
  const keys = rules.exact.map(() => new Uint32Array(source.rows))
  source.scan((cells, row) => {
    for (const [at, rule] of rules.exact.entries()) {
      const column = keys[at]
      if (column === undefined) continue
      const parts = rule.columns.map((field) => exactKey(features.roles[field] ?? 'text', cells[field] ?? ''))
      if (parts.every((part) => part !== undefined)) column[row] = fingerprintOf(parts.join('\u0000'), 17)
    }
  })
  return keys
}

/** Reads records when they are compared, and keeps the last ones. */
function recordReader(
  source: RecordSource,
  { features }: Features,
  commonness: readonly Uint8Array[],
): (row: number) => JudgedRecord {
  const kept = new Map<number, JudgedRecord>()
  return (row) => {
    const known = kept.get(row)
    if (known !== undefined) return known
    const cells = [...source.cellsOf(row)]
    const record = {
      cells,
      readings: readingsOf(features, cells),
      countBits: Float32Array.from(commonness, (column) => countBitsOf(column[row] ?? 0)),
    }
    if (kept.size >= recordsKept) kept.clear()
    kept.set(row, record)
    return record
  }
}

/** The most that two different values of each feature can say. */
function boundsOf(model: MatchModel): readonly number[] {
  return model.weights.map((weights) => Math.max(0, weights[1] ?? 0))
}

/** Whether the pair could have enough evidence, by fingerprints alone. */
function mayReach(
  floor: number,
  bounds: readonly number[],
  model: MatchModel,
  columns: { readonly prints: readonly Uint32Array[]; readonly commonness: readonly Uint8Array[] },
  one: number,
  other: number,
): boolean {
  let most = 0
  for (let feature = 0; feature < bounds.length; feature += 1) {
    const prints = columns.prints[feature]
    const a = prints?.[one] ?? 0
    const b = prints?.[other] ?? 0
    if (a === 0 || b === 0) continue
    most +=
      a === b ? equalWeight(model, feature, countBitsOf(columns.commonness[feature]?.[one] ?? 0)) : (bounds[feature] ?? 0)
  }
  return most >= floor
}
