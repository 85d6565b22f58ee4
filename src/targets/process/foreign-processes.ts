/** Programs that others start, found by their pid file or by their command line. They are looked at and never signalled. */
import { readFileSync, statSync } from 'node:fs'
import { messageOf } from '../../errors.ts'
import { commandLineOf, isLive, listPids, type ProcessFacts, readProcess, startedAtMs } from './supervision/proc.ts'

export type ForeignFinding =
  | {
      readonly is: 'running'
      readonly pids: readonly number[]
      readonly startedAtMs: number
      readonly memoryBytes: number
      readonly cpuMs: number
    }
  | { readonly is: 'stopped'; readonly why: string }
  | { readonly is: 'unknown'; readonly why: string }

export interface ForeignProcesses {
  byPidFile(path: string, nowMs: number): ForeignFinding
  byPattern(text: string, nowMs: number): ForeignFinding
}

/** Start times are reckoned from ticks and the uptime, which differ from file times by some ten milliseconds. */
const clockSlackMs = 2000

/** The processes of this machine. */
export const foreignProcesses: ForeignProcesses = {
  byPidFile(path, nowMs) {
    let text: string
    try {
      text = readFileSync(path, 'utf8').trim()
    } catch (error) {
      const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      return isAbsent
        ? { is: 'stopped', why: `there is no ${path}` }
        : { is: 'unknown', why: `${path} cannot be read: ${messageOf(error)}` }
    }
    const pid = Number(text.split(/\s/)[0])
    if (!Number.isSafeInteger(pid) || pid < 1) return { is: 'unknown', why: `${path} holds no process id` }
    const facts = readProcess(pid)
    if (facts === undefined || !isLive(facts)) return { is: 'stopped', why: `process ${pid} of ${path} does not run` }
    // A pid file is written after its process began: an older one means another process, which has got the number since.
    if (startedAtMs(facts, nowMs) > statSync(path).mtimeMs + clockSlackMs)
      return { is: 'stopped', why: `process ${pid} began after ${path} was written, so it is another one` }
    return found([facts], nowMs)
  },
  byPattern(text, nowMs) {
    const facts = listPids().flatMap((pid) => {
      if (pid === process.pid) return []
      const words = commandLineOf(pid)
      if (words === undefined || !words.join(' ').includes(text)) return []
      const one = readProcess(pid)
      return one === undefined || !isLive(one) ? [] : [one]
    })
    return facts.length === 0 ? { is: 'stopped', why: `no command line holds "${text}"` } : found(facts, nowMs)
  },
}

function found(facts: readonly ProcessFacts[], nowMs: number): ForeignFinding {
  return {
    is: 'running',
    pids: facts.map(({ pid }) => pid),
    startedAtMs: Math.min(...facts.map((one) => startedAtMs(one, nowMs))),
    memoryBytes: facts.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
    cpuMs: facts.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
  }
}
