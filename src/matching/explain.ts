/** Why two records are, or are not, taken for one: as data for programs and in one sentence for people. */
import { comparisons } from './comparison.ts'
import { jaroWinkler } from './jaro-winkler.ts'
import { confidenceOf, type Judge, type JudgedRecord, judge, rulesMet } from './judge.ts'
import { areNicknames } from './nicknames.ts'
import type { FeatureEvidence } from './score.ts'
import { wordLikeness } from './token-likeness.ts'

/** One step of the sum that makes the confidence. */
export interface ExplainedFeature {
  /** The field, with the part behind a dot where it has parts. */
  readonly name: string
  readonly level: string
  /** Bits for or against. */
  readonly weight: number
  /** Likeness from 0 to 1, of values that are neither equal nor different. */
  readonly likeness: number | undefined
  /** How many records have the value, of equal ones. */
  readonly sharers: number | undefined
  readonly crossed: boolean
}

export interface Explanation {
  /** 0 to 1. */
  readonly confidence: number
  /** Names of the declared rules that the pair meets. */
  readonly rules: readonly string[]
  /** Log-odds in bits before anything was compared. */
  readonly priorBits: number
  readonly features: readonly ExplainedFeature[]
  /** Taken off because features say the same twice; negative gives back. */
  readonly overlapBits: number
  /** Log-odds in bits of the evidence; the confidence can be higher by a rule, or 0 by a veto. */
  readonly totalBits: number
  readonly veto: string | undefined
  /** `same email; full_name 0.94 Jaro-Winkler; company equal after suffix; phone differs`. */
  readonly sentence: string
}

/** Explains a pair. Symmetric but for nothing. */
export function explain(by: Judge, one: JudgedRecord, other: JudgedRecord): Explanation {
  const judgement = judge(by, one, other)
  const { evidence, veto } = judgement
  const { priorBits } = by.model
  return {
    confidence: confidenceOf(judgement, priorBits),
    rules: rulesMet(by, judgement, one, other),
    priorBits,
    features: evidence.features.map((found) => explainedFeature(by, found, one, other)),
    overlapBits: evidence.overlapBits,
    totalBits: evidence.bits + priorBits,
    veto,
    sentence: sentenceOf(by, evidence.features, one, other, veto),
  }
}

function explainedFeature(by: Judge, found: FeatureEvidence, one: JudgedRecord, other: JudgedRecord): ExplainedFeature {
  const feature = by.model.features[found.feature]
  const levels = comparisons[feature?.role ?? 'ignored'].levels
  const between = found.level > 0 && found.level < levels.length - 1 && !found.crossed
  return {
    name: feature?.name ?? '',
    level: levels[found.level]?.name ?? '',
    weight: found.weight,
    likeness: between ? likenessOf(by, found.feature, one, other) : undefined,
    sharers: found.level === 0 && !found.crossed ? Math.round(2 ** one.countBits(found.feature)) : undefined,
    crossed: found.crossed,
  }
}

/** Roles whose likeness is one of words; of the others it is Jaro-Winkler. */
const byWords: ReadonlySet<string> = new Set(['company', 'address', 'text', 'prose'])

function likenessOf(by: Judge, feature: number, one: JudgedRecord, other: JudgedRecord): number {
  const a = one.reading(feature)
  const b = other.reading(feature)
  const vocabulary = by.model.vocabularies[feature]
  return byWords.has(by.model.features[feature]?.role ?? '') && vocabulary !== undefined
    ? wordLikeness(vocabulary.bagOf(a), vocabulary.bagOf(b))
    : jaroWinkler(a, b)
}

/** One phrase a field, the most telling first. */
function sentenceOf(
  by: Judge,
  features: readonly FeatureEvidence[],
  one: JudgedRecord,
  other: JudgedRecord,
  veto: string | undefined,
): string {
  const columns = new Map<number, FeatureEvidence[]>()
  for (const found of features) {
    const column = by.model.features[found.feature]?.column ?? 0
    columns.set(column, [...(columns.get(column) ?? []), found])
  }
  const weightOf = (found: readonly FeatureEvidence[]) => Math.abs(found.reduce((sum, each) => sum + each.weight, 0))
  const phrases = [...columns]
    .sort(([, left], [, right]) => weightOf(right) - weightOf(left))
    .map(([column, found]) => phraseOf(by, column, found, one, other))
  return [...(veto === undefined ? [] : [`never: ${veto}`]), ...phrases].join('; ')
}

function phraseOf(
  by: Judge,
  column: number,
  found: readonly FeatureEvidence[],
  one: JudgedRecord,
  other: JudgedRecord,
): string {
  const [first] = found
  const feature = by.model.features[first?.feature ?? 0]
  if (first === undefined || feature === undefined) return ''
  const name = feature.name.replace(/\.(?:first|last)$/u, '')
  if (found.some((each) => each.crossed)) return `${name} with first and family name the other way round`
  if (found.every((each) => each.level === 0)) {
    if ((one.cells[column] ?? '') === (other.cells[column] ?? '')) return `same ${name}`
    return feature.role === 'company' ? `${name} equal after suffix` : `${name} equal after standardizing`
  }
  const levels = comparisons[feature.role].levels
  if (found.every((each) => each.level === levels.length - 1)) return `${name} differs`
  const read = (record: JudgedRecord) => feature.read(record.cells[column] ?? '')
  const given = found.find((each) => by.model.features[each.feature]?.role === 'given')
  if (given !== undefined && isShortForm(given, one, other)) return `${name} with forms of one first name`
  if (byWords.has(feature.role)) return `${name} ${likenessOf(by, first.feature, one, other).toFixed(2)} alike by words`
  if (feature.part !== undefined || ['given', 'family', 'place', 'email'].includes(feature.role))
    return `${name} ${jaroWinkler(read(one), read(other)).toFixed(2)} Jaro-Winkler`
  return `${name} ${levels[first.level]?.name ?? ''}`
}

function isShortForm(given: FeatureEvidence, one: JudgedRecord, other: JudgedRecord): boolean {
  return areNicknames(one.reading(given.feature), other.reading(given.feature))
}
