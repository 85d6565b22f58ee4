/**
 * Carries work to worker threads and child processes and its outcome back. Every call settles exactly once, whatever
 * becomes of the thread or process; no more of either run at once than the machine has room for.
 */
import { fileURLToPath } from 'node:url'
import type { Log } from '../../log.ts'
import { type ChildRun, startChildRun } from './child-run.ts'
import { stopped } from './outcome.ts'
import type { Offload } from './ports.ts'
import { createSlots, type Slots } from './slots.ts'
import { createThreadPool } from './thread-pool.ts'

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
}

/** An Offload with an end: `close` terminates the warm threads and whatever is still at work. */
export interface OwnedOffload extends Offload {
  close(): Promise<void>
}

/** Opens the carrier. A thread keeps warm for ten seconds, so that quick runs in succession do not load modules again. */
export function createOffload(settings: OffloadSettings): OwnedOffload {
  const heapMaxMiB = settings.heapMaxMiB ?? 320
  const threadSlots = createSlots(settings.threadsMax ?? 2)
  const processSlots = createSlots(settings.processesMax ?? 4)
  const threads = createThreadPool(heapMaxMiB, settings.niceness ?? 0)
  const children = new Set<ChildRun>()

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
      inSlot(processSlots, entry, options.signal, async () => {
        const child = startChildRun(entry, input, options, { heapMaxMiB, log: settings.log })
        children.add(child)
        try {
          return await child.outcome
        } finally {
          children.delete(child)
        }
      }),
    async close() {
      for (const child of children) child.kill()
      await threads.close()
    },
  }
}
