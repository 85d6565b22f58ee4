/** From pairs to groups that are merged as one: which of them are sure enough to be merged unasked, and which wait. Pure. */
import { createHash } from 'node:crypto'
import { type Edge, strongestFirst } from '../../matching/cluster.ts'
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
  const touching = new Map<number, Edge[]>()
  for (const edge of grouping.edges) {
    const at = clusterOf.get(edge.one)
    if (at === undefined) continue
    const known = touching.get(at)
    if (known === undefined) touching.set(at, [edge])
    else known.push(edge)
  }
  for (const [at, rows] of clusters.entries()) {
    const keys = keysOf(rows, grouping.keyOf)
    // A row without a key joins nothing, and a pair with a row of another cluster counts for neither.
    const keyed = (touching.get(at) ?? []).filter(({ one, other }) => keys.has(one) && keys.has(other))
    const edges = strongestFirst(keyed)
    const sure = edges.filter((edge) => edge.confidence >= spec.automaticFrom)
    const automatic = spec.strategy !== 'manual' && rows.length <= automaticSizeMax && sure.length > 0
    for (const part of componentsOf(automatic ? sure : edges)) yield groupOf(grouping, part, keys, automatic)
  }
}

function keysOf(rows: readonly number[], keyOf: Grouping['keyOf']): ReadonlyMap<number, string> {
  const keys = new Map<number, string>()
  for (const row of rows) {
    const key = keyOf(row)
    if (key !== undefined) keys.set(row, key)
  }
  return keys
}

function groupOf(
  { explain, spec }: Grouping,
  part: Component,
  keys: ReadonlyMap<number, string>,
  automatic: boolean,
): Group {
  const rowIds = [...new Set(part.flatMap(({ one, other }) => [one, other]))].sort((one, other) => one - other)
  const members = rowIds.map((rowId) => ({ rowId, key: keys.get(rowId) ?? '' }))
  const { rules, sentence } = explain(part[0])
  return {
    id: groupId(members.map(({ key }) => key)),
    automatic,
    confidence: weakestLink(part),
    rule: spec.rules.find(({ name }) => rules.includes(name))?.name ?? byLikeness,
    members,
    // Of the many that are merged unasked, pairs are explained when somebody asks.
    sentence: automatic ? '' : sentence(),
    fingerprint: undefined,
  }
}

/** The same for the same members, in whatever order. */
export function groupId(keys: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([...keys].sort()))
    .digest('hex')
    .slice(0, 12)
}

/** Pairs that join the rows of one group, the strongest first. */
type Component = readonly [Edge, ...Edge[]]

/** The confidence of the weakest pair without which the rows would fall apart. */
function weakestLink(part: Component): number {
  const roots = rootsOf()
  let weakest = 1
  for (const { one, other, confidence } of part) if (roots.join(one, other)) weakest = Math.min(weakest, confidence)
  return weakest
}

/** What the edges join, part by part. @param edges strongest first */
function componentsOf(edges: readonly Edge[]): readonly Component[] {
  const roots = rootsOf()
  for (const { one, other } of edges) roots.join(one, other)
  const parts = new Map<number, [Edge, ...Edge[]]>()
  for (const edge of edges) {
    const part = parts.get(roots.of(edge.one))
    if (part === undefined) parts.set(roots.of(edge.one), [edge])
    else part.push(edge)
  }
  return [...parts.values()]
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
