/** Which fields of a record a query asks for, so that only those are read. Worked out once for a parsed query. */
import type { FieldNode, GraphQLResolveInfo, SelectionSetNode } from 'graphql'

const known = new WeakMap<FieldNode, ReadonlySet<string>>()
const between = new Set(['edges', 'node', 'nodes'])

/** Names of the record's fields under a root field, for a single record or a connection. */
export function requestedFields(info: Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>): ReadonlySet<string> {
  const [first] = info.fieldNodes
  const before = first === undefined ? undefined : known.get(first)
  if (before !== undefined) return before
  const names = new Set<string>()
  const walk = (set: SelectionSetNode | undefined): void => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === 'Field') {
        if (between.has(selection.name.value)) walk(selection.selectionSet)
        else names.add(selection.name.value)
      } else if (selection.kind === 'InlineFragment') walk(selection.selectionSet)
      else walk(info.fragments[selection.name.value]?.selectionSet)
    }
  }
  for (const node of info.fieldNodes) walk(node.selectionSet)
  if (first !== undefined) known.set(first, names)
  return names
}

/** Whether nothing is asked of a list but how many there are: no row has to be read for it. */
export function asksForCountOnly(info: Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>): boolean {
  const isCount = (set: SelectionSetNode | undefined): boolean =>
    (set?.selections ?? []).every((selection) => {
      if (selection.kind === 'Field') return countFields.has(selection.name.value)
      if (selection.kind === 'InlineFragment') return isCount(selection.selectionSet)
      return isCount(info.fragments[selection.name.value]?.selectionSet)
    })
  return info.fieldNodes.every((node) => isCount(node.selectionSet))
}

/** Of a list's connection, what its rows have no part in. */
export const countFields: ReadonlySet<string> = new Set(['totalCount', '__typename'])
