/**
 * What `import … from 'trueup'` gives: the interface for plug-ins, which add kinds,
 * standardization rules and alert channels. Names are kept within a major version.
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
  /** Their names must be no names of kinds that are there; likewise for rules and channels. */
  readonly kinds?: readonly Kind[]
  readonly rules?: readonly RuleDefinition[]
  readonly channels?: readonly ChannelDefinition[]
}

/**
 * A standardization rule: a pure function from text to text. It is run in threads too, each of which loads the plug-in anew,
 * so it keeps nothing between values.
 */
export interface RuleDefinition {
  /** As `standardize` names it: lower-case letters, digits and `_`. */
  readonly name: string
  /** Raised whenever the outcome for some value changes, so that plans made by the older one are void. */
  readonly version: number
  /** One sentence: what the canonical form is. */
  readonly summary: string
  /** Checks the options of the desired state; throws an Error that says what is wrong. Left out: there are none. */
  options?(given: JsonObject): JsonObject
  /** Other fields of the row that it asks for. */
  siblings?(options: JsonObject): readonly string[]
  /** The canonical form, the same text where it is canonical; or why there is none, and the value stays as it is and is reported. */
  standardize(
    value: string,
    options: JsonObject,
    context: { readonly sibling: (field: string) => string | undefined },
  ): string | { readonly unmendable: string }
}

/** What is to be told. */
export interface ChannelParcel {
  /** The same at every try of the same things, so that a receiver knows it again. */
  readonly id: string
  readonly subject: string
  readonly text: string
  /** As a webhook gets it. */
  readonly document: JsonObject
}

export interface ChannelTools {
  /** `settings` of the channel in the desired state. */
  readonly settings: JsonObject
  /** Reads one of its `secrets`, at this moment. */
  secret(name: string): Promise<string>
  /** Posts through the guard that keeps requests from addresses within; gives the status. */
  post(url: string, body: string, headers?: Readonly<Record<string, string>>): Promise<number>
  /** Aborted when Trueup stops. */
  readonly signal: AbortSignal
}

/** A way by which people are told. What it throws is kept in the log of deliveries, and the parcel is tried again. */
export interface ChannelDefinition {
  /** As `alerts.channels.NAME.plugin` names it: lower-case letters and hyphens. */
  readonly name: string
  readonly summary: string
  send(parcel: ChannelParcel, tools: ChannelTools): Promise<void>
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

/** Gives the rule back, with the types of its parts inferred. */
export function defineRule(rule: RuleDefinition): RuleDefinition {
  return rule
}

/** Gives the channel back, with the types of its parts inferred. */
export function defineChannel(channel: ChannelDefinition): ChannelDefinition {
  return channel
}
