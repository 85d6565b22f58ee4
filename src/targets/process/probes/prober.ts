/** Probes programs over and over, one probe at a time for each, and tells when what is known of one changes. */
import type { Clock, Timer } from '../../../clock.ts'
import type { ProbeResult } from './probe.ts'
import { notProbed, type ProbeRules, type ProbeState, stepProbe } from './probe-state.ts'

export interface ProbeTask {
  readonly name: string
  readonly everyMs: number
  readonly rules: ProbeRules
  /** The instance that runs now with the moment of its start; undefined while none does. Another instance starts anew. */
  readonly running: () => { readonly uuid: string; readonly startedAtMs: number } | undefined
  readonly run: (signal: AbortSignal) => Promise<ProbeResult>
  /** Called when the phase has changed. */
  readonly changed: () => void
}

export interface Prober {
  start(task: ProbeTask): { close(): void }
  isProbing(name: string): boolean
  /** What is known of an instance; undefined where it is not probed, or has not been yet. */
  state(name: string, uuid: string): ProbeState | undefined
}

interface Known {
  readonly uuid: string
  readonly state: ProbeState
}

/** Until a program is ready it is asked this often, so that what waits for it need not wait for a whole interval. */
const startupEveryMs = 1000

export function createProber(clock: Clock): Prober {
  const known = new Map<string, Known>()
  const tasks = new Map<string, ProbeTask>()
  return {
    isProbing: (name) => tasks.has(name),
    state(name, uuid) {
      const found = known.get(name)
      return found?.uuid === uuid ? found.state : undefined
    },
    start(task) {
      const ending = new AbortController()
      tasks.set(task.name, task)
      let timer: Timer = clock.after(0, turn)
      function turn(): void {
        void once(task, ending.signal, known, clock).finally(() => {
          if (ending.signal.aborted) return
          const found = known.get(task.name)
          const isStarting = found === undefined || found.state.phase === 'startup'
          timer = clock.after(isStarting ? Math.min(startupEveryMs, task.everyMs) : task.everyMs, turn)
        })
      }
      return {
        close() {
          ending.abort()
          timer.cancel()
          // A changed declaration closes the old task after the new one has begun.
          if (tasks.get(task.name) !== task) return
          tasks.delete(task.name)
          known.delete(task.name)
        },
      }
    },
  }
}

async function once(task: ProbeTask, signal: AbortSignal, known: Map<string, Known>, clock: Clock): Promise<void> {
  const running = task.running()
  if (running === undefined) return
  const result = await task.run(signal)
  // What was started meanwhile is another instance: this answer says nothing of it.
  if (signal.aborted || task.running()?.uuid !== running.uuid) return
  const before = known.get(task.name)
  const state = before?.uuid === running.uuid ? before.state : notProbed
  const next = stepProbe(state, result, task.rules, {
    atMs: clock.nowMs(),
    ranMs: Math.max(0, clock.nowMs() - running.startedAtMs),
  })
  known.set(task.name, { uuid: running.uuid, state: next })
  const isNews = next.phase !== state.phase || before?.uuid !== running.uuid
  if (isNews) task.changed()
}
