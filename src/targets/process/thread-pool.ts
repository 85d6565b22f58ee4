/**
 * Worker threads for `Offload.thread`: each is at work on one run at a time, stays warm for a while afterwards, and is
 * terminated when a run is aborted or breaks it, so that no run meets the remains of another that went wrong.
 */
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { messageOf } from '../../errors.ts'
import { died, hear, stopped } from './outcome.ts'
import type { OffloadOptions } from './ports.ts'
import type { Order } from './wire.ts'

/** How long an aborted thread may take to end by itself before it is terminated. */
const abortGraceMs = 250
/** How long a thread without work is kept. */
const warmMs = 10_000

/** What the run that a thread is at work on wants to hear. */
interface Listener {
  readonly message: (message: unknown) => void
  readonly broken: (how: string) => void
}

/** A worker with exactly one listener, that of its run, or none while it is warm. */
interface Thread {
  readonly worker: Worker
  readonly href: string
  listener: Listener | undefined
  retirement: NodeJS.Timeout | undefined
}

export interface ThreadPool {
  run(entry: URL, input: unknown, options: OffloadOptions): Promise<unknown>
  close(): Promise<void>
}

/**
 * @param heapMaxMiB JavaScript heap of one thread; beyond it the thread ends with an error and the program lives on.
 * @param niceness how far the threads stand back behind the main thread, 0 to 19; see serve.ts.
 */
export function createThreadPool(heapMaxMiB: number, niceness: number): ThreadPool {
  const threads = new Set<Thread>()

  const start = (entry: URL): Thread => {
    const worker = new Worker(entry, {
      resourceLimits: { maxOldGenerationSizeMb: heapMaxMiB, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
      execArgv: [],
      workerData: { niceness },
    })
    const thread: Thread = { worker, href: entry.href, listener: undefined, retirement: undefined }
    // Listeners are put on once: removing the last one of a Worker would close its port.
    worker.on('message', (message: unknown) => thread.listener?.message(message))
    worker.on('messageerror', (error) => thread.listener?.broken(messageOf(error)))
    worker.on('error', (error) => thread.listener?.broken(messageOf(error)))
    worker.on('exit', (code) => {
      clearTimeout(thread.retirement)
      threads.delete(thread)
      thread.listener?.broken(`it ended with code ${code}`)
    })
    threads.add(thread)
    return thread
  }

  const end = (thread: Thread): Promise<unknown> => {
    threads.delete(thread)
    clearTimeout(thread.retirement)
    return thread.worker.terminate()
  }

  const take = (entry: URL): Thread => {
    const idle = [...threads].filter((thread) => thread.listener === undefined)
    const fitting = idle.find((thread) => thread.href === entry.href)
    if (fitting === undefined) {
      for (const thread of idle) void end(thread)
      return start(entry)
    }
    clearTimeout(fitting.retirement)
    fitting.worker.ref()
    return fitting
  }

  const keepWarm = (thread: Thread): void => {
    thread.worker.unref()
    thread.retirement = setTimeout(() => void end(thread), warmMs)
    thread.retirement.unref()
  }

  const say = (thread: Thread, order: Order): void => thread.worker.postMessage(order)

  return {
    run: (entry, input, options) =>
      new Promise((resolve, reject) => {
        const name = fileURLToPath(entry)
        const thread = take(entry)
        let grace: NodeJS.Timeout | undefined
        const leave = () => {
          thread.listener = undefined
          clearTimeout(grace)
          options.signal?.removeEventListener('abort', abort)
        }
        const answered = (settle: () => void) => {
          const aborted = grace !== undefined
          leave()
          if (!aborted) {
            keepWarm(thread)
            return settle()
          }
          void end(thread).finally(() => reject(stopped(name, options.signal)))
        }
        const giveUp = (error: unknown) => {
          leave()
          void end(thread).finally(() => reject(error))
        }
        const abort = () => {
          say(thread, { is: 'abort' })
          grace = setTimeout(() => giveUp(stopped(name, options.signal)), abortGraceMs)
        }
        thread.listener = {
          message: (message) =>
            hear(message, {
              progress: options.progress,
              done: (output) => answered(() => resolve(output)),
              failed: (error) => answered(() => reject(error)),
              nonsense: (error) => giveUp(died(name, error.message)),
            }),
          broken: (how) => giveUp(died(name, how)),
        }
        options.signal?.addEventListener('abort', abort)
        try {
          say(thread, { is: 'run', input })
        } catch (error) {
          giveUp(error)
        }
      }),
    async close() {
      await Promise.all([...threads].map(end))
    },
  }
}
