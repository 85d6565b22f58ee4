/** Wakes jobs when a run of theirs ends, when a report comes, and when the wall clock was set. */
import type { Timer } from '../../clock.ts'
import type { Declared } from '../../engine/resource.ts'
import { runState } from './observe.ts'
import type { JobPorts } from './ports.ts'
import { jobRecordOf, type RunRecord, runsOf } from './record.ts'
import type { JobDeclaration } from './spec.ts'
import { isLive } from './state.ts'

/** How often the wall clock is compared with the one that cannot be set, and by how much they may drift apart. */
const clockEveryMs = 1000
const clockSlackMs = 5000

export interface JobWatch {
  watch(resource: Declared<JobDeclaration>, notify: () => void): { close(): void }
  notify(name: string): void
}

export function createJobWatch(ports: JobPorts): JobWatch {
  const watched = new Map<string, { readonly notify: () => void; seen: string }>()
  const glance = createGlance(ports)
  let common: { close(): void } | undefined

  const lookAtRuns = () => {
    for (const [name, one] of watched) {
      const now = glance(name)
      if (now === one.seen) continue
      one.seen = now
      one.notify()
    }
  }
  const notifyAll = () => {
    for (const { notify } of watched.values()) notify()
  }

  return {
    notify: (name) => watched.get(name)?.notify(),
    watch({ spec }, notify) {
      const one = { notify, seen: glance(spec.name) }
      watched.set(spec.name, one)
      common ??= both(watchClock(ports, notifyAll), ports.host.onExit(lookAtRuns))
      return {
        close() {
          if (watched.get(spec.name) === one) watched.delete(spec.name)
          if (watched.size > 0) return
          common?.close()
          common = undefined
        },
      }
    },
  }
}

/** Which runs live: reads the runs anew when one was added, and asks the system only about those that lived before. */
function createGlance(ports: JobPorts): (name: string) => string {
  const known = new Map<string, { readonly newest: number; live: readonly RunRecord[] }>()
  return (name) => {
    const { runs: newest } = jobRecordOf(ports.store, name)
    const before = known.get(name)
    const one = before?.newest === newest ? before : { newest, live: runsOf(ports.store, name) }
    one.live = one.live.filter((run) => isLive(runState(run, ports)))
    known.set(name, one)
    // The newest number too: a run may have begun and ended since the last glance.
    return `${newest}: ${one.live.map(({ number }) => number).join(' ')}`
  }
}

function both(one: { close(): void }, other: { close(): void }): { close(): void } {
  return {
    close() {
      one.close()
      other.close()
    },
  }
}

/** Timers do not see that the wall clock was set; what is scheduled by it has to be looked at anew then. */
function watchClock({ clock }: JobPorts, jumped: () => void): { close(): void } {
  let wallMs = clock.nowMs()
  let monotonicMs = clock.monotonicMs()
  let timer: Timer = clock.after(clockEveryMs, tick)
  function tick(): void {
    const [wallNow, monotonicNow] = [clock.nowMs(), clock.monotonicMs()]
    const isJump = Math.abs(wallNow - wallMs - (monotonicNow - monotonicMs)) > clockSlackMs
    wallMs = wallNow
    monotonicMs = monotonicNow
    if (isJump) jumped()
    timer = clock.after(clockEveryMs, tick)
  }
  return { close: () => timer.cancel() }
}
