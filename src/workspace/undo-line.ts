/** Whether the last thing that was done to a resource can still be taken back, in a line of `why`. */
import { isoOf } from '../clock.ts'
import type { WhyLine } from '../engine/conditions.ts'
import { keyText, type ResourceKey } from '../engine/resource.ts'
import type { Workspace } from './workspace.ts'

/** None where nothing was done to it, or no undo was ever possible. */
export function undoLine(
  key: ResourceKey,
  { engine, journal, generations }: Pick<Workspace, 'engine' | 'journal' | 'generations'>,
  nowMs: number,
): readonly WhyLine[] {
  const [last] = engine.ledger.records({ states: ['succeeded', 'verified'], resource: keyText(key), limit: 1 })
  if (last === undefined || last.action.reversible === 'irreversible') return []
  const { action, changedAtMs } = last
  const done = `${action.id} (${action.summary}, ${isoOf(changedAtMs)})`
  const line = (text: string): readonly WhyLine[] => [{ label: 'undo', text }]
  if (action.reversible !== 'from-checkpoint') return line(`${done} can be taken back: trueup undo ${action.id}`)
  const { keep } = generations.inForce().state.policy.checkpoints
  const prunedBefore = journal.db
    .prepare<[], string | null>(
      `SELECT max(json_extract(body, '$.before')) FROM entries WHERE type = 'checkpoints.expired'`,
    )
    .pluck()
    .get()
  const isGone = changedAtMs < nowMs - keep || (typeof prunedBefore === 'string' && isoOf(changedAtMs) <= prunedBefore)
  return line(
    isGone
      ? `${done} is too old to be taken back: what undo needs was not kept longer (policy.checkpoints)`
      : `${done} can be taken back until ${isoOf(changedAtMs + keep)}: trueup undo ${action.id}`,
  )
}
