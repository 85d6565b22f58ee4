/**
 * The other end of `Offload`: an entry module calls `serveThread` or `serveProcess` once, at its top level, with the
 * function that does the work. Every run is answered exactly once, with its output or its error.
 */
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { z } from 'zod'
import { invariant } from '../../errors.ts'
import { dehydrate, type Order, parseOrder, type Reply } from './wire.ts'

/** What the work is given beside its input. */
export interface ServeContext {
  /** Reports progress to whoever waits; at most twenty messages a second are sent. */
  readonly progress: (done: number, total: number) => void
  /** Aborted when nobody waits for the answer any longer; the thread or process is ended shortly after. */
  readonly signal: AbortSignal
}

/** The work: structured-cloneable input and output; the input is parsed by the work itself. */
export type Work = (input: unknown, context: ServeContext) => Promise<unknown> | unknown

/**
 * Makes the module an entry of `Offload.thread`. The thread is kept warm and may be given another run afterwards.
 *
 * @example serveThread(async (input, { progress }) => countRows(inputSchema.parse(input), progress))
 */
export function serveThread(work: Work): void {
  const port = parentPort
  invariant(port !== null, 'serveThread is called in a worker thread')
  standBack()
  serve(
    work,
    (reply) => port.postMessage(reply),
    (hear) => port.on('message', hear),
  )
}

const threadDataSchema = z.object({ niceness: z.int().min(0).max(19) })

/** On Linux, 0 names the calling thread (setpriority(2), NOTES); elsewhere it would slow down the whole process. */
function standBack(): void {
  const data = threadDataSchema.safeParse(workerData)
  if (data.success && data.data.niceness > 0 && process.platform === 'linux') setPriority(0, data.data.niceness)
}

/** Makes the module an entry of `Offload.process`. The process ends after one run, or when its parent goes away. */
export function serveProcess(work: Work): void {
  invariant(process.send !== undefined, 'serveProcess is called in a child process with a message channel')
  process.once('disconnect', () => process.exit(1))
  serve(
    work,
    (reply) => process.send?.(reply),
    (hear) => process.on('message', hear),
  )
}

const progressEveryMs = 50

function serve(work: Work, send: (reply: Reply) => void, listen: (hear: (message: unknown) => void) => void): void {
  let running: AbortController | undefined
  const run = async (input: unknown, aborter: AbortController): Promise<void> => {
    let lastMs = Number.NEGATIVE_INFINITY
    const progress = (done: number, total: number) => {
      const nowMs = performance.now()
      if (nowMs - lastMs < progressEveryMs && done < total) return
      lastMs = nowMs
      send({ is: 'progress', done, total })
    }
    try {
      send({ is: 'done', output: await work(input, { progress, signal: aborter.signal }) })
    } catch (error) {
      send({ is: 'failed', error: dehydrate(error) })
    }
  }
  const obey = (order: Order) => {
    if (order.is === 'abort') {
      running?.abort()
    } else {
      running = new AbortController()
      void run(order.input, running)
    }
  }
  listen((message) => {
    const order = parseOrder(message)
    invariant(order !== undefined, 'the main thread sends orders only')
    obey(order)
  })
}
