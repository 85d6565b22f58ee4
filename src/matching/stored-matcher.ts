/**
 * A matcher as JSON and back: what a full pass measured outlives it, so that a changed record is judged as that pass would
 * have judged it. Holds words of the table's values.
 */
import { z } from 'zod'
import type { BlockingKey } from './blocking-plan.ts'
import { termsOf } from './blocking-term.ts'
import { type Feature, featureOf } from './feature.ts'
import { type Matcher, regionsOf, usualSettings } from './matcher.ts'
import type { MatchModel } from './model.ts'
import { type MatchField, roles } from './role.ts'
import { type DeclaredRule, rulesOf } from './rules.ts'
import { vocabularyBy } from './vocabulary.ts'

/** Goes up where values are read in another way, so that a table is searched anew. */
const version = 2

const roleSchema = z.enum(roles)
const sharesSchema = z.array(z.array(z.number()))
const storedSchema = z.object({
  version: z.literal(version),
  roles: z.array(roleSchema),
  leftOut: z.array(z.object({ field: z.string(), reason: z.string() })),
  features: z.array(
    z.object({ name: z.string(), column: z.number(), role: roleSchema, part: z.enum(['first', 'last']).nullable() }),
  ),
  model: z.object({
    rows: z.number(),
    duplicateShares: sharesSchema,
    strangerShares: sharesSchema,
    weights: sharesSchema,
    /** Null for no limit. */
    sharersMax: z.array(z.number().nullable()),
    overlaps: z.array(z.object({ one: z.number(), other: z.number(), bits: z.number(), share: z.number() })),
    priorBits: z.number(),
  }),
  vocabularies: z.array(z.object({ filled: z.number(), words: z.array(z.tuple([z.string(), z.number()])) })),
  /** Null where all pairs are compared. Terms by feature and name. */
  keys: z
    .array(
      z.object({
        terms: z.array(z.object({ feature: z.number(), name: z.string() })),
        unordered: z.boolean(),
        label: z.string(),
      }),
    )
    .nullable(),
})

/** The matcher as text. */
export function storeMatcher({ judge: { model, roles: fieldRoles }, features, plan }: Matcher): string {
  const { features: _features, vocabularies, sharersMax, ...numbers } = model
  const stored: z.input<typeof storedSchema> = {
    version,
    roles: [...fieldRoles],
    leftOut: [...features.leftOut],
    features: features.features.map(({ name, column, role, part }) => ({
      name,
      column,
      role,
      part: part === undefined ? null : name.endsWith('.first') ? 'first' : 'last',
    })),
    model: {
      rows: numbers.rows,
      duplicateShares: numbers.duplicateShares.map((shares) => [...shares]),
      strangerShares: numbers.strangerShares.map((shares) => [...shares]),
      weights: numbers.weights.map((weights) => [...weights]),
      overlaps: [...numbers.overlaps],
      priorBits: numbers.priorBits,
      sharersMax: sharersMax.map((most) => (Number.isFinite(most) ? most : null)),
    },
    vocabularies: vocabularies.map(({ counts, filled }) => ({ filled, words: [...counts] })),
    keys:
      plan.is === 'all-pairs'
        ? null
        : plan.keys.map(({ terms, unordered, label }) => ({
            terms: terms.map(({ feature, name }) => ({ feature, name })),
            unordered,
            label,
          })),
  }
  return JSON.stringify(stored)
}

/**
 * Reads what {@link storeMatcher} wrote, for the same fields and rules; undefined where it is of another version.
 */
export function readMatcher(
  text: string,
  fields: readonly MatchField[],
  declared: readonly DeclaredRule[],
): Matcher | undefined {
  const parsed = storedSchema.safeParse(JSON.parse(text))
  if (!parsed.success) return undefined
  const { roles: fieldRoles, leftOut, features: storedFeatures, model: numbers, vocabularies, keys } = parsed.data
  const features: readonly Feature[] = storedFeatures.map(featureOf)
  const model: MatchModel = {
    ...numbers,
    features,
    sharersMax: numbers.sharersMax.map((most) => most ?? Number.POSITIVE_INFINITY),
    vocabularies: vocabularies.map(({ filled, words }) => vocabularyBy(new Map(words), filled)),
  }
  const terms = termsOf(features, model.vocabularies)
  const termOf = (feature: number, name: string) => terms.find((term) => term.feature === feature && term.name === name)
  const plan: Matcher['plan'] =
    keys === null
      ? { is: 'all-pairs' }
      : {
          is: 'keys',
          keys: keys.map(
            (key): BlockingKey => ({
              ...key,
              terms: key.terms.flatMap(({ feature, name }) => termOf(feature, name) ?? []),
            }),
          ),
        }
  const rules = rulesOf(
    declared,
    fields.map((field) => field.name),
  )
  return {
    judge: { model, roles: fieldRoles, rules, regions: regionsOf(fields), ...usualSettings },
    features: { features, roles: fieldRoles, leftOut },
    plan,
  }
}
