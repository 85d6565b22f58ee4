/** Who has to be looked at because of what a look at something else found. */
import type { Engine } from './engine.ts'
import { keyText, type ResourceKey } from './resource.ts'

export interface Dependents {
  /** Whether `key` has to wait until one of these was looked at for the first time; `looked` then names it. */
  awaitFirstLooks(key: ResourceKey, dependencies: readonly ResourceKey[]): boolean
  /** After a look at `key`: what waited for its first, and all that depends on it where it became usable or ceased to be. */
  looked(key: ResourceKey): readonly ResourceKey[]
}

export function createDependents(engine: Engine): Dependents {
  /** By the dependency; a resource that waits for several stands at each of them. */
  const awaiting = new Map<string, Map<string, ResourceKey>>()
  const standings = new Map<string, string>()

  const isUnseen = (key: ResourceKey) => {
    const status = engine.statuses.get(key)
    return status !== undefined && status.lookedAtMs === undefined
  }

  /** What the gate asks of a dependency. */
  function standingOf(key: ResourceKey): string {
    const observation = engine.statuses.get(key)?.observation
    if (observation?.is !== 'present') return observation?.is ?? 'unknown'
    return observation.withheld === undefined ? 'usable' : 'withheld'
  }

  /** However far, since what is withheld is so for all that depends on it. */
  function downstreamOf(key: ResourceKey): readonly ResourceKey[] {
    const { dependents } = engine.declaration()
    const found = new Map<string, ResourceKey>()
    const open: ResourceKey[] = [key]
    for (let one = open.pop(); one !== undefined; one = open.pop())
      for (const next of dependents.get(keyText(one)) ?? []) {
        if (found.has(keyText(next))) continue
        found.set(keyText(next), next)
        open.push(next)
      }
    return [...found.values()]
  }

  return {
    awaitFirstLooks(key, dependencies) {
      const unseen = dependencies.filter(isUnseen)
      for (const dependency of unseen) {
        const waiting = awaiting.get(keyText(dependency)) ?? new Map<string, ResourceKey>()
        awaiting.set(keyText(dependency), waiting.set(keyText(key), key))
      }
      return unseen.length > 0
    },
    looked(key) {
      if (isUnseen(key)) return []
      const name = keyText(key)
      const waiting = [...(awaiting.get(name)?.values() ?? [])]
      awaiting.delete(name)
      const before = standings.get(name)
      const now = standingOf(key)
      standings.set(name, now)
      return before === undefined || before === now ? waiting : downstreamOf(key)
    },
  }
}
