/** What carries one run of offloaded work at a time: a worker thread or a child process. */
import type { OffloadOptions } from './ports.ts'
import type { Order, Usage } from './wire.ts'

/** A run of a child process always has a deadline, one of a thread never. */
export type RunOptions = OffloadOptions & { readonly deadlineMs?: number }

/** What a runner tells of itself. */
export interface RunnerEvents {
  readonly message: (message: unknown) => void
  /** It is gone, or speaks no longer. */
  readonly broken: (how: string) => void
}

export interface Runner {
  /** Throws where the order cannot be cloned. */
  say(order: Order): void
  /** Ends it at once; resolves once it is gone. */
  end(): Promise<void>
  /** Whether the program stays up for it. */
  hold(isHeld: boolean): void
  /** Whether what it used so far leaves it fit for another run. */
  mayServe(options: RunOptions, used: Usage): boolean
}

export type StartRunner = (options: RunOptions, events: RunnerEvents) => Runner
