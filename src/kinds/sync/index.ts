/**
 * The kind `sync`: a table and its mirror in Airtable say the same, field by field. What changed on one side is taken to
 * the other; what changed on both is decided as declared, and no value is lost without a trace.
 */
import type { Action } from '../../engine/action.ts'
import type { EffectContext, Kind } from '../../engine/kind.ts'
import { OperationalError } from '../../errors.ts'
import { keepMoves } from './checkpoint.ts'
import { diffSync } from './diff.ts'
import { syncFigures } from './figures.ts'
import { describeSync, healthOfSync } from './health.ts'
import { notePush, observeSync } from './observe.ts'
import { type OpenParts, openParts, type SyncPorts, targetOf } from './parts.ts'
import { planSync, syncInputSchema } from './plan.ts'
import { pull } from './pull.ts'
import { push, pushState } from './push.ts'
import { kindName, listSync, type SyncSpec } from './spec.ts'
import type { SyncObservation, SyncState } from './state.ts'
import { applyUndo, checkpointUndo, planUndoOf, undoInputSchema } from './undo.ts'

export { createSyncDesk, type SyncDesk } from './desk.ts'
export type { SyncPorts } from './parts.ts'
export { type Mark, partsOf } from './reading.ts'
export { createMirrorReader } from './recovery-rows.ts'
export { listSync } from './spec.ts'
export type { Conflict } from './store/conflicts.ts'
export type { KeptMove } from './store/moves.ts'
export { lazySyncStore } from './store/open.ts'

/** Groups that are remembered, so that an action that waited for approval can still be resolved. */
const rememberedMax = 2000

export function syncKind(ports: SyncPorts): Kind<SyncSpec, SyncState> {
  /** Which leads an action is about, by its evidence: values and keys are never journaled. */
  const keysOf = new Map<string, readonly string[]>()

  const remember = (observation: SyncObservation) => {
    if (observation.is !== 'present' || observation.state.is !== 'surveyed') return
    for (const { fingerprint, keys } of observation.state.survey.groups) {
      keysOf.delete(fingerprint)
      keysOf.set(fingerprint, keys)
    }
    for (const old of keysOf.keys()) {
      if (keysOf.size <= rememberedMax) break
      keysOf.delete(old)
    }
  }

  const partsOf = async (action: Action, signal: AbortSignal): Promise<OpenParts> => {
    const name = action.resource.name
    const spec = ports.specOf(name)
    if (spec === undefined) throw new OperationalError('ACTION_STALE', `${name} is not mirrored in Airtable any more`)
    const reading = await openParts({ name, spec }, ports, signal)
    if (reading.is === 'unready') throw new OperationalError('ACTION_STALE', reading.message)
    return reading.parts
  }

  return {
    name: kindName,
    category: 'airtable',
    list: listSync,

    async observe(resource, _scope, context) {
      const observation = await observeSync(resource, ports, context, (fingerprint) => keysOf.has(fingerprint))
      remember(observation)
      return observation
    },

    diff: (resource, observation) =>
      observation.is === 'present' ? diffSync(resource.key.name, resource.spec, observation.state) : [],

    plan: (resource, observation) =>
      observation.is === 'present' ? planSync(resource.key.name, resource.spec, observation.state) : [],

    async checkpoint(action, context) {
      const parts = await partsOf(action, context.signal)
      const input = syncInputSchema.safeParse(action.input)
      if (!input.success) return checkpointUndo(action, parts, ports, context)
      return keepMoves(action, input.data.sort, keysOf.get(action.precondition), parts, ports, context)
    },

    async apply(action, context) {
      const parts = await partsOf(action, context.signal)
      const input = syncInputSchema.safeParse(action.input)
      if (!input.success) return applyUndo(action, parts, ports, context)
      if (input.data.sort.startsWith('pull')) return pull(action.id, parts, ports, context)
      const applied = await push({ actionId: action.id, isUndo: false }, parts, ports, context)
      notePush(parts.store, ports.clock.nowMs())
      return applied
    },

    probe: (action, context) => probe(action, ports, context),
    planUndo: async (action, context, rows) =>
      planUndoOf(action, await partsOf(action, context.signal), ports, context, rows),

    watch(resource, notify) {
      const { spec } = resource
      const closers: { close(): void }[] = [targetOf(spec, ports).watch(notify)]
      if (spec.push.onChange) closers.push(ports.databases.watch(ports.pathOf(spec.database), notify))
      return {
        close() {
          for (const closer of closers) closer.close()
        },
      }
    },

    // What cannot be reached is tried again with the next pull, however often it has failed before.
    lookAgainAfterMs: (resource, observation) =>
      observation.is === 'present' && observation.state.is === 'surveyed'
        ? observation.state.lookAgainAfterMs
        : resource.spec.pull.everyMs,

    health: (resource, observation, drift) => healthOfSync(resource.spec, observation, drift),
    figures: ({ key }, observation) => syncFigures(key.name, observation),
    describe: describeSync,
  }
}

async function probe(
  action: Action,
  ports: SyncPorts,
  _context: EffectContext,
): Promise<'applied' | 'partly' | 'not-applied'> {
  const kept = (await ports.syncStore()).table(action.resource.name).moves.of(action.id)
  const input = syncInputSchema.safeParse(action.input)
  const sort = input.success ? input.data.sort : undoInputSchema.parse(action.input).from
  if (!sort.startsWith('pull')) return pushState(kept)
  const found = await ports.changeSets.probe(action.id, ports.databases)
  // The rows are changed, and what follows from it is not noted yet: carrying it out once more does only that.
  return found === 'applied' && kept.some(({ state }) => state === 'planned') ? 'partly' : found
}
