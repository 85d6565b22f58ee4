/**
 * Carries out the erasure of a person as a journaled action. Who asks has confirmed it and has the permission for it: that
 * is the approval, and it is journaled as one. A mode, a window or a second approval that the policy demands still holds.
 */
import type { Clock } from '../clock.ts'
import type { Action } from '../engine/action.ts'
import type { Engine } from '../engine/engine.ts'
import { type Execution, execute } from '../engine/executor.ts'
import type { Lease } from '../engine/lease.ts'
import { makeActions } from '../engine/planner.ts'
import { recoverResource } from '../engine/recovery.ts'
import { keyText } from '../engine/resource.ts'
import { OperationalError } from '../errors.ts'
import { hashOf } from '../json.ts'
import { eraseVerb, type RowsKind, rowsKindName } from '../kinds/rows/index.ts'
import type { EraseOutcome, EraseRequest, LeadEraser, PersonRecords } from '../leads/ports.ts'
import type { Random } from '../random.ts'
import { type Eraser, evidenceOf, type PersonFound } from '../targets/erasure/eraser.ts'
import { hashOfReport } from '../targets/erasure/report.ts'
import type { SuppressionStore } from '../targets/erasure/suppressions.ts'
import { mentionsPerson } from '../values/identity.ts'

export interface LeadEraserPorts {
  readonly engine: Engine
  readonly rows: RowsKind
  readonly eraser: Eraser
  readonly suppressions: SuppressionStore
  /** Undefined when the workspace was opened to look only. */
  readonly lease: Lease | undefined
  readonly clock: Clock
  readonly random: Random
  readonly databaseOf: (table: string) => string
}

/** How often, and after how long, an erasure that another program's lock cut off is gone on with. */
const triesMax = 5
const pauseMs = 1000

export function createLeadEraser(ports: LeadEraserPorts): LeadEraser {
  const { engine, rows, eraser } = ports
  return {
    async erase(request) {
      const { lease } = ports
      const found = await eraser.find(request, new AbortController().signal)
      if (found === undefined) return { is: 'not-found' }
      if (request.dryRun) return { is: 'would-erase', records: recordsOf(found) }
      if (namesPerson(request.reason, found)) return { is: 'reason-names-person' }
      if (lease === undefined) throw new OperationalError('LEASE_HELD', 'this workspace was opened for reading only')
      const action = actionOf(request, found, ports)
      const by = { actor: request.actor, runId: engine.newRunId() }
      rows.offerErasure(action.id, found)
      try {
        const context = { ...by, signal: new AbortController().signal }
        const { clock, log, deadlineMs, kindOf, work } = engine.ports()
        const options = { ledger: engine.ledger, clock, log, lease, kindOf, deadlineMs, work }
        const execution = await engine.alone(action.resource, async () => {
          // Asked when its turn has come: whoever waits for it long enough may meet another policy.
          const obstacles = confirm(action, by, request.reason, ports)
          if (obstacles !== undefined) return { is: 'waiting', ...obstacles } as const
          const first = await execute(action, context, options)
          for (let tries = 0; first.is === 'interrupted' && tries < triesMax; tries += 1) {
            await clock.sleep(pauseMs)
            await recoverResource(keyText(action.resource), context, options)
            if (engine.ledger.record(action.id)?.state === 'succeeded') return succeeded
          }
          return first
        })
        if (execution.is === 'waiting') return { ...execution, actionId: action.id }
        if (execution.is === 'succeeded') {
          const report = ports.suppressions.outcome(action.id)?.report
          // So that a copy of the report can be compared with what was found then.
          const proof = report === undefined ? {} : { report: hashOfReport(report) }
          engine.ledger.move('action.verified', action, by, { remaining: [], ...proof })
        }
        return outcomeOf(action, execution, ports)
      } finally {
        rows.withdraw(action.id)
      }
    },
  }
}

/** Journals what is asked for with the approval that asking for it is; gives what it waits for nevertheless, if anything. */
function confirm(
  action: Action,
  by: { readonly actor: string; readonly runId: string },
  comment: string,
  { engine, clock }: LeadEraserPorts,
): { readonly reasons: readonly string[] } | undefined {
  engine.ledger.plan(action)
  const expiresAtMs = clock.nowMs() + engine.declaration().policy.approvals.expireAfter
  engine.ledger.move('action.approved', action, by, { expiresAtMs, comment })
  const gate = engine.gating.gate(action)
  if (gate.runnable) return undefined
  engine.ledger.move('action.superseded', action, by, { reason: 'gate' })
  return { reasons: gate.reasons.filter(({ asks }) => asks !== 'approve').map(({ message }) => message) }
}

const succeeded: Execution = { is: 'succeeded', applied: { changed: 0, skipped: [], skippedCount: 0, failed: [] } }

function recordsOf({ tables }: PersonFound): readonly PersonRecords[] {
  return tables.map(({ place, rows, referring }) => ({
    table: place.name,
    keys: rows.map(({ key, rowId }) => (key === null ? `row ${rowId}` : String(key))),
    referring,
  }))
}

function namesPerson(reason: string, { identities, tables }: PersonFound): boolean {
  const names = tables.flatMap(({ rows }) => rows.flatMap(({ texts: { person } }) => (person === null ? [] : [person])))
  return mentionsPerson(reason, identities, names)
}

function actionOf(request: EraseRequest, found: PersonFound, ports: LeadEraserPorts): Action {
  const { table, reason } = request
  const count = found.tables.reduce((sum, { rows }) => sum + rows.length, 0)
  const tables = found.tables.map(({ place }) => place.name)
  const [action] = makeActions({
    resource: { kind: rowsKindName, name: table },
    drafts: [
      {
        verb: eraseVerb,
        input: { table, database: ports.databaseOf(table), reason, nonce: ports.random.hex(8) },
        summary: `Erase a person for good: ${count} ${count === 1 ? 'record' : 'records'} of ${tables.join(', ')}`,
        risk: 'high',
        findings: [],
        precondition: evidenceOf(found.tables.map(({ place, rows }) => ({ name: place.name, rows }))),
        // What is journaled stays for ever, so a key that could be an address is not named.
        affected: { count, sample: request.key.includes('@') ? [] : [request.key] },
        population: 0,
        preview: [],
        reversible: 'irreversible',
        recovery: 'transactional',
        cost: { bucket: 'api', tokens: 1 },
        resolves: [],
        order: 0,
      },
    ],
    cause: 'request',
    specHash: hashOf({ table }),
    nowMs: ports.clock.nowMs(),
    requestedBy: request.actor,
  })
  if (action === undefined) throw new OperationalError('ACTION_FAILED', 'no action was made of the request')
  return action
}

function outcomeOf({ id }: Action, execution: Execution, { suppressions }: LeadEraserPorts): EraseOutcome {
  const outcome = suppressions.outcome(id)
  if (execution.is === 'succeeded' && outcome !== undefined) return { is: 'erased', actionId: id, outcome }
  if (execution.is === 'stale') {
    return { is: 'failed', actionId: id, reason: 'a record of the person was changed meanwhile; ask again' }
  }
  const reason = 'error' in execution ? execution.error.message : 'its outcome was not kept'
  return { is: 'failed', actionId: id, reason }
}
