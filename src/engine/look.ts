/** One look at a resource: read the world, compare, and resolve what would mend it. Changes nothing. */
import { InvariantViolation } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import type { Drift, DriftDraft } from './drift.ts'
import { operational } from './executor.ts'
import type { EffectContext, Kind } from './kind.ts'
import type { Ledger } from './ledger.ts'
import type { Observation, Scope } from './observation.ts'
import { driftsOf, makeActions } from './planner.ts'
import type { Declared } from './resource.ts'
import type { Look } from './status.ts'

export interface LookOptions {
  readonly kind: Kind
  readonly ledger: Ledger
  readonly specHash: string
  /** Where the last look ended; undefined when all has to be looked at. */
  readonly cursor: string | undefined
  readonly nowMs: number
  readonly context: EffectContext
  /** A full observation that was begun before; undefined to observe now. */
  readonly ahead?: Promise<Observation<unknown>> | undefined
}

/** Looks at the rows that changed since the cursor, or at all without one. */
export async function lookAt(declared: Declared, options: LookOptions): Promise<Look> {
  const { kind, context } = options
  const { scope, cursor } = await scopeOf(declared, options)
  if (scope.is === 'rows' && scope.rowIds.length === 0) {
    return { observation: { is: 'absent' }, drift: [], actions: [], scope: 'nothing', cursor }
  }
  const { ahead } = options
  const observation =
    ahead !== undefined && scope.is === 'full' ? await ahead : await observeSafely(declared, scope, kind, context)
  const drift = compare(declared, observation, options)
  const mendable = drift.filter((one) => one.byHand === undefined)
  const drafts =
    declared.observeOnly || observation.is === 'unreadable' ? [] : kind.plan(declared, observation, mendable)
  const actions = makeActions({
    resource: declared.key,
    drafts,
    cause: drift,
    specHash: options.specHash,
    nowMs: options.nowMs,
    // The same repair may be needed again after it was done: each occurrence has its own id, so that a marker or an
    // approval of the earlier one never counts for the later.
    occurrenceOf: (contentId) => options.ledger.endedOccurrences(contentId),
  })
  return { observation, drift, actions, scope: scope.is, cursor }
}

async function scopeOf(
  declared: Declared,
  options: LookOptions,
): Promise<{ scope: Scope; cursor: string | undefined }> {
  const { kind } = options
  if (kind.changes === undefined) return { scope: { is: 'full' }, cursor: undefined }
  // The cursor is read before the look, so that what changes meanwhile is looked at again rather than missed.
  try {
    return await kind.changes(declared, options.cursor)
  } catch (error) {
    if (error instanceof InvariantViolation) throw error
    // Whatever is wrong with the world shows in the full look, which names it as an unreadable observation.
    return { scope: { is: 'full' }, cursor: undefined }
  }
}

/** Observes; whatever goes wrong in the world is an unreadable observation. */
export async function observeSafely(
  declared: Declared,
  scope: Scope,
  kind: Kind,
  context: EffectContext,
): Promise<Observation<unknown>> {
  try {
    return await kind.observe(declared, scope, context)
  } catch (error) {
    return { is: 'unreadable', error: operational(error, context.signal) }
  }
}

function compare(declared: Declared, observation: Observation<unknown>, options: LookOptions): readonly Drift[] {
  const { kind, ledger, specHash } = options
  if (observation.is === 'unreadable') return []
  const drafts = kind.diff(declared, observation)
  const accepted = ledger.acceptedSpec(declared.key)
  return driftsOf(declared.key, drafts, acceptedPaths(drafts, declared, observation, kind, specHash, accepted))
}

/** Paths that differ from what was accepted before, too: their cause is the world, not the new declaration. */
function acceptedPaths(
  drafts: readonly DriftDraft[],
  declared: Declared,
  observation: Observation<unknown>,
  kind: Kind,
  specHash: string,
  accepted: { specHash: string; spec: JsonObject } | undefined,
): ReadonlySet<string> {
  if (accepted === undefined || accepted.specHash === specHash) return new Set(drafts.map((draft) => draft.path))
  return new Set(kind.diff({ ...declared, spec: accepted.spec }, observation).map((draft) => draft.path))
}
