/**
 * One child process for one run of `Offload.process`. The run settles only once the process is gone, so that a caller
 * may remove the files it had open, and it is gone at the deadline at the latest.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { OperationalError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { died, hear, stopped } from './outcome.ts'
import type { OffloadOptions } from './ports.ts'
import type { Order } from './wire.ts'

export interface ChildRun {
  readonly outcome: Promise<unknown>
  /** Ends the process at once; the outcome is then an error. */
  kill(): void
}

/** Starts the entry in a process of its own. */
export function startChildRun(
  entry: URL,
  input: unknown,
  options: OffloadOptions & { readonly deadlineMs: number },
  settings: { readonly heapMaxMiB: number; readonly log: Log },
): ChildRun {
  const name = fileURLToPath(entry)
  const child = startNode(name, settings.heapMaxMiB, options.deadlineMs)
  const lastWords = tailOf(child)
  const outcome = new Promise((resolve, reject) => {
    let settle: (() => void) | undefined
    const finish = (how: () => void) => {
      settle ??= how
      child.kill('SIGKILL')
    }
    const abort = () => finish(() => reject(stopped(name, options.signal)))
    const deadline = setTimeout(() => {
      const seconds = Math.round(options.deadlineMs / 100) / 10
      finish(() => reject(new OperationalError('ACTION_DEADLINE', `${name} did not end within ${seconds} s`)))
    }, options.deadlineMs)
    const gone = (how: string) => {
      clearTimeout(deadline)
      options.signal?.removeEventListener('abort', abort)
      if (settle !== undefined) return settle()
      settings.log.warn({ entry: name, stderr: lastWords() }, 'a child process ended without an answer')
      reject(died(name, how))
    }
    child.on('message', (message: unknown) =>
      hear(message, {
        progress: options.progress,
        done: (output) => finish(() => resolve(output)),
        failed: (error) => finish(() => reject(error)),
        nonsense: (error) => finish(() => reject(died(name, error.message))),
      }),
    )
    child.on('error', (error) => {
      if (child.pid === undefined) gone(error.message)
    })
    // `close` comes after the last message was delivered; `exit` may come before it.
    child.on('close', (code, signal) =>
      gone(signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`),
    )
    options.signal?.addEventListener('abort', abort)
    child.send({ is: 'run', input } satisfies Order, (error) => {
      if (error !== null) finish(() => reject(died(name, error.message)))
    })
  })
  return { outcome, kill: () => child.kill('SIGKILL') }
}

/**
 * stdin and stdout lead nowhere, so that no full pipe can block the child; stderr is read all the time. The shell only sets a CPU limit and becomes Node: should the controller be killed while the child is stuck inside SQLite, which
 * cannot be interrupted, the kernel ends it.
 */
function startNode(path: string, heapMaxMiB: number, deadlineMs: number): ChildProcess {
  const cpuSeconds = Math.ceil(deadlineMs / 1000) * 2 + 5
  const node = [process.execPath, `--max-old-space-size=${heapMaxMiB}`, path]
  return spawn('/bin/sh', ['-c', 'ulimit -t "$0" && exec "$@"', String(cpuSeconds), ...node], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  })
}

const stderrTailMax = 2000

/** Drains stderr and remembers its end, which says why a process died. */
function tailOf(child: ChildProcess): () => string {
  let tail = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-stderrTailMax)
  })
  return () => tail
}
