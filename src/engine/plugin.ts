/**
 * What `import … from 'trueup'` gives: the interface for plug-ins, which add kinds. Names are kept within a major version.
 *
 * @example
 * export default definePlugin(({ settingsIn }) => ({ kinds: [defineKind({ name: 'file-mode', … })] }))
 */
import type { Clock } from '../clock.ts'
import type { DesiredState } from '../desired/schema.ts'
import type { JsonObject } from '../json.ts'
import type { Kind } from './kind.ts'

export type { Clock } from '../clock.ts'
export type { DesiredState } from '../desired/schema.ts'
export { type ErrorCode, OperationalError } from '../errors.ts'
export { hashOf, type JsonObject, type JsonValue } from '../json.ts'
export type { Action, ActionDraft, ActionRisk, Finding, Reversibility } from './action.ts'
export type { Affected, Category, Drift, DriftDraft, Severity } from './drift.ts'
export type { Applied, Checkpoint, EffectContext, HealthCheck, Kind, UndoPlan, Waits } from './kind.ts'
export type { Observation, Scope } from './observation.ts'
export type { Declared, ResourceKey } from './resource.ts'

/** What a plug-in is given when it is loaded, once for the life of the program. */
export interface PluginContext {
  /** The name of its entry in `plugins`. */
  readonly name: string
  /** Folder of the desired state, absolute. Relative paths start there. */
  readonly workspace: string
  readonly clock: Clock
  /** The `settings` of its entry as a desired state has them, which change while the program runs; none: the entry is gone. */
  settingsIn(desired: DesiredState): JsonObject | undefined
}

export interface Plugin {
  /** Their names must be no names of kinds that are there. */
  readonly kinds: readonly Kind[]
}

export type PluginModule = (context: PluginContext) => Plugin | Promise<Plugin>

/** Gives the kind back with its types inferred: spec and state need not be named. */
export function defineKind<Spec extends JsonObject, State>(kind: Kind<Spec, State>): Kind {
  return kind
}

/** Gives the function back; the default export of a plug-in's module. */
export function definePlugin(module: PluginModule): PluginModule {
  return module
}
