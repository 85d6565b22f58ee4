import type { Worker } from 'node:worker_threads'
import { type PoolOptions, type PoolRunnerInitializer, ThreadsPoolWorker, type WorkerRequest } from 'vitest/node'

type Answer = (message: unknown) => void

/**
 * A thread that outlives the run it was started for: `npm run mutate` runs the tests a thousand times, and starting a thread and
 * reading the libraries anew would take most of each run. Vitest is told that the thread starts and stops; only the first start
 * is true. The code under test does not outlive a run, see mutate-setup.ts.
 */
class OneThread extends ThreadsPoolWorker {
  override readonly name = 'one-thread'
  #listeners: (readonly [event: string, callback: Answer])[] = []
  #thread: Worker | undefined
  #config: unknown

  override on(event: string, callback: Answer): void {
    this.#listeners.push([event, callback])
    super.on(event, callback)
  }

  override off(event: string, callback: Answer): void {
    this.#listeners = this.#listeners.filter((one) => one[0] !== event || one[1] !== callback)
    super.off(event, callback)
  }

  override async start(): Promise<void> {
    if (this.#thread === undefined) {
      process.once('worker', (thread) => {
        this.#thread = thread
      })
      await super.start()
    }
    this.#thread?.ref()
  }

  /** The thread waits for the next run, and keeps no process alive meanwhile. */
  override async stop(): Promise<void> {
    for (const [event, callback] of this.#listeners) super.off(event, callback)
    this.#listeners = []
    this.#thread?.unref()
  }

  async end(): Promise<void> {
    if (this.#thread !== undefined) await super.stop()
  }

  override send(message: WorkerRequest): void {
    if (message.type === 'start') {
      const isFirst = this.#config === undefined
      this.#config = message.context.config
      if (isFirst) super.send(message)
      else this.#answer('started')
    } else if (message.type === 'stop') {
      this.#answer('stopped')
    } else if (message.type === 'run') {
      // The thread knows the settings of its first start; which tests are to run is among them.
      const context = { ...message.context, config: this.#config }
      super.send({ ...message, context })
    } else super.send(message)
  }

  #answer(type: 'started' | 'stopped'): void {
    const listeners = this.#listeners.filter(([event]) => event === 'message')
    queueMicrotask(() => {
      for (const [, callback] of listeners) callback({ __vitest_worker_response__: true, type })
    })
  }
}

let thread: OneThread | undefined

/** Ends the thread, when no run follows. */
export async function endThread(): Promise<void> {
  await thread?.end()
  thread = undefined
}

export const oneThread: PoolRunnerInitializer = {
  name: 'one-thread',
  createPoolWorker(options: PoolOptions) {
    thread ??= new OneThread(options)
    return thread
  },
}
