/**
 * Ends what a crash or a failure half-way cut off. Before `dispatched` nothing happened; after it the world is asked
 * (a marker in the database, a key at the service), and only an action that nobody can tell about becomes `unknown`.
 */
import { OperationalError, unreachable } from '../errors.ts'
import { completeUndo } from './carry-out-undo.ts'
import { type ExecuteContext, type ExecutorOptions, resume } from './executor.ts'
import type { ActionRecord } from './ledger.ts'

export type Recovery =
  /** `finished` took effect and are to be verified. */
  | { readonly is: 'clear'; readonly finished: readonly ActionRecord[] }
  /** Something begun cannot be ended now; nothing new may be begun on the resource. */
  | { readonly is: 'blocked'; readonly error: OperationalError }

/** Settles every unfinished action of one resource. Must not run beside another reconcile of that resource. */
export async function recoverResource(
  resource: string,
  context: ExecuteContext,
  options: ExecutorOptions,
): Promise<Recovery> {
  const { ledger } = options
  const by = { actor: context.actor, runId: context.runId }
  const finished: ActionRecord[] = []
  const unfinished = ledger.records({ states: ['intended', 'checkpointed', 'dispatched'], resource, limit: 1000 })
  for (const record of [...unfinished].reverse()) {
    if (record.state !== 'dispatched') {
      ledger.move('action.interrupted', record.action, by, { at: record.state })
      continue
    }
    const outcome = await settleDispatched(record, context, options)
    if (outcome.is === 'blocked') return outcome
    const now = ledger.record(record.action.id)
    if (now?.state !== 'succeeded') continue
    finished.push(now)
    completeUndo(record.action, ledger, by, 0)
  }
  return unknownOf(resource, options) ?? { is: 'clear', finished }
}

async function settleDispatched(
  record: ActionRecord,
  context: ExecuteContext,
  options: ExecutorOptions,
): Promise<{ readonly is: 'settled' } | { readonly is: 'blocked'; readonly error: OperationalError }> {
  const { action } = record
  const by = { actor: context.actor, runId: record.runId ?? context.runId }
  const kind = options.kindOf(action.resource.kind)
  const found = await kind.probe(action, { signal: context.signal, progress: () => undefined })
  switch (found) {
    case 'applied':
      options.ledger.move('action.succeeded', action, by, {
        changed: action.affected.count,
        skipped: 0,
        failed: 0,
        recovered: true,
      })
      return { is: 'settled' }
    case 'not-applied':
      // Its approvals stand: the next look plans the same action again, if the evidence is still the same.
      options.ledger.move('action.interrupted', action, by, { at: 'dispatched', effect: 'none' })
      return { is: 'settled' }
    case 'partly': {
      const execution = await resume(action, { ...context, runId: by.runId }, options)
      return execution.is === 'succeeded' || execution.is === 'stale'
        ? { is: 'settled' }
        : { is: 'blocked', error: execution.error }
    }
    case 'unknown':
      options.ledger.move('action.unknown', action, by, { code: 'ACTION_UNKNOWN', message: 'a crash cut it off' })
      return { is: 'settled' }
    default:
      return unreachable(found)
  }
}

function unknownOf(resource: string, options: ExecutorOptions): Recovery | undefined {
  const [unknown] = options.ledger.records({ states: ['unknown'], resource, limit: 1 })
  if (unknown === undefined) return undefined
  return {
    is: 'blocked',
    error: new OperationalError(
      'ACTION_UNKNOWN',
      `whether "${unknown.action.summary}" (${unknown.action.id}) took effect cannot be found out`,
    ),
  }
}
