/**
 * Resolves an action once more right before it is carried out, from both sides as they are now, and keeps it record by
 * record. What the plan saw and what is found now are compared by the executor.
 */
import type { Action } from '../../engine/action.ts'
import type { Checkpoint, EffectContext } from '../../engine/kind.ts'
import { openTable } from '../../targets/sqlite/table-access.ts'
import { takeRemote } from './intake-remote.ts'
import { openLocalTable } from './local-table.ts'
import { type OpenParts, type SyncPorts, surveyParts } from './parts.ts'
import { changesOf, changeTargetOf } from './pull.ts'
import type { GroupSort } from './survey.ts'
import { fingerprintOf, movesNow } from './survey.ts'

/** Said instead of a fingerprint where the action cannot be resolved any more. */
const gone: Checkpoint = { evidence: 'what it was planned on is not there any more', images: 0 }

/**
 * How old what is known of Airtable may be when an action begins, by what it does there. What overwrites or deletes is one
 * action and waits for news; the many small ones of a long run ask anew now and then.
 */
const newsAgeMaxMs: Readonly<Partial<Record<GroupSort, number>>> = {
  'push-new': 15_000,
  'push-fill': 15_000,
  'push-changes': 1000,
  'push-deletions': 1000,
  'push-erasures': 1000,
  'pull-deletions': 1000,
}

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
  const ageMaxMs = newsAgeMaxMs[sort]
  if (ageMaxMs !== undefined) await refresh(ageMaxMs, parts, ports, context)
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

async function refresh(
  ageMaxMs: number,
  parts: OpenParts,
  ports: SyncPorts,
  { signal, progress }: EffectContext,
): Promise<void> {
  const { target, mapping, store, spec } = parts
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
    { maxAgeMs: ageMaxMs, scan: undefined },
  )
}
