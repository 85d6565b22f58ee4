/**
 * Python programs of other people that tests run to their end: a process of its own that carries out one after the other, since
 * to start Python takes longer than most of them. What a program leaves open is closed when it ends, as by the end of a process.
 * One that works beside the test is `python` of python.ts.
 */
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

export interface PythonOptions {
  /** `sys.argv[1:]`. */
  readonly args?: readonly string[]
  /** What stands in `sys.stdin`. */
  readonly input?: string
  /** Where it runs; default the folder of this process. */
  readonly folder?: string
}

const runner = `
import contextlib, gc, io, json, os, sqlite3, sys, traceback
orders, replies = open(sys.argv[1]), open(sys.argv[2], 'w')
for line in orders:
    order = json.loads(line)
    printed, failed, space = io.StringIO(), None, {'__name__': '__main__'}
    sys.argv, sys.stdin = ['-c', *order['args']], io.StringIO(order['input'])
    with contextlib.redirect_stdout(printed):
        try:
            os.chdir(order['folder'])
            exec(compile(order['program'], 'program', 'exec'), space)
        except BaseException:
            failed = traceback.format_exc()
    space.clear()
    gc.collect()
    replies.write(json.dumps({'printed': printed.getvalue(), 'failed': failed}) + '\\n')
    replies.flush()
`
const replySchema = z.object({ printed: z.string(), failed: z.string().nullable() })

let running: ((order: object) => string) | undefined

/** Runs it to its end and gives what it printed. Throws with its traceback where it failed. */
export function runPython(
  program: string,
  { args = [], input = '', folder = process.cwd() }: PythonOptions = {},
): string {
  running ??= start()
  const { printed, failed } = replySchema.parse(JSON.parse(running({ program, args, input, folder })))
  if (failed !== null) throw new Error(failed)
  return printed
}

function start(): (order: object) => string {
  const folder = mkdtempSync(join(tmpdir(), 'python-'))
  const [orders, replies] = [join(folder, 'orders'), join(folder, 'replies')]
  execFileSync('mkfifo', [orders, replies])
  const child = spawn('python3', ['-c', runner, orders, replies], { stdio: ['ignore', 'ignore', 'inherit'] })
  child.unref()
  // Opened in the same order on both sides, since each waits for the other. It ends when this process does.
  const to = openSync(orders, 'w')
  const from = openSync(replies, 'r')
  rmSync(folder, { recursive: true })
  const chunk = Buffer.alloc(65_536)
  return (order) => {
    const line = Buffer.from(`${JSON.stringify(order)}\n`)
    for (let done = 0; done < line.length; ) done += writeSync(to, line, done)
    const parts: Buffer[] = []
    for (;;) {
      const length = readSync(from, chunk)
      if (length === 0) {
        closeSync(to)
        closeSync(from)
        running = undefined
        throw new Error('python3 has ended')
      }
      parts.push(Buffer.from(chunk.subarray(0, length)))
      // It says one line for each order.
      if (chunk[length - 1] === 10) return Buffer.concat(parts).toString('utf8')
    }
  }
}
