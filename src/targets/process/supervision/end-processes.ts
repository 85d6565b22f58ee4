/**
 * Ends all processes of an instance: SIGTERM, a grace, SIGKILL. Each process is looked at again right before it is
 * signalled, so that a pid that was given to somebody else meanwhile is left alone.
 */
import type { Clock } from '../../../clock.ts'
import { OperationalError } from '../../../errors.ts'
import type { Ended } from './ports.ts'
import { environmentOf, isLive, type ProcessFacts, readProcess } from './proc.ts'
import { markVariable, type ProcessTable } from './process-table.ts'

const pollMs = 40
/** How long the kernel may take to end what was killed; only a process stuck in a disk or network call takes longer. */
const killWaitMs = 15_000

export interface EndPorts {
  readonly clock: Clock
  readonly table: ProcessTable
}

/** Ends every process with this mark but the shim, which ends by itself when its program has. */
export async function endProcesses(
  mark: string,
  graceMs: number,
  signal: AbortSignal,
  ports: EndPorts,
): Promise<Ended> {
  const first = membersOf(mark, ports.table)
  if (first.length === 0) return { by: 'nothing', processes: 0 }
  sendAll(first, mark, 'SIGTERM')
  if (await gone(mark, graceMs, signal, ports)) return { by: 'term', processes: first.length }
  signal.throwIfAborted()
  // What forks faster than it is listed is met again: each round kills what was there when it began.
  const untilMs = ports.clock.monotonicMs() + killWaitMs
  while (ports.clock.monotonicMs() < untilMs) {
    const left = membersOf(mark, ports.table)
    if (left.length === 0) return { by: 'kill', processes: first.length }
    sendAll(left, mark, 'SIGKILL')
    await ports.clock.sleep(pollMs)
  }
  const left = membersOf(mark, ports.table).map(({ pid }) => pid)
  if (left.length === 0) return { by: 'kill', processes: first.length }
  throw new OperationalError('PROCESS_NOT_ENDED', `process ${left.join(', ')} did not end after SIGKILL`)
}

function membersOf(mark: string, table: ProcessTable): readonly ProcessFacts[] {
  return table.marked(0, (one) => one === mark).filter(({ isHelper }) => !isHelper)
}

/** The processes of one group are signalled as a group, so that none that is forked in between is missed. */
function sendAll(members: readonly ProcessFacts[], mark: string, name: 'SIGTERM' | 'SIGKILL'): void {
  const leaders = new Set(members.filter((one) => one.group === one.pid).map(({ pid }) => pid))
  for (const one of members) {
    if (leaders.has(one.pid)) send(one, mark, name, -one.pid)
    else if (!leaders.has(one.group)) send(one, mark, name, one.pid)
  }
}

function send(facts: ProcessFacts, mark: string, name: 'SIGTERM' | 'SIGKILL', target: number): void {
  const now = readProcess(facts.pid)
  if (now === undefined || now.startTicks !== facts.startTicks || !isLive(now)) return
  const carried = environmentOf(facts.pid, markVariable)
  // A program may overwrite its environment; it was listed by the mark it began with, and start time and pid are its own.
  if (carried !== undefined && carried !== mark) return
  try {
    process.kill(target, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))) throw error
  }
}

async function gone(mark: string, graceMs: number, signal: AbortSignal, { clock, table }: EndPorts): Promise<boolean> {
  const untilMs = clock.monotonicMs() + graceMs
  for (;;) {
    if (membersOf(mark, table).length === 0) return true
    const leftMs = untilMs - clock.monotonicMs()
    if (leftMs <= 0 || signal.aborted) return false
    await clock.sleep(Math.min(pollMs, leftMs), signal)
  }
}
