/**
 * Resolves an action once more right before it is carried out, from both sides as they are now, and keeps it record by
 * record. What the plan saw and what is found now are compared by the executor.
 */
import type { Action } from '../../engine/action.ts'
import type { Checkpoint, EffectContext } from '../../engine/kind.ts'
import { openTable } from '../../targets/sqlite/table-access.ts'
import { takeRemote } from './intake-remote.ts'
import { openLocalTable } from './local-table.ts'
import { freshMs } from './observe.ts'
import { type OpenParts, type SyncPorts, surveyParts } from './parts.ts'
import { changesOf, changeTargetOf } from './pull.ts'
import type { GroupSort } from './survey.ts'
import { fingerprintOf, movesNow } from './survey.ts'

/** Said instead of a fingerprint where the action cannot be resolved any more. */
const gone: Checkpoint = { evidence: 'what it was planned on is not there any more', images: 0 }

/** How old what is known of Airtable may be when something there is overwritten: a long run asks anew under way. */
const staleMs = 15_000

export async function keepMoves(
  action: Action,
  sort: GroupSort,
  keys: readonly string[] | undefined,
  parts: OpenParts,
  ports: SyncPorts,
  context: EffectContext,
): Promise<Checkpoint> {
  const { store } = parts
  const kept = store.moves.of(action.id)
  if (kept.some(({ state }) => state !== 'planned')) return { evidence: action.precondition, images: kept.length }
  if (keys === undefined) return gone
  if (sort === 'push-changes' || sort === 'push-fill' || sort === 'push-deletions') await refresh(parts, ports, context)
  const view = await ports.databases.read(parts.path)
  try {
    const reading = openLocalTable(view.db, parts.spec)
    if (reading.is === 'unready') return gone
    const moves = movesNow(keys, sort, surveyParts(parts, reading.table, ports, context.signal))
    const evidence = fingerprintOf(moves)
    if (evidence !== action.precondition) return { evidence, images: moves.length }
    const atMs = ports.clock.nowMs()
    if (sort.startsWith('pull')) {
      const target = changeTargetOf(parts, reading.table)
      ports.changeSets.discard(action.id)
      const set = ports.changeSets.begin(action.id, target)
      const access = openTable(view.db, target)
      for (const change of changesOf(moves, parts, reading.table, access, atMs)) set.add(change)
      set.finish()
    }
    store.moves.keep(
      action.id,
      moves.map((move, seq) => ({ ...move, seq })),
      atMs,
    )
    return { evidence, images: moves.length }
  } finally {
    view.close()
  }
}

async function refresh(parts: OpenParts, ports: SyncPorts, { signal, progress }: EffectContext): Promise<void> {
  const { target, mapping, store, spec } = parts
  const lastPollMs = target.feed.webhook()?.lastPollMs
  if (lastPollMs !== undefined && ports.clock.nowMs() - lastPollMs <= staleMs) return
  await takeRemote(
    {
      target,
      mapping,
      store,
      baseId: spec.airtable.base,
      nowMs: () => ports.clock.nowMs(),
      signal,
      progress,
    },
    { maxAgeMs: freshMs, scan: undefined },
  )
}
