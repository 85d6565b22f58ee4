/** Real Python programs as foreign writers: a script that says what it has done and is told when to go on. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface PythonProgram {
  readonly pid: number
  /** The next line that it prints. Rejects when it ends before. */
  line(): Promise<string>
  /** Sends it a line. */
  tell(text: string): void
  /** Resolves when it has ended by itself. Rejects when it failed. */
  ended(): Promise<void>
  kill(): Promise<void>
}

const prelude = `
import sqlite3, sys, time, os, random
def say(*words): print(*words, flush=True)
def wait(): return sys.stdin.readline().strip()
`

/** Starts `python3` with the script; `sys.argv[1:]` are the arguments. `say(...)` and `wait()` are at hand. */
export function python(script: string, ...args: string[]): PythonProgram {
  const child: ChildProcess = spawn('python3', ['-c', prelude + script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const { stdin, stdout, pid } = child
  if (stdin === null || stdout === null || pid === undefined) throw new Error('python3 did not start')
  stdin.on('error', () => undefined) // it may have ended
  const lines: string[] = []
  const waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = []
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
  createInterface(stdout).on('line', (line) => {
    const first = waiting.shift()
    if (first === undefined) lines.push(line)
    else first.resolve(line)
  })
  let over = false
  void closed.then(() => {
    over = true
    for (const one of waiting) one.reject(new Error('the Python program has ended'))
  })
  return {
    pid,
    line() {
      const line = lines.shift()
      if (line !== undefined) return Promise.resolve(line)
      if (over) return Promise.reject(new Error('the Python program has ended'))
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
    tell(text) {
      stdin.write(`${text}\n`)
    },
    async ended() {
      const code = await closed
      if (code !== 0) throw new Error(`the Python program ended with ${code}`)
    },
    async kill() {
      child.kill('SIGKILL')
      await closed
    },
  }
}
