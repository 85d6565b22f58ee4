/**
 * How often somebody may ask. A bucket for each key fills evenly up to its size; who finds it empty is told when to come
 * again.
 */
import type { Clock } from '../../clock.ts'

export interface RateLimit {
  readonly perSecond: number
  /** What may be taken at once after a rest. */
  readonly burst: number
}

export interface ApiLimits {
  /** Of a token: a list of the short cut costs 1, any other request {@link requestCost}. */
  readonly token: RateLimit
  /** Of an address that shows nothing valid. */
  readonly stranger: RateLimit
  /** Of an address that tries to sign in. */
  readonly signIn: RateLimit
  readonly streamsOfToken: number
  readonly streams: number
  readonly queryMs: number
  /** A set of a backup is made within a request; the command line waits for two minutes. */
  readonly mutationMs: number
}

/** A list of the short cut takes about 0.7 ms, any other request some times that. */
export const requestCost = 5

export const apiLimits: ApiLimits = {
  token: { perSecond: 2000, burst: 10_000 },
  stranger: { perSecond: 5, burst: 200 },
  signIn: { perSecond: 1 / 6, burst: 30 },
  streamsOfToken: 20,
  streams: 200,
  queryMs: 25_000,
  mutationMs: 115_000,
}

const keysMax = 10_000

export interface Buckets {
  /** Takes `cost`; gives 0, or after how many seconds there will be enough. */
  take(key: string, cost?: number): number
}

export function createBuckets({ perSecond, burst }: RateLimit, clock: Clock): Buckets {
  const buckets = new Map<string, { left: number; atMs: number }>()
  return {
    take(key, cost = 1) {
      const nowMs = clock.monotonicMs()
      const bucket = buckets.get(key) ?? { left: burst, atMs: nowMs }
      bucket.left = Math.min(burst, bucket.left + ((nowMs - bucket.atMs) / 1000) * perSecond)
      bucket.atMs = nowMs
      // The longest unused one goes: it is full again, or its owner has thousands of addresses.
      buckets.delete(key)
      const [oldest] = buckets.keys()
      if (buckets.size >= keysMax && oldest !== undefined) buckets.delete(oldest)
      buckets.set(key, bucket)
      if (bucket.left < cost) return Math.max(1, Math.ceil((cost - bucket.left) / perSecond))
      bucket.left -= cost
      return 0
    },
  }
}
