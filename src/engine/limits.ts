/**
 * The pace of effects: one token bucket for each target, shared by all work on it, and a queue that carries the work.
 *
 * Keeps true: within any span of t seconds no more than `burst + t × perSecond` tokens of a bucket are spent, and no more
 * than `concurrency` pieces of work run at once. Time is the monotonic clock's.
 */
import PQueue from 'p-queue'
import type { Clock } from '../clock.ts'
import { invariant } from '../errors.ts'

/** The pace of one target, or of all targets of a sort. */
export interface Rate {
  /** Tokens that flow in each second. */
  readonly perSecond: number
  /** Tokens that a rested bucket holds. An action that costs more begins when it is full, and the next waits for the debt. */
  readonly burst: number
  /** Pieces of work at once. */
  readonly concurrency: number
}

/**
 * By bucket (`sqlite:main`) or by sort of target (`sqlite`). SQLite has one writer anyway; 20 actions a second leave
 * the programs that share the file most of the time between them.
 */
export const defaultRates: Readonly<Record<string, Rate>> = {
  sqlite: { perSecond: 20, burst: 20, concurrency: 1 },
  // Its pace is kept request by request by its client, which all processes share; a second, slower one would only add up.
  airtable: { perSecond: 1000, burst: 1000, concurrency: 1 },
}

/** The pace of a bucket that neither its own name nor its sort has a rate for. */
export const fallbackRate: Rate = { perSecond: 5, burst: 5, concurrency: 1 }

export interface Limits {
  /**
   * Spends tokens of a bucket now and gives the milliseconds, rounded up, to wait before the work they are for may
   * begin. The pace holds only where that work begins after exactly that wait; `run` with `tokens` needs no such care.
   */
  reserve(bucket: string, tokens: number): number
  /**
   * Runs work in its turn. With `tokens` it begins when they are there, and spends them at that moment, so that the pace
   * holds however long others took before. Rejects with the signal's reason, without running the work or spending,
   * where that is aborted before it begins.
   */
  run<Result>(
    bucket: string,
    work: () => Promise<Result>,
    options?: { readonly tokens?: number; readonly signal?: AbortSignal },
  ): Promise<Result>
}

export interface LimitsOptions {
  readonly clock: Clock
  /** Added to, and winning over, {@link defaultRates}. */
  readonly rates?: Readonly<Record<string, Rate>>
}

interface Bucket {
  readonly rate: Rate
  /** Carries the work. */
  readonly queue: PQueue
  /** Lets one at a time wait for tokens, so that a costly action is not overtaken for ever by cheap ones. */
  readonly till: PQueue
  /** As of `atMs`; below zero while tokens that were spent in advance are still flowing in. */
  tokens: number
  atMs: number
}

/** Makes full buckets, each when it is first named. Throws InvariantViolation on a rate that is none. */
export function createLimits({ clock, rates }: LimitsOptions): Limits {
  const known: Readonly<Record<string, Rate>> = { ...defaultRates, ...rates }
  for (const [name, rate] of Object.entries(known)) {
    const isRate = rate.perSecond > 0 && rate.burst > 0 && Number.isInteger(rate.concurrency) && rate.concurrency > 0
    invariant(isRate, `a rate has perSecond, burst and concurrency above 0, not ${name}: ${JSON.stringify(rate)}`)
  }
  const buckets = new Map<string, Bucket>()

  const bucketOf = (name: string): Bucket => {
    const found = buckets.get(name)
    if (found !== undefined) return found
    const rate = known[name] ?? known[name.split(':')[0] ?? name] ?? fallbackRate
    const bucket: Bucket = {
      rate,
      queue: new PQueue({ concurrency: rate.concurrency }),
      till: new PQueue({ concurrency: 1 }),
      tokens: rate.burst,
      atMs: clock.monotonicMs(),
    }
    buckets.set(name, bucket)
    return bucket
  }

  /** How long until `tokens` are there, in whole milliseconds, rounded up: timers have no finer ones, and sooner is too soon. */
  const waitFor = (bucket: Bucket, tokens: number): number => {
    const { rate } = bucket
    const nowMs = clock.monotonicMs()
    bucket.tokens = Math.min(rate.burst, bucket.tokens + ((nowMs - bucket.atMs) * rate.perSecond) / 1000)
    bucket.atMs = nowMs
    const missing = Math.min(tokens, rate.burst) - bucket.tokens
    return Math.max(0, Math.ceil((missing * 1000) / rate.perSecond))
  }

  const checkTokens = (tokens: number) =>
    invariant(tokens >= 0 && Number.isFinite(tokens), `tokens are a number from 0 on, not ${tokens}`)

  const spend = async (bucket: Bucket, tokens: number, signal: AbortSignal | undefined): Promise<void> => {
    for (let waitMs = waitFor(bucket, tokens); waitMs > 0; waitMs = waitFor(bucket, tokens)) {
      await clock.sleep(waitMs, signal)
      signal?.throwIfAborted()
    }
    bucket.tokens -= tokens
  }

  return {
    reserve(name, tokens) {
      checkTokens(tokens)
      const bucket = bucketOf(name)
      const waitMs = waitFor(bucket, tokens)
      bucket.tokens -= tokens
      return waitMs
    },
    async run(name, work, { tokens = 0, signal } = {}) {
      checkTokens(tokens)
      const bucket = bucketOf(name)
      // p-queue is not given the signal: it would let the next work begin while aborted work is still ending.
      return bucket.queue.add(async () => {
        signal?.throwIfAborted()
        if (tokens > 0) await bucket.till.add(() => spend(bucket, tokens, signal))
        signal?.throwIfAborted()
        return work()
      })
    },
  }
}
