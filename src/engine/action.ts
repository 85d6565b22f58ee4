import type { JsonObject, JsonValue } from '../json.ts'
import type { Affected, Severity } from './drift.ts'
import type { ResourceKey } from './resource.ts'

/** The same four levels as a drift's severity; here: what carrying it out could cost. */
export type ActionRisk = Severity

/** Something the data say about an action, for the person who approves. What it weighs is in the action's risk. */
export interface Finding {
  /** Stable, for example `drops-values`, `breaks-unique`. */
  readonly code: string
  readonly count: number
  readonly message: string
}

/** One cell before and after; at most 20 go with an action. */
export interface CellPreview {
  /** Key of the record. */
  readonly key: string
  readonly field: string
  readonly before: JsonValue
  readonly after: JsonValue
}

/**
 * How an action is taken back: `exact` by its inverse, `from-checkpoint` by what was kept before, `by-hand` by a person in
 * the target's own program, which lets no other remove what the action added (and what it added was empty, so that having
 * it loses nothing), `irreversible` by nothing.
 */
export const reversibilities = ['exact', 'from-checkpoint', 'by-hand', 'irreversible'] as const
export type Reversibility = (typeof reversibilities)[number]

/** One repair as a kind's `plan` gives it: fully resolved, nothing is left to choose when it is carried out. */
export interface ActionDraft {
  /** What is done, for example `add-column`, `standardize`. */
  readonly verb: string
  /** All that carrying it out needs, beside the checkpoint. Journaled: holds no secret. */
  readonly input: JsonObject
  /** One sentence for a person, with figures. */
  readonly summary: string
  readonly risk: ActionRisk
  readonly findings: readonly Finding[]
  /** Fingerprint of the evidence: the action is void when `Kind.checkpoint` finds another one. */
  readonly precondition: string
  readonly affected: Affected
  /** Of how many records `affected` is a part, for the blast radius in percent; 0 where shares mean nothing. */
  readonly population: number
  readonly preview: readonly CellPreview[]
  readonly reversible: Reversibility
  /** A person is asked whatever the policy says. */
  readonly needsApproval?: true | undefined
  /**
   * How a crash after dispatch is resolved: `transactional` (a marker was committed with the effect), `keyed` (the
   * target can be asked by a deterministic key), `blind` (nobody can tell).
   */
  readonly recovery: 'transactional' | 'keyed' | 'blind'
  /** The rate limit it draws on, for example `sqlite:main`, and how much. */
  readonly cost: { readonly bucket: string; readonly tokens: number }
  /** Paths of the drift that it mends. */
  readonly resolves: readonly string[]
  /** Actions of one resource are carried out by ascending order; equal orders are independent of each other. */
  readonly order: number
}

/** A frozen action with its identity: the hash of resource, verb, input and evidence. */
export interface Action extends ActionDraft {
  readonly id: string
  readonly resource: ResourceKey
  readonly cause: 'desired-changed' | 'drift' | 'undo' | 'request'
  /** Who asked for it, where a person did (`undo`, `request`): may not approve it alone when it is critical. */
  readonly requestedBy: string | undefined
  /** Hash of the resource's spec it was planned for. */
  readonly specHash: string
  /** What it undoes, for cause `undo`. */
  readonly undoes: string | undefined
  /** When the action was first planned, in milliseconds since the epoch. Not part of the id. */
  readonly plannedAtMs: number
}
