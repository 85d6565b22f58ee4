/**
 * The queue of resource keys that want a look. It holds keys, never events: however often a key is added, it is looked
 * at once, and what happened is found out by looking.
 *
 * Keeps true: a key is in work once at most; a key added while it is in work is taken again afterwards; of two wishes
 * for one key the earlier moment wins. Delays are counted on the monotonic clock.
 */
import type { Clock, Timer } from '../clock.ts'
import { invariant } from '../errors.ts'
import type { Random } from '../random.ts'
import { createKeyedHeap } from './keyed-heap.ts'

/** How long a key waits after its first failure, at most, and by what share a wait is shortened at random. */
export interface Backoff {
  readonly firstMs: number
  readonly capMs: number
  /** From 0 to below 1: a wait lies between `(1 - jitter) × wait` and `wait`. */
  readonly jitter: number
}

export const defaultBackoff: Backoff = { firstMs: 1000, capMs: 60_000, jitter: 0.1 }

/** What a look at a key ended with: `retry` backs off, `again` looks once more after a known delay. */
export type QueueOutcome =
  | { readonly is: 'ok' }
  | { readonly is: 'retry' }
  | { readonly is: 'again'; readonly afterMs: number }

export interface Queue {
  /**
   * Wants a look at once, whatever delay was set. Greater priorities are taken first (0 unless told), equal ones in the
   * order they were added; adding a waiting key again raises its priority where the new one is greater.
   */
  add(key: string, options?: { readonly priority?: number }): void
  /** Wants a look after `delayMs`; does nothing where an earlier look is wanted already. */
  addAfter(key: string, delayMs: number): void
  /** Takes the first key that is due into work; undefined when there is none. The taker owes `done`. */
  take(): string | undefined
  /**
   * Ends the work on a key. `ok` and `again` forget its failures; `retry` doubles its wait from the first to the cap. A
   * key that was added meanwhile is due at once, whatever the outcome. Throws InvariantViolation for a key not in work.
   */
  done(key: string, outcome: QueueOutcome): void
  /** Milliseconds until a key can be taken: 0 when one can now, undefined when none waits. Keys in work do not count. */
  nextDueInMs(): number | undefined
  /** How many keys could be taken now. Neither delayed keys nor keys in work count. */
  waiting(): number
  /** Drops every wish for a key and its failures. Work on it goes on, but its outcome brings no further look. */
  forget(key: string): void
  /**
   * Calls back whenever a key has become due, and at once when one is due already. May call `take` from within. The
   * queue sets its timer only while somebody listens.
   */
  onWork(callback: () => void): { close(): void }
}

export interface QueueOptions {
  readonly clock: Clock
  readonly random: Random
  readonly backoff?: Partial<Backoff>
}

/** Where a due key stands: greater priority first, then the earlier added. */
interface Place {
  readonly priority: number
  readonly turn: number
}

/** When a delayed key is due, and which was delayed first among equal moments. */
interface Due {
  readonly atMs: number
  readonly turn: number
}

/** What was wanted of a key while it was in work. */
interface Work {
  /** The priority of the next look, or undefined when none is wanted. */
  again: number | undefined
  isForgotten: boolean
}

/** setTimeout takes no more than 2^31 - 1 ms; a longer wait is made of several. */
const timerMaxMs = 2_147_483_647

