/**
 * The processes that carry an instance mark, found by going through /proc. A mark is inherited, so that whatever a program
 * starts, however often it forks and in whatever session, is found by it.
 */
import type { Clock } from '../../../clock.ts'
import { ageMsOf, commandLineOf, environmentOf, isLive, listPids, type ProcessFacts, readProcess } from './proc.ts'

/** The variable that carries the mark. */
export const markVariable = 'TRUEUP_INSTANCE'

/** A live process with a mark. */
export interface MarkedProcess extends ProcessFacts {
  readonly mark: string
  /** Part of the shim that keeps lock and log, not of the program. */
  readonly isHelper: boolean
}

export interface ProcessTable {
  /**
   * The live processes whose mark is chosen, as they are now; what was started within the last `maxAgeMs` may be missing, and
   * nothing that has ended is there. Zombies are left out.
   */
  marked(maxAgeMs: number, chosen: (mark: string) => boolean): readonly MarkedProcess[]
}

/** Programs change their environment by exec only in their first moments; until then what was not marked is asked again. */
const settledAfterMs = 3000
const shimName = '/trueup-shim.sh'

/** Makes a table that reads each process's environment once. */
export function createProcessTable(clock: Clock): ProcessTable {
  /** Marks by pid and start time; empty for a process that has none and will not get one. */
  const marks = new Map<string, string>()
  let last: { readonly atMs: number; readonly processes: readonly MarkedProcess[] } | undefined

  const markOf = (facts: ProcessFacts): string => {
    const identity = `${facts.pid}:${facts.startTicks}`
    const known = marks.get(identity)
    if (known !== undefined) return known
    const mark = environmentOf(facts.pid, markVariable) ?? ''
    if (mark !== '' || ageMsOf(facts) > settledAfterMs) marks.set(identity, mark)
    return mark
  }

  const look = (): readonly MarkedProcess[] => {
    const live = listPids().flatMap((pid) => {
      const facts = readProcess(pid)
      return facts === undefined || !isLive(facts) ? [] : [facts]
    })
    const found = live.flatMap((facts) => {
      const mark = markOf(facts)
      return mark === '' ? [] : [{ ...facts, mark }]
    })
    forgetGone(marks, live)
    const shimSessions = new Set(found.filter(({ pid }) => isShim(pid)).map(({ session }) => session))
    return found.map((one) => ({ ...one, isHelper: shimSessions.has(one.session) }))
  }

  return {
    marked(maxAgeMs, chosen) {
      const nowMs = clock.monotonicMs()
      if (last === undefined || nowMs - last.atMs > maxAgeMs || maxAgeMs === 0)
        last = { atMs: nowMs, processes: look() }
      return last.processes.flatMap((one) => {
        if (!chosen(one.mark)) return []
        const now = last?.atMs === nowMs ? one : readProcess(one.pid)
        return now === undefined || now.startTicks !== one.startTicks || !isLive(now) ? [] : [{ ...one, ...now }]
      })
    },
  }
}

function isShim(pid: number): boolean {
  const [, script = ''] = commandLineOf(pid) ?? []
  return script.endsWith(shimName)
}

function forgetGone(marks: Map<string, string>, live: readonly ProcessFacts[]): void {
  if (marks.size <= live.length + 500) return
  const there = new Set(live.map(({ pid, startTicks }) => `${pid}:${startTicks}`))
  for (const identity of marks.keys()) if (!there.has(identity)) marks.delete(identity)
}
