/**
 * The engine: a status for every declared resource, and the ways to move it: look, converge once, or run as a loop.
 * Level-triggered: every request only marks a resource as worth a look; what is done follows from what is found.
 */
import type { Clock } from '../clock.ts'
import type { DesiredState } from '../desired/schema.ts'
import { invariant, OperationalError } from '../errors.ts'
import { isUnwritable, type JournalStore } from '../journal/store.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import type { Action } from './action.ts'
import { type ApprovalResult, approve, reject } from './approvals.ts'
import { byHandCode } from './conclusion.ts'
import { type Declaration, neighboursOf, resolveDeclaration, withDependencies } from './declaration.ts'
import type { EventStore } from './event-store.ts'
import type { Obstacle } from './gate.ts'
import { createGating, type Gating } from './gating.ts'
import { happeningsOf } from './happenings.ts'
import { createKeyLock } from './key-lock.ts'
import type { EffectContext, Kind } from './kind.ts'
import type { Lease } from './lease.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { createLimits } from './limits.ts'
import { looksAhead } from './looks-ahead.ts'
import type { Observation } from './observation.ts'
import type { Settled } from './outcome.ts'
import {
  type Executed,
  type Reconciled,
  type ReconcilePorts,
  type RunProgress,
  reconcile,
  wokenBy,
} from './reconcile.ts'
import { keyText, type ResourceKey } from './resource.ts'
import { rollBackWhenFailing } from './rollback.ts'
import type { Safeguard } from './safeguard.ts'
import { settleStatus } from './settle-status.ts'
import type { GatedAction, ResourceStatus } from './status.ts'
import { createStatusStore, type StatusStore } from './status-store.ts'
import { createWorkBook, type WorkBook } from './work-book.ts'