/** Makes an empty queue. Throws InvariantViolation on a backoff that is none. */
export function createQueue(options: QueueOptions): Queue {
  const { clock, random } = options
  const backoff = { ...defaultBackoff, ...options.backoff }
  invariant(
    backoff.firstMs > 0 && backoff.capMs >= backoff.firstMs && backoff.jitter >= 0 && backoff.jitter < 1,
    `a backoff goes from above 0 to its cap with a jitter in [0, 1), not ${JSON.stringify(backoff)}`,
  )
  /** A key is in one of `due`, `delayed` and `inWork`, but for one in work whose next look is wanted later: it is in `delayed` too. */
  const due = createKeyedHeap<Place>((a, b) => b.priority - a.priority || a.turn - b.turn)
  const delayed = createKeyedHeap<Due>((a, b) => a.atMs - b.atMs || a.turn - b.turn)
  const inWork = new Map<string, Work>()
  const failures = new Map<string, number>()
  const listeners = new Set<() => void>()
  let turns = 0
  let timer: Timer | undefined
  let timerAtMs = Number.POSITIVE_INFINITY

  const nextTurn = (): number => {
    turns += 1
    return turns
  }

  /** Makes a key due, or notes the wish while it is in work. True when a key became due that was not. */
  const want = (key: string, priority: number): boolean => {
    delayed.delete(key)
    const work = inWork.get(key)
    if (work !== undefined) {
      work.again = Math.max(priority, work.again ?? priority)
      work.isForgotten = false
      return false
    }
    const place = due.get(key)
    if (place === undefined) due.set(key, { priority, turn: nextTurn() })
    else if (priority > place.priority) due.set(key, { priority, turn: place.turn })
    return place === undefined
  }

  /** Moves what has fallen due out of `delayed`, earliest first. True when a key became due by it. */
  const ripen = (): boolean => {
    let isRipe = false
    const nowMs = clock.monotonicMs()
    for (let first = delayed.peek(); first !== undefined && first.rank.atMs <= nowMs; first = delayed.peek()) {
      isRipe = want(first.key, 0) || isRipe
    }
    return isRipe
  }

  const delay = (key: string, delayMs: number): void => {
    invariant(Number.isFinite(delayMs), `a key is delayed by a finite time, not by ${delayMs} ms`)
    const work = inWork.get(key)
    if (work !== undefined) work.isForgotten = false
    if (due.get(key) !== undefined || work?.again !== undefined) return
    const atMs = clock.monotonicMs() + Math.max(0, delayMs)
    const known = delayed.get(key)
    if (known === undefined || atMs < known.atMs) delayed.set(key, { atMs, turn: nextTurn() })
  }

  /** Sets the timer to the earliest delayed key. */
  const arm = (): void => {
    const first = delayed.peek()
    const atMs = first === undefined || listeners.size === 0 ? Number.POSITIVE_INFINITY : first.rank.atMs
    if (atMs === timerAtMs) return
    timer?.cancel()
    timerAtMs = atMs
    timer =
      atMs === Number.POSITIVE_INFINITY
        ? undefined
        : clock.after(Math.min(timerMaxMs, Math.max(0, atMs - clock.monotonicMs())), () => {
            timerAtMs = Number.POSITIVE_INFINITY
            settle(ripen())
          })
  }

  /** Ends every change: the timer first, so that a listener that changes the queue finds it in order. */
  const settle = (isNewlyDue: boolean): void => {
    arm()
    if (isNewlyDue) for (const listener of [...listeners]) listener()
  }

  const backoffMs = (key: string): number => {
    const count = (failures.get(key) ?? 0) + 1
    failures.set(key, count)
    const wait = Math.min(backoff.capMs, backoff.firstMs * 2 ** (count - 1))
    return wait * (1 - backoff.jitter * random.next())
  }

  /** Carries an outcome out; true when the key is due again at once. */
  const conclude = (key: string, outcome: QueueOutcome): boolean => {
    const work = inWork.get(key)
    invariant(work !== undefined, `a key is done only while it is in work, which ${key} is not`)
    inWork.delete(key)
    if (outcome.is !== 'retry' || work.isForgotten) failures.delete(key)
    if (work.isForgotten) return false
    const waitMs = outcome.is === 'retry' ? backoffMs(key) : outcome.is === 'again' ? outcome.afterMs : undefined
    if (work.again !== undefined) return want(key, work.again)
    if (waitMs !== undefined) delay(key, waitMs)
    return false
  }

  return {
    add(key, { priority = 0 } = {}) {
      const isRipe = ripen()
      settle(want(key, priority) || isRipe)
    },
    addAfter(key, delayMs) {
      delay(key, delayMs)
      settle(ripen())
    },
    take() {
      const isRipe = ripen()
      const key = due.peek()?.key
      if (key !== undefined) {
        due.delete(key)
        inWork.set(key, { again: undefined, isForgotten: false })
      }
      settle(isRipe && due.size > 0)
      return key
    },
    done(key, outcome) {
      const isRipe = ripen()
      const isDue = conclude(key, outcome)
      settle(ripen() || isDue || isRipe)
    },
    nextDueInMs() {
      if (due.size > 0) return 0
      const first = delayed.peek()
      return first === undefined ? undefined : Math.max(0, first.rank.atMs - clock.monotonicMs())
    },
    waiting() {
      settle(ripen())
      return due.size
    },
    forget(key) {
      due.delete(key)
      delayed.delete(key)
      failures.delete(key)
      const work = inWork.get(key)
      if (work !== undefined) Object.assign(work, { again: undefined, isForgotten: true })
      arm()
    },
    onWork(callback) {
      // A function of its own, so that one callback may listen twice and close once.
      const listener = () => callback()
      settle(ripen())
      listeners.add(listener)
      arm()
      if (due.size > 0) listener()
      return {
        close() {
          listeners.delete(listener)
          arm()
        },
      }
    },
  }
}
