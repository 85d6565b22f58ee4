/** The real engine with the real kinds `service` and `job` over programs on the virtual clock. */
import { join } from 'node:path'
import { pino } from 'pino'
import { desiredStateSchema } from '../desired/schema.ts'
import { createEngine, type Engine } from '../engine/engine.ts'
import { takeLease } from '../engine/lease.ts'
import { createLoop, type Loop } from '../engine/loop.ts'
import { createMemory } from '../engine/memory.ts'
import { type JournalStore, openJournal } from '../journal/store.ts'
import { type JobKind, jobKind } from '../kinds/job/index.ts'
import { type ServiceKind, serviceKind } from '../kinds/service/index.ts'
import { seededRandom } from '../random.ts'
import { createProber } from '../targets/process/probes/prober.ts'
import { openProcessStore, type ProcessStore } from '../targets/process/supervision/process-store.ts'
import { createFakeProcesses, type FakeProcesses } from './fake-processes.ts'
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts'

export interface ProgramBench {
  readonly clock: VirtualClock
  readonly host: FakeProcesses
  readonly journal: JournalStore
  readonly store: ProcessStore
  readonly engine: () => Engine
  readonly services: () => ServiceKind
  readonly jobs: () => JobKind
  /** Puts another declaration in force. */
  declare(sections: object): void
  /** Ends the controller as kill -9 does and starts another on the same journal, store and programs. */
  restart(): Promise<void>
  /** Ends the controller; `restart` starts another. */
  stopLoop(): Promise<void>
  stop(): Promise<void>
  /** The condition of this type of a resource. */
  condition(kind: string, name: string, type: string): { status: string; reason: string; message: string } | undefined
}

const startMs = Date.UTC(2026, 0, 5, 12)

/** Starts a controller over these `services` and `jobs`. */
export async function startProgramBench(sections: object): Promise<ProgramBench> {
  const clock = createVirtualClock(startMs)
  const host = createFakeProcesses(clock)
  const journal = openJournal(':memory:', clock)
  // There is no such folder: what is kept stays in memory, and outlives the kinds as a file would.
  const store = openProcessStore(join('/nonexistent', 'processes.db'), { keep: false })
  const log = pino({ level: 'silent' })
  let declared = sections
  let generation = 0
  let lives = 0

  const start = () => {
    lives += 1
    const holder = `life-${lives}`
    const random = seededRandom(lives)
    const lease = takeLease({ journal, clock, holder, isAlive: (one) => one === holder })
    const folders = { workspace: '/nonexistent', ownFolder: '/nonexistent/.trueup' }
    const common = { ...folders, host, store, clock, random, environment: {}, secrets: async () => 'secret' }
    const services = serviceKind({
      ...common,
      systemd: {
        show: async () => ({ is: 'unknown', why: 'there is none in a simulation' }),
        start: async () => undefined,
        restart: async () => undefined,
        stop: async () => undefined,
      },
      foreign: {
        byPidFile: () => ({ is: 'stopped', why: 'there are none' }),
        byPattern: () => ({ is: 'stopped', why: 'there are none' }),
      },
      prober: createProber(clock),
      session: holder,
    })
    const jobs = jobKind({ ...common, memory: createMemory(journal, { keep: true }) })
    const kinds = [services, jobs]
    const engine = createEngine({ journal, kinds, clock, random, log, lease })
    const loop: Loop = createLoop({
      engine,
      kinds,
      clock,
      random,
      log,
      onInvariantViolation: (error) => {
        throw error
      },
    })
    generation += 1
    engine.declare(generation, desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test', ...declared }))
    loop.start()
    return { engine, loop, services, jobs }
  }
  let life = start()
  await clock.advance(100)
  return {
    clock,
    host,
    journal,
    store,
    engine: () => life.engine,
    services: () => life.services,
    jobs: () => life.jobs,
    declare(next) {
      declared = next
      generation += 1
      const state = desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test', ...declared })
      life.loop.redeclare(life.engine.declare(generation, state).changed)
    },
    async restart() {
      await life.loop.stop()
      life = start()
      await clock.advance(100)
    },
    stopLoop: () => life.loop.stop(),
    async stop() {
      await life.loop.stop()
      journal.close()
      store.close()
    },
    condition: (kind, name, type) =>
      life.engine.statuses.get({ kind, name })?.conditions.find((one) => one.type === type),
  }
}