export interface EngineOptions {
  readonly journal: JournalStore
  readonly kinds: readonly Kind[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Where what happens is told; undefined in a run that only looks. */
  readonly events?: EventStore
  /** Undefined: only looks, journals nothing. */
  readonly lease: Lease | undefined
  /** What holds back all actions now; nothing when left out. */
  readonly obstacles?: (action: Action) => readonly Obstacle[]
  /** how long an action may take with its checkpoint; default an hour, which an import of millions of rows needs. */
  readonly deadlineMs?: number
  readonly safeguard?: Safeguard
}

export interface ReconcileResult {
  readonly reconciled: Reconciled
  readonly status: ResourceStatus
  readonly settled: Settled
  readonly rolledBack: readonly Action[]
}

export interface Engine {
  readonly ledger: Ledger
  readonly statuses: StatusStore
  readonly gating: Gating
  readonly declaration: () => Declaration
  /** Puts a generation in force. Throws DESIRED_STATE_INVALID for circular dependencies. */
  declare(generation: number, state: DesiredState): ReturnType<StatusStore['declare']>
  /** Reconciles one resource now; with `full`, whatever the cursor says. `only` bounds what may run. */
  reconcileNow(key: ResourceKey, request: ReconcileNow): Promise<ReconcileResult>
  /** Runs `work` while no reconcile of that resource runs. */
  alone<Result>(key: ResourceKey, work: () => Promise<Result>): Promise<Result>
  /** The ports of a reconcile, for undo and requests. */
  ports(only?: ReadonlySet<string>): ReconcilePorts
  /** Approves a pending action as the newest look gave it. */
  approve(request: { actionId: string; approver: string; comment?: string }): ApprovalResult
  /** Rejects a pending action; false when it is not pending. */
  reject(request: { actionId: string; actor: string; reason: string }): boolean
  /** A pending action of the newest looks. */
  pending(actionId: string): GatedAction | undefined
  /** What is under way, and how far it is. */
  readonly work: WorkBook
  /** Calls back with each report of progress. */
  onProgress(listener: (progress: RunProgress) => void): () => void
  /** Forgets the looks whose view shows something that must not be kept; they are taken anew, in full. */
  forget(shows: (view: string) => boolean): void
  /** Calls back with the resources whose looks were forgotten. */
  onForgotten(listener: (keys: readonly ResourceKey[]) => void): () => void
  newRunId(): string
}

export interface ReconcileNow {
  readonly runId: string
  readonly actor: string
  readonly signal: AbortSignal
  readonly full: boolean
  readonly only?: ReadonlySet<string>
  /** A full observation that was begun before; only where nothing is carried out. */
  readonly ahead?: Promise<Observation<unknown>> | undefined
  readonly outside?: EffectContext['outside']
}

const defaultDeadlineMs = 3_600_000

export function createEngine(options: EngineOptions): Engine {
  const { journal, clock, log, lease } = options
  const ledger = createLedger(journal)
  const statuses = createStatusStore(lease === undefined ? undefined : journal)
  const locks = createKeyLock()
  const limits = createLimits({ clock })
  const cursors = new Map<string, string>()
  const forgottenListeners = new Set<(keys: readonly ResourceKey[]) => void>()
  const work = createWorkBook(clock)
  const kinds = new Map(options.kinds.map((kind) => [kind.name, kind]))
  let declaration: Declaration | undefined

  const inForce = (): Declaration => {
    invariant(declaration !== undefined, 'a generation is declared before anything is reconciled')
    return declaration
  }
  const kindOf = (name: string): Kind => {
    const kind = kinds.get(name)
    invariant(kind !== undefined, `the kind ${name} is registered`)
    return kind
  }
  const gating = createGating({
    ledger,
    clock,
    declaration: inForce,
    statusOf: statuses.get,
    safeguard: options.safeguard,
    obstacles: options.obstacles ?? (() => []),
  })
  const ports = (only?: ReadonlySet<string>): ReconcilePorts => ({
    clock,
    random: options.random,
    log,
    ledger,
    limits,
    kindOf,
    gate: gating.gate,
    lease,
    deadlineMs: options.deadlineMs ?? defaultDeadlineMs,
    work,
    only,
    safeguard: options.safeguard,
  })

  const pending = (actionId: string): GatedAction | undefined =>
    statuses
      .all()
      .flatMap((status) => status.actions)
      .find(({ action }) => action.id === actionId)

  async function reconcileNow(key: ResourceKey, request: ReconcileNow): Promise<ReconcileResult> {
    const name = keyText(key)
    const before = statuses.get(key)
    if (before === undefined) throw new OperationalError('NOT_FOUND', `the desired state declares no resource ${name}`)
    const cursor = request.full || before.fullLookAtMs === undefined ? undefined : cursors.get(name)
    const usedPorts = ports(request.only)
    const reconciled = await reconcile({ status: before, cursor, ...request }, usedPorts)
    if (reconciled.cursor === undefined) cursors.delete(name)
    else cursors.set(name, reconciled.cursor)
    gating.observeOutcomes(before, reconciled)
    const current = statuses.get(key) ?? before
    const { status, settled } = settleStatus(current, reconciled, { kind: kindOf(key.kind), clock, ledger })
    statuses.set(status)
    // While the journal cannot be written, the next look accepts it.
    if (lease !== undefined) acceptIfWritable(() => accept(status, reconciled, journal, ledger))
    const rolledBack = await rollBackWhenFailing(reconciled.executed, inForce().policy, request, usedPorts)
    for (const draft of happeningsOf(before, status, reconciled, rolledBack.length, clock.nowMs()))
      options.events?.record(draft)
    return { reconciled, status, settled, rolledBack }
  }

  return {
    ledger,
    statuses,
    gating,
    declaration: inForce,
    declare(generation, state) {
      declaration = resolveDeclaration(generation, state, options.kinds)
      const change = statuses.declare(declaration)
      for (const key of [...change.gone, ...change.changed]) cursors.delete(keyText(key))
      return change
    },
    reconcileNow: (key, request) => locks.run(keyText(key), () => reconcileNow(key, request)),
    alone: (key, work) => locks.run(keyText(key), work),
    ports,
    work,
    approve: ({ actionId, approver, comment }) =>
      approve(
        { actionId, approver, comment, expireAfterMs: inForce().policy.approvals.expireAfter },
        pending(actionId),
        { ledger, clock, gateOf: gating.gate },
      ),
    reject: (request) => reject(request, pending(request.actionId), ledger),
    pending,
    onProgress(listener) {
      return work.onChange(({ is, work: { runId, resource, verb, pace } }) => {
        if (is === 'reported' && pace !== undefined)
          listener({ runId, resource, verb, done: pace.done, total: pace.total })
      })
    },
    forget(shows) {
      const keys = statuses.forget(shows)
      for (const key of keys) cursors.delete(keyText(key))
      if (keys.length > 0) for (const listener of forgottenListeners) listener(keys)
    },
    onForgotten(listener) {
      forgottenListeners.add(listener)
      return () => forgottenListeners.delete(listener)
    },
    newRunId: () => `run-${options.random.hex(5)}`,
  }
}

/** While the journal cannot be written, nothing is noted; the next look does it. */
function acceptIfWritable(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!isUnwritable(error)) throw error
  }
}

