/** A worker thread that serves entries; see host.ts. */
import { Worker } from 'node:worker_threads'
import { messageOf } from '../../errors.ts'
import { entryUrl } from './entry-url.ts'
import type { BeforeRuns } from './offload.ts'
import type { StartRunner } from './runner.ts'
import type { ThreadData } from './wire.ts'

/** A thread with a larger heap than this, in bytes, gives it back to the system rather than keep it for the next run. */
const keptHeapMax = 96 * 2 ** 20

/**
 * @param heapMaxMiB JavaScript heap of one thread; beyond it the thread ends with an error and the program lives on.
 * @param niceness how far the threads stand back behind the main thread, 0 to 19; see host.ts.
 * @param beforeRuns gives an entry whose work is done once in each thread, ahead of its first run.
 */
export function threadRunners(
  heapMaxMiB: number,
  niceness: number,
  beforeRuns: () => BeforeRuns | undefined = () => undefined,
): StartRunner {
  return (_options, events) => {
    const before = beforeRuns()
    const data: ThreadData = {
      niceness,
      before: before === undefined ? undefined : { entry: before.entry.href, input: before.input },
    }
    const worker = new Worker(entryUrl('./host', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: heapMaxMiB, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
      execArgv: [],
      workerData: data,
    })
    // Listeners are put on once: removing the last one of a Worker would close its port.
    worker.on('message', events.message)
    worker.on('messageerror', (error) => events.broken(messageOf(error)))
    worker.on('error', (error) => events.broken(messageOf(error)))
    worker.on('exit', (code) => events.broken(`it ended with code ${code}`))
    return {
      say: (order) => worker.postMessage(order),
      async end() {
        await worker.terminate()
      },
      hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
      mayServe: (_, { memoryBytes }) => memoryBytes <= keptHeapMax,
    }
  }
}
