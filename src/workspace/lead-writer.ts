/** Carries out what people and agents write through the API: each write is a journaled action that can be undone. */
import type { Engine } from '../engine/engine.ts'
import { type Execution, execute } from '../engine/executor.ts'
import type { Lease } from '../engine/lease.ts'
import { makeActions } from '../engine/planner.ts'
import { OperationalError } from '../errors.ts'
import { hashOf } from '../json.ts'
import { type RowsKind, rowsKindName } from '../kinds/rows/index.ts'
import type { LeadChangeRequest, LeadWriteOutcome, LeadWriter } from '../leads/ports.ts'
import type { Random } from '../random.ts'
import { createChangeFingerprint } from '../targets/sqlite/change-fingerprint.ts'

export interface LeadWriterPorts {
  readonly engine: Engine
  readonly rows: RowsKind
  /** Undefined when the workspace was opened to look only. */
  readonly lease: Lease | undefined
  readonly random: Random
  /** The path of the database of a table. */
  readonly pathOf: (table: string) => string
  readonly databaseOf: (table: string) => string
}

export function createLeadWriter(ports: LeadWriterPorts): LeadWriter {
  const { engine, rows } = ports
  return {
    async submit(request) {
      const { lease } = ports
      if (lease === undefined) throw new OperationalError('LEASE_HELD', 'this workspace was opened for reading only')
      const action = actionOf(request, ports)
      rows.offer(action.id, { path: ports.pathOf(request.table), ...request.target }, request.changes)
      try {
        const context = {
          runId: engine.newRunId(),
          actor: request.actor,
          signal: new AbortController().signal,
        }
        const { clock, log, deadlineMs, kindOf, work } = engine.ports()
        const execution = await engine.alone(action.resource, async () => {
          // Asked when its turn has come: whoever waits for it long enough may meet another policy.
          const gate = engine.gating.gate(action)
          if (!gate.runnable) return { is: 'waiting', reasons: gate.reasons.map(({ message }) => message) } as const
          engine.ledger.plan(action)
          return execute(action, context, { ledger: engine.ledger, clock, log, lease, kindOf, deadlineMs, work })
        })
        if (execution.is === 'waiting') return { ...execution, actionId: action.id }
        if (execution.is === 'succeeded') engine.ledger.move('action.verified', action, context, { remaining: [] })
        return outcomeOf(action.id, execution)
      } finally {
        rows.withdraw(action.id)
      }
    },
  }
}

function actionOf(request: LeadChangeRequest, ports: LeadWriterPorts) {
  const fingerprint = createChangeFingerprint()
  for (const change of request.changes) fingerprint.add(change)
  const database = ports.databaseOf(request.table)
  const [action] = makeActions({
    resource: { kind: rowsKindName, name: request.table },
    drafts: [
      {
        verb: request.verb,
        // The nonce makes each write an action of its own, however often the same one is asked for.
        input: { table: request.table, database, reason: request.reason, nonce: ports.random.hex(8) },
        summary: request.summary,
        risk: 'low',
        findings: [],
        precondition: fingerprint.digest(),
        affected: { count: request.affected ?? 1, sample: [request.key] },
        population: 0,
        preview: request.preview,
        reversible: 'from-checkpoint',
        recovery: 'transactional',
        cost: { bucket: 'api', tokens: 1 },
        resolves: [],
        order: 0,
      },
    ],
    cause: 'request',
    specHash: hashOf({ table: request.table }),
    nowMs: ports.engine.ports().clock.nowMs(),
    requestedBy: request.actor,
  })
  if (action === undefined) throw new OperationalError('ACTION_FAILED', 'no action was made of the request')
  return action
}

function outcomeOf(actionId: string, execution: Execution): LeadWriteOutcome {
  switch (execution.is) {
    case 'succeeded': {
      const [failure] = execution.applied.failed
      if (failure !== undefined) return { is: 'failed', actionId, reason: failure.reason }
      return execution.applied.skippedCount > 0 ? { is: 'changed-since', actionId } : { is: 'applied', actionId }
    }
    case 'stale':
      return { is: 'changed-since', actionId }
    default:
      return { is: 'failed', actionId, reason: execution.error.message }
  }
}
