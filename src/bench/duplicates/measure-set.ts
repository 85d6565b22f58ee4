/** Runs the matcher on a labelled set and counts what it found against the truth. */
import { keyPrintsOf } from '../../matching/changed-record.ts'
import { explain } from '../../matching/explain.ts'
import { type Found, findDuplicates } from '../../matching/find-duplicates.ts'
import { arraySource } from '../../matching/source.ts'
import { seededRandom } from '../../random.ts'
import type { Config } from './config.ts'
import { type KnownFigure, knownFigureOf } from './known-figures.ts'
import type { LabelledSet } from './labelled-set.ts'
import { type Pairwise, pairwise, pairwiseOf } from './pairwise.ts'

export interface SetReport {
  readonly set: string
  readonly rows: number
  /** Of the groups. */
  readonly groups: Pairwise
  /** Of pairs that would be merged without asking. */
  readonly automatic: Pairwise
  readonly mergeAutomaticallyFrom: number
  readonly known: KnownFigure | undefined
  readonly pairs: { readonly candidates: number; readonly compared: number; readonly possible: number }
  /** Share of true pairs that come together in a block. */
  readonly candidateRecall: number
  readonly oversizedBlocks: number
  readonly tookMs: number
  readonly fields: readonly { readonly name: string; readonly role: string; readonly leftOut: string | undefined }[]
  readonly keys: readonly string[]
  /** A few of the found pairs, explained. */
  readonly explained: readonly string[]
}

const explainedMax = 3

/** @param seed of the samples that the model is measured on */
export function measureSet(set: LabelledSet, config: Config, seed: number): SetReport {
  const at = config.fields.map((field) => set.columns.indexOf(field.name))
  const records = set.records.map((record) => at.map((column) => record[column] ?? ''))
  const startMs = performance.now()
  const found = findDuplicates(arraySource(records), {
    fields: config.fields,
    rules: config.rules,
    random: seededRandom(seed),
  })
  const tookMs = performance.now() - startMs
  const { matcher, edges, clusters } = found
  const automatic = edges.filter((edge) => edge.confidence >= config.mergeAutomaticallyFrom)
  return {
    set: set.name,
    rows: records.length,
    groups: pairwise(clusters, set.truth),
    automatic: pairwiseOf(
      automatic.map((edge) => [edge.one, edge.other]),
      set.truth,
    ),
    mergeAutomaticallyFrom: config.mergeAutomaticallyFrom,
    known: knownFigureOf(set.columns, records.length),
    pairs: {
      candidates: found.candidates,
      compared: found.compared,
      possible: (records.length * (records.length - 1)) / 2,
    },
    candidateRecall: candidateRecallOf(found, records, set.truth),
    oversizedBlocks: found.oversized.length,
    tookMs,
    fields: config.fields.map(({ name }, column) => ({
      name,
      role: matcher.features.roles[column] ?? 'ignored',
      leftOut: matcher.features.leftOut.find((left) => left.field === name)?.reason,
    })),
    keys: matcher.plan.is === 'keys' ? matcher.plan.keys.map((key) => key.label) : ['every pair'],
    explained: edges
      .filter((_, index) => index % Math.max(1, Math.floor(edges.length / explainedMax)) === 0)
      .slice(0, explainedMax)
      .map(({ one, other }) => {
        const { confidence, sentence } = explain(matcher.judge, found.recordOf(one), found.recordOf(other))
        return `rows ${one + 1} and ${other + 1}, ${confidence.toFixed(3)}: ${sentence}`
      }),
  }
}

/** Of the true pairs, how many share a key; blocks that were windowed are taken for whole. */
function candidateRecallOf(
  { matcher }: Found,
  records: readonly (readonly string[])[],
  truth: readonly string[],
): number {
  if (matcher.plan.is === 'all-pairs') return 1
  const groups = new Map<string, number[]>()
  for (const [row, thing] of truth.entries()) {
    if (thing === '') continue
    const group = groups.get(thing)
    if (group === undefined) groups.set(thing, [row])
    else group.push(row)
  }
  let pairs = 0
  let together = 0
  for (const group of groups.values()) {
    if (group.length < 2) continue
    const keys = group.map(
      (row) => new Set(keyPrintsOf(matcher, records[row] ?? []).map(({ key, print }) => `${key} ${print}`)),
    )
    for (const [one, ones] of keys.entries())
      for (const others of keys.slice(one + 1)) {
        pairs += 1
        if ([...ones].some((key) => others.has(key))) together += 1
      }
  }
  return pairs === 0 ? 1 : together / pairs
}
