/**
 * The order in which resources are looked at: what one depends on comes before it, and otherwise the order of the
 * declaration stays. A cycle has no order and is named, so that it can be refused when the desired state is loaded.
 */
import { invariant } from '../errors.ts'
import { createKeyedHeap } from './keyed-heap.ts'
import { type Declared, keyText, type ResourceKey } from './resource.ts'

/** A dependency on something that is not declared. */
export interface UnknownDependency {
  readonly key: ResourceKey
  readonly dependsOn: ResourceKey
}

export type ResourceOrder =
  | { readonly is: 'ordered'; readonly keys: readonly ResourceKey[]; readonly unknown: readonly UnknownDependency[] }
  /** From a resource along its dependencies back to itself: the first and the last key are the same. */
  | { readonly is: 'cycle'; readonly path: readonly ResourceKey[] }

type Orderable = Pick<Declared, 'key' | 'dependsOn'>

/**
 * Orders resources by their dependencies; of those that could come next, the one declared first does. Dependencies on
 * what is not declared are reported and do not count. Throws InvariantViolation when a key is declared twice.
 */
export function orderResources(declared: readonly Orderable[]): ResourceOrder {
  const byText = new Map(declared.map((resource) => [keyText(resource.key), resource]))
  invariant(byText.size === declared.length, 'a resource is declared once')
  const places = new Map(declared.map((resource, index) => [keyText(resource.key), index]))
  const dependents = new Map<string, string[]>()
  const missing = new Map<string, number>()
  const unknown: UnknownDependency[] = []
  for (const { key, dependsOn } of declared) {
    const text = keyText(key)
    const known = new Set<string>()
    for (const dependency of dependsOn) {
      const on = keyText(dependency)
      if (byText.has(on)) known.add(on)
      else unknown.push({ key, dependsOn: dependency })
    }
    missing.set(text, known.size)
    for (const on of known) dependents.set(on, [...(dependents.get(on) ?? []), text])
  }

  const ready = createKeyedHeap<number>((a, b) => a - b)
  const makeReady = (text: string) => ready.set(text, places.get(text) ?? 0)
  for (const [text, count] of missing) if (count === 0) makeReady(text)
  const keys: ResourceKey[] = []
  for (let next = ready.peek(); next !== undefined; next = ready.peek()) {
    ready.delete(next.key)
    missing.delete(next.key)
    const resource = byText.get(next.key)
    if (resource !== undefined) keys.push(resource.key)
    for (const text of dependents.get(next.key) ?? []) {
      const count = (missing.get(text) ?? 0) - 1
      missing.set(text, count)
      if (count === 0) makeReady(text)
    }
  }
  if (missing.size > 0) return { is: 'cycle', path: cycleAmong(byText, missing) }
  return { is: 'ordered', keys, unknown }
}

/** Every resource in `left` depends on another one in it, so following dependencies must come back to where it was. */
function cycleAmong(byText: ReadonlyMap<string, Orderable>, left: ReadonlyMap<string, number>): ResourceKey[] {
  const path: ResourceKey[] = []
  const seen = new Map<string, number>()
  let text: string | undefined = [...left.keys()][0]
  while (text !== undefined && !seen.has(text)) {
    const resource = byText.get(text)
    if (resource === undefined) break
    seen.set(text, path.length)
    path.push(resource.key)
    text = resource.dependsOn.map(keyText).find((on) => left.has(on))
  }
  const cycle = path.slice(seen.get(text ?? '') ?? 0)
  return [...cycle, ...cycle.slice(0, 1)]
}
