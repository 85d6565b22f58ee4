/** Carries out at once what a person asks of one resource, where the gate lets it through. */
import type { Action, ActionDraft } from '../engine/action.ts'
import type { Engine } from '../engine/engine.ts'
import { type ExecuteContext, type Execution, type ExecutorOptions, execute } from '../engine/executor.ts'
import type { Kind } from '../engine/kind.ts'
import { makeActions } from '../engine/planner.ts'
import { recoverResource } from '../engine/recovery.ts'
import { type Declared, keyText, type ResourceKey } from '../engine/resource.ts'
import { OperationalError } from '../errors.ts'
import { hashOf } from '../json.ts'
import type { Workspace } from './open.ts'

export interface Asked {
  readonly key: ResourceKey
  readonly draft: ActionDraft
  /** Undefined for what is not declared any more. */
  readonly declared: Declared | undefined
}

export type CarriedOut =
  | { readonly is: 'held'; readonly actionId: string; readonly message: string }
  | { readonly is: 'ended'; readonly actionId: string; readonly execution: Execution }

/** Throws LEASE_HELD on a workspace that was opened for reading. */
export async function carryOut(
  { key, draft, declared }: Asked,
  kind: Kind,
  actor: string,
  { engine, lease }: Pick<Workspace, 'engine' | 'lease'>,
): Promise<CarriedOut> {
  if (lease === undefined) throw new OperationalError('LEASE_HELD', 'this workspace was opened for reading only')
  const { clock, log, deadlineMs, safeguard, work } = engine.ports()
  const action = askedAction({ key, draft, declared }, actor, engine)
  const by = { runId: engine.newRunId(), actor, signal: lease.signal }
  const execution = await engine.alone(key, async () => {
    // Asked when its turn has come: whoever waits for it long enough may meet another policy.
    const gate = engine.gating.gate(action)
    if (!gate.runnable) return { is: 'held', message: gate.reasons.map((reason) => reason.message).join('; ') } as const
    const options = { ledger: engine.ledger, clock, log, lease, kindOf: () => kind, deadlineMs, safeguard, work }
    const ended = await endUnfinished(action, by, options)
    if (ended !== undefined) return ended
    const known = engine.ledger.record(action.id)?.state
    if (known === undefined || known === 'superseded') engine.ledger.plan(action)
    return execute(action, by, options)
  })
  if (execution.is === 'held') return { ...execution, actionId: action.id }
  if (execution.is === 'succeeded') engine.ledger.move('action.verified', action, by, { remaining: [] })
  return { is: 'ended', actionId: action.id, execution }
}

/**
 * Ends what a crash cut off on the resource, as a reconcile would; it may be this very action, whose outcome is given then.
 * The resource is held by the caller.
 */
export async function endUnfinished(
  action: Action,
  by: ExecuteContext,
  options: ExecutorOptions,
): Promise<Execution | undefined> {
  const recovery = await recoverResource(keyText(action.resource), by, options)
  if (recovery.is === 'blocked') return { is: 'failed', error: recovery.error }
  for (const { action: finished } of recovery.finished)
    if (finished.id !== action.id) options.ledger.move('action.verified', finished, by, { remaining: [] })
  const own = recovery.finished.find(({ action: finished }) => finished.id === action.id)
  return own === undefined
    ? undefined
    : { is: 'succeeded', applied: { changed: own.action.affected.count, skipped: [], skippedCount: 0, failed: [] } }
}

/** What is asked, as an action that was not journaled yet. */
export function askedAction({ key, draft, declared }: Asked, actor: string, { ports, ledger }: Engine): Action {
  const [action] = makeActions({
    resource: key,
    drafts: [draft],
    cause: 'request',
    specHash: hashOf(declared?.spec ?? null),
    nowMs: ports().clock.nowMs(),
    requestedBy: actor,
    occurrenceOf: (contentId) => ledger.endedOccurrences(contentId),
  })
  if (action === undefined) throw new OperationalError('ACTION_FAILED', 'no action was made of the request')
  return action
}
