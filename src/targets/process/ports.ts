/** Work that must not run on the main thread, or not even in this process. */

export interface OffloadOptions {
  readonly signal?: AbortSignal
  readonly progress?: (done: number, total: number) => void
}

/** Runs entry points beside the main thread. Input and output are structured-cloned; the caller parses the output. */
export interface Offload {
  /** In a worker thread, with its own connections. For long reads. */
  thread(entry: URL, input: unknown, options?: OffloadOptions): Promise<unknown>
  /**
   * In a child process that is killed at the deadline. For files that may be hostile or whose bytes must be read or copied,
   * since closing any descriptor of a live SQLite file in this process would drop its locks.
   */
  process(entry: URL, input: unknown, options: OffloadOptions & { readonly deadlineMs: number }): Promise<unknown>
}
