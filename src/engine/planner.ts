/**
 * Turns what the kinds propose into drift and actions with identities. Pure. Equal content has an equal id, so that
 * looking again makes no new plan and an unchanged plan keeps its approvals.
 */
import { invariant, unreachable } from '../errors.ts'
import { shortHashOf } from '../json.ts'
import type { Action, ActionDraft } from './action.ts'
import type { Drift, DriftDraft } from './drift.ts'
import { keyText, type ResourceKey } from './resource.ts'

export interface ActionsInput {
  readonly resource: ResourceKey
  readonly drafts: readonly ActionDraft[]
  /** Why: the drift of the resource, of which each action takes the cause of what it resolves; or what a person asked for. */
  readonly cause: readonly Drift[] | 'undo' | 'request'
  /** Hash of the resource's spec. */
  readonly specHash: string
  readonly nowMs: number
  /** Who asked for it, for `undo` and `request`. */
  readonly requestedBy?: string
  /** The id of the action that is undone. */
  readonly undoes?: string
  /** How often an action of this content has ended before: gives a repair that is needed once more an id of its own. */
  readonly occurrenceOf?: (contentId: string) => number
  /** Actions known already: an equal one keeps the moment it was first planned. */
  readonly known?: readonly Action[]
}

/**
 * Gives each draft its identity and freezes it, deeply, as a copy. The id is {@link contentIdOf}, or a hash of it and
 * the occurrence where that is above 0. Throws InvariantViolation when two drafts have the same content.
 */
export function makeActions(input: ActionsInput): readonly Action[] {
  const known = new Map(input.known?.map((action) => [action.id, action]))
  const actions = input.drafts.map((draft) => {
    const contentId = contentIdOf({ ...draft, resource: input.resource, specHash: input.specHash })
    const occurrence = input.occurrenceOf?.(contentId) ?? 0
    const id = occurrence === 0 ? contentId : shortHashOf({ contentId, occurrence })
    return deeplyFrozen<Action>(
      structuredClone({
        ...draft,
        id,
        resource: input.resource,
        cause: causeOf(draft, input.cause),
        requestedBy: input.requestedBy,
        specHash: input.specHash,
        undoes: input.undoes,
        plannedAtMs: known.get(id)?.plannedAtMs ?? input.nowMs,
      }),
    )
  })
  const ids = new Set(actions.map(({ id }) => id))
  invariant(ids.size === actions.length, `two actions of ${keyText(input.resource)} have the same content`)
  return Object.freeze(actions)
}

/** Hash of what an action does, to what, on which evidence and for which spec: not of how it is described or rated. */
export function contentIdOf(action: Pick<Action, 'resource' | 'verb' | 'input' | 'precondition' | 'specHash'>): string {
  const { resource, verb, input, precondition, specHash } = action
  return shortHashOf({ resource: keyText(resource), verb, input, precondition, specHash })
}

function causeOf(draft: ActionDraft, cause: ActionsInput['cause']): Action['cause'] {
  if (cause === 'undo' || cause === 'request') return cause
  const isDesired = cause.some((drift) => drift.cause === 'desired-changed' && draft.resolves.includes(drift.path))
  return isDesired ? 'desired-changed' : 'drift'
}

/**
 * Gives each difference its id and its cause. `acceptedPaths` are the paths that differ from the last accepted
 * generation too: there the world has changed; what differs from the newer declaration alone is the declaration's doing.
 * Throws InvariantViolation when a path is named twice.
 */
export function driftsOf(
  resource: ResourceKey,
  drafts: readonly DriftDraft[],
  acceptedPaths: ReadonlySet<string>,
): readonly Drift[] {
  const drifts = drafts.map((draft) =>
    deeplyFrozen<Drift>(
      structuredClone({
        ...draft,
        id: shortHashOf({ resource: keyText(resource), path: draft.path }),
        resource,
        cause: acceptedPaths.has(draft.path) ? ('drift' as const) : ('desired-changed' as const),
      }),
    ),
  )
  const paths = new Set(drifts.map(({ path }) => path))
  invariant(paths.size === drifts.length, `two differences of ${keyText(resource)} have the same path`)
  return Object.freeze(drifts)
}

/** Hash of a plan: its generation and its actions, in whatever order they were found. */
export function planIdOf(actions: readonly Pick<Action, 'id'>[], generation: number): string {
  return shortHashOf({ generation, actions: actions.map(({ id }) => id).sort() })
}

/** In what a new action differs from the one it stands in for. */
export type ActionChange = 'evidence' | 'declaration' | 'input' | 'recurrence'

/** An action that is no longer planned, and what is planned in its stead. */
export interface VanishedAction {
  readonly action: Action
  /** The new action of the same resource and verb that resolves the same drift, or undefined when there is none. */
  readonly nearest: Action | undefined
  /** In what `nearest` differs; empty without it. */
  readonly changed: readonly ActionChange[]
  /** One sentence for a person whose approval is void. */
  readonly message: string
}

export interface PlanChange {
  readonly appeared: readonly Action[]
  readonly vanished: readonly VanishedAction[]
  readonly kept: readonly Action[]
}

/** What became of the actions of an earlier plan. */
export function diffPlans(before: readonly Action[], after: readonly Action[]): PlanChange {
  const beforeIds = new Set(before.map(({ id }) => id))
  const afterIds = new Set(after.map(({ id }) => id))
  const appeared = after.filter(({ id }) => !beforeIds.has(id))
  return {
    appeared,
    kept: after.filter(({ id }) => beforeIds.has(id)),
    vanished: before.filter(({ id }) => !afterIds.has(id)).map((action) => vanishedAction(action, appeared)),
  }
}

function vanishedAction(action: Action, appeared: readonly Action[]): VanishedAction {
  const [best] = appeared
    .filter((one) => isSameTask(one, action))
    .map((one) => ({ nearest: one, changed: changesOf(action, one) }))
    .sort((a, b) => a.changed.length - b.changed.length)
  if (best === undefined) {
    return { action, nearest: undefined, changed: [], message: `no longer needed: ${action.summary}` }
  }
  const reasons = best.changed.map(changeText).join(', ')
  return { action, ...best, message: `${reasons}; instead of “${action.summary}” now “${best.nearest.summary}”` }
}

function isSameTask(a: Action, b: Action): boolean {
  return (
    keyText(a.resource) === keyText(b.resource) &&
    a.verb === b.verb &&
    shortHashOf([...a.resolves].sort()) === shortHashOf([...b.resolves].sort())
  )
}

function changesOf(before: Action, after: Action): readonly ActionChange[] {
  const changes: ActionChange[] = []
  if (before.precondition !== after.precondition) changes.push('evidence')
  if (before.specHash !== after.specHash) changes.push('declaration')
  if (shortHashOf(before.input) !== shortHashOf(after.input)) changes.push('input')
  // Resource, verb and the three above make the content: equal in all of them, it is the same repair once more.
  return changes.length === 0 ? ['recurrence'] : changes
}

function changeText(change: ActionChange): string {
  switch (change) {
    case 'evidence':
      return 'the records it was planned on have changed'
    case 'declaration':
      return 'the desired state has changed'
    case 'input':
      return 'other values would be written'
    case 'recurrence':
      return 'it was carried out and is needed again'
    default:
      return unreachable(change)
  }
}

/** Freezes a value and all that it holds. Only for values that nobody else holds. */
function deeplyFrozen<Value extends object>(value: Value): Value {
  const parts: readonly unknown[] = Object.values(value)
  for (const part of parts) if (typeof part === 'object' && part !== null) deeplyFrozen(part)
  return Object.freeze(value)
}
