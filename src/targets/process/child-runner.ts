/** A child process that serves entries; see host.ts. */
import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Log } from '../../log.ts'
import { entryUrl } from './entry-url.ts'
import type { RunOptions, StartRunner } from './runner.ts'

/** A process with more resident memory than this, in bytes, gives it back to the system rather than keep it. */
const keptMemoryMax = 160 * 2 ** 20
/** CPU time beyond that of the first run, in seconds, so that more runs fit into the limit of the process. */
const spareCpuSeconds = 60

export function childRunners(settings: { readonly heapMaxMiB: number; readonly log: Log }): StartRunner {
  return (options, events) => {
    const cpuSecondsMax = cpuSecondsOf(options) + spareCpuSeconds
    const child = startNode(settings.heapMaxMiB, cpuSecondsMax)
    const lastWords = tailOf(child)
    let isEnded = false
    const gone = new Promise<void>((resolve) => {
      const over = (how: string) => {
        if (!isEnded) settings.log.warn({ stderr: lastWords() }, 'a child process ended without being told to')
        resolve()
        events.broken(how)
      }
      child.on('error', (error) => {
        if (child.pid === undefined) over(error.message)
      })
      // `close` comes after the last message was delivered; `exit` may come before it.
      child.on('close', (code, signal) =>
        over(signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`),
      )
    })
    child.on('message', events.message)
    const hold = (isHeld: boolean) => {
      const stderr = child.stderr instanceof Socket ? child.stderr : undefined
      for (const handle of [child, child.channel, stderr]) {
        if (isHeld) handle?.ref()
        else handle?.unref()
      }
    }
    return {
      say(order) {
        child.send(order, (error) => {
          if (error !== null) events.broken(error.message)
        })
      },
      end() {
        isEnded = true
        // Whoever waits for the end must not be left waiting by a program that has nothing else to do.
        hold(true)
        child.kill('SIGKILL')
        return gone
      },
      hold,
      mayServe: (next, used) =>
        used.memoryBytes <= keptMemoryMax && used.cpuMs / 1000 + cpuSecondsOf(next) <= cpuSecondsMax,
    }
  }
}

/** What a run may take at most, in seconds: SQLite itself uses one core, Node's own threads some more. */
function cpuSecondsOf({ deadlineMs = 0 }: RunOptions): number {
  return Math.ceil(deadlineMs / 1000) * 2 + 5
}

/**
 * stdin and stdout lead nowhere, so that no full pipe can block the child; stderr is read all the time. The shell only sets
 * a CPU limit and becomes Node: should the controller be killed while the child is stuck inside SQLite, which cannot be
 * interrupted, the kernel ends it.
 */
function startNode(heapMaxMiB: number, cpuSecondsMax: number): ChildProcess {
  const host = fileURLToPath(entryUrl('./host', import.meta.url))
  const node = [process.execPath, `--max-old-space-size=${heapMaxMiB}`, host]
  return spawn('/bin/sh', ['-c', 'ulimit -t "$0" && exec "$@"', String(cpuSecondsMax), ...node], {
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
