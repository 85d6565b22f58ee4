/**
 * The full pass over a table: measure, block, compare, calibrate, cluster. Pure: records come from a source, chance is
 * injected, and nothing is written. Work and memory grow with the rows, not with their square.
 */
import type { Random } from '../random.ts'
import { type BlockingPlan, planBlocking } from './blocking-plan.ts'
import { termsOf } from './blocking-term.ts'
import { calibrated } from './calibrate.ts'
import { blockMaxUsual, type OversizedBlock, visitAllPairs, visitCandidates, windowRowsUsual } from './candidates.ts'
import { clusterOf, type Edge, pairKey } from './cluster.ts'
import { type Columns, columnsOf, countBitsOf } from './columns.ts'
import { type Features, featuresOf, readingsOf } from './feature.ts'
import { fingerprintOf } from './fingerprint.ts'
import { confidenceOf, type JudgedRecord, type Judge, type Judgement, judge } from './judge.ts'
import { measureModel } from './measure.ts'
import { againstMax, equalWeight, type MatchModel, probabilityOf } from './model.ts'
import { pairStore } from './pair-store.ts'
import { type DeclaredRule, exactKey, type Rules, rulesOf } from './rules.ts'
import type { MatchField } from './role.ts'
import { overlapsOf } from './overlap.ts'
import { weigh } from './score.ts'
import { bitCount, sketches } from './sketch.ts'
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
  const named = new Set(rules.exact.flatMap((rule) => rule.columns))
  const features = featuresOf(fields, cells, named)
  const sample = cells.map((row) => readingsOf(features.features, row))
  const rough = measureModel({ features: features.features, sample, rows: source.rows, random })
  const terms = termsOf(features.features, rough.vocabularies)
  const plan = planBlocking({ features: features.features, terms, sample, rows: source.rows, random })
  const keys = plan.is === 'keys' ? plan.keys : []
  const columns = columnsOf(source, features.features, keys)
  const ruleKeys = ruleKeysOf(source, rules, features)

  const recordOf = recordReader(source, features, columns.commonness)
  const measured = { ...rough, overlaps: overlapsOf({ model: rough, prints: columns.prints, recordOf, random }) }
  const byModel = { model: measured, roles: features.roles, rules }
  const mayReach = reachOf(measured, columns)
  const floor = Math.log2(Math.max(2, source.rows)) - bitsShort

  const pairs = pairStore(features.features.length)
  const ruled = new Map<number, number>()
  let compared = 0
  const consider = (one: number, other: number) => {
    const ruleMet = ruleKeys.some((key) => key[one] !== 0 && key[one] === key[other])
    if (!ruleMet && !mayReach(floor, one, other)) return
    compared += 1
    const judgement = judge(byModel, recordOf(one), recordOf(other))
    if (judgement.veto !== undefined) return
    if (judgement.ruleBits !== undefined) ruled.set(pairKey(one, other), judgement.ruleBits)
    if (judgement.evidence.bits >= floor || judgement.ruleBits !== undefined) pairs.add(one, other, judgement.levels)
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

  const countBits = (feature: number, row: number) => countBitsOf(columns.commonness[feature]?.[row] ?? 0)
  const model = calibrated({ model: measured, pairs, countBits })
  const by: Judge = { ...byModel, model }
  const isExcluded = options.isExcluded ?? (() => false)
  const edges: Edge[] = []
  for (let at = 0; at < pairs.count; at += 1) {
    const one = pairs.oneAt(at)
    const other = pairs.otherAt(at)
    const evidence = weigh(model, pairs.levelsAt(at), (feature) => countBits(feature, one), (feature) => countBits(feature, other))
    const bits = Math.max(evidence.bits + model.priorBits, ruled.get(pairKey(one, other)) ?? Number.NEGATIVE_INFINITY)
    const confidence = probabilityOf(bits)
    if (confidence >= settings.duplicateFrom && !isExcluded(one, other)) edges.push({ one, other, confidence })
  }
  const judgeRows = (one: number, other: number) => judge(by, recordOf(one), recordOf(other))
  const confidence = (one: number, other: number) => confidenceOf(judgeRows(one, other), model.priorBits)
  const clusters = clusterOf({
    edges,
    isSupported: (one, other) => confidence(one, other) >= settings.duplicateFrom,
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
    const readings = readingsOf(features, cells)
    const record = {
      cells,
      readings,
      sketches: Uint32Array.from(features, ({ role }, at) => (readings[at] === '' ? 0 : sketches[role].of(readings[at] ?? ''))),
      countBits: Float32Array.from(commonness, (column) => countBitsOf(column[row] ?? 0)),
    }
    if (kept.size >= recordsKept) kept.clear()
    kept.set(row, record)
    return record
  }
}

/** Whether a pair can have enough evidence, by fingerprints and sketches alone. */
function reachOf(model: MatchModel, columns: Columns): (floor: number, one: number, other: number) => boolean {
  const looks = model.features.map(({ role }, feature) => ({
    feature,
    prints: columns.prints[feature] ?? new Uint32Array(),
    sketches: columns.sketches[feature] ?? new Uint32Array(),
    commonness: columns.commonness[feature] ?? new Uint8Array(),
    mayBeAlike: sketches[role].mayBeAlike,
    most: Math.max(model.weights[feature]?.[1] ?? 0, againstMax),
    least: Math.max(model.weights[feature]?.at(-1) ?? 0, againstMax),
  }))
  const given = looks.find(({ feature }) => model.features[feature]?.role === 'given')
  const family = looks.find(({ feature }) => model.features[feature]?.role === 'family')
  return (floor, one, other) => {
    let most = 0
    for (const look of looks) {
      const a = look.prints[one] ?? 0
      const b = look.prints[other] ?? 0
      if (a === 0 || b === 0) continue
      if (a === b) most += equalWeight(model, look.feature, countBitsOf(look.commonness[one] ?? 0))
      else most += look.mayBeAlike(look.sketches[one] ?? 0, look.sketches[other] ?? 0) ? look.most : look.least
    }
    // Overlaps only take away from agreement; where two features differ together they give back.
    for (const overlap of model.overlaps) most += overlap.share * -againstMax
    if (most < floor && given !== undefined && family !== undefined && mayBeCrossed(given, family, one, other))
      most += 2 * (given.most - given.least + family.most - family.least)
    return most >= floor
  }
}

interface Look {
  readonly prints: Uint32Array
  readonly sketches: Uint32Array
}

/** Whether a first name of one may be the family name of the other. */
function mayBeCrossed(given: Look, family: Look, one: number, other: number): boolean {
  const near = (a: number, b: number) => bitCount((a ^ b) & 0x3ffffff) <= 2
  const filled = (look: Look, row: number) => look.prints[row] !== 0
  return (
    (filled(given, one) && filled(family, other) && near(given.sketches[one] ?? 0, family.sketches[other] ?? 0)) ||
    (filled(family, one) && filled(given, other) && near(family.sketches[one] ?? 0, given.sketches[other] ?? 0))
  )
}
