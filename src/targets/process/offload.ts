/**
 * Carries work to worker threads and child processes and its outcome back. Every call settles exactly once, whatever
 * becomes of the thread or process; no more of either run at once than the machine has room for.
 */
import { fileURLToPath } from 'node:url'
import type { Log } from '../../log.ts'
import { childRunners } from './child-runner.ts'
import { stopped } from './outcome.ts'
import type { Offload } from './ports.ts'
import { createRunnerPool } from './runner-pool.ts'
import { createSlots, type Slots } from './slots.ts'
import { threadRunners } from './thread-runner.ts'

/** What a thread must be told of this process before it works. */
export interface BeforeRuns {
  readonly entry: URL
  readonly input: unknown
}

export interface OffloadSettings {
  readonly log: Log
  /** Threads at work at once; default 2, for machines with two cores. */
  readonly threadsMax?: number
  /** Child processes at work at once; default 4, so that a short copy never waits for one long check. */
  readonly processesMax?: number
  /** JavaScript heap of one thread or process, in MiB; default 320. Native memory of SQLite comes on top. */
  readonly heapMaxMiB?: number
  /**
   * How far threads stand back behind the main thread where the machine has no core for both, as `nice` counts: 0 (the
   * default) to 19. Only on Linux, where threads have a priority of their own.
   */
  readonly niceness?: number
  /** An entry whose work is done once in each thread, ahead of its first run; asked when a thread starts, undefined: none. */
  readonly before?: () => BeforeRuns | undefined
}

/** An Offload with an end: `close` ends what is warm and whatever is still at work. */
export interface OwnedOffload extends Offload {
  close(): Promise<void>
}

/** How long a thread or process without work is kept, so that quick runs in succession do not load modules again. */
const threadWarmMs = 10_000
/** Shorter: an idle process takes about 50 MB. */
const processWarmMs = 3000
/** How long an aborted thread may take to end by itself before it is terminated. */
const abortGraceMs = 250

/** Opens the carrier. */
export function createOffload(settings: OffloadSettings): OwnedOffload {
  const heapMaxMiB = settings.heapMaxMiB ?? 320
  const threadsMax = settings.threadsMax ?? 2
  const threadSlots = createSlots(threadsMax)
  const processSlots = createSlots(settings.processesMax ?? 4)
  const threads = createRunnerPool({
    start: threadRunners(heapMaxMiB, settings.niceness ?? 0, settings.before),
    abortGraceMs,
    warmMax: threadsMax,
    warmMs: threadWarmMs,
  })
  const processes = createRunnerPool({
    start: childRunners({ heapMaxMiB, log: settings.log }),
    // A process may be stuck inside SQLite, which hears nothing.
    abortGraceMs: 0,
    warmMax: 2,
    warmMs: processWarmMs,
  })

  const inSlot = async (slots: Slots, entry: URL, signal: AbortSignal | undefined, run: () => Promise<unknown>) => {
    const release = await slots.take(signal)
    try {
      if (signal?.aborted) throw stopped(fileURLToPath(entry), signal)
      return await run()
    } finally {
      release()
    }
  }

  return {
    thread: (entry, input, options = {}) =>
      inSlot(threadSlots, entry, options.signal, () => threads.run(entry, input, options)),
    process: (entry, input, options) =>
      inSlot(processSlots, entry, options.signal, () => processes.run(entry, input, options)),
    async close() {
      await Promise.all([threads.close(), processes.close()])
    },
  }
}