/** A declaration counts as accepted once the world has been brought to it as far as repairs can. */
function accept(status: ResourceStatus, reconciled: Reconciled, journal: JournalStore, ledger: Ledger): void {
  const { outcome } = reconciled
  const isBrought = outcome.is === 'converged' || (outcome.is === 'waiting' && outcome.reason.code === byHandCode)
  if (!isBrought || status.observation?.is === 'unreadable') return
  const { declared, specHash, generation } = status
  if (ledger.acceptedSpec(declared.key)?.specHash === specHash) return
  journal.append([
    {
      type: 'resource.accepted',
      actor: 'controller',
      resource: keyText(declared.key),
      body: { specHash, spec: declared.spec, generation },
    },
  ])
}

export interface ConvergeRequest {
  /** Undefined: all resources. What these depend on is looked at too, and left as it is. */
  readonly keys: readonly ResourceKey[] | undefined
  readonly actor: string
  readonly signal: AbortSignal
  readonly only?: ReadonlySet<string>
}

export interface Convergence {
  readonly runId: string
  readonly executed: readonly Executed[]
  readonly rolledBack: readonly Action[]
  /** False when it was still moving after the last pass. */
  readonly settled: boolean
}

/** More passes than any chain of kinds needs; reaching it means that repairs undo each other. */
const passesMax = 12
const nothing: ReadonlySet<string> = new Set()

/** Brings every resource as far as the gates allow, in dependency order, until nothing more moves. */
export async function converge(engine: Engine, request: ConvergeRequest): Promise<Convergence> {
  const runId = engine.newRunId()
  const declaration = engine.declaration()
  const order = declaration.resources.map(({ declared }) => declared.key)
  const asked = new Set((request.keys ?? order).map(keyText))
  const looked = withDependencies(asked, declaration)
  const full = new Set(looked)
  let dirty = new Set(looked)
  const partlyLooked = new Set<string>()
  const executed: Executed[] = []
  const rolledBack: Action[] = []
  const ahead = looksAhead(
    engine,
    order.filter((key) => looked.has(keyText(key))),
    { ...request, runId },
  )
  for (let pass = 0; pass < passesMax && dirty.size > 0; pass += 1) {
    const now = dirty
    dirty = new Set()
    for (const key of order) {
      const name = keyText(key)
      if (!now.has(name) || request.signal.aborted) continue
      now.delete(name)
      const bounds = asked.has(name) ? {} : { only: nothing }
      const isFull = full.delete(name)
      const begun = isFull ? { ahead: ahead.get(name) } : {}
      const result = await engine.reconcileNow(key, { runId, ...request, ...bounds, ...begun, full: isFull })
      ahead.delete(name)
      executed.push(...result.reconciled.executed)
      rolledBack.push(...result.rolledBack)
      const scope = result.reconciled.look?.scope
      if (scope === 'rows') partlyLooked.add(name)
      else if (scope === 'full') partlyLooked.delete(name)
      if (result.reconciled.lookAgain && result.rolledBack.length === 0) {
        dirty.add(name)
        // What was stale or is runnable now has to be planned anew from all of it, not from the rows that changed since.
        if (scope !== 'rows') full.add(name)
      }
      if (!result.reconciled.executed.some(({ execution }) => execution.is === 'succeeded')) continue
      for (const woken of wokenBy(result.reconciled).map(keyText)) {
        if (!looked.has(woken)) continue
        dirty.add(woken)
        full.add(woken)
      }
      for (const neighbour of neighboursOf(key, declaration)) {
        const neighbourName = keyText(neighbour)
        // A neighbour that comes later in this pass sees it then; only one that was looked at already is looked at again.
        if (looked.has(neighbourName) && !now.has(neighbourName)) dirty.add(neighbourName)
      }
    }
    if (dirty.size > 0) continue
    // What changed rows alone do not tell (counts, what is held on older evidence) is looked up before it is shown.
    for (const name of partlyLooked) {
      dirty.add(name)
      full.add(name)
    }
  }
  return { runId, executed, rolledBack, settled: dirty.size === 0 }
}
