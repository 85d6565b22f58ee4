/**
 * Child processes and what they take: CPU time and memory of a process with everything it started, read from /proc. The
 * product is measured as it runs, from the outside.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** CPU time of the kernel's clock, in milliseconds a tick (USER_HZ is 100 on every Linux that Node runs on). */
const tickMs = 10
const pollMs = 20

/** Throws where the system has no /proc to read CPU time and memory from. */
export function requireProc(): void {
  if (cpuMsOf(process.pid) === undefined) {
    throw new Error('npm run bench reads CPU time and memory from /proc, so it needs Linux; run it in a container.')
  }
}

/** A process file's text; undefined once the process is gone. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined
    throw error
  }
}

/** CPU time of a process and of its children that have ended, in milliseconds. */
function cpuMsOf(pid: number): number | undefined {
  const stat = readProc(`${pid}/stat`)
  if (stat === undefined) return undefined
  // The name before the last parenthesis may hold spaces; utime is field 14.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) * tickMs
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      (readProc(`${pid}/task/${task}/children`) ?? '')
        .split(' ')
        .filter((text) => text !== '')
        .map(Number),
    )
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return []
    throw error
  }
}

function treeOf(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)]
}

/** CPU time so far of a process and all it started, in milliseconds; steps of 10. */
export function treeCpuMs(pid: number): number {
  return treeOf(pid).reduce((sum, one) => sum + (cpuMsOf(one) ?? 0), 0)
}

function kibibytes(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  const status = readProc(`${pid}/status`)
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status ?? '')?.[1] ?? 0)
}

/** Watches the memory of a process tree until it is told to stop. */
export interface MemoryWatch {
  /** The most so far, in bytes: of all processes together at one poll, and never less than the highest of a single one. */
  peakBytes(): number
  stop(): void
}

/** Polls every 20 ms; pages that processes share are counted for each, so the figure is rather too high than too low. */
export function watchMemory(pid: number): MemoryWatch {
  let peak = 0
  const poll = () => {
    const pids = treeOf(pid)
    const together = pids.reduce((sum, one) => sum + kibibytes(one, 'VmRSS'), 0)
    peak = Math.max(peak, together, ...pids.map((one) => kibibytes(one, 'VmHWM')))
  }
  poll()
  const timer = setInterval(poll, pollMs)
  return { peakBytes: () => peak * 1024, stop: () => clearInterval(timer) }
}

/** What one run of a program took. */
export interface Taken {
  readonly stdout: string
  readonly status: number
  readonly wallMs: number
  /** Of the process and all that it started and waited for. */
  readonly cpuMs: number
  readonly peakBytes: number
}

/**
 * Runs Node to its end. The shell around it tells the CPU time of what it waited for, which is exact where a poll of /proc
 * would miss the end. Throws where the exit status is none of `allowed`.
 */
export async function runNode(
  argv: readonly string[],
  { folder, allowed = [0] }: { readonly folder: string; readonly allowed?: readonly number[] },
): Promise<Taken> {
  const script = '"$@"; status=$?; times >&3; exit $status'
  const startMs = performance.now()
  const child = spawn('/bin/sh', ['-c', script, 'sh', process.execPath, ...argv], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  endWithUs(child)
  const memory = child.pid === undefined ? undefined : watchMemory(child.pid)
  const [stdout, stderr, times] = await Promise.all([1, 2, 3].map((at) => textOf(child, at)))
  const status = await exitOf(child)
  const wallMs = performance.now() - startMs
  memory?.stop()
  if (!allowed.includes(status)) {
    throw new Error(
      `${argv.join(' ')} ended with ${status}\n${(stderr ?? '').slice(-2000)}${(stdout ?? '').slice(-2000)}`,
    )
  }
  return { stdout: stdout ?? '', status, wallMs, cpuMs: childTimesMs(times ?? ''), peakBytes: memory?.peakBytes() ?? 0 }
}

async function textOf(child: ChildProcess, at: number): Promise<string> {
  const stream = child.stdio[at]
  let text = ''
  if (stream === null || stream === undefined || !('setEncoding' in stream)) return text
  stream.setEncoding('utf8')
  for await (const part of stream) text += String(part)
  return text
}

/** Ends a child when this process does, so that an interrupted run leaves none behind. */
export function endWithUs(child: ChildProcess): void {
  const end = () => child.kill('SIGTERM')
  process.once('exit', end)
  child.once('exit', () => process.removeListener('exit', end))
}

/** A program of Node that goes on. */
export interface Started {
  /** The first line that it wrote, by which it told that it was ready. */
  readonly line: string
  stop(): Promise<void>
}

/** Starts Node and waits for the first line. Throws where it ends before it wrote one. */
export async function startNode(argv: readonly string[], options: { readonly folder?: string } = {}): Promise<Started> {
  const child = spawn(process.execPath, argv, {
    cwd: options.folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  endWithUs(child)
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${argv.join(' ')} ended with ${code} before it wrote a line`)))
  })
  return {
    line,
    async stop() {
      child.kill('SIGTERM')
      await exitOf(child)
    },
  }
}

/** Exit status; that of a shell for a signal. */
export function exitOf(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode ?? 128)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 128))
  })
}

/** The second line of the shell's `times`: user and system time of its children, as `0m1.230000s 0m0.100000s`. */
function childTimesMs(times: string): number {
  const found = [...(times.trim().split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)]
  if (found.length !== 2) throw new Error(`the shell told no times but ${JSON.stringify(times)}`)
  return found.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000, 0)
}
