/**
 * Ends what was cut off on resources that no declaration names: writes through the API, entries taken out of the file
 * since. Declared ones are recovered when they are reconciled.
 */
import type { Clock, Timer } from '../clock.ts'
import { OperationalError } from '../errors.ts'
import type { Engine } from './engine.ts'
import type { Lease } from './lease.ts'
import { recoverResource } from './recovery.ts'
import { keyText, type ResourceKey } from './resource.ts'

const everyMs = 5000

/** Goes through all once; what cannot be ended now is told at that level of the log. */
export async function recoverUndeclared(engine: Engine, lease: Lease, level: 'warn' | 'debug'): Promise<void> {
  const { log } = engine.ports()
  for (const key of unfinishedOf(engine)) {
    try {
      // Whoever works on it ends it himself, or leaves it.
      await engine.alone(key, () => recoverOne(key, engine, lease))
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      // The rest of the workspace can be worked on.
      log[level]({ resource: keyText(key), code: error.code, err: error.message }, 'what was begun cannot be ended yet')
    }
  }
}

/**
 * Ends it every few seconds too: a journal that had no room for the outcome of a write has some later, and nobody looks
 * at what is not declared.
 */
export function endingUndeclared(
  engine: Engine,
  lease: Lease,
  { clock, onFailure }: { readonly clock: Clock; readonly onFailure: (error: unknown) => void },
): Timer {
  let isCancelled = false
  let timer = clock.after(everyMs, round)
  function round(): void {
    const ended = lease.signal.aborted ? Promise.resolve() : recoverUndeclared(engine, lease, 'debug')
    ended.catch(onFailure).finally(() => {
      if (!isCancelled) timer = clock.after(everyMs, round)
    })
  }
  return {
    cancel() {
      isCancelled = true
      timer.cancel()
    },
  }
}

function unfinishedOf(engine: Engine): readonly ResourceKey[] {
  const declared = new Set(engine.declaration().resources.map(({ declared: one }) => keyText(one.key)))
  const unfinished = engine.ledger.records({ states: ['intended', 'checkpointed', 'dispatched'], limit: 10_000 })
  const keys = new Map(unfinished.map(({ action }) => [keyText(action.resource), action.resource]))
  return [...keys].flatMap(([name, key]) => (declared.has(name) ? [] : [key]))
}

async function recoverOne(key: ResourceKey, engine: Engine, lease: Lease): Promise<void> {
  const context = { runId: engine.newRunId(), actor: 'controller', signal: lease.signal }
  const recovery = await recoverResource(keyText(key), context, { ...engine.ports(), lease })
  if (recovery.is === 'blocked') throw recovery.error
  for (const { action } of recovery.finished) engine.ledger.move('action.verified', action, context, { remaining: [] })
}
