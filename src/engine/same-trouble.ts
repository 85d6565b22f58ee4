/** What cannot be read only because something it depends on cannot: a person needs to hear of that once, at its root. */
import { keyText, type ResourceKey } from './resource.ts'
import type { StatusView } from './view.ts'

interface Troubled extends Pick<StatusView, 'resource' | 'error'> {
  readonly dependsOn: readonly ResourceKey[]
}

/**
 * The resource at the root of a trouble: what `view` depends on, at whatever distance, that cannot be read either and
 * says the same code. Undefined where the trouble is its own. Pure.
 */
export function rootOf(view: Troubled, all: readonly Troubled[]): ResourceKey | undefined {
  const { error } = view
  if (error === null) return undefined
  const byKey = new Map(all.map((one) => [keyText(one.resource), one]))
  const seen = new Set([keyText(view.resource)])
  let root: ResourceKey | undefined
  let next: readonly ResourceKey[] = view.dependsOn
  while (next.length > 0) {
    const found = next
      .map((key) => byKey.get(keyText(key)))
      .filter((one) => one !== undefined)
      .filter((one) => !seen.has(keyText(one.resource)))
    for (const one of found) seen.add(keyText(one.resource))
    root = found.find((one) => one.error?.code === error.code)?.resource ?? root
    next = found.flatMap((one) => one.dependsOn)
  }
  return root
}

/** The same for all of them: who has its trouble from whom, by the text of its key. */
export function rootsOf(all: readonly Troubled[]): ReadonlyMap<string, ResourceKey> {
  return new Map(
    all.flatMap((view) => {
      const root = rootOf(view, all)
      return root === undefined ? [] : [[keyText(view.resource), root] as const]
    }),
  )
}
