/** The process table of the simulated machine, as one life of the controller sees it: starts and ends are effects. */
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessHost } from '../../targets/process/supervision/ports.ts'
import { livingLife, SimulatedCrash, theSimulation } from '../edges/current.ts'
import { createFakeProcesses, type FakeProcesses } from '../fake-processes.ts'
import type { VirtualClock } from '../virtual-clock.ts'

export interface Programs {
  readonly fake: FakeProcesses
  /** What the product is given. */
  readonly host: ProcessHost
  /** Programs that hang: they run and give no sign of life. */
  readonly hanging: Set<string>
  /** Locks of which somebody started a second copy while the first ran. */
  readonly doubled: string[]
  /** Starts in order, with their moments. */
  readonly starts: { readonly lockName: string; readonly atMs: number }[]
  /** What the command of a program holds whose new declaration waits to be started: that start is another try. */
  readonly redeclared: Map<string, string>
  /** Whether the next run of the job goes on until it is ended. */
  isNextRunEndless: boolean
  /** Programs that failed by themselves, with the moment; they have not been started since. */
  readonly failures: Map<string, number>
}

const beatEveryMs = 15_000

export function createPrograms(clock: VirtualClock, folder: string): Programs {
  const fake = createFakeProcesses(clock)
  const hanging = new Set<string>()
  const doubled: string[] = []
  const redeclared = new Map<string, string>()
  const failures = new Map<string, number>()
  const starts: { lockName: string; atMs: number }[] = []
  const beat = (lockName: string) => {
    if (!fake.runs(lockName)) return
    if (!hanging.has(lockName)) touch(join(folder, 'run', `${lockName.replace('service-', '')}.beat`), clock.nowMs())
    clock.after(beatEveryMs, () => beat(lockName))
  }
  const host: ProcessHost = {
    ...fake,
    async launch(order) {
      livingLife()
      const simulation = theSimulation()
      simulation.before({ kind: 'process', target: `launch ${order.lockName}` })
      if (fake.runs(order.lockName)) doubled.push(order.lockName)
      const instance = await fake.launch(order)
      starts.push({ lockName: order.lockName, atMs: clock.monotonicMs() })
      hanging.delete(order.lockName)
      if (order.command.includes(redeclared.get(order.lockName) ?? '')) redeclared.delete(order.lockName)
      beat(order.lockName)
      simulation.after({ kind: 'process', target: `launch ${order.lockName}` })
      return instance
    },
    async end(instance, graceMs, signal) {
      const life = livingLife()
      const simulation = theSimulation()
      simulation.before({ kind: 'process', target: 'end' })
      await life.clock.sleep(Math.floor(simulation.random.next() * Math.min(graceMs, 2000)), signal)
      const ended = await fake.end(instance, graceMs, signal)
      simulation.after({ kind: 'process', target: 'end' })
      return ended
    },
    onExit(listener) {
      const life = livingLife()
      return fake.onExit(() => {
        if (life.isDead) return
        try {
          listener()
        } catch (error) {
          if (!(error instanceof SimulatedCrash)) throw error
        }
      })
    },
  }
  return { fake, host, hanging, doubled, starts, redeclared, failures, isNextRunEndless: false }
}

function touch(path: string, atMs: number): void {
  writeFileSync(path, '')
  utimesSync(path, atMs / 1000, atMs / 1000)
}
