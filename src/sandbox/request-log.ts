/** What was asked and answered, for tests and for the page; the last entries are kept. Holds no cell values and no tokens. */

export interface LoggedRequest {
  /** Wall clock of the arrival, milliseconds since the epoch. */
  readonly atMs: number
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** 0 when no status was sent. */
  readonly status: number
  /** Of the answer's body, before compression. */
  readonly bytes: number
  /** The fault that was injected, if any. */
  readonly fault: string | undefined
}

/** Entries kept. */
const entriesMax = 20_000

export class RequestLog {
  #entries: LoggedRequest[] = []
  #total = 0

  add(entry: LoggedRequest): void {
    this.#total += 1
    this.#entries.push(entry)
    if (this.#entries.length > entriesMax) this.#entries = this.#entries.slice(-entriesMax / 2)
  }

  /** The kept entries, oldest first. */
  entries(): readonly LoggedRequest[] {
    return [...this.#entries]
  }

  /** Requests since the start or the last clear, kept or not. */
  get total(): number {
    return this.#total
  }

  clear(): void {
    this.#entries = []
    this.#total = 0
  }
}
