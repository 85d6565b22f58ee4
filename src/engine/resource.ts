import type { JsonObject } from '../json.ts'

/** The address of one declared thing: a kind and a name, written `table/leads`. */
export interface ResourceKey {
  readonly kind: string
  readonly name: string
}

/** `kind/name`, the form that people type and logs show. */
export function keyText(key: ResourceKey): string {
  return `${key.kind}/${key.name}`
}

/** Reads `kind/name`; undefined when the text has another form. */
export function parseKey(text: string): ResourceKey | undefined {
  const match = /^([a-z-]+)\/(.+)$/.exec(text)
  return match?.[1] !== undefined && match[2] !== undefined ? { kind: match[1], name: match[2] } : undefined
}

/** One resource as the desired state declares it. */
export interface Declared<Spec extends JsonObject = JsonObject> {
  readonly key: ResourceKey
  /** All that this resource's behaviour depends on, resolved: two equal specs need no new look. */
  readonly spec: Spec
  /** Resources that must have been looked at, and be usable, before this one. */
  readonly dependsOn: readonly ResourceKey[]
  /** Never written: drift is reported, no action is planned. */
  readonly observeOnly: boolean
}
