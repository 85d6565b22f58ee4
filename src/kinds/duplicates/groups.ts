/** From pairs to groups that are merged as one: which of them are sure enough to be merged unasked, and which wait. Pure. */
import { createHash } from 'node:crypto'
import type { Edge } from '../../matching/cluster.ts'
import type { DuplicatesSpec } from './spec.ts'
import type { Group } from './store.ts'

/** Larger groups wait for a person, however sure they are: what joins so many is more often a shared value. */
export const automaticSizeMax = 10

/** The rule of a pair that no declared rule names: all fields together speak for it. */
export const byLikeness = 'likeness'

export interface Grouping {
  readonly spec: DuplicatesSpec
  /** Rows of one thing, ascending. */
  readonly clusters: readonly (readonly number[])[]
  readonly edges: readonly Edge[]
  /** Undefined for a row without a key, which cannot be told apart for good and waits for one. */
  readonly keyOf: (rowId: number) => string | undefined
  /** Names of the rules that a pair meets, and why it is one. */
  readonly explain: (edge: Edge) => { readonly rules: readonly string[]; readonly sentence: () => string }
}

/**
 * The groups of clusters, one after another: of a large table they are many and are kept as they come. Where a part of a
 * cluster is sure, that part comes first and the rest waits for the next look.
 */
export function* groupsOf(grouping: Grouping): Generator<Group> {
  const { clusters, spec } = grouping
  const clusterOf = new Map<number, number>()
  for (const [at, rows] of clusters.entries()) for (const row of rows) clusterOf.set(row, at)
  const inside = new Map<number, Edge[]>()
  for (const edge of grouping.edges) {
    const at = clusterOf.get(edge.one)
    if (at === undefined || clusterOf.get(edge.other) !== at) continue
    const known = inside.get(at)
    if (known === undefined) inside.set(at, [edge])
    else known.push(edge)
  }
  for (const [at, rows] of clusters.entries()) {
    const edges = (inside.get(at) ?? []).sort((one, other) => other.confidence - one.confidence || one.one - other.one)
    const sure = edges.filter((edge) => edge.confidence >= spec.automaticFrom)
    const isAutomatic = spec.strategy !== 'manual' && rows.length <= automaticSizeMax && sure.length > 0
    if (!isAutomatic) yield* groupOf(grouping, rows, edges, false)
    else for (const part of componentsOf(sure)) yield* groupOf(grouping, part, sure, true)
  }
}

function groupOf(
  { keyOf, explain, spec }: Grouping,
  rows: readonly number[],
  edges: readonly Edge[],
  automatic: boolean,
): readonly Group[] {
  const members = rows.flatMap((rowId) => {
    const key = keyOf(rowId)
    return key === undefined ? [] : [{ rowId, key }]
  })
  const keyed = new Set(members.map(({ rowId }) => rowId))
  const own = edges.filter(({ one, other }) => keyed.has(one) && keyed.has(other))
  const [strongest] = own
  if (members.length < 2 || strongest === undefined) return []
  const { rules, sentence } = explain(strongest)
  return [
    {
      id: groupId(members.map(({ key }) => key)),
      automatic,
      confidence: weakestLink(own),
      rule: spec.rules.find(({ name }) => rules.includes(name))?.name ?? byLikeness,
      members,
      // Of the many that are merged unasked, pairs are explained when somebody asks.
      sentence: automatic ? '' : sentence(),
      fingerprint: undefined,
    },
  ]
}

/** The same for the same members, in whatever order. */
export function groupId(keys: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([...keys].sort()))
    .digest('hex')
    .slice(0, 12)
}

/** The confidence of the weakest pair without which the rows would fall apart. @param edges strongest first */
function weakestLink(edges: readonly Edge[]): number {
  const roots = rootsOf()
  let weakest = 1
  for (const { one, other, confidence } of edges) if (roots.join(one, other)) weakest = Math.min(weakest, confidence)
  return weakest
}

/** Rows that the edges join, each part ascending. */
function componentsOf(edges: readonly Edge[]): readonly (readonly number[])[] {
  const roots = rootsOf()
  for (const { one, other } of edges) roots.join(one, other)
  const parts = new Map<number, Set<number>>()
  for (const { one, other } of edges) {
    const root = roots.of(one)
    const part = parts.get(root) ?? new Set()
    parts.set(root, part.add(one).add(other))
  }
  return [...parts.values()].map((part) => [...part].sort((one, other) => one - other))
}

function rootsOf() {
  const parents = new Map<number, number>()
  const of = (row: number): number => {
    let at = row
    for (let next = parents.get(at); next !== undefined; next = parents.get(at)) at = next
    return at
  }
  return {
    of,
    /** False where the two are joined already. */
    join(one: number, other: number): boolean {
      const [left, right] = [of(one), of(other)]
      if (left === right) return false
      parents.set(Math.max(left, right), Math.min(left, right))
      return true
    },
  }
}
