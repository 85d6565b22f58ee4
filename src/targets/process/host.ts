/**
 * The other end of `Offload`: the program of its worker threads and child processes. Loads the entry that an order names,
 * once, beside the entries that it loaded before, and answers every run exactly once, with its output or its error. An entry
 * that does not load ends the thread or process: the main thread hears of that.
 */
import { setPriority } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { parentPort, workerData } from 'node:worker_threads'
import { invariant } from '../../errors.ts'
import { takeOffered, type Work } from './serve.ts'
import { dehydrate, type Order, parseOrder, parseThreadData, type Reply, type ThreadData, type Usage } from './wire.ts'

const progressEveryMs = 50
const works = new Map<string, Work>()
let running: AbortController | undefined

async function workOf(entry: string): Promise<Work> {
  const known = works.get(entry)
  if (known !== undefined) return known
  await import(entry)
  const work = takeOffered(entry)
  works.set(entry, work)
  return work
}

async function run(
  { entry, input }: Extract<Order, { is: 'run' }>,
  aborter: AbortController,
  send: (reply: Reply) => void,
  usage: () => Usage,
): Promise<void> {
  let lastMs = Number.NEGATIVE_INFINITY
  const progress = (done: number, total: number) => {
    const nowMs = performance.now()
    if (nowMs - lastMs < progressEveryMs && done < total) return
    lastMs = nowMs
    send({ is: 'progress', done, total })
  }
  try {
    await before
  } catch (error) {
    send({ is: 'failed', error: dehydrate(error) })
    return
  }
  const work = await workOf(entry)
  try {
    send({ is: 'done', output: await work(input, { progress, signal: aborter.signal }), usage: usage() })
  } catch (error) {
    send({ is: 'failed', error: dehydrate(error) })
  }
}

function obey(message: unknown, send: (reply: Reply) => void, usage: () => Usage): void {
  const order = parseOrder(message)
  invariant(order !== undefined, 'the main thread sends orders only')
  if (order.is === 'abort') {
    running?.abort()
    return
  }
  running = new AbortController()
  void run(order, running, send, usage)
}

/** What must be done once before the first run: see `before` in offload.ts. */
let before: Promise<unknown> | undefined

function beginBefore({ before: first }: ThreadData): void {
  if (first === undefined) return
  const { entry, input } = first
  before = workOf(entry).then((work) =>
    work(input, { progress: () => undefined, signal: new AbortController().signal }),
  )
  // Told by the first run.
  before.catch(() => undefined)
}

/** On Linux, 0 names the calling thread (setpriority(2), NOTES); elsewhere it would slow down the whole process. */
function standBack({ niceness }: ThreadData): void {
  if (niceness > 0 && process.platform === 'linux') setPriority(0, niceness)
}

function serveThread(port: NonNullable<typeof parentPort>): void {
  const data = parseThreadData(workerData)
  invariant(data !== undefined, 'the main thread gives what a thread starts with')
  standBack(data)
  beginBefore(data)
  const usage = () => {
    const { total_heap_size, external_memory } = getHeapStatistics()
    return { cpuMs: 0, memoryBytes: total_heap_size + external_memory }
  }
  port.on('message', (message) => obey(message, (reply) => port.postMessage(reply), usage))
}

/** The process ends when its parent goes away. */
function serveProcess(): void {
  invariant(process.send !== undefined, 'a child process has a message channel')
  process.once('disconnect', () => process.exit(1))
  const usage = () => {
    const { user, system } = process.cpuUsage()
    return { cpuMs: (user + system) / 1000, memoryBytes: process.memoryUsage.rss() }
  }
  process.on('message', (message) => obey(message, (reply) => process.send?.(reply), usage))
}

if (parentPort !== null) serveThread(parentPort)
else serveProcess()
