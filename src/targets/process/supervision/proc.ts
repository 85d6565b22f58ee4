/**
 * What the system says about processes, read from /proc. Nothing here changes anything. A process that ends while it is
 * read, or that may not be read, gives undefined, never a guess.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** One process at one moment. */
export interface ProcessFacts {
  readonly pid: number
  readonly ppid: number
  readonly group: number
  readonly session: number
  /** One letter of /proc/PID/stat, field 3; `Z` and `X` are dead. */
  readonly state: string
  /** Field 22: clock ticks from boot to its start. Together with boot and pid never given twice. */
  readonly startTicks: number
  /** Resident memory; pages that are shared with others count for each. */
  readonly rssBytes: number
  /** User and system time so far, of the process itself. */
  readonly cpuMs: number
}

/** USER_HZ is 100 on every Linux that Node runs on. */
const tickMs = 10
/** The size of a page on the systems that Node runs on; arm64 kernels with 64 KiB pages would show too little. */
const pageBytes = 4096

/** Identifies the boot: pids and start times of another boot say nothing about this one. */
export function bootId(): string {
  return readText('/proc/sys/kernel/random/boot_id')?.trim() ?? 'unknown-boot'
}

/** The process with this pid; undefined where there is none. Zombies are given, with state `Z`. */
export function readProcess(pid: number): ProcessFacts | undefined {
  const text = readText(`/proc/${pid}/stat`)
  return text === undefined ? undefined : parseStat(pid, text)
}

/** Parses /proc/PID/stat. The name in parentheses may hold spaces and parentheses itself. */
export function parseStat(pid: number, text: string): ProcessFacts | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const number = (at: number): number => Number(fields[at])
  const facts: ProcessFacts = {
    pid,
    state: fields[0] ?? '?',
    ppid: number(1),
    group: number(2),
    session: number(3),
    cpuMs: (number(11) + number(12)) * tickMs,
    startTicks: number(19),
    rssBytes: number(21) * pageBytes,
  }
  return Number.isFinite(facts.startTicks) && Number.isFinite(facts.rssBytes) ? facts : undefined
}

/** Zombies and the dead hold no memory, no lock and no files, whatever `kill(pid, 0)` says of them. */
export function isLive(facts: Pick<ProcessFacts, 'state'>): boolean {
  return facts.state !== 'Z' && facts.state !== 'X' && facts.state !== 'x'
}

/** All pids at this moment. Empty without /proc. */
export function listPids(): readonly number[] {
  try {
    // Nothing else there begins with a digit.
    return readdirSync('/proc')
      .filter((name) => name >= '1' && name < ':')
      .map(Number)
  } catch {
    return []
  }
}

/** The value of a variable in the environment that a process began with; undefined where it has none or may not be read. */
export function environmentOf(pid: number, name: string): string | undefined {
  const text = readText(`/proc/${pid}/environ`)
  const start = `${name}=`
  return text
    ?.split('\0')
    .find((part) => part.startsWith(start))
    ?.slice(start.length)
}

/** Program and arguments; empty for kernel threads, undefined for what is gone. */
export function commandLineOf(pid: number): readonly string[] | undefined {
  const text = readText(`/proc/${pid}/cmdline`)
  return text?.split('\0').filter((part) => part !== '')
}

/** Path of the program that runs; undefined where it may not be seen. */
export function executableOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`)
  } catch {
    return undefined
  }
}

/** Open files; undefined where they may not be counted. */
export function descriptorsOf(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return undefined
  }
}

/** When a process started, in milliseconds since the epoch, by the wall clock of now. */
export function startedAtMs(facts: ProcessFacts, nowMs: number, uptimeMs = uptimeMsNow()): number {
  return Math.round(nowMs - ageMsOf(facts, uptimeMs))
}

/** How long ago a process started, in milliseconds. */
export function ageMsOf(facts: ProcessFacts, uptimeMs = uptimeMsNow()): number {
  return uptimeMs - facts.startTicks * tickMs
}

/** Since the boot, in milliseconds. */
export function uptimeMsNow(): number {
  return Number(readText('/proc/uptime')?.split(' ')[0]) * 1000
}

/** Memory and load of the machine; undefined without /proc. */
export function readMachineLoad():
  | { readonly memoryBytes: number; readonly availableBytes: number; readonly load1: number; readonly cores: number }
  | undefined {
  const memory = readText('/proc/meminfo')
  const load = readText('/proc/loadavg')
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(memory ?? '')?.[1] ?? Number.NaN)
  const found = {
    memoryBytes: kilobytes('MemTotal') * 1024,
    availableBytes: kilobytes('MemAvailable') * 1024,
    load1: Number(load?.split(' ')[0]),
    cores: availableParallelism(),
  }
  return Object.values(found).every(Number.isFinite) ? found : undefined
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Gone, or another user's: either way nothing can be said about it.
    return undefined
  }
}
