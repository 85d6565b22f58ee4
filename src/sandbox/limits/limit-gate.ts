/** Rate limits and the monthly quota, by the injected clock. */
import type { Clock } from '../../clock.ts'
import { type RateLimitBody, refusals } from '../http/refusal.ts'
import type { UsageStore } from '../store/usage.ts'
import { SlidingWindow } from './sliding-window.ts'

export interface SandboxLimits {
  /** Per base, webhooks included [D]. */
  readonly requestsPerSecond: number
  /** Per person, all tokens together [D]. */
  readonly requestsPerSecondAndUser: number
  /** After a violation nothing succeeds for so long [D]. Requests meanwhile do not prolong it [?]. */
  readonly penaltyMs: number
  /** Calls in a calendar month (UTC [?]) and workspace; undefined is unlimited. */
  readonly monthlyCalls: number | undefined
  readonly recordsPerBase: number
  readonly rateLimitBody: RateLimitBody
  /** Sent with a 429 when set; Airtable documents none. */
  readonly retryAfterSeconds: number | undefined
}

/** Airtable's documented limits; records as in the Team plan. */
export const documentedLimits: SandboxLimits = {
  requestsPerSecond: 5,
  requestsPerSecondAndUser: 50,
  penaltyMs: 30_000,
  monthlyCalls: undefined,
  recordsPerBase: 50_000,
  rateLimitBody: 'documented',
  retryAfterSeconds: undefined,
}

const windowMs = 1000

export class LimitGate {
  readonly #clock: Clock
  readonly #usage: UsageStore
  readonly #bases = new Map<string, SlidingWindow>()
  readonly #users = new Map<string, SlidingWindow>()
  #limits: SandboxLimits

  constructor(clock: Clock, usage: UsageStore, limits: SandboxLimits) {
    this.#clock = clock
    this.#usage = usage
    this.#limits = limits
  }

  get limits(): SandboxLimits {
    return this.#limits
  }

  /** Changes limits while running; windows begin anew. */
  set(limits: Partial<SandboxLimits>): void {
    this.#limits = { ...this.#limits, ...limits }
    this.#bases.clear()
    this.#users.clear()
  }

  /** @throws ApiRefusal 429. */
  admitUser(userId: string): void {
    this.#admit(this.#users, userId, this.#limits.requestsPerSecondAndUser)
  }

  /** @throws ApiRefusal 429. */
  admitBase(baseId: string): void {
    this.#admit(this.#bases, baseId, this.#limits.requestsPerSecond)
  }

  /**
   * Counts a call against the month. Metadata calls are neither counted nor refused, as seen in an outage [O].
   *
   * @throws ApiRefusal 429 PUBLIC_API_BILLING_LIMIT_EXCEEDED when the month's calls are spent.
   */
  spend(workspaceId: string): void {
    const month = this.#month()
    const { monthlyCalls } = this.#limits
    if (monthlyCalls !== undefined && this.#usage.calls(workspaceId, month) >= monthlyCalls)
      throw refusals.monthlyQuota()
    this.#usage.add(workspaceId, month)
  }

  /** Calls counted in the current month. */
  spent(workspaceId: string): number {
    return this.#usage.calls(workspaceId, this.#month())
  }

  #month(): string {
    return new Date(this.#clock.nowMs()).toISOString().slice(0, 7)
  }

  #admit(windows: Map<string, SlidingWindow>, key: string, count: number): void {
    let window = windows.get(key)
    if (window === undefined) {
      window = new SlidingWindow(count, windowMs, this.#limits.penaltyMs)
      windows.set(key, window)
    }
    if (window.admit(this.#clock.monotonicMs())) return
    const { retryAfterSeconds, rateLimitBody } = this.#limits
    throw refusals.rateLimited(
      rateLimitBody,
      retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) },
    )
  }
}
