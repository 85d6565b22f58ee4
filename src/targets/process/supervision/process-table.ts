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
  /** As `marked`, of one mark. */
  of(maxAgeMs: number, mark: string): readonly MarkedProcess[]
}

/** Programs change their environment by exec only in their first moments; until then what was not marked is asked again. */
const settledAfterMs = 3000
const shimName = '/trueup-shim.sh'
/** So young a table is taken as it is: a look at many programs in a row need not read each of them again. */
const freshMs = 20

/** Makes a table that reads each process's environment once. */
export function createProcessTable(clock: Clock): ProcessTable {
  /** Marks by pid and start time; empty for a process that has none and will not get one. */
  const marks = new Map<string, string>()
  const shims = new Map<string, boolean>()
  let last: Table | undefined

  const markOf = (facts: ProcessFacts): string => {
    const identity = `${facts.pid}:${facts.startTicks}`
    const known = marks.get(identity)
    if (known !== undefined) return known
    const mark = environmentOf(facts.pid, markVariable) ?? ''
    if (mark !== '' || ageMsOf(facts) > settledAfterMs) marks.set(identity, mark)
    return mark
  }

  /** Undefined for one that has ended meanwhile: it has no words left to tell a shim from a program, and counts as neither. */
  const isShim = (facts: ProcessFacts): boolean | undefined => {
    const identity = `${facts.pid}:${facts.startTicks}`
    const known = shims.get(identity)
    if (known !== undefined) return known
    const [program, script = ''] = commandLineOf(facts.pid) ?? []
    if (program === undefined && !isStillLive(facts)) return undefined
    const found = script.endsWith(shimName)
    if (ageMsOf(facts) > settledAfterMs) shims.set(identity, found)
    return found
  }

  const look = (): readonly MarkedProcess[] => {
    const live = listPids().flatMap((pid) => {
      const facts = readProcess(pid)
      return facts === undefined || !isLive(facts) ? [] : [facts]
    })
    const found = live.flatMap((facts) => {
      const mark = markOf(facts)
      const shim = mark === '' ? undefined : isShim(facts)
      return shim === undefined ? [] : [{ facts: { ...facts, mark }, shim }]
    })
    forgetGone(marks, live)
    forgetGone(shims, live)
    // A shim leads a session of its own; where it was killed, its log goes on without it.
    const leaders = new Set(found.flatMap(({ facts }) => (facts.pid === facts.session ? [facts.pid] : [])))
    const shimSessions = new Set(
      found.flatMap(({ facts: { pid, session }, shim }) =>
        shim && (pid === session || !leaders.has(session)) ? [session] : [],
      ),
    )
    return found.map(({ facts }) => ({ ...facts, isHelper: shimSessions.has(facts.session) }))
  }

  const current = (maxAgeMs: number): Table => {
    const nowMs = clock.monotonicMs()
    if (last === undefined || nowMs - last.atMs > maxAgeMs || maxAgeMs === 0) last = tableOf(nowMs, look())
    return last
  }
  /** Those of them that still live, as they are now. */
  const asNow = (processes: readonly MarkedProcess[], { atMs }: Table): readonly MarkedProcess[] => {
    if (clock.monotonicMs() - atMs < freshMs) return processes
    return processes.flatMap((one) => {
      const now = readProcess(one.pid)
      return now === undefined || now.startTicks !== one.startTicks || !isLive(now) ? [] : [{ ...one, ...now }]
    })
  }

  return {
    marked(maxAgeMs, chosen) {
      const table = current(maxAgeMs)
      const found = [...table.byMark].flatMap(([mark, processes]) => (chosen(mark) ? processes : []))
      return asNow(found, table)
    },
    of(maxAgeMs, mark) {
      const table = current(maxAgeMs)
      return asNow(table.byMark.get(mark) ?? [], table)
    },
  }
}

interface Table {
  readonly atMs: number
  readonly byMark: ReadonlyMap<string, readonly MarkedProcess[]>
}

function tableOf(atMs: number, processes: readonly MarkedProcess[]): Table {
  const byMark = new Map<string, MarkedProcess[]>()
  for (const one of processes) {
    const known = byMark.get(one.mark)
    if (known === undefined) byMark.set(one.mark, [one])
    else known.push(one)
  }
  return { atMs, byMark }
}

function isStillLive({ pid, startTicks }: ProcessFacts): boolean {
  const now = readProcess(pid)
  return now !== undefined && now.startTicks === startTicks && isLive(now)
}

function forgetGone(known: Map<string, unknown>, live: readonly ProcessFacts[]): void {
  if (known.size <= live.length + 500) return
  const there = new Set(live.map(({ pid, startTicks }) => `${pid}:${startTicks}`))
  for (const identity of known.keys()) if (!there.has(identity)) known.delete(identity)
}
