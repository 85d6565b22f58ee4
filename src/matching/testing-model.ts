/** A model made by hand for tests: each role once, as if measured on a table of 1024 records. */
import { comparisons } from './comparison.ts'
import type { Feature } from './feature.ts'
import { type MatchModel, weightsOf } from './model.ts'
import type { Role } from './role.ts'
import type { ComparedRecord } from './score.ts'
import { vocabularyBy } from './vocabulary.ts'

/** Features that read their field as it stands, named after their role; strangers show each level as often as any other. */
export function modelOf(roles: readonly Role[], over: Partial<MatchModel> = {}): MatchModel {
  const features: readonly Feature[] = roles.map((role, column) => ({ name: role, column, role, read: (cell) => cell }))
  const duplicateShares = roles.map((role) => comparisons[role].levels.map(({ m }) => m))
  const strangerShares = roles.map((role) => comparisons[role].levels.map((_, __, all) => 1 / all.length))
  return {
    features,
    rows: 1024,
    duplicateShares,
    strangerShares,
    weights: roles.map((role, at) =>
      weightsOf(comparisons[role].levels, duplicateShares[at] ?? [], strangerShares[at] ?? []),
    ),
    sharersMax: roles.map(() => 1024),
    vocabularies: roles.map(() => vocabularyBy(new Map(), 0)),
    overlaps: [],
    priorBits: -10,
    ...over,
  }
}

/** A record of readings in the order of the features, with how many records share each of them. */
export function recordOf(
  readings: readonly string[],
  counts: readonly number[] = [],
): ComparedRecord & { cells: readonly string[] } {
  return {
    cells: readings,
    reading: (feature) => readings[feature] ?? '',
    countBits: (feature) => Math.log2(counts[feature] ?? 2),
  }
}
