/** Resources as a tree, and which of their conditions rules. */
import type { ResourceRow } from '../api/shapes.ts'
import { keyText } from '../ui/text.ts'

export interface TreeNode {
  readonly resource: ResourceRow
  readonly children: readonly TreeNode[]
}

/** Each thing below the most particular of what it depends on; roots are what depends on nothing that is declared. */
export function treeOf(rows: readonly ResourceRow[]): readonly TreeNode[] {
  const byKey = new Map(rows.map((row) => [keyText(row), row]))
  const depths = new Map<string, number>()
  const depthOf = (key: string, above: ReadonlySet<string>): number => {
    const known = depths.get(key)
    if (known !== undefined) return known
    const row = byKey.get(key)
    if (row === undefined || above.has(key)) return -1
    const depth = 1 + Math.max(-1, ...row.dependsOn.map((one) => depthOf(keyText(one), new Set([...above, key]))))
    depths.set(key, depth)
    return depth
  }
  const parentOf = (row: ResourceRow): string | undefined => {
    const own = depthOf(keyText(row), new Set())
    const above = row.dependsOn.map(keyText).filter((key) => byKey.has(key) && depthOf(key, new Set()) < own)
    // A thing that is named as another, such as `quality/leads` beside `table/leads`, belongs to that one.
    const namesake = above.filter((key) => key.endsWith(`/${row.name}`))
    const pool = namesake.length > 0 ? namesake : above
    return pool.sort((one, other) => depthOf(other, new Set()) - depthOf(one, new Set()))[0]
  }
  const below = new Map<string | undefined, ResourceRow[]>()
  for (const row of rows) {
    const parent = parentOf(row)
    below.set(parent, [...(below.get(parent) ?? []), row])
  }
  const build = (parent: string | undefined): readonly TreeNode[] =>
    (below.get(parent) ?? []).map((resource) => ({ resource, children: build(keyText(resource)) }))
  return build(undefined)
}

/** The conditions that say more than that all is well, the one that rules first. */
export function rulingOf<Condition extends { readonly type: string; readonly status: string }>(
  conditions: readonly Condition[],
): readonly Condition[] {
  const rank = ['Suspended', 'Stalled', 'Waiting', 'Quarantined', 'Progressing', 'Ready']
  return conditions
    .filter(({ type, status }) => (type === 'Ready') !== (status === 'true'))
    .sort((one, other) => rank.indexOf(one.type) - rank.indexOf(other.type))
}
