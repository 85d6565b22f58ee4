/**
 * A matcher: all that a full pass measured and that judging a single record needs. It stays as it is until the next full
 * pass, so that a changed record is judged as that pass would have judged it.
 */

import type { Random } from '../random.ts'
import { type BlockingPlan, planBlocking } from './blocking-plan.ts'
import { termsOf } from './blocking-term.ts'
import { countBitsOf } from './columns.ts'
import { type Features, featuresOf, readingsOf } from './feature.ts'
import { fingerprintOf, joinedFingerprint } from './fingerprint.ts'
import type { Judge, JudgedRecord } from './judge.ts'
import { measureModel } from './measure.ts'
import { readerOf } from './reading.ts'
import type { MatchField } from './role.ts'
import { type DeclaredRule, rulesOf } from './rules.ts'
import { type RecordSource, sampleOf } from './source.ts'

export interface Matcher {
  readonly judge: Judge
  readonly features: Features
  readonly plan: BlockingPlan
}

/** Settings of the method; one set for all tables. */
export interface Settings {
  /** A pair is a duplicate from this confidence on, where a rule names it. */
  readonly duplicateFrom: number
  /** A pair that no rule names is one from this confidence on. */
  readonly unnamedFrom: number
}

export const usualSettings: Settings = { duplicateFrom: 0.5, unnamedFrom: 0.8 }

export interface MatcherOptions {
  readonly fields: readonly MatchField[]
  /** `duplicates.rules` of the desired state; none leaves all to the evidence. */
  readonly rules: readonly DeclaredRule[]
  readonly random: Random
  readonly settings?: Partial<Settings>
}

const sampleRows = 10_000

/** Measures a table by a sample. The model is still without overlaps and calibration, which need all rows. */
export function prepareMatcher(source: RecordSource, options: MatcherOptions): Matcher {
  const { fields, random } = options
  const rules = rulesOf(
    options.rules,
    fields.map((field) => field.name),
  )
  const cells = sampleOf(source, sampleRows)
  const features = featuresOf(fields, cells, new Set(rules.exact.flatMap((rule) => rule.columns)))
  const sample = cells.map((row) => readingsOf(features.features, row))
  const model = measureModel({ features: features.features, sample, rows: source.rows, random })
  const terms = termsOf(features.features, model.vocabularies)
  const plan = planBlocking({ features: features.features, terms, sample, rows: source.rows, random })
  const judge = {
    ...{ model, roles: features.roles, rules, regions: regionsOf(fields) },
    ...usualSettings,
    ...options.settings,
  }
  return { judge, features, plan }
}

/** The declared region of national phone numbers, by field. */
export function regionsOf(fields: readonly MatchField[]): readonly (string | undefined)[] {
  return fields.map((field) => {
    const region = field.rules.find(({ rule }) => rule === 'phone')?.options.region
    return typeof region === 'string' ? region : undefined
  })
}

/**
 * A record as it is judged. Its fields are read when they are asked for.
 * @param commonnessOf how common the value of a feature is, in the unit of columns.ts
 */
export function judgedRecord(
  { features: { features } }: Matcher,
  cells: readonly string[],
  commonnessOf: (feature: number, reading: () => string) => number,
): JudgedRecord {
  const known: (string | undefined)[] = []
  const reading = (at: number): string => {
    const kept = known[at]
    if (kept !== undefined) return kept
    const feature = features[at]
    if (feature === undefined) return ''
    const whole = feature.read(cells[feature.column] ?? '')
    const found = feature.part === undefined ? whole : feature.part(whole)
    known[at] = found
    return found
  }
  return { cells, reading, countBits: (at) => countBitsOf(commonnessOf(at, () => reading(at))) }
}

/**
 * The fingerprint of a record's values for an exact rule; 0 where one is missing. Records that meet the rule share it.
 * @param prints fingerprints of the features' readings
 */
export function rulePrint(
  { judge: { rules, roles }, features: { features } }: Matcher,
  rule: number,
  cells: readonly string[],
  prints: ArrayLike<number>,
): number {
  let print = 1
  for (const column of rules.exact[rule]?.columns ?? []) {
    let value = 0
    let compared = false
    for (let at = 0; at < features.length; at += 1) {
      if (features[at]?.column !== column) continue
      compared = true
      const part = prints[at] ?? 0
      // Parts of a name may be empty, the whole may not.
      if (part !== 0) value = value === 0 ? part : joinedFingerprint(value, part)
    }
    if (!compared) {
      const reading = readerOf(roles[column] ?? 'text')(cells[column] ?? '')
      value = reading === '' ? 0 : fingerprintOf(reading)
    }
    print = joinedFingerprint(print, value)
  }
  return print
}
