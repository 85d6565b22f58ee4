/**
 * The running controller: takes resource keys from the queue and reconciles them, a few at a time, never one twice at
 * once. What happened is never passed on; a trigger only adds a key.
 */
import type { Clock, Timer } from '../clock.ts'
import { InvariantViolation, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Figure } from '../metrics/catalogue.ts'
import type { Random } from '../random.ts'
import { neighboursOf } from './declaration.ts'
import { createDependents } from './dependents.ts'
import type { Engine, ReconcileResult } from './engine.ts'
import type { Kind } from './kind.ts'
import { createLoopMeter } from './loop-meter.ts'
import { createQueue } from './queue.ts'
import { wokenBy } from './reconcile.ts'
import { keyText, parseKey, type ResourceKey } from './resource.ts'

export interface LoopOptions {
  readonly engine: Engine
  readonly kinds: readonly Kind[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Called when an invariant does not hold: the program must stop. */
  readonly onInvariantViolation: (error: InvariantViolation) => void
}

export interface Loop {
  start(): void
  /** Ends what is under way at its next safe point and stops. */
  stop(): Promise<void>
  /** Marks a resource as worth a look soon; `full` looks at all of it. */
  wake(key: ResourceKey, options?: { readonly full?: boolean }): void
  /** Takes over a new declaration: new and changed resources are looked at, watchers follow. */
  redeclare(changed: readonly ResourceKey[]): void
  /** What it did and how long that took, since the program started. */
  figures(): readonly Figure[]
  /** Whether it has ticked in the last seconds; it ticks each second at least. */
  isAlive(): boolean
}

/**
 * How many resources are reconciled at the same time: enough that a slow one (a locked database) does not hold up others.
 * One that only waits for something outside does not count.
 */
const workersMax = 4
/** How often at most a look at changed rows that could not be dealt with leads to a look at all. */
const fullLookPauseMs = 60_000
/** What waits for the first look at a dependency is woken by its end; this is for one that is never told of. */
const firstLookMs = 5000
/** A look that is due already comes not sooner than this, lest it spins. */
const soonestMs = 250
/**
 * After a failure the queue decides when it is tried again: a schedule of the kind says when there is something to look at,
 * not that trying will help. It counts again where the queue would wait for longer than this. The same holds for what is due
 * and waits: for a person, a window or a dependency, all of which wake it.
 */
const soonestAfterFailureMs = 60_000
/** The loop ticks at least this often. */
const idleTickMs = 1000
const aliveMs = 10_000

export function createLoop(options: LoopOptions): Loop {
  const { engine, clock, log } = options
  const queue = createQueue({ clock, random: options.random })
  const meter = createLoopMeter(clock)
  const stopping = new AbortController()
  const wantsFull = new Set<string>()
  /** Work under way, by its turn: a key may be taken again in the very call that ends its last turn. */
  const running = new Map<number, Promise<void>>()
  let turns = 0
  /** How many of these only wait for something outside. */
  let waiting = 0
  const watchers = new Map<string, { close(): void }>()
  const dependents = createDependents(engine)
  let policy = ''
  let timer: Timer | undefined
  let tickedMs = Number.NEGATIVE_INFINITY

  const wake: Loop['wake'] = (key, { full = false } = {}) => {
    if (full) wantsFull.add(keyText(key))
    queue.add(keyText(key))
  }

  function pump(): void {
    tickedMs = clock.monotonicMs()
    timer?.cancel()
    while (!stopping.signal.aborted && running.size - waiting < workersMax) {
      const name = queue.take()
      if (name === undefined) break
      turns += 1
      running.set(turns, work(name, turns))
    }
    if (stopping.signal.aborted) return
    // While nobody is free, what is due waits for whoever ends first, and that pumps: a timer for it would be due again and again.
    const isFull = running.size - waiting >= workersMax
    timer = clock.after(isFull ? idleTickMs : Math.min(queue.nextDueInMs() ?? idleTickMs, idleTickMs), pump)
  }

  async function work(name: string, turn: number): Promise<void> {
    try {
      await reconcileOne(name)
    } catch (error) {
      if (error instanceof InvariantViolation) options.onInvariantViolation(error)
      log.error({ resource: name, err: messageOf(error) }, 'a reconcile broke')
      queue.done(name, { is: 'retry' })
    } finally {
      running.delete(turn)
      // Not within this call: the next take would run on the stack of this one.
      queueMicrotask(pump)
    }
  }

  async function reconcileOne(name: string): Promise<void> {
    const key = parseKey(name)
    const status = key === undefined ? undefined : engine.statuses.get(key)
    if (key === undefined || status === undefined) {
      queue.done(name, { is: 'ok' })
      queue.forget(name)
      return
    }
    if (dependents.awaitFirstLooks(key, status.declared.dependsOn)) {
      queue.done(name, { is: 'again', afterMs: firstLookMs })
      return
    }
    const full = wantsFull.delete(name) || isResyncDue(status.fullLookAtMs)
    const measured = meter.begin(key)
    let result: ReconcileResult | undefined
    try {
      result = await engine.reconcileNow(key, {
        runId: engine.newRunId(),
        actor: 'controller',
        signal: stopping.signal,
        full,
        outside,
      })
    } finally {
      measured(result)
      for (const woken of dependents.looked(key)) wake(woken)
    }
    settle(name, key, result)
  }

  async function outside<Result>(wait: () => Promise<Result>): Promise<Result> {
    waiting += 1
    queueMicrotask(pump)
    try {
      return await wait()
    } finally {
      waiting -= 1
    }
  }

  function isResyncDue(fullLookAtMs: number | undefined): boolean {
    return fullLookAtMs === undefined || clock.nowMs() - fullLookAtMs >= engine.declaration().policy.resync
  }

  function settle(name: string, key: ResourceKey, result: ReconcileResult): void {
    const { reconciled, status } = result
    queue.done(name, result.settled.queue)
    queue.addAfter(name, nextLookInMs(result))
    if (
      reconciled.look?.scope === 'rows' &&
      (reconciled.look.drift.length > 0 || reconciled.gated.some((one) => !one.gate.runnable))
    ) {
      wantsFull.add(name)
      const since = clock.nowMs() - (status.fullLookAtMs ?? 0)
      queue.addAfter(name, Math.max(0, fullLookPauseMs - since))
    } else if (reconciled.lookAgain && result.rolledBack.length === 0) {
      wake(key, { full: reconciled.look?.scope !== 'rows' })
    }
    if (reconciled.executed.some(({ execution }) => execution.is === 'succeeded')) {
      for (const neighbour of neighboursOf(key, engine.declaration())) wake(neighbour)
      for (const woken of wokenBy(reconciled)) wake(woken, { full: true })
    }
  }

  /** When it is looked at again although nothing happened: by the policy, or earlier where the kind has a schedule. */
  function nextLookInMs({ status, reconciled: { outcome } }: ReconcileResult): number {
    const kind = options.kinds.find((one) => one.name === status.declared.key.kind)
    const { observation } = status
    const own = observation === undefined ? undefined : kind?.lookAgainAfterMs?.(status.declared, observation)
    const resync = (status.fullLookAtMs ?? clock.nowMs()) + engine.declaration().policy.resync - clock.nowMs()
    const isFailed = outcome.is === 'retry' || outcome.is === 'terminal'
    const isHeld = outcome.is === 'waiting' && own !== undefined && own <= 0
    return Math.max(isFailed || isHeld ? soonestAfterFailureMs : soonestMs, Math.min(resync, own ?? resync))
  }

  function watchAll(): void {
    const wanted = new Map(
      engine.statuses.all().map((status) => [`${keyText(status.declared.key)} ${status.specHash}`, status.declared]),
    )
    for (const [name, watcher] of watchers) {
      if (wanted.has(name)) continue
      watcher.close()
      watchers.delete(name)
    }
    for (const [name, declared] of wanted) {
      const kind = options.kinds.find((one) => one.name === declared.key.kind)
      if (watchers.has(name) || kind?.watch === undefined) continue
      watchers.set(
        name,
        kind.watch(declared, () => wake(declared.key)),
      )
    }
  }

  return {
    start() {
      policy = JSON.stringify(engine.declaration().policy)
      queue.onWork(pump)
      for (const status of engine.statuses.all()) wake(status.declared.key, { full: true })
      watchAll()
      pump()
    },
    async stop() {
      stopping.abort(new Error('the controller stops'))
      timer?.cancel()
      for (const watcher of watchers.values()) watcher.close()
      watchers.clear()
      while (running.size > 0) await Promise.allSettled([...running.values()])
    },
    wake,
    isAlive: () => clock.monotonicMs() - tickedMs < aliveMs,
    figures: () => meter.figures(queue.waiting()),
    redeclare(changed) {
      watchAll()
      const before = policy
      policy = JSON.stringify(engine.declaration().policy)
      // What waited for a person, a window or another mode may be free now.
      if (policy !== before) for (const status of engine.statuses.all()) wake(status.declared.key)
      for (const key of changed) wake(key, { full: true })
    },
  }
}
