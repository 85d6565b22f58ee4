/** A strict sliding window: at most `count` requests in any `windowMs`; one more and everything is refused for a while. */

export class SlidingWindow {
  readonly #count: number
  readonly #windowMs: number
  readonly #penaltyMs: number
  /** Arrivals that were let through, oldest first; never more than `count`. */
  #arrivals: number[] = []
  #penaltyUntil = Number.NEGATIVE_INFINITY

  constructor(count: number, windowMs: number, penaltyMs: number) {
    this.#count = count
    this.#windowMs = windowMs
    this.#penaltyMs = penaltyMs
  }

  /** Whether a request at this moment (of a clock that never goes back) is let through. Refused ones do not count. */
  admit(nowMs: number): boolean {
    if (nowMs < this.#penaltyUntil) return false
    this.#arrivals = this.#arrivals.filter((arrival) => arrival > nowMs - this.#windowMs)
    if (this.#arrivals.length < this.#count) {
      this.#arrivals.push(nowMs)
      return true
    }
    this.#penaltyUntil = nowMs + this.#penaltyMs
    return false
  }
}
