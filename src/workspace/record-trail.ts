/** The history of records out of change sets and the journal: only what was really carried out counts. */
import type { Clock } from '../clock.ts'
import type { ActionRecord } from '../engine/ledger.ts'
import type { ActionState } from '../journal/entry.ts'
import type { KeptChange, KeptStep, LeadHistory } from '../leads/history.ts'
import type { Change, TrailStep } from '../targets/sqlite/ports.ts'
import type { Workspace } from './workspace.ts'

/** States of actions whose effect may stand in the database, or stood there. */
const effective: ReadonlySet<ActionState> = new Set([
  'dispatched',
  'succeeded',
  'verified',
  'failed',
  'unknown',
  'undone',
])

/** `table` is the name in SQLite, in the file at `path`. */
export function leadHistoryOf(
  { changeSets, engine, generations }: Workspace,
  { path, table, clock }: { readonly path: string; readonly table: string; readonly clock: Clock },
): LeadHistory {
  return {
    keptSinceMs: () => clock.nowMs() - generations.inForce().state.policy.checkpoints.keep,
    async steps(key) {
      const { steps, isComplete } = await changeSets.trail({ path, table, key })
      const kept = steps.flatMap((step) => {
        const record = engine.ledger.record(step.actionId)
        return record === undefined ? [] : (keptStepOf(step, record, key) ?? [])
      })
      return { steps: kept, isComplete }
    },
  }
}

function keptStepOf(step: TrailStep, { state, result }: ActionRecord, key: string): KeptStep | undefined {
  if (!effective.has(state)) return undefined
  const sample = Array.isArray(result?.skippedSample) ? result.skippedSample : []
  if (sample.includes(key)) return undefined
  const skipped = typeof result?.skipped === 'number' ? result.skipped : 0
  const isWhole = state === 'verified' || state === 'succeeded' || state === 'undone'
  return {
    actionId: step.actionId,
    atMs: step.atMs,
    isCertain: isWhole && skipped <= sample.length,
    changes: step.changes.map(keptChangeOf),
  }
}

function keptChangeOf(change: Change): KeptChange {
  if (change.is !== 'cell') return { is: change.is, row: change.row }
  const { column, before, after, follows } = change
  return { is: 'cell', column, before, after, follows: follows === true }
}
