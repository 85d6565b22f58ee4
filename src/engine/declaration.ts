import type { DesiredState, Policy } from '../desired/schema.ts'
import { OperationalError } from '../errors.ts'
import { hashOf } from '../json.ts'
import type { Kind } from './kind.ts'
import { orderResources } from './order.ts'
import { type Declared, keyText, type ResourceKey } from './resource.ts'

/** A resource with the hash of its spec: as long as that is equal, the declaration of this resource did not change. */
export interface DeclaredResource {
  readonly declared: Declared
  readonly specHash: string
}

/** One generation, resolved into resources in dependency order. */
export interface Declaration {
  readonly generation: number
  readonly policy: Policy
  readonly resources: readonly DeclaredResource[]
  /** Keys of the resources that name a key among their dependencies. */
  readonly dependents: ReadonlyMap<string, readonly ResourceKey[]>
}

/** Resolves a generation. Throws DESIRED_STATE_INVALID when resources depend on each other in a circle. */
export function resolveDeclaration(generation: number, state: DesiredState, kinds: readonly Kind[]): Declaration {
  const all = kinds.flatMap((kind) => kind.list(state))
  const order = orderResources(all)
  if (order.is === 'cycle') {
    throw new OperationalError(
      'DESIRED_STATE_INVALID',
      `resources depend on each other in a circle: ${order.path.map(keyText).join(' → ')}`,
    )
  }
  const byKey = new Map(all.map((declared) => [keyText(declared.key), declared]))
  const resources = order.keys.flatMap((key) => {
    const declared = byKey.get(keyText(key))
    return declared === undefined ? [] : [{ declared, specHash: hashOf(declared.spec) }]
  })
  const dependents = new Map<string, ResourceKey[]>()
  for (const { declared } of resources) {
    for (const dependency of declared.dependsOn) {
      const list = dependents.get(keyText(dependency)) ?? []
      list.push(declared.key)
      dependents.set(keyText(dependency), list)
    }
  }
  return { generation, policy: state.policy, resources, dependents }
}

/**
 * Resources that may see something new after actions of `key` ran: those that depend on it, those it depends on, and
 * those that depend on the latter (an import writes rows that the standardization of the same table looks at).
 */
export function neighboursOf(key: ResourceKey, declaration: Declaration): readonly ResourceKey[] {
  const own = declaration.resources.find(({ declared }) => keyText(declared.key) === keyText(key))
  const dependencies = own?.declared.dependsOn ?? []
  const found = new Map<string, ResourceKey>()
  const add = (keys: readonly ResourceKey[]) => {
    for (const one of keys) if (keyText(one) !== keyText(key)) found.set(keyText(one), one)
  }
  add(dependencies)
  add(declaration.dependents.get(keyText(key)) ?? [])
  for (const dependency of dependencies) add(declaration.dependents.get(keyText(dependency)) ?? [])
  return [...found.values()]
}

/** The resources of these names and all that they depend on, directly or not. */
export function withDependencies(names: ReadonlySet<string>, declaration: Declaration): ReadonlySet<string> {
  const found = new Set(names)
  // Dependencies come before what depends on them, so that one walk backwards meets them all.
  for (const { declared } of [...declaration.resources].reverse()) {
    if (!found.has(keyText(declared.key))) continue
    for (const dependency of declared.dependsOn) found.add(keyText(dependency))
  }
  return found
}
